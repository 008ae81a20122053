"""The judge `argoAnalysis`: Argo Rollouts' phases as verdicts, under this project's rules for evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.judges.argo_analysis import judge
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.argo_analysis import ArgoAnalysis, go_duration

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
RATE = {"successCondition": "result[0] >= 0.95"}
Values = Sequence[float | None]


def arm(value: float | None) -> Arm:
    return Arm(missing="no series") if value is None else Arm(value)


def judged(values: Values, *, length: int | None = None, timed: bool = False, **told: Any) -> Finding:
    intervals = [
        Interval(arm(value), at=START + timedelta(minutes=number) if timed else None)
        for number, value in enumerate(values, 1)
    ]
    return judge(ArgoAnalysis.model_validate({**RATE, **told}), intervals, len(values) if length is None else length)


@pytest.mark.parametrize(
    ("values", "told", "length", "outcome", "decided"),
    [
        ([1] * 5, {}, 5, PASS, 5),
        ([1] * 4, {}, 5, UNKNOWN, None),
        ([1, 1, 0.9, 1, 1], {}, 5, FAIL, 3),
        ([0.9], {}, 5, UNKNOWN, None),
        ([0.9, 0.9], {}, 5, UNKNOWN, None),
        ([0.9, 1, 1], {}, 5, FAIL, 3),
        # more than the limit, as there
        ([0.9, 0.9, 1, 1, 1], {"failureLimit": 2}, 5, PASS, 5),
        ([0.9, 0.9, 1, 1, 0.9], {"failureLimit": 2}, 5, FAIL, 5),
        # between the two conditions
        (
            [0.97, 1, 1],
            {"successCondition": "result[0] > 0.99", "failureCondition": "result[0] < 0.9"},
            3,
            UNKNOWN,
            None,
        ),
        (
            [0.97, 1, 1],
            {"successCondition": "result[0] > 0.99", "failureCondition": "result[0] < 0.9", "inconclusiveLimit": 1},
            3,
            PASS,
            3,
        ),
        # what comes after the last measurement is not looked at
        ([1, 1, 1, 0.1, 0.1], {"count": 3}, 5, PASS, 5),
        ([1, 1, 1], {"count": 3}, 5, UNKNOWN, None),
        # streaks
        ([0.9, 1, 0.9, 1, 1], {"failureLimit": -1, "consecutiveSuccessLimit": 2}, 5, PASS, 5),
        ([0.9, 1, 0.9, 1, 0.9], {"failureLimit": -1, "consecutiveSuccessLimit": 2, "count": 5}, 5, FAIL, 5),
        # missing data decides nothing
        ([None] * 5, {}, 5, UNKNOWN, None),
        ([None] * 3, {"failureCondition": "len(result) == 0", "successCondition": ""}, 3, UNKNOWN, None),
        ([None, None, None, 1, 1, 1], {}, 6, PASS, 6),
        ([None] * 5 + [0.9] * 3, {}, 9, FAIL, 8),
        ([None] * 5 + [1] * 3, {}, 8, UNKNOWN, None),
        ([None, 0.9, None, 0.9, None], {}, 5, UNKNOWN, None),
        ([], {}, 5, UNKNOWN, None),
        # a template that accepts silence passes only on numbers
        ([None, 1, 1, 1], {"successCondition": "len(result) == 0 || result[0] >= 0.95"}, 4, PASS, 4),
        ([None] * 4, {"successCondition": "len(result) == 0 || result[0] >= 0.95"}, 4, UNKNOWN, None),
        ([math.nan] * 4, {"successCondition": "isNaN(result[0])"}, 4, UNKNOWN, None),
        ([math.nan] * 4, {}, 4, UNKNOWN, None),
        ([0.5] * 4, {"shape": "scalar", "successCondition": "result < 1"}, 4, PASS, 4),
        ([None] * 4, {"shape": "scalar", "successCondition": "default(result, 0) < 1"}, 4, UNKNOWN, None),
        ([0.1] * 4, {"dryRun": True}, 4, UNKNOWN, None),
    ],
)
def test_phases_become_verdicts(
    values: Values, told: dict[str, Any], length: int, outcome: Outcome, decided: int | None
) -> None:
    found = judged(values, length=length, **told)
    assert (found.outcome, found.decided_at) == (outcome, decided)


@pytest.mark.parametrize(
    ("values", "told", "because"),
    [
        ([1, 1, 1], {}, "Argo Rollouts says Successful: 3 of 3 measurements succeeded"),
        ([1, 1, 0.9], {}, "Argo Rollouts says Failed: failed (1) > failureLimit (0)"),
        (
            [0.9],
            {},
            "Argo Rollouts says Failed: failed (1) > failureLimit (0), but 1 of at least 3 intervals have a number",
        ),
        ([None] * 5, {}, "it would abort, but an error is no evidence: could not evaluate successCondition"),
        ([None] * 3, {"successCondition": "len(result) > 0"}, "but 3 of 3 measurements have no number: no series"),
        ([1, 1], {"successCondition": "result[0] > 2", "failureCondition": "false"}, "says Inconclusive"),
        ([0.1] * 3, {"dryRun": True}, "dry run, which decides nothing: Argo Rollouts says Failed"),
        (
            [1, 1, 1, None],
            {"successCondition": "len(result) == 0 || result[0] > 0"},
            "4 of 4 measurements succeeded, 1 have",
        ),
        ([1, 1], {"successCondition": "resutl[0] > 1", "consecutiveErrorLimit": 0}, "unknown name resutl"),
    ],
)
def test_the_reason_names_what_argo_rollouts_says(values: Values, told: dict[str, Any], because: str) -> None:
    assert because in judged(values, **told).because


def test_the_figures_say_what_was_counted() -> None:
    found = judged([1, 0.9, 1, None], length=6, failureLimit=1, count=6)
    assert {one.name: one.value for one in found.figures} == {
        "condition": "result[0] >= 0.95",
        "phase": "Running",
        "last": "[]",
        "measured": "4/6",
        "failed": "1 (limit 1)",
        "errors": "1",
        "without a number": "1",
    }
    assert found.left == 2


@pytest.mark.parametrize("timed", [True, False])
def test_the_first_measurement_waits_for_the_initial_delay(timed: bool) -> None:
    late: dict[str, Any] = {"initialDelay": "2m", "interval": "1m", "successCondition": "result[0] < 1"}
    assert judged([9, 0, 0, 0], timed=timed, **late).outcome is PASS
    assert judged([0, 9, 0, 0], timed=timed, **late).outcome is FAIL
    assert judged([9, 0], timed=timed, length=4, **late).figures[2].value == "[0]"


def test_measurements_are_as_far_apart_as_the_interval_says() -> None:
    sparse: dict[str, Any] = {"interval": "2m", "successCondition": "result[0] < 1"}
    assert judged([0, 9, 0, 9, 0], timed=True, **sparse).outcome is PASS
    assert judged([0, 9, 0, 9, 0], timed=True, successCondition="result[0] < 1").outcome is FAIL


@pytest.mark.parametrize(
    ("told", "because"),
    [
        ({"successCondition": ""}, "needs successCondition or failureCondition"),
        ({"count": 1, "failureLimit": 2}, "count (1) must be >= failureLimit"),
        ({"failureLimit": -1}, "cannot both be disabled"),
        ({"failureLimit": -2}, "greater than or equal to -1"),
        ({"successCondition": "x" * 5000}, "at most 4096 characters"),
        ({"failurelimit": 1}, "Extra inputs"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(told: dict[str, Any], because: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ArgoAnalysis.model_validate({**RATE, **told})
    assert because in str(refused.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60s", 60),
        ("1h30m", 5400),
        ("1.5m", 90),
        ("250ms", 0.25),
        ("0", 0),
        ("-1s", -1),
        (".5s", 0.5),
        ("60s-typo", None),
        ("60", None),
        ("1d", None),
        ("", None),
        ("9999999h", None),
        ("1" * 65 + "s", None),
    ],
)
def test_durations_are_read_as_go_reads_them(text: str, seconds: float | None) -> None:
    found = go_duration(text)
    assert (found and found.total_seconds()) == (found if seconds is None or not found else seconds)
    assert (found is None) is (seconds is None)


VALUES = st.lists(st.sampled_from([1.0, 0.9, None, math.nan, math.inf]), max_size=9)


@given(VALUES, st.integers(-1, 3), st.integers(0, 2), st.integers(0, 3))
def test_a_verdict_rests_on_numbers_and_passes_come_last(
    values: list[float | None], failure_limit: int, inconclusive_limit: int, more: int
) -> None:
    told: dict[str, Any] = {
        "failureLimit": failure_limit,
        "inconclusiveLimit": inconclusive_limit,
        "consecutiveSuccessLimit": 1,
    }
    found = judged(values, length=len(values) + more, **told)
    numbers = [value for value in values if value is not None and math.isfinite(value)]
    assert found.because
    if found.outcome is not UNKNOWN:
        assert len(numbers) >= 3
    if found.outcome is PASS:
        assert not more
    if found.outcome is FAIL:
        assert 0.9 in numbers
        assert found.decided_at in range(3, len(values) + 1)
        assert judged([*values, 1.0], length=len(values) + 4, **told).outcome is FAIL
