"""Argo CD: `argoproj.io/v1alpha1` Application. It has no observedGeneration: commits and times tell staleness.

A status is of the commit that it was compared with (`revision`), and that commit is ours only when the caller finds the
merged one among its ancestors. What is out of sync says nothing of any commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    annotation,
    instant,
    items,
    mapping,
    reference,
    strings,
    text,
)
from gitops_bot.experiments.said import Said, explained
from gitops_bot.model import Act, ExperimentStatus, Phase, Version

_HEALTH = {
    "Healthy": Phase.SUCCEEDED,
    "Progressing": Phase.RUNNING,
    "Suspended": Phase.PAUSED,
    "Degraded": Phase.FAILED,
    "Unknown": Phase.INCONCLUSIVE,
}
"""A paused Rollout is Suspended; an inconclusive AnalysisRun and a Canary that waits are Unknown."""

_ADVICE = {Phase.PAUSED: Act.EVALUATE}

_REFUSED = ("ComparisonError", "InvalidSpecError")
"""Conditions that say that what is in git cannot be rendered."""

_IDENTITY = ("repoURL", "path", "chart", "ref", "targetRevision")
"""What tells one source from another."""


@dataclass(frozen=True, slots=True)
class Source:
    """One source of an Application, and the commit of it that was compared with the cluster."""

    repository: str
    path: str
    revision: str
    """Empty where it was not compared yet."""
    from_git: bool
    """It holds manifests: neither a chart of a Helm repository nor values for another source."""


def read(application: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of one Application; one that was not compared since its last sync or change is UNKNOWN."""
    said = _said(application)
    compared = sources(application)
    revision = next((one.revision for one in compared if one.from_git), compared[0].revision)
    return ExperimentStatus(
        ref=reference(application, "Application"),
        phase=said.phase,
        reason=said.reason,
        candidate=_version(application),
        identity=revision,
        began=instant(text(application, "status", "reconciledAt")),
        ended=instant(text(application, "status", "operationState", "finishedAt")),
        turned=_turned(application, said),
        warnings=_warnings(application),
        revision=revision,
        applied_revision=applied(application, revision),
        advice=said.advice,
    )


def _turned(application: Resource, said: Said) -> datetime | None:
    """Since when it says so: its health turned then, or its last sync ended."""
    synced = instant(text(application, "status", "operationState", "finishedAt"))
    healthy = text(application, "status", "operationState", "phase") not in ("Failed", "Error")
    turned = instant(text(application, "status", "health", "lastTransitionTime"))
    if said.phase is Phase.FAILED and not healthy:
        return synced
    return max(turned, synced) if turned and synced else turned


def sources(application: Resource) -> tuple[Source, ...]:
    """Every source with its compared commit: `revisions[i]` belongs to `sources[i]`."""
    several = items(application, "spec", "sources")
    if not several:
        return (_source(_only(application), _dry(application, text(application, "status", "sync", "revision"))),)
    told = strings(application, "status", "sync", "revisions")
    revisions = told if len(told) == len(several) else ("",) * len(several)
    return tuple(_source(one, revision) for one, revision in zip(several, revisions, strict=True))


def _source(source: Resource, revision: str) -> Source:
    from_git = not text(source, "chart") and not (text(source, "ref") and not text(source, "path"))
    return Source(text(source, "repoURL"), text(source, "path"), revision, from_git)


def _only(application: Resource) -> Resource:
    """The single source, or what people write where a hydrator renders it to a branch of its own."""
    return mapping(application, "spec", "source") or mapping(application, "spec", "sourceHydrator", "drySource")


def _dry(application: Resource, revision: str) -> str:
    """The commit that people made, where a hydrator made the compared one from it."""
    hydrated = mapping(application, "status", "sourceHydrator", "lastSuccessfulOperation")
    if not mapping(application, "spec", "sourceHydrator"):
        return revision
    return text(hydrated, "drySHA") if text(hydrated, "hydratedSHA") == revision else ""


def _said(application: Resource) -> Said:
    operation = mapping(application, "status", "operationState")
    if refused := _condition(application, _REFUSED):
        return Said(Phase.ERROR, explained(refused, "the manifests cannot be compared"), Act.REVERT)
    if mapping(application, "operation") or text(operation, "phase") in ("Running", "Terminating"):
        return Said(Phase.RUNNING, explained(operation, "a sync is under way"))
    if not text(application, "status", "sync", "status"):
        return Said(Phase.PENDING, "Argo CD has not compared it with git yet")
    if text(application, "status", "sync", "status") not in ("Synced", "OutOfSync"):
        return Said(Phase.ERROR, "Argo CD could not compare it with git", Act.HOLD)
    if stale := _stale(application):
        return Said(Phase.UNKNOWN, stale)
    if text(operation, "phase") in ("Failed", "Error"):
        return _failed_sync(application, operation)
    return _health(application, operation)


def _stale(application: Resource) -> str:
    """Why the status does not speak of the present state; empty when nothing in it says so."""
    if annotation(application, "argocd.argoproj.io/refresh"):
        return "a refresh was asked for and has not happened yet"
    if _moved(application):
        return "its source was changed after it was last compared"
    compared = instant(text(application, "status", "reconciledAt"))
    if compared is None or not any(one.revision for one in sources(application)):
        return "it does not say when it was compared, and with which commit"
    synced = instant(text(application, "status", "operationState", "finishedAt"))
    if synced and compared < synced:
        return "it was last compared before its last sync ended: waiting for the refresh"
    return ""


def _moved(application: Resource) -> bool:
    told = mapping(application, "status", "sync", "comparedTo")
    asked = items(application, "spec", "sources") or [mapping(application, "spec", "source")]
    compared = items(told, "sources") or [mapping(told, "source")]
    known = any(asked) and any(compared)
    return known and [_identity(one) for one in asked] != [_identity(one) for one in compared]


def _identity(source: Resource) -> tuple[str, ...]:
    return tuple(text(source, field).strip("/") for field in _IDENTITY)


def _failed_sync(application: Resource, operation: Resource) -> Said:
    """A failed sync speaks of the commit that it tried, and of no later one."""
    message = explained(operation, "the sync failed")
    tried, compared = _tried(operation), _compared(application)
    if tried and compared and not tried <= compared:
        return Said(Phase.UNKNOWN, f"the last sync was of another commit and failed: {message}")
    return Said(Phase.FAILED, message)


def _health(application: Resource, operation: Resource) -> Said:
    health = text(application, "status", "health", "status")
    detail = _unhealthy(application, health)
    if health == "Missing":
        return Said(Phase.ERROR, detail or "a resource of it does not exist in the cluster", Act.HOLD)
    if text(application, "status", "sync", "status") == "OutOfSync":
        tried, compared = _tried(operation), _compared(application)
        if text(operation, "phase") == "Succeeded" and tried and tried <= compared:
            return Said(Phase.UNKNOWN, "cluster and git disagree: it drifted after its last sync", Act.HOLD)
        return Said(Phase.UNKNOWN, "out of sync: the commit has not been applied yet")
    if not health:
        return Said(Phase.PENDING, "synced, its health is not known yet")
    phase = _HEALTH.get(health, Phase.UNKNOWN)
    return Said(phase, detail or f"synced, {health}", _ADVICE.get(phase))


def _tried(operation: Resource) -> frozenset[str]:
    """The commits of the last sync."""
    result = mapping(operation, "syncResult") or mapping(operation, "operation", "sync")
    return _revisions(result)


def _compared(application: Resource) -> frozenset[str]:
    return _revisions(mapping(application, "status", "sync"))


def applied(application: Resource, compared: str) -> str:
    """The commit of the last sync that succeeded: of the compared one's source, where there are several."""
    operation = mapping(application, "status", "operationState")
    if text(operation, "phase") != "Succeeded" or mapping(application, "spec", "sourceHydrator"):
        return ""
    result = mapping(operation, "syncResult")
    several, all_compared = strings(result, "revisions"), strings(application, "status", "sync", "revisions")
    if several and len(several) == len(all_compared) and compared in all_compared:
        return several[all_compared.index(compared)]
    return text(result, "revision")


def _revisions(holder: Resource) -> frozenset[str]:
    return frozenset(one for one in strings(holder, "revisions") or (text(holder, "revision"),) if one)


def _condition(application: Resource, types: tuple[str, ...]) -> Resource:
    return next((one for one in items(application, "status", "conditions") if one.get("type") in types), {})


def _warnings(application: Resource) -> tuple[str, ...]:
    found = items(application, "status", "conditions")
    return tuple(explained(one, text(one, "type")) for one in found if text(one, "type").endswith("Warning"))


def _unhealthy(application: Resource, health: str) -> str:
    """The first resource that has the Application's own health, unless that is good."""
    if health in ("", "Healthy"):
        return ""
    for one in items(application, "status", "resources"):
        if text(one, "health", "status") == health:
            said = text(one, "health", "message")
            return f"{text(one, 'kind')} {text(one, 'name')}: {health}" + (f" ({said})" if said else "")
    return ""


def _version(application: Resource) -> Version | None:
    """The one image that it runs; None when there are several, as while pods are replaced."""
    images = strings(application, "status", "summary", "images")
    return Version.of_image(images[0]) if len(images) == 1 else None
