"""The judge `flagger`: failed checks that add up, under this project's rules for evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.flagger.checks import Check
from gitops_bot.analysis.flagger.scheduler import CanaryPhase, Plan, State, Tick, advance, ladder
from gitops_bot.analysis.judges.flagger import checked, judge
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.flagger import Flagger

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
Values = Sequence[float | None]
GOOD, BAD = 99.9, 90.0


def params(**told: Any) -> Flagger:
    return Flagger.model_validate({"thresholdRange": {"min": 99}, **told})


def judged(values: Values, length: int | None = None, **told: Any) -> Finding:
    intervals = [Interval(Arm(missing="no series") if value is None else Arm(value)) for value in values]
    return judge(params(**told), intervals, len(values) if length is None else length)


@pytest.mark.parametrize(
    ("values", "told", "length", "outcome", "decided"),
    [
        ([GOOD] * 4, {}, 4, PASS, 4),
        ([GOOD] * 3, {}, 4, UNKNOWN, None),
        ([GOOD] * 2, {}, 2, UNKNOWN, None),
        ([GOOD, GOOD, BAD], {}, 9, FAIL, 3),
        ([BAD], {}, 9, UNKNOWN, None),
        ([BAD, BAD], {}, 9, UNKNOWN, None),
        ([BAD, GOOD, GOOD], {}, 9, FAIL, 3),
        # failed checks add up, whatever lies between them; the threshold itself is too many
        ([BAD, GOOD, BAD, GOOD, BAD, GOOD], {"threshold": 3}, 6, FAIL, 5),
        ([BAD, GOOD, BAD, GOOD, GOOD, GOOD], {"threshold": 3}, 6, PASS, 6),
        ([GOOD, GOOD, BAD], {"threshold": 0}, 3, FAIL, 3),
        # no values are failed checks there, and no evidence here
        ([None] * 5, {}, 5, UNKNOWN, None),
        ([None] * 5, {"threshold": 9}, 5, UNKNOWN, None),
        ([None, GOOD, GOOD, GOOD], {}, 4, UNKNOWN, None),
        ([None, GOOD, GOOD, GOOD], {"threshold": 2}, 4, PASS, 4),
        ([None, BAD, GOOD, GOOD], {"threshold": 2}, 4, UNKNOWN, None),
        ([None, BAD, GOOD, GOOD, BAD], {"threshold": 2}, 9, FAIL, 5),
        ([math.nan] * 4, {}, 4, UNKNOWN, None),
        ([math.inf] * 4, {"thresholdRange": {"max": 5}}, 4, UNKNOWN, None),
        ([], {}, 4, UNKNOWN, None),
    ],
)
def test_failed_checks_add_up(
    values: Values, told: dict[str, Any], length: int, outcome: Outcome, decided: int | None
) -> None:
    found = judged(values, length, **told)
    assert (found.outcome, found.decided_at) == (outcome, decided)


@pytest.mark.parametrize(
    ("values", "told", "because"),
    [
        ([GOOD] * 3, {}, "3 of 3 checks passed"),
        ([GOOD, BAD, GOOD], {"threshold": 2}, "2 of 3 checks passed, 1 failed (threshold 2)"),
        (
            [GOOD, None, GOOD, GOOD],
            {"threshold": 2},
            "3 of 4 checks passed, 1 failed (threshold 2), 1 of them without a value: no series",
        ),
        ([GOOD, BAD, GOOD], {}, "1 of 3 values are below 99 (threshold 1)"),
        ([5, 20, 1], {"thresholdRange": {"min": 2, "max": 9}, "threshold": 2}, "2 of 3 values are below 2 or above 9"),
        (
            [None, BAD, GOOD, GOOD],
            {"threshold": 2},
            "Flagger would roll back: 2 checks failed (threshold 2), but 1 of them for want of a value (no series), "
            "which is no evidence",
        ),
        (
            [BAD, None],
            {},
            "Flagger would roll back: 2 checks failed (threshold 1), but 1 of at least 3 intervals have a value: no",
        ),
        ([None] * 3, {"threshold": 9}, "0 of at least 3 intervals have a value: no series"),
    ],
)
def test_the_reason_is_one_sentence(values: Values, told: dict[str, Any], because: str) -> None:
    assert judged(values, **told).because.startswith(because)


def test_an_unfinished_run_says_how_long_it_still_takes() -> None:
    found = judged([GOOD, BAD, GOOD], 10, threshold=5)
    assert (found.because, found.left) == ("3 of 10 checks are made, 1 failed (threshold 5)", 7)
    assert {one.name: one.value for one in found.figures} == {
        "limit": "99",
        "last": "99.9",
        "worst": "90",
        "measured": "3/10",
        "failed checks": "1/5",
    }


def test_no_traffic_is_no_value() -> None:
    found = judge(params(threshold=9), [Interval(Arm(bad=0, total=0))] * 4, 4)
    assert (found.outcome, "no traffic" in found.because) == (UNKNOWN, True)


@pytest.mark.parametrize(
    ("bound", "value", "found"),
    [(500, 500.9, Check.OK), (500, 501, Check.HALT), ("500ms", 0.5009, Check.OK), ("500ms", 0.501, Check.HALT)],
)
def test_request_durations_are_compared_in_whole_milliseconds(bound: float | str, value: float, found: Check) -> None:
    assert checked(params(thresholdRange={"max": bound}, metric="request-duration"), value) is found
    assert checked(params(thresholdRange={"max": bound}), value) is Check.HALT


@pytest.mark.parametrize(
    ("told", "because"),
    [
        ({"thresholdRange": {}}, "min or max is needed"),
        ({"thresholdRange": {"min": 2, "max": 1}}, "is greater than max"),
        ({"thresholdRange": {"min": 0, "max": "500ms"}}, "is a time, the other is not"),
        ({"thresholdRange": {"max": "many"}}, "is not a limit"),
        ({"threshold": -1}, "greater than or equal to 0"),
        ({"metric": "latency"}, "Input should be"),
        ({"tresholdRange": {"min": 1}}, "Extra inputs"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(told: dict[str, Any], because: str) -> None:
    with pytest.raises(ValidationError, match=because):
        params(**told)


VALUES = st.lists(st.sampled_from([GOOD, BAD, None, math.nan, math.inf]), max_size=9)


@given(VALUES, st.integers(0, 4), st.integers(0, 3))
def test_a_verdict_rests_on_numbers_and_stands(values: list[float | None], threshold: int, more: int) -> None:
    found = judged(values, len(values) + more, threshold=threshold)
    numbers = [value for value in values if value is not None and math.isfinite(value)]
    bad = numbers.count(BAD)
    assert (found.outcome is FAIL) is (bad >= max(1, threshold) and len(numbers) >= 3)
    if found.outcome is PASS:
        silent = sum(value is None or math.isnan(value) for value in values)
        assert (not more, len(numbers) >= 3, bad + silent < max(1, threshold)) == (True, True, True)
    if found.outcome is FAIL:
        assert judged([*values, GOOD], len(values) + more, threshold=threshold).decided_at == found.decided_at


# ---------------------------------------------------------------- what the tables do not hold


@pytest.mark.parametrize(
    ("plan", "weights", "promoted"),
    [
        (Plan(step_weight=40), (40, 80, 100), True),
        (Plan(step_weights=(50, 20)), (50,), False),
        (Plan(step_weights=(10, 10, 20)), (10,), False),
        (Plan(step_weights=(10, 200)), (10, 100), True),
        (Plan(step_weight=10, max_weight=20, mirror=True), (0, 10, 20), True),
        (Plan(step_weight=30, step_weights=(10, 50)), (30, 60), True),
        (Plan(), (), False),
    ],
)
def test_steps_as_the_scheduler_takes_them(plan: Plan, weights: tuple[int, ...], promoted: bool) -> None:
    assert ladder(plan) == (weights, promoted)


def test_a_promotion_in_steps_returns_the_traffic_by_and_by() -> None:
    plan, state = Plan(step_weight_promotion=30), State(CanaryPhase.PROMOTING, candidate=70)
    seen = [(state := advance(plan, state)).candidate for _ in range(3)]
    assert (seen, state.phase) == ([40, 10, 0], CanaryPhase.FINALISING)


def test_failed_checks_end_an_analysis_at_the_next_tick() -> None:
    plan, bad = Plan(step_weight=10, threshold=2), Tick(check=Check.NO_VALUES)
    state = State(CanaryPhase.PROGRESSING)
    history = [state := advance(plan, state, bad) for _ in range(4)]
    assert [(one.phase.value, one.candidate, one.failed_checks) for one in history] == [
        ("Progressing", 10, 0),  # nothing is asked before there is traffic
        ("Progressing", 10, 1),
        ("Progressing", 10, 2),
        ("Failed", 0, 2),
    ]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed", "Initialized", "Waiting", "Terminating"])
def test_a_canary_at_rest_stays_where_it_is(phase: str) -> None:
    state = State(CanaryPhase(phase), failed_checks=1)
    assert advance(Plan(step_weight=10), state) == state


def test_an_analysis_waits_for_its_primary() -> None:
    state = State(CanaryPhase.PROGRESSING, candidate=10)
    assert advance(Plan(step_weight=10), state, Tick(primary_ready=False)) == state
