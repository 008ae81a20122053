"""The threshold judge: runs of measurements against bounds and limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.judges.threshold import judge, of, within
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.threshold import Threshold
from gitops_bot.policy.metrics import Metric

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
Values = Sequence[float | str | None]
"""Numbers; None is no data, `down` is that nobody answered."""


def params(**told: Any) -> Threshold:
    return Threshold.model_validate({"max": 10, **told})


def arm(value: float | str | None, requests: float | None = None) -> Arm:
    if value is None or isinstance(value, str):
        return Arm(missing=value or "no data", answered=value is None)
    return Arm(value) if requests is None else Arm(bad=value * requests, total=requests)


def judged(values: Values, *, length: int = 5, requests: float | None = None, **told: Any) -> Finding:
    return judge(params(**told), [Interval(arm(value, requests)) for value in values], length)


@pytest.mark.parametrize(
    ("bounds", "value", "good"),
    [
        ({"max": 10}, 10, True),
        ({"max": 10}, 10.0001, False),
        ({"max": None, "min": 10}, 10, True),
        ({"max": None, "min": 10}, 9.9999, False),
        ({"min": 5, "max": 10}, 4, False),
        ({"min": 5, "max": 10}, 7, True),
        ({"min": 5, "max": 10}, 11, False),
        ({"max": "1%"}, 0.01, True),
        ({"max": "500ms"}, 0.5, True),
        ({"max": "500ms"}, 0.51, False),
        ({"max": 0}, 0, True),
        ({"max": 0}, -1, True),
    ],
)
def test_bounds_are_inclusive(bounds: dict[str, Any], value: float, good: bool) -> None:
    assert within(params(**bounds), value) is good


@pytest.mark.parametrize(
    ("values", "told", "outcome"),
    [
        ([1, 1, 1, 1, 1], {}, PASS),
        ([1, 1, 1, 1], {}, UNKNOWN),
        ([1, 1, 99, 1, 1], {}, FAIL),
        ([1, 1, 99], {}, FAIL),
        ([99, 99], {}, UNKNOWN),
        ([99, 99, 99], {}, FAIL),
        ([99], {}, UNKNOWN),
        # more than the limit fails, the limit does not
        ([99, 99, 1, 1, 1], {"failureLimit": 2}, PASS),
        ([99, 99, 99, 1, 1], {"failureLimit": 2}, FAIL),
        ([99, 99, 1], {"failureLimit": 2}, UNKNOWN),
        # missing is neither
        ([1, 1, None, 1, 1], {}, UNKNOWN),
        ([None] * 5, {}, UNKNOWN),
        ([None] * 5, {"inconclusiveLimit": 5}, UNKNOWN),
        ([1, 1, None, 1, 1], {"inconclusiveLimit": 1}, PASS),
        ([1, None, None, 1, 1], {"inconclusiveLimit": 1}, UNKNOWN),
        ([99, None, None, 99, 99], {}, FAIL),
        ([99, None, None, None, 99], {"inconclusiveLimit": 5}, UNKNOWN),
        ([99, None, 1, 1, 1], {"inconclusiveLimit": 1}, FAIL),
        # a run decides only with enough observations
        ([1, 1, 1, 1, 1], {"minSamples": 5}, PASS),
        ([1, 1, 1, 1, 1], {"minSamples": 6}, UNKNOWN),
        ([99, 99, 99, 99, 99], {"minSamples": 6}, UNKNOWN),
        ([1, 1, None, 1, 1], {"minSamples": 5, "inconclusiveLimit": 1}, UNKNOWN),
    ],
)
def test_a_run_is_judged(values: Values, told: dict[str, Any], outcome: Outcome) -> None:
    assert judged(values, **told).outcome is outcome


@pytest.mark.parametrize(
    ("bounds", "value", "good"),
    [
        ({"max": 10}, 10, False),
        ({"max": 10}, 9.9999, True),
        ({"max": None, "min": 10}, 10, False),
        ({"max": None, "min": 10}, 10.0001, True),
        ({"min": 5, "max": 10}, 7, True),
    ],
)
def test_bounds_may_be_exclusive(bounds: dict[str, Any], value: float, good: bool) -> None:
    told = params(**bounds, inclusive=False)
    assert within(told, value) is good
    found = judge(told, [Interval(Arm(value))] * 3, 3)
    assert found.outcome is (PASS if good else FAIL)
    assert ("not " in found.because) is not good


@pytest.mark.parametrize(
    ("values", "told", "outcome", "because"),
    [
        # what could not be asked is missing, unless it has a limit of its own
        ([1, "down", 1, 1, 1], {}, UNKNOWN, "1 of 5 measurements have no number: down"),
        ([1, "down", 1, 1, 1], {"consecutiveErrorLimit": 1}, PASS, "4 of 4 measurements are at most 10"),
        (
            [1, "down", "down", 1, 1],
            {"consecutiveErrorLimit": 1},
            UNKNOWN,
            "2 measurements in a row could not be taken: down",
        ),
        ([1, "down", 1, "down", 1], {"consecutiveErrorLimit": 1}, PASS, "3 of 3 measurements are at most 10"),
        (
            [1, "down", None, "down", 1],
            {"consecutiveErrorLimit": 1, "inconclusiveLimit": 1},
            UNKNOWN,
            "2 of at least 3",
        ),
        (["down"] * 5, {"consecutiveErrorLimit": 9}, UNKNOWN, "5 of 5 measurements have no number: down"),
        (["down", "down", 99, 99, 99], {"consecutiveErrorLimit": 1}, FAIL, "3 of 3 measurements are above 10"),
        # a run must end well
        ([1, 1, 99, 1, 1], {"failureLimit": 1, "consecutiveSuccessLimit": 2}, PASS, "4 of 5 measurements"),
        (
            [1, 1, 1, 99, 1],
            {"failureLimit": 1, "consecutiveSuccessLimit": 2},
            UNKNOWN,
            "the last 1 measurements in a row",
        ),
        (
            [1, 1, 1, 99, 1],
            {"failureLimit": -1, "consecutiveSuccessLimit": 2},
            FAIL,
            "the last 1 measurements in a row",
        ),
        ([99, 99, 99, 1, 1], {"failureLimit": -1, "consecutiveSuccessLimit": 2}, PASS, "2 of 5 measurements"),
        (
            [1, 1, 99, None, 1],
            {"failureLimit": -1, "consecutiveSuccessLimit": 2, "inconclusiveLimit": 1},
            UNKNOWN,
            "the last 1 measurements in a row",
        ),
        # what is not finite is no number
        ([1, math.nan, 1, 1, 1], {}, UNKNOWN, "1 of 5 measurements have no number: no number"),
        ([math.inf] * 5, {}, UNKNOWN, "5 of 5 measurements have no number: no number"),
    ],
)
def test_limits_of_their_own(values: Values, told: dict[str, Any], outcome: Outcome, because: str) -> None:
    found = judged(values, **told)
    assert (found.outcome, found.because[: len(because)]) == (outcome, because)


def test_a_metric_of_a_policy_says_its_bounds_and_limits() -> None:
    metric = Metric.model_validate(
        {"name": "errors", "query": "up", "max": "1%", "failureLimit": 2, "inconclusiveLimit": 1, "minSamples": 9}
    )
    found = of(metric)
    assert judge(found, [Interval(Arm(bad=1, total=200))] * 3, 3).outcome is PASS
    told = {"max": "1%", "failureLimit": 2, "inconclusiveLimit": 1, "minSamples": 9}
    assert found.model_dump() == Threshold.model_validate(told).model_dump()


@pytest.mark.parametrize(
    ("told", "because"),
    [
        ({"max": None}, "min or max is needed"),
        ({"min": 11}, "min .11. is greater than max .10."),
        ({"failureLimit": -1}, "needs consecutiveSuccessLimit"),
        ({"failureLimit": -2}, "greater than or equal to -1"),
        ({"maximum": 1}, "Extra inputs"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(told: dict[str, Any], because: str) -> None:
    with pytest.raises(ValidationError, match=because):
        params(**told)


def test_requests_count_as_observations() -> None:
    assert judged([1] * 5, requests=100, minSamples=500).outcome is PASS
    assert judged([1] * 5, requests=99, minSamples=500).because == "495 samples, of 500 needed"


@pytest.mark.parametrize(
    ("values", "told", "because"),
    [
        ([1] * 5, {}, "5 of 5 measurements are at most 10"),
        ([1] * 5, {"min": 1}, "5 of 5 measurements are at least 1 and at most 10"),
        ([99, 1, 1, 1, 1], {"failureLimit": 1}, "4 of 5 measurements are at most 10, 1 tolerated"),
        ([99] * 3, {}, "3 of 3 measurements are above 10"),
        ([99] * 3, {"min": 1, "failureLimit": 1}, "3 of 3 measurements are below 1 or above 10 (1 allowed)"),
        ([1] * 2, {}, "2 of 5 measurements are taken"),
        ([1, None], {}, "1 of 2 measurements have no number: no data"),
        ([99, None, None, None, 99], {"inconclusiveLimit": 9}, "2 of at least 3 measurements have a number"),
    ],
)
def test_the_reason_is_one_sentence(values: Values, told: dict[str, Any], because: str) -> None:
    assert judged(values, **told).because == because


def test_the_commonest_reason_for_a_missing_number_is_told() -> None:
    assert judged([None, "down", "down"]).because == "3 of 3 measurements have no number: down"
    silent = judge(params(), [Interval(Arm(bad=0.0, total=0.0))] * 2, 5)
    assert silent.because == "2 of 2 measurements have no number: no traffic"


@pytest.mark.parametrize(
    ("values", "told", "figures"),
    [
        ([1, 3, 2, 1, 1], {}, {"limit": "10", "last": "1", "worst": "3", "measured": "5/5"}),
        (
            [1, 3, 2],
            {"max": None, "min": 2},
            {"limit": "2", "last": "2", "worst": "1", "measured": "3/5", "failed": "1"},
        ),
        ([None], {"min": 1}, {"limit": "1 … 10", "measured": "0/5", "without a number": "1"}),
        ([0.002], {"max": "1%"}, {"limit": "1%", "last": "0.2%", "worst": "0.2%", "measured": "1/5"}),
        ([1], {"minSamples": 9}, {"limit": "10", "last": "1", "worst": "1", "measured": "1/5", "samples": "1"}),
    ],
)
def test_the_figures_are_what_people_want_to_see(values: Values, told: dict[str, Any], figures: dict[str, str]) -> None:
    assert {figure.name: figure.value for figure in judged(values, **told).figures} == figures


# ---------------------------------------------------------------- monotone

SEVERITY = {PASS: 0, UNKNOWN: 1, FAIL: 2}
NUMBERS = st.lists(st.sampled_from([1.0, 99.0, None]), min_size=1, max_size=7)
LIMITS = st.fixed_dictionaries({"failureLimit": st.integers(0, 3), "minSamples": st.integers(0, 5)})


@given(NUMBERS, LIMITS, st.integers(0, 3), st.data())
def test_a_good_measurement_gone_bad_never_improves_the_finding(
    values: list[float | None], limits: dict[str, int], missing: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(values) - 1))
    if values[index] != 1.0:
        return
    worse = [*values[:index], 99.0, *values[index + 1 :]]
    told = {**limits, "inconclusiveLimit": missing}
    before, after = judged(values, length=7, **told), judged(worse, length=7, **told)
    assert SEVERITY[after.outcome] >= SEVERITY[before.outcome]


@given(NUMBERS, LIMITS, st.data())
def test_a_lost_measurement_never_makes_a_pass_where_none_may_be_missing(
    values: list[float | None], limits: dict[str, int], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(values) - 1))
    fewer = [*values[:index], None, *values[index + 1 :]]
    assert judged(fewer, length=len(values), **limits).outcome is not PASS


@given(NUMBERS, LIMITS, st.integers(0, 3), st.data())
def test_a_lost_good_measurement_never_improves_the_finding(
    values: list[float | None], limits: dict[str, int], missing: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(values) - 1))
    if values[index] != 1.0:
        return
    fewer = [*values[:index], None, *values[index + 1 :]]
    told = {**limits, "inconclusiveLimit": missing}
    assert not (
        judged(fewer, length=7, **told).outcome is PASS and judged(values, length=7, **told).outcome is not PASS
    )


@given(NUMBERS, LIMITS)
def test_a_run_that_is_not_over_never_passes_and_one_of_two_never_fails(
    values: list[float | None], limits: dict[str, int]
) -> None:
    assert judged(values, length=len(values) + 1, **limits).outcome is not PASS
    assert judged(values[:2], length=7, **limits).outcome is UNKNOWN
