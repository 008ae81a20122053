"""Flux: `kustomize.toolkit.fluxcd.io` Kustomization and `helm.toolkit.fluxcd.io` HelmRelease.

Ready counts for the generation that was observed. A suspended one is looked at by nobody; one whose asked-for
reconciliation was not handled is stale. A Kustomization names the commit that it applied; that it is ours only the
caller can tell, who knows which commits contain which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    annotation,
    condition,
    flag,
    instant,
    items,
    observed,
    reference,
    text,
)
from gitops_bot.experiments.said import Said, explained, outdated
from gitops_bot.model import Act, ExperimentStatus, Phase, Version

_Meaning = tuple[Phase, Act | None]
_FAILED: _Meaning = (Phase.FAILED, None)
_REFUSED: _Meaning = (Phase.ERROR, Act.REVERT)
_MACHINERY: _Meaning = (Phase.ERROR, None)

_COMMON: Mapping[str, _Meaning] = {
    **dict.fromkeys(
        ("DependencyNotReady", "ArtifactFailed", "SourceNotReady", "HelmChartNotReady"), (Phase.PENDING, None)
    ),
    **dict.fromkeys(("InvalidPath", "InvalidURL", "InvalidCELExpression"), _REFUSED),
}
"""What a Ready that is False means by its reason: something before it is not there, or git cannot be rendered."""

_KUSTOMIZATION: Mapping[str, _Meaning] = {
    **_COMMON,
    **dict.fromkeys(("HealthCheckFailed", "ReconciliationFailed"), _FAILED),
    "BuildFailed": _REFUSED,
}
_HELM_RELEASE: Mapping[str, _Meaning] = {
    **_COMMON,
    **dict.fromkeys(("InstallFailed", "UpgradeFailed", "TestFailed", "RetriesExceeded"), _FAILED),
    **dict.fromkeys(("RollbackSucceeded", "UninstallSucceeded"), _FAILED),
    **dict.fromkeys(("RollbackFailed", "UninstallFailed", "MissingRollbackTarget"), (Phase.FAILED, Act.ASK)),
    **dict.fromkeys(("ValuesError", "InvalidChartReference"), _REFUSED),
}


def read_kustomization(kustomization: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of one Kustomization; `revision` is the commit that it speaks of.

    That is the one that was applied last, and where it is not ready the one that was tried: what cannot be built is
    never applied, and what fails its health checks does not count as applied.
    """
    said = _stale(kustomization) or _attempting(kustomization) or _by_condition(kustomization, _KUSTOMIZATION)
    source = text(kustomization, "status", "lastAppliedRevision")
    revision = commit(text(kustomization, "status", "lastAppliedOriginRevision")) or commit(source)
    if condition(kustomization, "Ready").get("status") == "False":
        revision = commit(text(kustomization, "status", "lastAttemptedRevision")) or revision
    return ExperimentStatus(
        ref=reference(kustomization, "Kustomization"),
        phase=said.phase,
        reason=said.reason,
        identity=text(kustomization, "status", "lastAttemptedRevision") or source,
        ended=instant(text(condition(kustomization, "Ready"), "lastTransitionTime")),
        turned=instant(text(condition(kustomization, "Ready"), "lastTransitionTime")),
        revision=revision,
        advice=said.advice,
    )


def read_helm_release(release: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of one HelmRelease; its versions are those of the chart."""
    said = _stale(release) or _remediated(release) or _by_condition(release, _HELM_RELEASE)
    tried, stable = _charts(release)
    return ExperimentStatus(
        ref=reference(release, "HelmRelease"),
        phase=said.phase,
        reason=said.reason,
        baseline=_version(tried if said.phase is Phase.SUCCEEDED else stable),
        candidate=_version(tried),
        identity=text(release, "status", "lastAttemptedConfigDigest") or tried,
        ended=instant(text(condition(release, "Ready"), "lastTransitionTime")),
        turned=instant(text(condition(release, "Ready"), "lastTransitionTime")),
        advice=said.advice,
    )


def commit(revision: str) -> str:
    """The commit in `main@sha1:…`, in the older `main/…`, or alone; empty for charts and for artefacts of no commit."""
    found = re.search(r"(?:^|[/:])([0-9a-f]{40})\Z", revision)
    return found[1] if found else ""


def _stale(resource: Resource) -> Said | None:
    """Why the status does not speak of the present spec; None when it does."""
    if flag(resource, "spec", "suspend"):
        return Said(Phase.UNKNOWN, "suspended: Flux does not look at it")
    if not observed(resource) or outdated(condition(resource, "Ready"), resource):
        return Said(Phase.UNKNOWN, "waiting for the spec update to be observed")
    asked = annotation(resource, "reconcile.fluxcd.io/requestedAt")
    if asked and asked != text(resource, "status", "lastHandledReconcileAt"):
        return Said(Phase.UNKNOWN, "a reconciliation was asked for and has not been handled yet")
    return None


def _attempting(kustomization: Resource) -> Said | None:
    """A Ready that is True speaks of the applied revision, not of a later one that is attempted."""
    tried = text(kustomization, "status", "lastAttemptedRevision")
    applied = text(kustomization, "status", "lastAppliedRevision")
    if condition(kustomization, "Ready").get("status") != "True" or not tried or tried == applied:
        return None
    return Said(Phase.UNKNOWN, f"ready at {applied or 'no revision'}, while {tried} is being tried")


def _remediated(release: Resource) -> Said | None:
    """Flux went back by itself: what runs is not what git asks for."""
    remedy = condition(release, "Remediated")
    good = condition(release, "Ready").get("status") == "True"
    if remedy.get("status") != "True" or outdated(remedy, release) or good:
        return None
    return Said(Phase.FAILED, explained(remedy, "Flux rolled it back"))


def _by_condition(resource: Resource, meanings: Mapping[str, _Meaning]) -> Said:
    ready = condition(resource, "Ready")
    said = explained(ready, "not ready")
    match text(ready, "status"):
        case "True":
            return Said(Phase.SUCCEEDED, said)
        case "Unknown":
            return Said(Phase.RUNNING, said)
        case "False":
            stalled = condition(resource, "Stalled")
            last = _REFUSED if stalled.get("status") == "True" else _MACHINERY
            by_stall = meanings.get(text(stalled, "reason"), last)
            phase, advice = meanings.get(text(ready, "reason"), by_stall)
            return Said(phase, said, advice)
    return Said(Phase.PENDING, "Flux has not reported whether it is ready")


def _charts(release: Resource) -> tuple[str, str]:
    """The chart's version that was tried last, and the one that was deployed before it."""
    history = items(release, "status", "history")
    tried = text(release, "status", "lastAttemptedRevision") or text(history[0] if history else {}, "chartVersion")
    good = [text(one, "chartVersion") for one in history if text(one, "status") in ("deployed", "superseded")]
    older = text(release, "status", "lastAppliedRevision")
    return tried, next((version for version in [*good, older] if version and version != tried), "")


def _version(chart: str) -> Version | None:
    """A chart's version; Helm writes its `+` of a build as it is."""
    return Version(chart) if chart else None
