"""The `timewindow` of a Subscription of Open Cluster Management, as it is written there."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema, model_validator

from gitops_bot.policy.base import Spec
from gitops_bot.policy.gating.zone import ZoneName

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_KITCHEN = re.compile(r"(1[0-2]|0?[0-9]):([0-5][0-9])(AM|PM)")
DAY_MINUTES = 24 * 60


def kitchen(text: str) -> int:
    """`03:04PM` as minutes after midnight. Errors: ValueError."""
    found = _KITCHEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time of day; Open Cluster Management writes it like 09:30AM")
    return int(found[1]) % 12 * 60 + int(found[2]) + (12 * 60 if found[3] == "PM" else 0)


def _kitchen(text: str) -> str:
    kitchen(text)
    return text


def _day(value: Any) -> Any:
    if isinstance(value, str) and value.lower() not in _DAYS:
        raise ValueError(f"{value!r} is no day of the week; write it whole, like Monday")
    return value


def _type(value: Any) -> Any:
    known = {"": "active", "active": "active", "block": "blocked", "blocked": "blocked"}
    if not isinstance(value, str) or value.lower() not in known:
        raise ValueError(f"{value!r} is no window type; write active or blocked")
    return known[value.lower()]


Kitchen = Annotated[str, AfterValidator(_kitchen)]
Weekday = Annotated[str, BeforeValidator(_day)]
WindowType = Annotated[
    str, BeforeValidator(_type), WithJsonSchema({"enum": ["active", "blocked", "Active", "Blocked", "block"]})
]


class Hours(Spec):
    """Two times of day like `09:30AM`."""

    start: Kitchen
    end: Kitchen
    """12:00AM is the end of the day. A range written backwards is turned round."""

    @property
    def minutes(self) -> tuple[int, int]:
        """From and to, both as minutes after midnight."""
        start, end = kitchen(self.start), kitchen(self.end) or DAY_MINUTES
        return (start, end) if start <= end else (end, start)


class TimeWindow(Spec):
    """Open (active) or shut (blocked) on some days and hours, exactly as Open Cluster Management reads it."""

    windowtype: WindowType = "active"
    daysofweek: tuple[Weekday, ...] = ()
    """Monday to Sunday; all days when none is named."""
    weekdays: tuple[Weekday, ...] = ()
    """Another name of daysofweek."""
    hours: tuple[Hours, ...] = ()
    """The whole day when there are none. When active, the last minute is part of it."""
    location: ZoneName | Literal[""] = ""
    """An IANA time zone; UTC when it is left out."""

    @model_validator(mode="after")
    def _days_once(self) -> Self:
        if self.daysofweek and self.weekdays:
            raise ValueError("daysofweek and weekdays mean the same: give one of them")
        return self

    @property
    def days(self) -> frozenset[int]:
        """Monday is 0."""
        named = {_DAYS.index(day.lower()) for day in self.daysofweek or self.weekdays}
        return frozenset(named or range(7))

    @property
    def merged(self) -> tuple[tuple[int, int], ...]:
        """The hours in order, as minutes; those that overlap or touch are one."""
        merged: list[tuple[int, int]] = []
        for start, end in sorted(one.minutes for one in self.hours):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return tuple(merged)
