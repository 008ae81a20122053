"""Dynatrace: a metric selector by GET /api/v2/metrics/query.

Dynatrace counts in whole minutes, cuts its windows at multiples of the resolution and stamps each with its end.
https://docs.dynatrace.com/docs/shortlink/api-metrics-v2-get-datapoints
"""

from __future__ import annotations

from gitops_bot.adapters.metrics_http.server import Server
from gitops_bot.adapters.metrics_http.span import Span, Values, number, spaced
from gitops_bot.adapters.metrics_http.trouble import NoAnswer, words

PATH = "/api/v2/metrics/query"
TOKEN, TOKEN_PREFIX = "Authorization", "Api-Token "
_MINUTE_S = 60


def ask(server: Server, span: Span) -> Values:
    """The windows of a selector like `builtin:service.errors.server.count:filter(…):splitBy():sum`."""
    minutes, rest = divmod(span.step_s, _MINUTE_S)
    if rest:
        raise NoAnswer(f"Dynatrace counts in whole minutes, and the interval is {span.step_s} s")
    begin = span.begin_s - span.begin_s % span.step_s - span.step_s
    answer = server.get(
        PATH,
        {
            "metricSelector": span.expression,
            "from": begin * 1000,
            "to": span.last_s * 1000,
            "resolution": f"{minutes}m",
        },
    )
    if told := words(answer.get("error")):
        raise NoAnswer("the metrics server refuses the query", told, heard=True)
    results = answer["result"]
    said = [*(answer.get("warnings") or ()), *(one for each in results for one in each.get("warnings") or ())]
    if said:
        raise NoAnswer("the metrics server warns of its own answer", "; ".join(map(str, said)), heard=True)
    if answer.get("nextPageKey"):
        raise NoAnswer("the answer has more pages: does the selector end with splitBy()?", answered=True)
    data = [one for each in results for one in each["data"]]
    if not data:
        return {}
    if len(data) > 1:
        examples = " and ".join(",".join(map(str, one.get("dimensions") or ())) or "no dimension" for one in data[:2])
        raise NoAnswer(f"the query gives {len(data)} series where one is meant", examples, answered=True)
    seconds = [int(ms) // 1000 for ms in data[0]["timestamps"]]
    spaced(seconds, span.step_s)
    pairs = zip(seconds, data[0]["values"], strict=True)
    return span.aligned({end: number(value) for end, value in pairs})
