"""When a pull request may be merged: weekly hours, cron, one-off freezes, Open Cluster Management's windows."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue

from gitops_bot.policy.base import Spec, Text
from gitops_bot.policy.gating import weekly
from gitops_bot.policy.gating.timewindow import TimeWindow
from gitops_bot.policy.gating.zone import ZoneName
from gitops_bot.policy.quantities import Duration

MOMENT = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?$"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def _cron(text: str) -> str:
    if len(text.split()) != 5:
        raise ValueError(f"{text!r} is no cron expression of five fields, like '0 9 * * 1-5'")
    try:
        CronSim(text, _SOME_DAY)
    except CronSimError as error:  # days that never come, like 30 February, among them
        raise ValueError(f"{text!r} is no cron expression: {error}") from None
    return text


def _weekly(text: str) -> str:
    weekly.parse(text)
    return text


def _moment(value: Any) -> Any:
    """A day, or a time; not a bare number, which would be read as seconds since 1970. Errors: ValueError."""
    if isinstance(value, date):
        return value
    text = value if isinstance(value, str) else ""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else datetime.fromisoformat(_time(text))
    except ValueError:
        raise ValueError(f"{value!r} is no date; write 2026-12-24, or a time like 2026-12-24T09:00") from None


def _time(text: str) -> str:
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        raise ValueError(text)
    return text


Moment = Annotated[
    date,
    PlainValidator(_moment),
    PlainSerializer(lambda value: value.isoformat()),
    WithJsonSchema({"type": "string", "pattern": MOMENT}),
]
"""A day, or a time; a time without an offset is one of the window's time zone."""


class Period(Spec):
    """Weekly hours in one line; or `cron` and `for`; or `from` and `to`."""

    weekly: Annotated[str, AfterValidator(_weekly)] | None = None
    """`Mon-Fri 09:00-16:00`; the same as writing the line alone. A range past midnight belongs to its first day."""
    cron: Annotated[str, AfterValidator(_cron)] | None = None
    """When it begins, in five fields: `0 9 * * 1-5`."""
    for_: Annotated[Duration | None, Field(alias="for")] = None
    """How long it lasts after each beginning."""
    from_: Annotated[Moment | None, Field(alias="from")] = None
    """The first moment: a day or a time."""
    to: Moment | None = None
    """The end: a day is part of it, a time is not."""

    def __str__(self) -> str:
        if self.cron:
            return f"cron {self.cron}"
        return self.weekly or f"{self.from_} to {self.to}"


def _line(value: Any) -> Any:
    return {"weekly": value} if isinstance(value, str) else value


class _OrLine:
    """In the schema, the period or one line of text."""

    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        line = {"type": "string", "examples": ["Mon-Fri 09:00-16:00", "Sat,Sun", "22:00-06:00"]}
        return {"anyOf": [line, *handler(core)["anyOf"]]}


OnePeriod = Annotated[Period | None, BeforeValidator(_line), _OrLine()]


class Window(Spec):
    """Exactly one of allow, block, timewindow."""

    allow: OnePeriod = None
    """Merges are let through then; with several, in any of them."""
    block: OnePeriod = None
    """Nothing is merged then, whatever else is allowed."""
    timewindow: TimeWindow | None = None
    """As in a Subscription of Open Cluster Management: active allows, blocked blocks."""
    timezone: ZoneName = "UTC"
    """An IANA name; for allow and block."""
    reason: Text | None = None
    """Why, for those who wait."""
