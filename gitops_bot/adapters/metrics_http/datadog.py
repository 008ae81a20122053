"""Datadog: timeseries of a metrics query, by POST /api/v2/query/timeseries.

Datadog cuts its windows at multiples of the interval and stamps each with its beginning.
https://docs.datadoghq.com/api/latest/metrics/#query-timeseries-data-across-multiple-products
"""

from __future__ import annotations

from typing import Any

from gitops_bot.adapters.metrics_http.server import Server
from gitops_bot.adapters.metrics_http.span import Span, Values, number, spaced
from gitops_bot.adapters.metrics_http.trouble import NoAnswer, words

URL = "https://api.datadoghq.com"
PATH = "/api/v2/query/timeseries"
API_KEY, APPLICATION_KEY = "DD-API-KEY", "DD-APPLICATION-KEY"


def ask(server: Server, span: Span) -> Values:
    """The windows of a query like `sum:trace.http.request.errors{version:v2}.as_count()`."""
    answer = server.post(PATH, _question(span))
    if told := words(answer.get("errors")):
        raise NoAnswer("the metrics server refuses the query", told, heard=True)
    attributes = answer["data"]["attributes"]
    series, times, values = attributes["series"], attributes["times"], attributes["values"]
    if not values:
        return {}
    if len(values) > 1:
        tags = " and ".join(",".join(one["group_tags"] or ()) or "no tags" for one in series[:2])
        raise NoAnswer(f"the query gives {len(values)} series where one is meant", tags, answered=True)
    seconds = [int(ms) // 1000 for ms in times]
    spaced(seconds, span.step_s)
    ended = {begin + span.step_s: value for begin, value in zip(seconds, values[0], strict=True)}
    return span.aligned({end: number(value) for end, value in ended.items()})


def _question(span: Span) -> dict[str, Any]:
    begin = span.begin_s - span.begin_s % span.step_s - span.step_s
    attributes = {
        "from": begin * 1000,
        "to": span.last_s * 1000,
        "interval": span.step_s * 1000,
        "queries": [{"data_source": "metrics", "name": "a", "query": span.expression}],
        "formulas": [{"formula": "a"}],
    }
    return {"data": {"type": "timeseries_request", "attributes": attributes}}
