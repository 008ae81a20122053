"""Prometheus as `Metrics`: one number per instant, or the reason why there is none. Never raises, never guesses.

The HTTP libraries are imported with the first query: commands that need no metrics do not pay for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from gitops_bot.adapters.metrics_http import NoAnswer, Server, missing
from gitops_bot.adapters.prometheus.answers import (
    NO_DATA,
    UNREADABLE,
    Grid,
    by_mark,
    grid_of,
    only_series,
    readings,
)
from gitops_bot.adapters.prometheus.promql import joined, stands_alone
from gitops_bot.model import Query, Reading, Sample

if TYPE_CHECKING:
    from gitops_bot.adapters.prometheus.connection import Connection

MAX_URL = 7_500
"""Bytes of the query in a URL: proxies refuse URLs of more than 8 KB."""
MAX_EXPLAINED = 10
"""Of the empty answers of a batch it is asked why: each question costs two requests."""
SILENT = 3
"""So many queries in a row without a word from the server, and the rest of a batch is not asked."""

Answers = dict[Query, tuple[Reading, ...]]


class PrometheusMetrics:
    """A Prometheus, Thanos, Mimir or VictoriaMetrics; several threads may ask it at once."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def range(self, query: Query) -> tuple[Reading, ...]:
        """One reading per instant of the query, in order. An expression that gives several series gives no number."""
        try:
            return self._asked(query)
        except NoAnswer as trouble:
            return self._without(query, trouble)

    def ranges(self, queries: Sequence[Query]) -> Mapping[Query, tuple[Reading, ...]]:
        """The same for many, those with the same instants by few requests; what one asks does not harm another."""
        answers: Answers = {}
        for batch in _batches(dict.fromkeys(queries)):
            answers |= self._batch(batch)
        return answers

    def _batch(self, queries: Sequence[Query]) -> Answers:
        if len(queries) > 1:
            try:
                return self._together(queries)
            except NoAnswer as trouble:
                if trouble.shared:
                    return {query: self._without(query, trouble) for query in queries}
            except (LookupError, TypeError, ValueError):
                pass  # not what was asked for: each on its own will tell
        return self._one_by_one(queries)

    def _together(self, queries: Sequence[Query]) -> Answers:
        instants = queries[0].instants()
        grid = grid_of(queries[0], len(instants))
        expression = joined([query.expression for query in queries])
        result, remarks = self._server.patiently(lambda: self._connection.query_range(expression, grid))
        answers: Answers = {}
        empty = 0
        for query, series in zip(queries, by_mark(result, len(queries)), strict=True):
            empty += not series
            try:
                values = self._values(series, query, grid, remarks, explain=empty <= MAX_EXPLAINED)
                answers[query] = readings(values, grid, instants)
            except NoAnswer as trouble:
                answers[query] = self._without(query, trouble)
        return self._fresh(answers, grid)

    def _fresh(self, answers: Answers, grid: Grid) -> Answers:
        from gitops_bot.adapters.prometheus.staleness import without_stale  # noqa: PLC0415 - see above

        return without_stale(self._connection, answers, grid, max_url=MAX_URL)

    def _one_by_one(self, queries: Sequence[Query]) -> Answers:
        answers: Answers = {}
        unheard = 0
        for query in queries:
            if unheard >= SILENT:
                reason = f"the metrics server did not answer {SILENT} queries before this one"
                answers[query] = missing(reason, query.instants(), answered=False)
                continue
            answers[query] = self.range(query)
            heard = any(isinstance(one, Sample) or one.answered or one.heard for one in answers[query])
            unheard = 0 if heard else unheard + 1
        return answers

    def _asked(self, query: Query) -> tuple[Reading, ...]:
        instants = query.instants()
        if not instants:
            return ()
        grid = grid_of(query, len(instants))
        result, remarks = self._server.patiently(lambda: self._connection.query_range(query.expression, grid))
        answer = readings(self._values(result, query, grid, remarks), grid, instants)
        return self._fresh({query: answer}, grid)[query]

    def _values(
        self, series: Sequence[object], query: Query, grid: Grid, remarks: str, *, explain: bool = True
    ) -> Mapping[int, float]:
        try:
            if series:
                return only_series(series)
        except (LookupError, TypeError, ValueError) as error:
            raise NoAnswer(UNREADABLE) from error
        if not explain:
            raise NoAnswer(NO_DATA, remarks, answered=True)
        from gitops_bot.adapters.prometheus.absence import explained_absence  # noqa: PLC0415 - see above

        reason = explained_absence(self._connection, query.expression, grid)
        raise NoAnswer(reason, remarks if reason == NO_DATA else "", answered=True)

    def _without(self, query: Query, trouble: NoAnswer) -> tuple[Reading, ...]:
        told = self._server.told(trouble)
        return missing(told, query.instants(), answered=trouble.answered, heard=trouble.heard)

    @cached_property
    def _connection(self) -> Connection:
        from gitops_bot.adapters.prometheus.connection import Connection  # noqa: PLC0415 - see above

        return Connection(self._server)


def _batches(queries: Iterator[Query] | Mapping[Query, None]) -> Iterator[list[Query]]:
    """Queries of the same instants together, as many as a URL takes; what may reach out of its brackets, alone."""
    alike: dict[object, list[Query]] = {}
    for query in queries:
        fits = stands_alone(query.expression) and query.instants()
        alike.setdefault((query.start, query.end, query.step) if fits else query, []).append(query)
    for group in alike.values():
        batch: list[Query] = []
        size = 0
        for query in group:
            length = len(quote_plus(" or " + joined([query.expression]))) + 4
            if batch and size + length > MAX_URL:
                yield batch
                batch, size = [], 0
            batch.append(query)
            size += length
        yield batch
