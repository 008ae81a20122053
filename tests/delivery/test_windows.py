"""Windows: open or shut, why, and when a merge may be let through next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot.delivery.gates import Round, gates
from gitops_bot.model import Gate, Step, StepKind
from tests.delivery.given import ADVANCE, BEFORE, NOTHING, NOW, ROLLBACK, policy

OFFICE: dict[str, Any] = {"allow": "Mon-Fri 09:00-16:00", "timezone": "Europe/Berlin"}
NIGHT = {"allow": "Fri 22:00-06:00"}
FREEZE = {"block": {"from": "2026-12-20", "to": "2027-01-02"}, "timezone": "Europe/Berlin", "reason": "year end"}
CRON = {"allow": {"cron": "0 9 * * 1-5", "for": "7h"}, "timezone": "Europe/Berlin"}
LUNCH = {"block": "12:00-13:00"}
SUBSCRIPTION = {"timewindow": {"windowtype": "blocked", "weekdays": ["Friday"], "hours": []}}


def gate(*windows: dict[str, Any], at: str, step: Step = ADVANCE) -> Gate:
    now = datetime.fromisoformat(at)
    *_, found = gates(Round(policy(gates={"windows": windows}), step, now))
    assert found.name == "windows"
    return found


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "block",
    [
        {"from": "2020-01-01", "to": "9999-12-31"},
        {"from": "0001-01-01T00:00+14:00", "to": "9999-12-31T23:59-14:00"},
    ],
)
def test_a_freeze_may_last_as_long_as_the_years_do(block: dict[str, str]) -> None:
    found = gate({"block": block}, at="2026-12-24T10:00:00Z")
    assert (found.open, found.until) == (False, None)
    assert "they do not open within a year" in found.reason


@pytest.mark.parametrize(
    ("windows", "at", "until"),
    [
        # Monday, 5 January 2026; Berlin is an hour ahead of UTC
        ([OFFICE], "2026-01-05T07:59:59Z", "2026-01-05T08:00"),
        ([OFFICE], "2026-01-05T08:00:00Z", ""),
        ([OFFICE], "2026-01-05T14:59:59Z", ""),
        ([OFFICE], "2026-01-05T15:00:00Z", "2026-01-06T08:00"),
        ([OFFICE], "2026-01-09T15:00:00Z", "2026-01-12T08:00"),
        ([OFFICE], "2026-07-06T07:00:00Z", ""),
        ([OFFICE, LUNCH], "2026-01-05T12:30:00Z", "2026-01-05T13:00"),
        ([OFFICE, NIGHT], "2026-01-09T21:00:00Z", "2026-01-09T22:00"),
        ([OFFICE, NIGHT], "2026-01-10T05:59:00Z", ""),
        ([OFFICE, NIGHT], "2026-01-10T06:00:00Z", "2026-01-12T08:00"),
        ([NIGHT], "2026-01-09T05:00:00Z", "2026-01-09T22:00"),
        ([CRON], "2026-01-05T07:59:00Z", "2026-01-05T08:00"),
        ([CRON], "2026-01-05T14:59:00Z", ""),
        ([CRON], "2026-01-05T15:00:00Z", "2026-01-06T08:00"),
        ([FREEZE], "2026-12-19T22:59:59Z", ""),
        ([FREEZE], "2026-12-19T23:00:00Z", "2027-01-02T23:00"),
        ([FREEZE], "2027-01-02T22:59:59Z", "2027-01-02T23:00"),
        ([{"block": {"from": "2026-12-20", "to": "9999-12-31"}}], "2026-12-19T23:59:59Z", ""),
        ([{"allow": {"from": "0001-01-01", "to": "2026-12-19"}}], "2026-12-19T23:59:59Z", ""),
        ([FREEZE, OFFICE], "2026-12-24T10:00:00Z", "2027-01-04T08:00"),
        ([{"block": {"from": "2026-01-05T10:00", "to": "2026-01-05T13:00+02:00"}}], "2026-01-05T09:59:00Z", ""),
        (
            [{"block": {"from": "2026-01-05T08:00", "to": "2026-01-05T12:00+02:00"}}],
            "2026-01-05T09:59:00Z",
            "2026-01-05T10:00",
        ),
        ([{"allow": "Sat-Mon"}], "2026-01-06T00:00:00Z", "2026-01-10T00:00"),
        ([{"allow": "Sun 00:00-24:00"}], "2026-01-04T23:59:00Z", ""),
        ([{"allow": "06:00-08:00,18:00-20:00"}], "2026-01-05T09:00:00Z", "2026-01-05T18:00"),
        ([SUBSCRIPTION], "2026-01-09T12:00:00Z", "2026-01-10T00:00"),
        ([SUBSCRIPTION], "2026-01-08T12:00:00Z", ""),
        # the night in which Berlin's clock jumps from 02:00 to 03:00, and the one in which it goes back
        ([{"allow": "02:30-05:00", "timezone": "Europe/Berlin"}], "2026-03-29T00:00:00Z", "2026-03-29T01:00"),
        ([{"block": "02:15-02:45", "timezone": "Europe/Berlin"}], "2026-10-25T00:20:00Z", "2026-10-25T00:45"),
        ([{"block": "02:15-02:45", "timezone": "Europe/Berlin"}], "2026-10-25T01:20:00Z", "2026-10-25T01:45"),
    ],
)
def test_a_window_is_open_or_says_when_it_opens(windows: list[dict[str, Any]], at: str, until: str) -> None:
    found = gate(*windows, at=at)
    assert (found.open, found.until) == (not until, utc(until) if until else None)


@pytest.mark.parametrize(
    ("windows", "at", "why"),
    [
        ([OFFICE], "2026-01-04T12:00:00Z", "open only Mon-Fri 09:00-16:00 (Europe/Berlin)"),
        ([FREEZE], "2026-12-24T12:00:00Z", "closed 2026-12-20 to 2027-01-02 (Europe/Berlin): year end"),
        (
            [OFFICE, NIGHT],
            "2026-01-04T12:00:00Z",
            "open only Mon-Fri 09:00-16:00 (Europe/Berlin) or Fri 22:00-06:00 (UTC)",
        ),
        (
            [{"block": "00:00-24:00"}],
            "2026-01-04T12:00:00Z",
            "closed 00:00-24:00 (UTC), and they do not open within a year",
        ),
        (
            [{"allow": {"from": "2026-01-01", "to": "2026-01-03"}, "reason": "the move"}],
            "2026-01-04T12:00:00Z",
            "open only 2026-01-01 to 2026-01-03 (UTC): the move, and they do not open within a year",
        ),
        (
            [{"block": {"from": "2026-01-05T09:00+01:00", "to": "2026-01-05T17:00-05:00"}}],
            "2026-01-05T12:00:00Z",
            "closed 2026-01-05 09:00:00+01:00 to 2026-01-05 17:00:00-05:00",
        ),
        (
            [{"block": {"from": "2026-01-05T09:00Z", "to": "2026-01-06"}, "timezone": "Europe/Berlin"}],
            "2026-01-05T12:00:00Z",
            "closed 2026-01-05 09:00:00+00:00 to 2026-01-06 (Europe/Berlin)",
        ),
        (
            [
                {
                    "timewindow": {
                        "windowtype": "Active",
                        "daysofweek": ["Monday"],
                        "hours": [{"start": "10:30AM", "end": "04:30PM"}],
                        "location": "America/Toronto",
                    }
                }
            ],
            "2026-01-05T12:00:00Z",
            "open only Mon 10:30AM-04:30PM (America/Toronto)",
        ),
    ],
)
def test_a_closed_window_says_why(windows: list[dict[str, Any]], at: str, why: str) -> None:
    assert gate(*windows, at=at).reason == why


def test_it_holds_back_the_merge_alone() -> None:
    assert gate(OFFICE, at="2026-01-04T12:00:00Z").merging


@pytest.mark.parametrize("step", [ROLLBACK, Step(StepKind.START, BEFORE, "came under a weight", urgent=True)])
def test_a_way_back_waits_for_no_window(step: Step) -> None:
    assert gate(FREEZE, at="2026-12-24T12:00:00Z", step=step).open


def test_where_nothing_is_wanted_no_window_is_asked() -> None:
    found = gates(Round(policy(gates={"windows": [OFFICE]}), NOTHING, NOW))
    assert [gate.name for gate in found] == ["suspend", "stop"]


SOME = (OFFICE, NIGHT, FREEZE, CRON, LUNCH, SUBSCRIPTION)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(SOME), min_size=1, max_size=4),
    st.integers(0, 60 * 24 * 500).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
)
def test_it_is_shut_until_the_time_it_names_and_open_then(windows: list[dict[str, Any]], now: datetime) -> None:
    found = gate(*windows, at=now.isoformat())
    if found.until:
        assert gate(*windows, at=found.until.isoformat()).open
        steps = [now + part * (found.until - now) / 20 for part in range(20)]
        assert all(later < found.until for _, later in pairwise(steps))
        assert not any(gate(*windows, at=at.replace(microsecond=0).isoformat()).open for at in steps)
