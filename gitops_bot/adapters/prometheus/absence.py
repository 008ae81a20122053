"""Why a query found nothing: the name is unknown here, no series fits, they are gone, or they make no number."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.adapters.metrics_http import NoAnswer, cut
from gitops_bot.adapters.prometheus.answers import NO_DATA, Grid, by_mark
from gitops_bot.adapters.prometheus.connection import Connection
from gitops_bot.adapters.prometheus.promql import Selector, joined, selectors

MAX_SELECTORS = 4
"""Of one expression are looked for."""
_DAY_S = 86_400


def explained_absence(connection: Connection, expression: str, grid: Grid) -> str:
    """The reason for an empty answer, by at most two more requests; the plain one where it cannot be found out."""
    selected = selectors(expression)[:MAX_SELECTORS]
    if not selected:
        return NO_DATA
    try:
        return _explained(connection, selected, grid)
    except (NoAnswer, LookupError, TypeError, ValueError):
        return NO_DATA


def _explained(connection: Connection, selected: Sequence[Selector], grid: Grid) -> str:
    window_s = -(-(grid[-1] - grid[0] + grid.step) // 1000)
    asked = [f"count(last_over_time({one.text}[{length}s]))" for one in selected for length in (window_s, _DAY_S)]
    result, _ = connection.query_range(joined(asked), range(grid[-1], grid[-1] + grid.step, grid.step))
    seen = [bool(series) for series in by_mark(result, len(asked))]
    in_window, in_day = seen[::2], seen[1::2]
    never = [one for one, found in zip(selected, in_day, strict=True) if not found]
    names = {one.name for one in never if one.name}
    unknown = names - connection.names(names, grid[-1]) if names else set()
    if unknown:
        listed = ", ".join(sorted(unknown))
        return f"the metric name {listed} is unknown here: check that it is injected and scraped, and its spelling"
    if never:
        return f"no series fits {cut(never[0].text)}: the name is known here, so check the labels"
    gone = [one for one, found in zip(selected, in_window, strict=True) if not found]
    if gone:
        return f"the series of {cut(gone[0].text)} are gone: there were some within a day, and none in this window"
    return f"{NO_DATA}, though its series are there: in each window there may be too few samples"
