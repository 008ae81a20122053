"""Numbers made of samples from long before their window: asked for separately, as Prometheus 2.42 lets them stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote_plus

from gitops_bot.adapters.metrics_http import NoAnswer
from gitops_bot.adapters.prometheus.answers import Grid, by_mark, lookback_ms, only_series
from gitops_bot.adapters.prometheus.connection import Connection
from gitops_bot.adapters.prometheus.promql import joined, read_at_once
from gitops_bot.model import Missing, Query, Reading, Sample

Answers = Mapping[Query, tuple[Reading, ...]]


def without_stale(
    connection: Connection, answers: Answers, grid: Grid, *, max_url: int
) -> dict[Query, tuple[Reading, ...]]:
    """The same answers, numbers of which even the newest sample is stale made Missing; ages unknown change nothing."""
    fresh = dict(answers)
    numbered = (query for query, readings in answers.items() if any(isinstance(one, Sample) for one in readings))
    asked = [(query, selector) for query in numbered for selector in read_at_once(query.expression)]
    for part in _parts(asked, max_url):
        try:
            result, _ = connection.query_range(joined([_age(selector) for _, selector in part]), grid)
            ages = [only_series(series) if series else {} for series in by_mark(result, len(part))]
        except (NoAnswer, LookupError, TypeError, ValueError):
            return fresh
        for (query, _), age in zip(part, ages, strict=True):
            fresh[query] = tuple(
                _judged(one, age.get(ms, 0), lookback_ms(grid)) for one, ms in zip(fresh[query], grid, strict=True)
            )
    return fresh


def _age(selector: str) -> str:
    return f"min(time() - timestamp({selector}))"


def _parts(asked: Sequence[tuple[Query, str]], max_url: int) -> Iterator[list[tuple[Query, str]]]:
    part: list[tuple[Query, str]] = []
    for one in asked:
        if part and len(quote_plus(joined([_age(selector) for _, selector in (*part, one)]))) > max_url:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _judged(reading: Reading, age_s: float, lookback: int) -> Reading:
    if isinstance(reading, Missing) or age_s * 1000 <= lookback:
        return reading
    return Missing(f"stale: the newest sample is {age_s:.0f} s old", reading.at)
