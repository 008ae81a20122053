"""windows: when a merge is let through, and when it may be next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gitops_bot.delivery.gates.calendars import Always, Calendar, EveryWeek, Once, Recurring
from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import Gate
from gitops_bot.policy.gating import weekly
from gitops_bot.policy.gating.timewindow import DAY_MINUTES, TimeWindow
from gitops_bot.policy.gating.weekly import Weekly
from gitops_bot.policy.gating.windows import Period, Window

NAME = "windows"
FARTHEST = timedelta(days=366)
_MOST_CHANGES = 5000
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Near enough to never: days before and after can still be counted."""


def gates(round_: Round) -> Iterator[Gate]:
    """One gate for all windows of the policy."""
    windows = round_.spec.windows
    if not windows:
        return
    if round_.step.urgent:
        yield Gate(NAME, True, "a way back waits for no window", merging=True)
        return
    if round_.forced:
        yield Gate(NAME, True, f"{round_.forced.by} asks for it now", merging=True)
        return
    hours = tuple(_hours(window) for window in windows)
    if why := shut(hours, round_.now):
        until = opens(hours, round_.now)
        never = "" if until else ", and they do not open within a year"
        yield Gate(NAME, False, why + never, until, merging=True)
        return
    yield Gate(NAME, True, "open now", merging=True)


@dataclass(frozen=True, slots=True)
class Hours:
    """One window, ready to be asked."""

    calendar: Calendar
    allows: bool
    said: str
    reason: str


def shut(hours: Sequence[Hours], at: datetime) -> str:
    """Why a merge is not let through at an instant; empty when it is."""
    for one in hours:
        if not one.allows and one.calendar.on(at):
            return f"closed {one.said}" + (f": {one.reason}" if one.reason else "")
    allowing = [one for one in hours if one.allows]
    if not allowing or any(one.calendar.on(at) for one in allowing):
        return ""
    reasons = "; ".join(dict.fromkeys(one.reason for one in allowing if one.reason))
    return f"open only {' or '.join(one.said for one in allowing)}" + (f": {reasons}" if reasons else "")


def opens(hours: Sequence[Hours], at: datetime) -> datetime | None:
    """The first instant, from one on, at which a merge is let through; None when there is none within a year."""
    now = at
    for _ in range(_MOST_CHANGES):
        if not shut(hours, now):
            return now.astimezone(UTC)
        later = [one for hour in hours if (one := hour.calendar.change(now))]
        if not later or min(later) > at + FARTHEST:
            return None
        now = min(later)
    return None


def _hours(window: Window) -> Hours:
    reason = window.reason or ""
    if window.timewindow:
        return of_timewindow(window.timewindow, reason)
    period = window.allow or window.block
    assert period is not None  # gating/problems.py: exactly one of the three
    zone = ZoneInfo(window.timezone)
    return Hours(_calendar(period, zone), window.allow is not None, _said(period, window.timezone), reason)


def _said(period: Period, zone: str) -> str:
    """The period with its zone; a time that bears an offset is of no zone."""
    ends = [one for one in (period.from_, period.to) if one]
    if not any(isinstance(one, datetime) and one.tzinfo for one in ends):
        return f"{period} ({zone})"
    return " to ".join(str(one) if isinstance(one, datetime) and one.tzinfo else f"{one} ({zone})" for one in ends)


def _calendar(period: Period, zone: ZoneInfo) -> Calendar:
    if period.weekly:
        return EveryWeek(weekly.parse(period.weekly), zone)
    if period.cron and period.for_:
        return Recurring(period.cron, period.for_, zone)
    assert period.from_  # gating/problems.py: one way, and whole
    assert period.to
    return Once(_instant(period.from_, zone), _instant(period.to, zone, end=True))


def _instant(value: date, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """A day that ends something is part of it."""
    if not _EARLIEST.year < value.year < _LATEST.year:
        return _EARLIEST if value.year <= _EARLIEST.year else _LATEST
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    day = value + timedelta(days=1) if end else value
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def of_timewindow(given: TimeWindow, reason: str = "") -> Hours:
    """Open Cluster Management's reading, in whole minutes.

    Active: the last minute is part of a range. Blocked: the first and the last minute of a range are open, but for
    those at midnight.
    """
    active, zone = given.windowtype == "active", given.location or "UTC"
    ranges = given.merged or ((0, DAY_MINUTES),)
    if active:
        kept = tuple((start, min(end + 1, DAY_MINUTES)) for start, end in ranges)
    else:
        kept = tuple((start + 1 if start else 0, end) for start, end in ranges)
    always = len(given.days) == 7 and kept == ((0, DAY_MINUTES),)
    calendar = Always() if always else EveryWeek(Weekly(given.days, kept), ZoneInfo(zone))
    days = ",".join(day.capitalize() for number, day in enumerate(weekly.DAYS) if number in given.days)
    said = " ".join([days, ",".join(f"{one.start}-{one.end}" for one in given.hours)]).strip()
    return Hours(calendar, active, f"{said} ({zone})", reason)
