"""Evidence from JSON: what is a number counts, what is none is missing with the reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given as each
from hypothesis import strategies as st

from gitops_bot.analysis import given
from gitops_bot.analysis.evidence import UNMEASURED, Arm, Interval


@pytest.mark.parametrize(
    ("told", "arm"),
    [
        ({"bad": 1, "total": 20}, Arm(bad=1, total=20)),
        ({"bad": 0.5, "total": 20.25}, Arm(bad=0.5, total=20.25)),
        ({"bad": 0, "total": 0}, Arm(bad=0, total=0)),
        ({"bad": "1", "total": "20"}, Arm(bad=1, total=20)),
        ({"value": 0.3}, Arm(0.3)),
        ({"value": -2}, Arm(-2)),
        ({"value": 0.3, "bad": 6, "total": 20}, Arm(0.3, 6, 20)),
        (0.3, Arm(0.3)),
        (7, Arm(7)),
        ("0.3", Arm(0.3)),
        (None, UNMEASURED),
        ({}, UNMEASURED),
        ({"value": None}, UNMEASURED),
        ({"missing": "the series is gone"}, Arm(missing="the series is gone")),
        ({"missing": "  "}, Arm(missing="no reason was given")),
        ({"missing": True, "value": 3}, Arm(missing="no reason was given")),
        ({"error": "timeout"}, Arm(missing="timeout", answered=False)),
    ],
)
def test_a_measurement_in_each_notation(told: Any, arm: Arm) -> None:
    assert given.arm(told) == arm


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("NaN", "value is NaN"),
        (float("nan"), "value is NaN"),
        ("+Inf", "value is infinite"),
        (float("-inf"), "value is infinite"),
        (10**400, "value is too large"),
        (True, "value is true, which is no number"),
        ("1_000", 'value is "1_000", which is no number'),
        ("many", 'value is "many", which is no number'),
        ([1], "value is [1], which is no number"),
        ({"bad": 1}, "there is no total"),
        ({"total": 20}, "there is no bad"),
        ({"bad": -1, "total": 20}, "bad is -1, which no count can be (a counter was reset)"),
        ({"bad": 1, "total": "NaN"}, "total is NaN"),
        ({"bad": 1, "total": {}}, "total is {}, which is no number"),
        ({"value": "x" * 1000}, f'value is "{"x" * 38}…, which is no number'),
    ],
)
def test_what_is_no_number_is_missing_with_the_reason(told: Any, why: str) -> None:
    assert given.arm(told) == Arm(missing=why)


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2026-03-02T08:30:00Z", datetime(2026, 3, 2, 8, 30, tzinfo=UTC)),
        ("2026-03-02T09:30:00+01:00", datetime(2026, 3, 2, 8, 30, tzinfo=UTC)),
        ("2026-03-02 08:30", datetime(2026, 3, 2, 8, 30, tzinfo=UTC)),
        (1772440200, datetime(2026, 3, 2, 8, 30, tzinfo=UTC)),
        ("yesterday", None),
        (1e300, None),
        (True, None),
        (None, None),
    ],
)
def test_an_interval_may_say_when_it_ended(told: Any, at: datetime | None) -> None:
    assert given.interval({"candidate": 1, "at": told}) == Interval(Arm(1), UNMEASURED, at)


def test_an_interval_may_be_the_candidates_number_alone() -> None:
    assert given.intervals([0.5, None, "x"]) == [
        Interval(Arm(0.5)),
        Interval(UNMEASURED),
        Interval(Arm(missing='value is "x", which is no number')),
    ]


@pytest.mark.parametrize(
    "told",
    [{"bad": 1, "total": 9}, {"baseline": {"bad": 1, "total": 9}}, {"baseline": {"bad": 1, "total": 9}, "at": 0}],
)
def test_history_is_the_baselines_part_of_earlier_intervals(told: Any) -> None:
    assert given.before([told]) == [Interval(UNMEASURED, Arm(bad=1, total=9))]


def test_history_without_a_baseline_is_not_the_candidates() -> None:
    assert given.before([{"candidate": {"bad": 1, "total": 9}}]) == [Interval(UNMEASURED, UNMEASURED)]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["candidate", "baseline", "bad", "total", "value", "missing", "error", "at", "x"]), inner
        )
    ),
    max_leaves=12,
)


@each(ANYTHING)
def test_anything_gives_a_finite_number_or_a_reason(told: Any) -> None:
    for arm in (given.interval(told).candidate, given.interval(json.loads(json.dumps(told))).baseline):
        numbers = [one for one in (arm.value, arm.bad, arm.total) if one is not None]
        assert bool(numbers) is not bool(arm.missing)
        assert all(abs(number) <= 1e300 for number in numbers)
