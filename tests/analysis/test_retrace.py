"""A run looked at after each interval: when it was decided, and what stood before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from gitops_bot.analysis import given
from gitops_bot.analysis.evidence import Finding, Interval
from gitops_bot.analysis.judges import JUDGES, Known
from gitops_bot.analysis.retrace import MOST_LOOKS, Case, decided, states
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.sequential import Sequential
from gitops_bot.policy.judges.threshold import Threshold


def threshold(values: Sequence[float | None], length: int | None = None, **told: Any) -> Case:
    params = Threshold.model_validate({"max": 10, **told})
    return Case(JUDGES["threshold"], params, given.intervals(values), length or len(values))


class Recounting:
    """A judge that never says when it decided: FAIL while the newest number is above 10. Counts its looks."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, _params: Any, intervals: Sequence[Interval], length: int, /) -> Finding:
        self.asked += 1
        if len(intervals) >= 3 and (intervals[-1].candidate.number or 0) > 10:
            return Finding(Outcome.FAIL, "it is above")
        return Finding(Outcome.PASS if len(intervals) == length else Outcome.UNKNOWN, "it is not above")


def recounted(values: Sequence[float], length: int | None = None) -> tuple[Case, Recounting]:
    judge = Recounting()
    return Case(Known(Threshold, judge), None, given.intervals(values), length or len(values)), judge


@pytest.mark.parametrize(
    ("values", "length", "outcome", "decided_at"),
    [
        ([1, 1, 1, 1], 4, "PASS", 4),
        ([1, 1, 1], 4, "UNKNOWN", None),
        ([1, 20, 20, 20, 20], 5, "FAIL", 3),
        ([1, 20, 1, 20, 1], 5, "FAIL", 3),
        ([None, None, None], 3, "UNKNOWN", None),
        ([], 3, "UNKNOWN", None),
    ],
)
def test_it_is_decided_at_the_first_interval_from_which_the_verdict_stood(
    values: Sequence[float | None], length: int, outcome: str, decided_at: int | None
) -> None:
    case = threshold(values, length)
    assert (decided(case).outcome, decided(case).decided_at) == (outcome, decided_at)
    assert states(case)[0] == decided(case)


def test_a_judge_that_does_not_say_when_is_asked_again_until_it_says_otherwise() -> None:
    case, judge = recounted([1, 20, 20, 1, 20, 20, 20], 9)
    assert decided(case).decided_at == 5
    assert judge.asked == 4
    assert states(case)[0].decided_at == 5


def test_a_judge_that_says_when_is_asked_once() -> None:
    asked = 0

    def judge(_params: Any, intervals: Sequence[Interval], _length: int, /) -> Finding:
        nonlocal asked
        asked += 1
        return Finding(Outcome.FAIL, "so it is", decided_at=3)

    case = Case(Known(Threshold, judge), None, given.intervals([1.0] * 60), 60)
    assert decided(case).decided_at == 3
    assert asked == 1


def test_the_verdict_after_every_interval() -> None:
    _, outcomes = states(threshold([1, 20, 1, 1, 1], failureLimit=1))
    assert [one.value for one in outcomes] == ["UNKNOWN"] * 4 + ["PASS"]
    _, outcomes = states(recounted([1, 1, 20, 1], 4)[0])
    assert [one.value for one in outcomes] == ["UNKNOWN", "UNKNOWN", "FAIL", "PASS"]


def test_a_very_long_run_is_not_judged_anew_after_each_interval() -> None:
    case, judge = recounted([1.0] * MOST_LOOKS + [20.0] * 3, 1000)
    finding, outcomes = states(case)
    assert judge.asked == 4
    assert finding.decided_at == MOST_LOOKS + 1
    assert [one.value for one in outcomes] == ["UNKNOWN"] * MOST_LOOKS + ["FAIL"] * 3


def test_history_is_told_to_judges_that_remember() -> None:
    run = given.intervals([{"candidate": {"bad": 7, "total": 200}, "baseline": {"bad": 9, "total": 1800}}] * 3)
    wild = given.before([{"bad": bad, "total": 1800} for bad in (0, 90, 0, 1, 70, 0, 0, 120, 2, 0)])
    calm = Case(JUDGES["sequential"], Sequential(), run, 3)
    shaken = Case(JUDGES["sequential"], Sequential(), run, 3, wild)
    assert decided(calm).outcome is Outcome.FAIL
    assert decided(shaken).outcome is Outcome.UNKNOWN
    deaf = threshold([1, 1, 1])
    assert decided(Case(deaf.known, deaf.params, deaf.intervals, 3, wild)) == decided(deaf)
