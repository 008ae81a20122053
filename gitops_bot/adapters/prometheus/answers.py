"""What is asked of Prometheus and what its answer is worth. Pure: no I/O and no HTTP library."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gitops_bot.model import Missing, Query, Reading, Sample

MAX_POINTS = 11_000
"""Prometheus refuses more in one range query."""
MAX_DETAIL = 200
"""Characters of a foreign text in a reason."""
UNREADABLE = "the answer is not the JSON of a Prometheus range query"

Grid = range
"""The instants as Prometheus counts them: whole milliseconds since 1970."""


class NoAnswer(Exception):
    """No number can be had: why in our words, what others said about it, whether another attempt may help.

    `answered`: the server did answer the question, only not with a number.
    """

    def __init__(self, reason: str, detail: str = "", *, again: bool = False, answered: bool = False) -> None:
        super().__init__(reason)
        self.answered = answered
        self.reason = reason
        self.detail = detail
        self.again = again


def grid_of(query: Query, count: int) -> Grid:
    """The query's `count` instants. A start between two milliseconds is rounded, a step between two is refused."""
    step_ms, rest = divmod(query.step, timedelta(milliseconds=1))
    if rest:
        raise NoAnswer(f"the step {query.step} is not a whole number of milliseconds")
    if count > MAX_POINTS:
        raise NoAnswer(f"{count} points are asked for, and a range query gives at most {MAX_POINTS}")
    start_ms = round(query.start.timestamp() * 1000)
    return range(start_ms, start_ms + count * step_ms, step_ms)


def only_series(result: Any) -> Mapping[int, float]:
    """The values by millisecond, if and only if there is one series: with several, which one has a point is luck.

    Errors: NoAnswer; LookupError, TypeError or ValueError where the result is not shaped like one.
    """
    if not result:
        raise NoAnswer("the query found no data", answered=True)
    if len(result) > 1:
        examples = " and ".join(cut(json.dumps(each["metric"]), MAX_DETAIL // 2 - 5) for each in result[:2])
        raise NoAnswer(f"the query gives {len(result)} series where one is meant", examples, answered=True)
    if "histograms" in result[0]:
        raise NoAnswer("the query gives native histograms, not numbers; histogram_quantile makes numbers of them")
    return {round(float(at) * 1000): float(value) for at, value in result[0]["values"]}


def readings(values: Mapping[int, float], grid: Grid, instants: tuple[datetime, ...]) -> tuple[Reading, ...]:
    """One reading per instant."""
    absent = "no data at this instant"
    if values and values.keys().isdisjoint(grid):
        absent = "the server answered for other instants than those asked for; it may align ranges to the step"
    return tuple(_reading(values.get(ms), at, absent) for ms, at in zip(grid, instants, strict=True))


def cut(text: str, length: int = MAX_DETAIL) -> str:
    """At most `length` characters of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def _reading(value: float | None, at: datetime, absent: str) -> Reading:
    if value is None:
        return Missing(absent, at)
    return Sample(value, at) if math.isfinite(value) else Missing(f"the value is {value}", at)
