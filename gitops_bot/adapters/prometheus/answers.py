"""What is asked of Prometheus and what its answer is worth. Pure: no I/O and no HTTP library."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gitops_bot.adapters.metrics_http import NoAnswer, cut, reading
from gitops_bot.adapters.metrics_http.trouble import MAX_DETAIL
from gitops_bot.adapters.prometheus.promql import MARK
from gitops_bot.model import Missing, Query, Reading

MAX_POINTS = 11_000
"""Prometheus refuses more in one range query."""
UNREADABLE = "the answer is not the JSON of a Prometheus range query"
NO_DATA = "the query found no data"

LOOKBACK_MS = 300_000
"""Prometheus' own: a sample stands for so long."""
LEAST_LOOKBACK_MS = 90_000
"""One scrape a minute that is a little late is no gap."""

Grid = range
"""The instants as Prometheus counts them: whole milliseconds since 1970."""


def grid_of(query: Query, count: int) -> Grid:
    """The query's `count` instants. A start between two milliseconds is rounded, a step between two is refused."""
    step_ms, rest = divmod(query.step, timedelta(milliseconds=1))
    if rest:
        raise NoAnswer(f"the step {query.step} is not a whole number of milliseconds")
    if count > MAX_POINTS:
        raise NoAnswer(f"{count} points are asked for, and a range query gives at most {MAX_POINTS}")
    start_ms = round(query.start.timestamp() * 1000)
    return range(start_ms, start_ms + count * step_ms, step_ms)


def lookback_ms(grid: Grid) -> int:
    """How old a sample may be: one from long before a window says nothing about it."""
    return min(LOOKBACK_MS, max(LEAST_LOOKBACK_MS, grid.step))


def result_of(payload: Any) -> Sequence[Any]:
    """The series of an answer that is whole evidence: a matrix, not partial, without a warning. `infos` are no flaw.

    Errors: NoAnswer.
    """
    try:
        data, warnings, partial = payload["data"], payload.get("warnings"), payload.get("isPartial")
        kind, result = data["resultType"], data["result"]
    except (LookupError, TypeError, AttributeError) as error:
        raise NoAnswer(UNREADABLE) from error
    if warnings:
        told = warnings if isinstance(warnings, list) else [warnings]
        raise NoAnswer("the metrics server warns of its own answer", "; ".join(map(str, told)), heard=True)
    if partial:
        raise NoAnswer("the metrics server says that its answer is partial", heard=True)
    if kind != "matrix":
        raise NoAnswer(f"the answer is a {cut(str(kind), 40)} where a matrix is meant", heard=True)
    if not isinstance(result, list):
        raise NoAnswer(UNREADABLE)
    return result


def infos_of(payload: Any) -> str:
    """What the server remarks about the query, such as a counter that is none; empty without remarks."""
    infos = payload.get("infos") if isinstance(payload, dict) else None
    return "; ".join(map(str, infos)) if isinstance(infos, list) else ""


def by_mark(result: Sequence[Any], count: int) -> list[list[Any]]:
    """The series of each expression of a batch. Errors: as `only_series`, for the batch as a whole."""
    parts: list[list[Any]] = [[] for _ in range(count)]
    for one in result:
        labels = dict(one["metric"])
        parts[int(labels.pop(MARK))].append({**one, "metric": labels})
    return parts


def only_series(result: Sequence[Any]) -> Mapping[int, float]:
    """The values by millisecond, if and only if there is one series: with several, which one has a point is luck.

    Errors: NoAnswer; LookupError, TypeError or ValueError where the result is not shaped like one.
    """
    if not result:
        raise NoAnswer(NO_DATA, answered=True)
    if len(result) > 1:
        examples = " and ".join(cut(json.dumps(each["metric"]), MAX_DETAIL // 2 - 5) for each in result[:2])
        raise NoAnswer(f"the query gives {len(result)} series where one is meant", examples, answered=True)
    if "histograms" in result[0]:
        what = "the query gives native histograms, not numbers; histogram_quantile makes numbers of them"
        raise NoAnswer(what, heard=True)
    return {round(float(at) * 1000): float(value) for at, value in result[0]["values"]}


def readings(values: Mapping[int, float], grid: Grid, instants: tuple[datetime, ...]) -> tuple[Reading, ...]:
    """One reading per instant. What ends before the last instant is gone, which is more than a hole."""
    if values and values.keys().isdisjoint(grid):
        absent = "the server answered for other instants than those asked for; it may align ranges to the step"
        return tuple(Missing(absent, at) for at in instants)
    last = max(values, default=0)
    gone = f"the series is gone: its last number was at {datetime.fromtimestamp(last / 1000, UTC):%H:%M:%S}"
    return tuple(
        reading(values[ms], at) if ms in values else Missing(gone if ms > last else "no data at this instant", at)
        for ms, at in zip(grid, instants, strict=True)
    )
