"""Series made to mislead the sequential judge, each with the outcome that it must have and the reason for it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.judges.sequential import judge
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.sequential import Sequential

GONE = Arm(missing="no series")
BASELINE = (9, 8, 10, 9, 11, 7, 9, 10, 8, 9)


def counted(bad: float, total: float = 200) -> Arm:
    return Arm(bad=bad, total=total)


def found(candidate: Sequence[Arm], baseline: Sequence[Arm] | None = None, **told: object) -> Finding:
    others = baseline or [counted(BASELINE[k % 10], 1800) for k in range(len(candidate))]
    intervals = [Interval(one, other) for one, other in zip(candidate, others, strict=True)]
    return judge(Sequential.model_validate(told), intervals, len(intervals))


def sound(count: int) -> list[Arm]:
    return [counted((1, 0, 2, 1, 1)[k % 5]) for k in range(count)]


def test_seven_of_ten_intervals_at_a_hundred_times_fail() -> None:
    rises = [counted(100 if k in (0, 1, 3, 4, 6, 7, 9) else 1) for k in range(10)]
    assert found(rises).outcome is Outcome.FAIL


@pytest.mark.parametrize("at", [0, 3, 11])
@pytest.mark.parametrize("bad", [20, 100, 200])
def test_one_spike_never_fails(at: int, bad: int) -> None:
    spiked = sound(30)
    spiked[at] = counted(bad)
    for length in range(1, 31):
        assert found(spiked[:length]).outcome is not Outcome.FAIL


def test_one_spike_of_the_baseline_does_not_pass_a_candidate_at_the_margin() -> None:
    spiked = [counted(BASELINE[k % 10], 1800) for k in range(12)]
    spiked[4] = counted(900, 1800)
    assert found([counted(2)] * 12, spiked).outcome is not Outcome.PASS


def test_more_variance_alone_does_not_fail() -> None:
    swinging = [counted((0, 0, 5, 0, 0, 0, 4, 0, 1, 0)[k % 10]) for k in range(40)]
    assert found(swinging).outcome is not Outcome.FAIL


def test_a_baseline_without_errors_is_no_proof_of_a_bad_candidate() -> None:
    clean = [counted(0, 1800)] * 30
    assert found([counted(0)] * 30, clean).outcome is Outcome.UNKNOWN
    lone = [counted(1 if k == 7 else 0) for k in range(30)]
    assert found(lone, clean).outcome is Outcome.UNKNOWN


def test_errors_against_a_baseline_without_any_fail() -> None:
    finding = found([counted(3)] * 10, [counted(0, 1800)] * 10)
    assert finding.outcome is Outcome.FAIL
    assert "more than the baseline" in finding.because


def test_a_negligible_ratio_passes_without_errors_to_compare() -> None:
    quiet = [counted(0, 2000)] * 30
    assert found(quiet, [counted(0, 18000)] * 30, negligible="0.1%").outcome is Outcome.PASS


@pytest.mark.parametrize("silent", ["candidate", "baseline"])
def test_one_silent_version_is_unknown(silent: str) -> None:
    served, none = [counted(9, 1800)] * 20, [counted(0, 0)] * 20
    finding = found(none, served) if silent == "candidate" else found([counted(9, 200)] * 20, none)
    assert finding.outcome is Outcome.UNKNOWN
    if silent == "candidate":
        assert "served nothing in 20 of 20 intervals" in finding.because


@pytest.mark.parametrize(
    "reset", [Arm(missing="counter reset"), counted(-40, 200), counted(1, -1600), counted(50, 20), counted(0, 0)]
)
def test_a_reset_counter_is_a_hole_and_the_rest_decides(reset: Arm) -> None:
    whole, holed = sound(20), sound(20)
    holed[6] = reset
    assert found(whole).outcome is Outcome.PASS
    assert found(holed).outcome is Outcome.PASS


@pytest.mark.parametrize("hole", [GONE, Arm(value=math.nan), counted(math.nan), counted(1, math.inf), Arm(bad=3.0)])
def test_holes_are_neither_good_nor_bad(hole: Arm) -> None:
    assert found([hole] * 20).outcome is Outcome.UNKNOWN
    bad = [counted(8) if k % 2 else hole for k in range(12)]
    assert found(bad).outcome is Outcome.FAIL
    good = [one if k % 2 else hole for k, one in enumerate(sound(60))]
    assert found(good).outcome is Outcome.PASS


def test_holes_do_not_count_towards_the_least_intervals() -> None:
    finding = found([counted(100), GONE, GONE, counted(100)])
    assert finding.outcome is Outcome.UNKNOWN
    assert finding.because.startswith("2 of at least 3 intervals have counts")


def test_errors_that_both_versions_have_do_not_fail() -> None:
    out = [counted(180 if k in (5, 6, 7) else 1) for k in range(20)]
    both = [counted(1620 if k in (5, 6, 7) else 9, 1800) for k in range(20)]
    assert found(out, both).outcome is not Outcome.FAIL


def test_a_candidate_that_breaks_after_it_passed_fails() -> None:
    broken = sound(20) + [counted(40)] * 10
    assert found(broken[:20]).outcome is Outcome.PASS
    finding = found(broken)
    assert finding.outcome is Outcome.FAIL
    assert finding.decided_at is not None
    assert finding.decided_at > 20


@pytest.mark.parametrize("extreme", [counted(1e300, 1e300), counted(1e14, 1e15), counted(0.4, 0.6), counted(0, 1e12)])
def test_extreme_counts_give_a_finding(extreme: Arm) -> None:
    assert found([extreme] * 5).because
    assert found(sound(5), [extreme] * 5).because
