"""The check of the traffic's division."""

from __future__ import annotations

import random

import pytest

from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.judges.sample_ratio import judge
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.sample_ratio import SampleRatio


def split(*totals: tuple[float, float], length: int = 0, **told: object) -> Finding:
    intervals = [Interval(Arm(bad=0, total=a), Arm(bad=0, total=b)) for a, b in totals]
    return judge(SampleRatio.model_validate({"share": 10} | told), intervals, length or len(intervals))


def sticky(share: float, seed: int, count: int = 60) -> list[tuple[int, int]]:
    """A thousand requests an interval in sessions of some twenty, so that the share varies much more than chance."""
    rng = random.Random(seed)
    shares = (sum(rng.random() < share for _ in range(50)) / 50 for _ in range(count))
    return [(round(1000 * one), 1000 - round(1000 * one)) for one in shares]


def test_traffic_as_configured_passes_and_says_how_well_it_is_known() -> None:
    finding = split(*[(200 + k % 3, 1800 - k % 3) for k in range(30)])
    assert finding.outcome is Outcome.PASS
    assert finding.decided_at is not None
    assert 3 <= finding.decided_at < 30
    assert "10% are configured" in finding.because


@pytest.mark.parametrize("pair", [(0, 2000), (400, 1600), (1000, 1000), (2000, 0), (100, 1900)])
def test_a_wrong_share_fails_in_a_few_intervals(pair: tuple[int, int]) -> None:
    finding = split(*[(pair[0], pair[1] + k % 2) for k in range(10)])
    assert finding.outcome is Outcome.FAIL
    assert finding.decided_at is not None
    assert 3 <= finding.decided_at <= 6


def test_no_traffic_at_the_candidate_is_said_so() -> None:
    assert "none of" in split(*[(0, 500)] * 8).because


@pytest.mark.parametrize("count", [1, 2])
def test_nothing_is_decided_before_three_intervals(count: int) -> None:
    finding = split(*[(0, 100_000)] * count)
    assert finding.outcome is Outcome.UNKNOWN
    assert finding.left == 3 - count


@pytest.mark.parametrize("seed", range(20))
def test_sticky_sessions_are_no_mismatch(seed: int) -> None:
    assert split(*sticky(0.1, seed)).outcome is Outcome.PASS


@pytest.mark.parametrize("seed", range(5))
def test_a_wrong_share_is_found_through_sticky_sessions(seed: int) -> None:
    assert split(*sticky(0.3, seed)).outcome is Outcome.FAIL


def test_one_interval_that_went_elsewhere_is_no_mismatch() -> None:
    assert split(*[(200, 1800)] * 5, (2000, 0), *[(200, 1800)] * 5).outcome is not Outcome.FAIL


def test_a_share_within_tolerance_never_fails() -> None:
    assert split(*[(219, 1781)] * 60).outcome is not Outcome.FAIL
    assert split(*[(240, 1760)] * 60).outcome is Outcome.FAIL
    assert split(*[(240, 1760)] * 60, tolerance=0.3).outcome is Outcome.PASS


def test_the_tolerance_of_a_large_share_is_one_of_the_rest() -> None:
    assert split(*[(930, 70)] * 30, share=90).outcome is Outcome.FAIL


def test_what_is_too_uncertain_says_how_long_it_will_take() -> None:
    finding = split(*[(3, 17), (1, 19), (2, 18), (2, 18)], length=60)
    assert finding.outcome is Outcome.UNKNOWN
    assert finding.left is not None
    assert finding.left > 1
    assert "more intervals are needed" in finding.because


def test_little_traffic_is_not_passed_at_the_end() -> None:
    assert split((1, 4), (0, 6), (1, 9)).outcome is Outcome.UNKNOWN


def test_holes_and_no_traffic_say_nothing() -> None:
    hole = Interval(Arm(missing="no series"), Arm(bad=0, total=10))
    finding = judge(SampleRatio(share=10), [hole] * 10, 10)
    assert finding.outcome is Outcome.UNKNOWN
    assert "no series" in finding.because
    assert split(*[(0, 0)] * 10).because == "no traffic"


def test_values_are_taken_for_totals_where_nothing_is_counted() -> None:
    intervals = [Interval(Arm(value=200), Arm(value=1800))] * 30
    assert judge(SampleRatio(share=10), intervals, 30).outcome is Outcome.PASS


def test_without_a_share_nothing_can_be_said() -> None:
    finding = judge(SampleRatio(), [Interval(Arm(value=200), Arm(value=1800))] * 30, 30)
    assert finding.outcome is Outcome.UNKNOWN


def test_figures_hold_both_shares_and_the_evidence() -> None:
    figures = {one.name: one.value for one in split(*[(200, 1800)] * 10).figures}
    assert figures["configured share"] == "10%"
    assert figures["observed share"].startswith("10% of 20000")
    assert "evidence of a mismatch" in figures
