"""Where it happens and where to look further: the environment's files, the clusters, links by template."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gitops_bot.delivery.body.markup import link
from gitops_bot.delivery.body.page import Fold, Page
from gitops_bot.delivery.text import code
from gitops_bot.model import Query
from gitops_bot.policy import templates
from gitops_bot.policy.fleet import ChosenClusters
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import PolicySpec


def surroundings(page: Page) -> Fold:
    """One piece, a list."""
    files = ", ".join(dict.fromkeys(code(change.path) for change in page.changes))
    spec = page.policy.spec
    lines = [
        f"- Files: {files}, on {code(page.base)} of {code(spec.repository)}",
        f"- Clusters: {_clusters(spec)}",
        *(f"- {one}" for one in _links(page)),
    ]
    return Fold("Environment and links", ["\n".join(lines)])


def _clusters(spec: PolicySpec) -> str:
    """Their names, and what chose them."""
    names = ", ".join(code(cluster) for cluster in spec.clusters) or "none is known"
    given = spec.given_clusters
    return f"{names}, chosen by {code(str(given.placement))}" if isinstance(given, ChosenClusters) else names


def _links(page: Page) -> Iterator[str]:
    """Each link, once for all clusters or once for each where the template names the cluster."""
    given = {**page.manner.links, **page.policy.spec.pull_request.links}
    for name, template in given.items():
        made = {templates.link(template, _values(page, cluster)): cluster for cluster in page.policy.spec.clusters}
        for url, cluster in made.items():
            yield link(f"{name} ({cluster})" if len(made) > 1 else name, url)


def _values(page: Page, cluster: str) -> dict[str, str]:
    spec = page.policy.spec
    subject, stable = spec.candidate.subject or spec.candidate.experiment, spec.baseline.workload
    tried = page.before.candidate or page.step.slots.candidate or page.step.slots.stable
    start, end = _window(page)
    canary = (subject.name if subject else None) or ""
    return {
        "policy": page.policy.name,
        "repository": spec.repository,
        "cluster": cluster,
        "namespace": subject.namespace if subject else stable.namespace if stable else "",
        "canary": canary,
        "primary": stable.name if stable else _primary(page, canary),
        "version": str(tried or ""),
        "baseline": str(page.before.stable or ""),
        "start": str(int(start.timestamp() * 1000)) if start else "now-1h",
        "end": str(int(end.timestamp() * 1000)) if end else "now",
        "range": format_duration(end - start) if start and end else "1h",
    }


def _primary(page: Page, canary: str) -> str:
    """What Flagger calls the stable version's workload; elsewhere both versions have one name."""
    experiment = page.policy.spec.candidate.experiment
    return f"{canary}-primary" if experiment and experiment.kind == "Canary" else canary


def _window(page: Page) -> tuple[datetime | None, datetime | None]:
    """All that was measured; where nothing was, since when it stands."""
    asked: list[Query] = [query for check in page.verdict.checks for query in check.queries]
    if not asked:
        return page.since, None
    return min(query.start - query.step for query in asked), max(query.end for query in asked)
