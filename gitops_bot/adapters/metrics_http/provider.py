"""Any provider as `Metrics`: a provider is one function that asks a server for the numbers of a span."""

from __future__ import annotations

from collections.abc import Callable

from gitops_bot.adapters.metrics_http.server import Server
from gitops_bot.adapters.metrics_http.span import Span, Values, readings, span_of
from gitops_bot.adapters.metrics_http.trouble import NoAnswer, missing
from gitops_bot.model import Query, Reading

Ask = Callable[[Server, Span], Values]
"""Asks once. Errors: NoAnswer; LookupError, TypeError, ValueError or AttributeError for an answer of another shape."""

STRANGE = "the answer of the metrics server has another shape than its documentation says"


class HttpMetrics:
    """One metrics server; several threads may ask it at once."""

    def __init__(self, server: Server, ask: Ask) -> None:
        self._server = server
        self._ask = ask

    def range(self, query: Query) -> tuple[Reading, ...]:
        """One reading per instant of the query, in order. Never raises."""
        instants = query.instants()
        if not instants:
            return ()
        try:
            span = span_of(query)
            return readings(self._server.patiently(lambda: self._once(span)), span, query)
        except NoAnswer as trouble:
            return missing(self._server.told(trouble), instants, answered=trouble.answered, heard=trouble.heard)

    def _once(self, span: Span) -> Values:
        try:
            return self._ask(self._server, span)
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise NoAnswer(STRANGE) from error
