"""Durations and limits: what reads, to what, and how it is shown again."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.policy.metrics import Metric
from gitops_bot.policy.quantities import Limit, format_duration, parse_duration, parse_limit


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("10m", 600),
        ("1h30m", 5400),
        ("1d", 86400),
        ("500ms", 0.5),
        ("1.5h", 5400),
        ("0s", 0),
        ("0.1s0.2s", 0.3),
        ("9ms", 0.009),
        ("1.001s", 1.001),
        ("3650d", 3650 * 86400),
    ],
)
def test_a_duration_reads_to_whole_milliseconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        10,
        None,
        True,
        "-1m",
        "1w",
        "1 m",
        "m",
        "1m ",
        "1m\n",
        ".5s",
        "1e3s",
        "3651d",
        "9" * 400 + "s",
        "0.5ms",
    ],
)
def test_what_is_no_duration_is_refused_by_its_own_words(text: Any) -> None:
    with pytest.raises(ValueError, match=r"is not a duration|longer than ten years|finer than a millisecond"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "shown"),
    [
        (timedelta(minutes=90), "1h30m"),
        (timedelta(0), "0s"),
        (timedelta(days=1, milliseconds=5), "1d5ms"),
        (timedelta(seconds=45), "45s"),
    ],
)
def test_a_duration_is_shown_in_its_shortest_notation(duration: timedelta, shown: str) -> None:
    assert format_duration(duration) == shown


@given(st.from_regex(r"\A(\d{1,4}(\.\d{1,5})?(ms|s|m|h))+\Z"))
def test_a_duration_that_was_read_reads_back_as_shown(text: str) -> None:
    try:
        duration = parse_duration(text)
    except ValueError:
        return
    assert parse_duration(format_duration(duration)) == duration
    assert parse_duration(duration) == duration


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("1%", Limit(0.01, "%"), "1%"),
        ("0.5 %", Limit(0.005, "%"), "0.5%"),
        ("99.999%", Limit(0.99999, "%"), "99.999%"),
        ("-5%", Limit(-0.05, "%"), "-5%"),
        ("500ms", Limit(0.5, "s"), "500ms"),
        ("4h", Limit(14400, "s"), "4h"),
        ("1500ms", Limit(1.5, "s"), "1s500ms"),
        (3, Limit(3, ""), "3"),
        (0.25, Limit(0.25, ""), "0.25"),
        (1234567.5, Limit(1234567.5, ""), "1234567.5"),
    ],
)
def test_a_limit_reads_to_its_base_unit_and_shows_as_it_was_meant(text: Any, limit: Limit, shown: str) -> None:
    read = parse_limit(text)
    assert (read.unit, str(read)) == (limit.unit, shown)
    assert math.isclose(read.value, limit.value)
    assert parse_limit(read) is read


@pytest.mark.parametrize(
    "text", ["", "1", "one", "%", "1 percent", True, None, [], "nan%", math.nan, math.inf, -math.inf, "1e999%", 10**400]
)
def test_what_is_no_limit_is_refused_and_so_is_what_is_no_finite_number(text: Any) -> None:
    with pytest.raises(ValueError, match=r"is not a limit|is no bound"):
        parse_limit(text)


@pytest.mark.parametrize(
    ("limit", "value", "shown"),
    [
        (Limit(0.01, "%"), 0.0123456, "1.235%"),
        (Limit(0.99999, "%"), 0.999985, "99.9985%"),
        (Limit(0.5, "s"), 0.0421, "42.1ms"),
        (Limit(0.5, "s"), 1.25, "1.25s"),
        (Limit(600, "s"), 12345.6, "12345.6s"),
        (Limit(1, ""), 2.5, "2.5"),
    ],
)
def test_a_measured_value_is_shown_in_its_limits_notation(limit: Limit, value: float, shown: str) -> None:
    assert limit.show(value) == shown


@given(
    st.floats(-1e6, 1e6).map(lambda number: round(number, 4))
    | st.integers(-(10**9), 10**9)
    | st.decimals(0, 100, places=3).map(lambda number: f"{number}%")
    | st.integers(0, 10**7).map(lambda number: f"{number}ms")
)
def test_a_limit_in_a_policy_reads_back_from_what_the_policy_is_written_as(text: Any) -> None:
    metric = Metric.model_validate({"name": "it", "query": "it", "max": text})
    again = Metric.model_validate_json(metric.model_dump_json(by_alias=True, exclude_defaults=True))
    assert again == metric
