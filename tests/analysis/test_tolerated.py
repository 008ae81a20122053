"""`tolerate`: a difference from the baseline that is no reason to fail, in the metric's own unit."""

from __future__ import annotations

import random

import pytest

from gitops_bot.analysis.evidence import Arm, Interval
from gitops_bot.analysis.judges.sequential import judge
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.sequential import Sequential


def counts(candidate: float, baseline: float, *, n: int = 30) -> list[Interval]:
    return [Interval(Arm(bad=candidate, total=1000), Arm(bad=baseline, total=9000)) for _ in range(n)]


def values(candidate: float, baseline: float) -> list[Interval]:
    noise = random.Random(1)
    return [Interval(Arm(candidate + noise.gauss(0, 0.002)), Arm(baseline + noise.gauss(0, 0.002))) for _ in range(40)]


def told(**params: object) -> Sequential:
    return Sequential.model_validate(params)


@pytest.mark.parametrize(
    ("tolerate", "outcome"), [(None, Outcome.FAIL), ("0.1pp", Outcome.FAIL), ("1pp", Outcome.PASS)]
)
def test_a_small_absolute_rise_of_a_ratio_is_tolerated(tolerate: str | None, outcome: Outcome) -> None:
    assert judge(told(tolerate=tolerate), counts(8, 9), 30).outcome is outcome


def test_counts_are_told_as_they_were_measured() -> None:
    found = judge(told(tolerate="1pp"), counts(8, 9), 30)
    assert [figure.value for figure in found.figures[:2]] == ["240 of 30000 (0.8%)", "270 of 270000 (0.1%)"]


def test_a_rise_beyond_what_is_tolerated_still_fails() -> None:
    assert judge(told(tolerate="0.2pp"), counts(20, 9), 30).outcome is Outcome.FAIL


@pytest.mark.parametrize(("tolerate", "outcome"), [(None, Outcome.FAIL), ("50ms", Outcome.PASS)])
def test_a_small_rise_of_a_latency_is_tolerated(tolerate: str | None, outcome: Outcome) -> None:
    assert judge(told(tolerate=tolerate), values(0.12, 0.1), 40).outcome is outcome


def test_what_is_tolerated_has_no_sign() -> None:
    with pytest.raises(ValueError, match="is negative; a difference is written like"):
        told(tolerate="-1pp")


def sound(seed: int) -> Outcome:
    """A candidate that errs as much more as is tolerated, in counts as chance has them."""
    chance = random.Random(seed)

    def drawn(total: int, ratio: float) -> Arm:
        return Arm(bad=sum(chance.random() < ratio for _ in range(total)), total=total)

    measured = [Interval(drawn(200, 0.007), drawn(1800, 0.005)) for _ in range(20)]
    return judge(told(tolerate="0.2pp"), measured, 20).outcome


def test_a_candidate_at_the_edge_of_what_is_tolerated_seldom_fails() -> None:
    assert sum(sound(seed) is Outcome.FAIL for seed in range(60)) <= 2
