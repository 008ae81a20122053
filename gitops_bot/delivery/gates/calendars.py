"""Times that come and go: whether one is on at an instant, and when that may change next. Pure; zones know the clock.

Wall clocks jump: hours that a clock skips begin when it jumps, hours that it has twice are on both times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim

from gitops_bot.policy.gating.weekly import DAY_MINUTES, Weekly

_DAY = timedelta(days=1)


class Calendar(Protocol):
    """Times that come and go."""

    def on(self, at: datetime) -> bool:
        """Whether it is on at an instant."""
        ...

    def change(self, after: datetime) -> datetime | None:
        """The first instant after another at which that may be different; None: never again."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """It never ends."""

    def on(self, at: datetime) -> bool:  # noqa: ARG002 - the protocol's
        """Yes."""
        return True

    def change(self, after: datetime) -> datetime | None:  # noqa: ARG002 - the protocol's
        """Never."""
        return None


@dataclass(frozen=True, slots=True)
class Once:
    """From one instant to another."""

    start: datetime
    end: datetime

    def on(self, at: datetime) -> bool:
        """The end is not included."""
        return self.start <= at < self.end

    def change(self, after: datetime) -> datetime | None:
        """Its start, then its end."""
        return next((one for one in (self.start, self.end) if one > after), None)


@dataclass(frozen=True, slots=True)
class EveryWeek:
    """Hours of the week by the wall clock of a zone."""

    hours: Weekly
    zone: ZoneInfo

    def on(self, at: datetime) -> bool:
        """By what the clock on the wall says."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(
            (local.weekday() - back) % 7 in self.hours.days and start <= minute + back * DAY_MINUTES < end
            for start, end in self.hours.ranges
            for back in (0, 1)
        )

    def change(self, after: datetime) -> datetime | None:
        """A beginning, an end, or a jump of the clock: within eight days, or never."""
        first = after.astimezone(self.zone).date() - _DAY
        later = (one for day in range(10) for one in self._of(first + day * _DAY) if one > after)
        return min(later, default=None)

    def _of(self, day: date) -> Iterator[datetime]:
        yield from _jumps(day, self.zone)
        if day.weekday() in self.hours.days:
            midnight = datetime.combine(day, time())
            for minute in (minute for pair in self.hours.ranges for minute in pair):
                wall = midnight + timedelta(minutes=minute)
                yield from (wall.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))


@dataclass(frozen=True, slots=True)
class Recurring:
    """A length of time after each instant of a cron expression."""

    cron: str
    length: timedelta
    zone: ZoneInfo

    def on(self, at: datetime) -> bool:
        """One began less than its length ago."""
        begun = self._next(at - self.length)
        return begun is not None and begun <= at

    def change(self, after: datetime) -> datetime | None:
        """The next beginning, or the next end."""
        begins, ending = self._next(after), self._next(after - self.length)
        return min((one for one in (begins, ending and ending + self.length) if one), default=None)

    def _next(self, after: datetime) -> datetime | None:
        found = next(CronSim(self.cron, after.astimezone(self.zone)), None)
        return found.astimezone(UTC) if found else None


def _jumps(day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The instant of a day at which its clock jumps."""
    low, high = (datetime.combine(one, time(), tzinfo=zone).astimezone(UTC) for one in (day, day + _DAY))
    before = low.astimezone(zone).utcoffset()
    if before == high.astimezone(zone).utcoffset():
        return
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    yield high
