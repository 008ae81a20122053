"""Weekly hours as people write them: `Mon-Fri 09:00-16:00`, `Sat,Sun`, `22:00-06:00`."""

from __future__ import annotations

import re
from dataclasses import dataclass

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBERS = {name: number for names in (DAYS, _FULL) for number, name in enumerate(names)}
DAY_MINUTES = 24 * 60
_TIMES = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")


@dataclass(frozen=True, slots=True)
class Weekly:
    """Hours of the day on some days of the week, by a wall clock."""

    days: frozenset[int]
    """Monday is 0. A range that goes past midnight belongs to the day on which it begins."""
    ranges: tuple[tuple[int, int], ...]
    """Minutes after midnight, the end not included; past midnight they go on beyond 1440."""


def parse(text: str) -> Weekly:
    """Days, hours, or both, each a list with commas. Errors: ValueError."""
    words = text.split()
    times = [word for word in words if ":" in word]
    days = [word for word in words if ":" not in word]
    if not words or len(times) > 1 or len(days) > 1 or (times and words[-1] != times[0]):
        raise ValueError(f"{text!r} is not understood; write it like 'Mon-Fri 09:00-16:00', 'Sat,Sun' or '22:00-06:00'")
    listed = [day for part in days[0].split(",") for day in _days(part)] if days else range(7)
    ranges = tuple(_range(part) for part in times[0].split(",")) if times else ((0, DAY_MINUTES),)
    return Weekly(frozenset(listed), ranges)


def _days(part: str) -> list[int]:
    first, dash, last = part.lower().partition("-")
    for name in (first, last) if dash else (first,):
        if name not in _NUMBERS:
            raise ValueError(f"{name!r} is no day of the week; write Mon, Tue, Wed, Thu, Fri, Sat or Sun")
    begin, end = _NUMBERS[first], _NUMBERS[last if dash else first]
    return [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]


def _range(part: str) -> tuple[int, int]:
    found = _TIMES.fullmatch(part)
    if found is None:
        raise ValueError(f"{part!r} is no range of hours; write it like 09:00-16:00")
    start, end = (_minute(*pair) for pair in (found.groups()[:2], found.groups()[2:]))
    if start in (DAY_MINUTES, end):
        raise ValueError(f"{part!r} is no length of time; a whole day is 00:00-24:00")
    return start, end if end > start else end + DAY_MINUTES


def _minute(hour: str, minute: str) -> int:
    value = int(hour) * 60 + int(minute)
    if int(minute) > 59 or value > DAY_MINUTES:
        raise ValueError(f"{hour}:{minute} is no time of day")
    return value
