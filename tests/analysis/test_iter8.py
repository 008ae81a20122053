"""The judge that decides as Iter8 did: objectives and rewards of one metric over a run."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydantic import ValidationError

from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.judges.iter8 import WeightLimits, Winner, judge, weights, winner
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.iter8 import Iter8

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


def values(candidate: list[float | None], baseline: list[float | None] | None = None) -> list[Interval]:
    return [
        Interval(arm(one), arm(other))
        for one, other in zip(candidate, baseline or [None] * len(candidate), strict=True)
    ]


def arm(value: float | None) -> Arm:
    return Arm(missing="no series") if value is None else Arm(value=value)


def judged(intervals: list[Interval], length: int | None = None, **params: Any) -> Finding:
    return judge(Iter8.model_validate(params), intervals, len(intervals) if length is None else length)


@pytest.mark.parametrize(
    ("params", "candidate", "baseline", "outcome"),
    [
        ({"upperLimit": "500ms"}, [0.4, 0.5, 0.6], None, PASS),
        ({"upperLimit": "500ms"}, [0.4, 0.5, 0.7], None, FAIL),
        ({"lowerLimit": 10}, [10, 10, 10], None, PASS),
        ({"lowerLimit": 10}, [10, 10, 9], None, FAIL),
        ({"upperLimit": 5, "lowerLimit": 5}, [5, 5, 5], [9, 9, 9], PASS),
        ({"preferredDirection": "High"}, [3, 3, 3], [2, 2, 2], PASS),
        ({"preferredDirection": "High"}, [2, 2, 2], [3, 3, 3], FAIL),
        ({"preferredDirection": "Low"}, [2, 2, 2], [3, 3, 3], PASS),
        ({"preferredDirection": "High"}, [3, 3, 3], [3, 3, 3], UNKNOWN),
        ({"preferredDirection": "High", "upperLimit": 4}, [5, 5, 5], [2, 2, 2], FAIL),
        ({"preferredDirection": "High", "upperLimit": 4}, [3, 3, 3], [9, 9, 9], PASS),
    ],
)
def test_the_value_of_the_whole_run_decides(
    params: dict[str, Any], candidate: list[float | None], baseline: list[float | None] | None, outcome: Outcome
) -> None:
    assert judged(values(candidate, baseline), **params).outcome is outcome


def test_counts_are_pooled_so_that_quiet_intervals_weigh_little() -> None:
    noisy_but_quiet = [Interval(Arm(bad=1, total=2)), *[Interval(Arm(bad=0, total=999))] * 3]
    found = judged(noisy_but_quiet, upperLimit="1%")
    assert (found.outcome, found.because) == (PASS, "the candidate's 0.03334% is at most 1%")


def test_nothing_is_decided_before_the_end_of_the_run() -> None:
    found = judged(values([9, 9, 9, 9]), length=6, upperLimit=1)
    assert (found.outcome, found.left, found.decided_at) == (UNKNOWN, 2, None)
    assert "4 of 6 measurements" in found.because


def test_a_verdict_says_its_figures_and_when_it_stood() -> None:
    found = judged(values([0.4, 0.5, 0.9], [0.2, 0.3, 0.4]), upperLimit="500ms")
    assert found.because == "the candidate's 600ms is not at most 500ms"
    assert found.decided_at == 3
    assert {one.name: one.value for one in found.figures} == {
        "candidate": "600ms",
        "baseline": "300ms",
        "limits": "500ms",
        "measured": "3",
    }


def test_a_failing_baseline_is_named_because_iter8_would_have_had_no_winner() -> None:
    found = judged(values([9, 9, 9], [8, 8, 8]), upperLimit=5)
    assert found.outcome is FAIL
    assert found.because.endswith("nor is the baseline's 8, so Iter8 itself would have named no winner")


@pytest.mark.parametrize(
    ("candidate", "because"),
    [
        ([None, None, None], "number in 0 of 3 intervals (no series), needed: 3; Iter8 itself counts an objective"),
        ([math.nan, math.inf, -math.inf], "number in 0 of 3 intervals (no number)"),
        ([9, None, None, 9], "number in 2 of 4 intervals (no series), needed: 3"),
    ],
)
def test_a_missing_value_is_no_evidence_although_iter8_fails_it(candidate: list[float | None], because: str) -> None:
    found = judged(values(candidate), upperLimit=1)
    assert found.outcome is UNKNOWN
    assert because in found.because


def test_no_traffic_is_no_evidence() -> None:
    found = judged([Interval(Arm(bad=0, total=0))] * 5, upperLimit="1%")
    assert (found.outcome, "no traffic" in found.because) == (UNKNOWN, True)


def test_a_reward_without_a_baseline_is_no_evidence_although_iter8_takes_the_candidate() -> None:
    found = judged(values([3, 3, 3]), preferredDirection="High")
    assert found.outcome is UNKNOWN
    assert "Iter8 itself would have named the candidate" in found.because


def test_an_empty_run_is_undecided() -> None:
    assert judged([], upperLimit=1).outcome is UNKNOWN


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "needs upperLimit, lowerLimit or preferredDirection"),
        ({"upperLimit": 1, "lowerLimit": 2}, "is above upperLimit"),
        ({"upperLimit": 1, "leastIntervals": 2}, "greater than or equal to 3"),
        ({"upperLimit": 1, "upperlimit": 1}, "Extra inputs"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(params: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Iter8.model_validate(params)


def test_conformance_asks_the_baseline_alone() -> None:
    assert winner("Conformance", ["base"], {"base": [True]}) == Winner("base", ("base",))
    assert winner("Conformance", ["base", "new"], {"base": [False], "new": [True]}) == Winner(None)


def test_without_objectives_every_version_is_feasible() -> None:
    assert winner("BlueGreen", ["base", "new"], {}).name == "new"


def test_weights_are_whole_percents_that_add_up_to_all() -> None:
    three = weights(["a", "b", "c"], ["b", "c"])
    assert three == (4, 48, 48)
    assert sum(weights(["a", "b", "c", "d", "e", "f", "g"], [])) == 100


def test_what_exceeds_the_limits_of_several_candidates_goes_to_the_baseline() -> None:
    assert weights(["a", "b", "c"], ["b", "c"], [60, 20, 20], WeightLimits(25, 10)) == (50, 25, 25)
