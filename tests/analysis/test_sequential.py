"""The sequential judge: counts, limits, values, what it says, and that it can be read at any time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.judges.sequential import evidence, judge
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.sequential import Sequential

BASELINE = (9, 8, 10, 9, 11, 7, 9, 10, 8, 9)


def counts(candidate: Sequence[int], total: int = 200, others: int = 1800) -> list[Interval]:
    """The candidate's bad events of every interval, against a steady baseline of 0.5 %."""
    return [
        Interval(Arm(bad=bad, total=total), Arm(bad=BASELINE[k % 10] * others // 1800, total=others))
        for k, bad in enumerate(candidate)
    ]


def values(candidate: Sequence[float], baseline: Sequence[float]) -> list[Interval]:
    return [Interval(Arm(value=a), Arm(value=b)) for a, b in zip(candidate, baseline, strict=True)]


def found(intervals: Sequence[Interval], *, length: int = 0, **told: object) -> Finding:
    return judge(Sequential.model_validate(told), intervals, length or len(intervals))


def test_a_fourfold_rise_fails_at_three_intervals() -> None:
    finding = found(counts([4, 5, 4, 4]))
    assert (finding.outcome, finding.decided_at) == (Outcome.FAIL, 3)
    assert "times the baseline's ratio of bad events" in finding.because


def test_the_same_ratio_passes_in_some_twelve_intervals() -> None:
    finding = found(counts([1, 0, 2, 1, 1] * 4))
    assert finding.outcome is Outcome.PASS
    assert finding.decided_at is not None
    assert 6 <= finding.decided_at <= 14
    assert "stays below 2 times" in finding.because


@pytest.mark.parametrize("count", [1, 2])
def test_nothing_fails_before_three_intervals(count: int) -> None:
    finding = found(counts([200] * count), length=20)
    assert finding.outcome is Outcome.UNKNOWN
    assert f"{count} of at least 3 intervals" in finding.because


def test_more_intervals_may_be_demanded() -> None:
    assert found(counts([40] * 5), leastIntervals=6).outcome is Outcome.UNKNOWN
    assert found(counts([40] * 6), leastIntervals=6).decided_at == 6


def test_what_varies_more_than_chance_needs_more() -> None:
    wild = [0, 14, 0, 0, 11, 0]
    assert found(counts(wild)).outcome is Outcome.UNKNOWN
    assert found(counts([4, 5, 4, 4, 4, 4])).outcome is Outcome.FAIL


def test_the_baselines_history_shows_dispersion_before_the_run_does() -> None:
    before = [Interval(Arm(missing="before"), Arm(bad=(0, 40, 2, 0, 31, 1)[k % 6], total=1800)) for k in range(60)]
    run = counts([4, 5, 4])
    assert judge(Sequential(), run, 3).outcome is Outcome.FAIL
    assert judge(Sequential(), run, 3, history=before).outcome is Outcome.UNKNOWN


def test_a_tolerated_ratio_does_not_fail() -> None:
    run = counts([3] * 40)
    assert found(run).outcome is Outcome.FAIL
    assert found(run, tolerated=3.5, margin=8).outcome is not Outcome.FAIL


def test_alpha_is_shared_among_metrics() -> None:
    run = counts([4, 3, 4, 3])
    assert found(run, shareOf=1000).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("bad", "outcome"), [(1, Outcome.PASS), (40, Outcome.FAIL), (10, Outcome.UNKNOWN)], ids=["below", "above", "at"]
)
def test_a_limit_is_judged_without_a_baseline(bad: int, outcome: Outcome) -> None:
    run = [Interval(Arm(bad=bad + k % 2, total=1000)) for k in range(20)]
    assert found(run, max="1%").outcome is outcome


def test_a_least_ratio_is_a_limit_from_below() -> None:
    good = [Interval(Arm(bad=1000 - k % 3, total=1000)) for k in range(20)]
    assert found(good, min="99%").outcome is Outcome.PASS
    bad = [Interval(Arm(bad=950 + k % 3, total=1000)) for k in range(20)]
    assert found(bad, min="99%").outcome is Outcome.FAIL


def test_a_limit_that_is_no_ratio_is_refused_with_a_reason() -> None:
    finding = found(counts([1] * 5), max="250ms")
    assert finding.outcome is Outcome.UNKNOWN
    assert "between 0 and 1" in finding.because


def test_slow_requests_of_a_bucket_are_counts_like_any_other() -> None:
    run = [Interval(Arm(bad=30 + k % 4, total=1000), Arm(bad=100 + k % 7, total=9000)) for k in range(10)]
    assert found(run).outcome is Outcome.FAIL


def test_a_higher_mean_fails_and_the_same_mean_passes() -> None:
    baseline = [100 + (k * 7) % 11 for k in range(40)]
    slow = [150 + (k * 5) % 13 for k in range(40)]
    assert found(values(slow, baseline)).outcome is Outcome.FAIL
    assert found(values([100 + (k * 3) % 11 for k in range(40)], baseline)).outcome is Outcome.PASS


def test_a_reward_is_better_when_it_is_higher() -> None:
    baseline = [10 + (k * 7) % 5 for k in range(40)]
    poor = [4 + (k * 3) % 5 for k in range(40)]
    assert found(values(poor, baseline), better="higher").outcome is Outcome.FAIL
    assert found(values(poor, baseline)).outcome is Outcome.PASS


def test_a_quantile_is_held_against_a_limit() -> None:
    run = [Interval(Arm(value=0.4 + (k % 5) / 100)) for k in range(30)]
    assert found(run, max="250ms").outcome is Outcome.FAIL
    assert found(run, max="1s").outcome is Outcome.PASS


def test_it_says_how_long_it_will_take() -> None:
    finding = found(counts([1, 1, 1, 1]), length=60)
    assert finding.outcome is Outcome.UNKNOWN
    assert finding.left is not None
    assert 4 <= finding.left <= 20
    assert f"about {finding.left} more intervals are needed" in finding.because


def test_too_quiet_to_judge_is_said_beforehand() -> None:
    quiet = [Interval(Arm(bad=0, total=5), Arm(bad=k == 2, total=50)) for k in range(4)]
    assert "too quiet to judge" in found(quiet, length=30).because


def test_nothing_measured_and_no_traffic_are_said_so() -> None:
    assert found([]).because == "nothing has been measured yet"
    assert found([Interval(Arm(bad=0, total=0), Arm(bad=0, total=0))] * 5).because == "no traffic"


def test_figures_show_counts_and_evidence() -> None:
    names = [one.name for one in found(counts([1, 0, 2, 1])).figures]
    assert names[:5] == ["candidate", "baseline", "relative risk", "evidence of worse", "evidence of fine"]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=25))
@settings(max_examples=40, deadline=None)
def test_a_failure_stands_however_the_run_goes_on(bads: list[int]) -> None:
    run = counts(bads)
    outcomes = [judge(Sequential(), run[: k + 1], 25).outcome for k in range(len(run))]
    assert (
        [moment.outcome for moment in evidence(Sequential(), run)] == outcomes[: outcomes.index(Outcome.FAIL) + 1]
        if (Outcome.FAIL in outcomes)
        else outcomes
    )
    if Outcome.FAIL in outcomes:
        assert set(outcomes[outcomes.index(Outcome.FAIL) :]) == {Outcome.FAIL}


@pytest.mark.parametrize(
    "told", [{"alpha": 0}, {"alpha": 0.6}, {"margin": 1}, {"tolerated": 2}, {"leastIntervals": 2}, {"alhpa": 0.1}]
)
def test_parameters_that_make_no_sense_are_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Sequential.model_validate(told)
