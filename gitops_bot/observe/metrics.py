"""What the metrics servers answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops_bot import decide
from gitops_bot.errors import PolicyInvalid
from gitops_bot.model import (
    Facts,
    Missing,
    Query,
    Reading,
    Sample,
    Series,
)
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.ports import ManyMetrics

SILENT = 3
"""So many unanswered queries in a row, and a metrics server is left alone until the next tick."""


def series(sight: Sight, policy: PromotionPolicy, seen: Facts) -> Series:
    """The answers to what this policy's decision asks of the metrics. Errors: PolicyInvalid, EditError."""
    asked = decide.questions(policy, seen)
    by_server: dict[str, list[Query]] = {}
    for query in asked:
        by_server.setdefault(_server(sight, policy, query), []).append(query)
    answers: dict[Query, tuple[Reading, ...]] = {}
    for server, queries in by_server.items():
        answers |= _answers(sight, server, queries)
    return {query: answers[query] for query in asked}


def _server(sight: Sight, policy: PromotionPolicy, query: Query) -> str:
    server = policy.spec.analysis.metrics_server or sight.site.servers.get(query.cluster) or query.cluster
    if server not in sight.site.metrics:
        known = ", ".join(sorted(sight.site.metrics)) or "none"
        raise PolicyInvalid(
            f"no metrics server is known for cluster {query.cluster}",
            where=policy.name,
            remedy=f"Name one at spec.clusters.{query.cluster}.metrics of the bot configuration; known: {known}.",
        )
    return server


def _answers(sight: Sight, server: str, queries: Sequence[Query]) -> Mapping[Query, tuple[Reading, ...]]:
    metrics = sight.site.metrics[server]
    if not isinstance(metrics, ManyMetrics) or sight.silent.get(server, 0) >= SILENT:
        return {query: _answer(sight, server, query) for query in queries}
    answers = metrics.ranges(queries)
    for answer in answers.values():
        _heed(sight, server, answer)
    return answers


def _answer(sight: Sight, server: str, query: Query) -> tuple[Reading, ...]:
    if sight.silent.get(server, 0) >= SILENT:
        reason = f"the metrics server {server} did not answer {SILENT} queries before this one"
        return tuple(Missing(reason, at, answered=False) for at in query.instants())
    answer = sight.site.metrics[server].range(query)
    _heed(sight, server, answer)
    return answer


def _heed(sight: Sight, server: str, answer: tuple[Reading, ...]) -> None:
    """Count what a server leaves unanswered; one that says what is wrong with a query is not silent."""
    heard = any(isinstance(reading, Sample) or reading.answered or reading.heard for reading in answer)
    sight.silent[server] = 0 if heard else sight.silent.get(server, 0) + 1
