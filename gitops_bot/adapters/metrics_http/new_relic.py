"""New Relic: an NRQL query by NerdGraph; the bot adds SINCE, UNTIL and TIMESERIES, whose windows begin at SINCE.

https://docs.newrelic.com/docs/apis/nerdgraph/examples/nerdgraph-nrql-tutorial/
"""

from __future__ import annotations

import re
from typing import Any

from gitops_bot.adapters.metrics_http.provider import Ask
from gitops_bot.adapters.metrics_http.server import Server
from gitops_bot.adapters.metrics_http.span import Span, Values, number
from gitops_bot.adapters.metrics_http.trouble import NoAnswer, words

URL = "https://api.newrelic.com"
API_KEY = "API-Key"
MAX_WINDOWS = 366
"""TIMESERIES gives no more."""

_QUESTION = """query($account: Int!, $nrql: Nrql!, $timeout: Seconds!) {
  actor { account(id: $account) { nrql(query: $nrql, timeout: $timeout) { results } } }
}"""
_STRINGS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL)
_OURS = re.compile(r"\b(since|until|timeseries|compare\s+with|slide\s+by)\b|--|//|/\*|['\"`;]", re.IGNORECASE)
_TIMES = ("beginTimeSeconds", "endTimeSeconds")
_LONGEST_S = 120


def asking(account: int) -> Ask:
    """Asks one account."""

    def ask(server: Server, span: Span) -> Values:
        variables = {"account": account, "nrql": nrql(span), "timeout": max(1, min(_LONGEST_S, int(server.timeout_s)))}
        answer = server.post("/graphql", {"query": _QUESTION, "variables": variables})
        if told := words(answer.get("errors")):
            raise NoAnswer("the metrics server refuses the query", told, heard=True)
        results = answer["data"]["actor"]["account"]["nrql"]["results"]
        return {round(float(one["endTimeSeconds"])): _only(one) for one in results}

    return ask


def nrql(span: Span) -> str:
    """The query with its times. Errors: NoAnswer, where it has times of its own, or remarks that could swallow ours."""
    if found := _OURS.search(_STRINGS.sub("''", span.expression).replace("''", "")):
        raise NoAnswer(f"the query must not hold {found[0]!r}: the bot itself says when, in windows of the interval")
    if span.count > MAX_WINDOWS:
        raise NoAnswer(f"{span.count} windows are asked for, and New Relic gives at most {MAX_WINDOWS}")
    since, until = span.begin_s * 1000, span.last_s * 1000
    return f"{span.expression.strip()} SINCE {since} UNTIL {until} TIMESERIES {span.step_s} SECONDS"


def _only(result: dict[str, Any]) -> float | None:
    """The one number of a window; a percentile lies one deeper, under its rank."""
    if "facet" in result:
        raise NoAnswer("the query gives a series for each FACET where one is meant", answered=True)
    numbers = [value for name, value in result.items() if name not in _TIMES]
    if len(numbers) == 1 and isinstance(numbers[0], dict):
        numbers = list(numbers[0].values())
    if len(numbers) != 1:
        raise NoAnswer(f"the query selects {len(numbers)} values where one is meant", answered=True)
    return number(numbers[0])
