"""Knative: `serving.knative.dev/v1` Service. Ready speaks of the newest revision, `status.traffic` of the shares.

A revision that is scaled to zero is ready: it is no failure. Where git splits the traffic nothing moves by itself, so a
ready candidate with a share below 100 waits for whoever decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    condition,
    instant,
    items,
    mapping,
    number,
    observed,
    reference,
    share,
    template_written,
    text,
)
from gitops_bot.experiments.said import Said, explained
from gitops_bot.model import Act, ExperimentStatus, ObjectRef, Phase, Version


@dataclass(frozen=True, slots=True)
class _Split:
    """Who gets the live traffic, by revision."""

    baseline: str
    candidate: str
    weight: float | None
    alone: bool
    """No other revision is named by the traffic."""


def read(service: Resource, lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of one Service; a stale one is UNKNOWN."""
    ref = reference(service, "KnativeService")
    if not observed(service):
        return ExperimentStatus(ref, Phase.UNKNOWN, "waiting for the spec update to be observed")
    split = _split(service)
    said = _phase(service, split)
    tried = _revision(service, lookup, split.candidate)
    return ExperimentStatus(
        ref=ref,
        phase=said.phase,
        reason=f"{said.reason}, scaled to zero" if _asleep(tried) and said.phase is not Phase.FAILED else said.reason,
        baseline=_version(service, lookup, split.baseline, container),
        candidate=_version(service, lookup, split.candidate, container),
        weight=split.weight,
        applied=instant(text(tried, "metadata", "creationTimestamp")) or template_written(service),
        turned=instant(text(condition(service, "Ready"), "lastTransitionTime")),
        url=text(service, "status", "url"),
        baseline_name=split.baseline,
        candidate_name=split.candidate,
        identity=split.candidate,
        advice=said.advice,
    )


def read_revision(revision: Resource, _lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of one Revision by itself: whether it starts, not what traffic it gets."""
    said = _started(revision)
    return ExperimentStatus(
        ref=reference(revision, "Revision"),
        phase=said.phase,
        reason=said.reason,
        candidate=_image(mapping(revision, "spec"), container),
        applied=instant(text(revision, "metadata", "creationTimestamp")),
        candidate_name=text(revision, "metadata", "name"),
        identity=text(revision, "metadata", "name"),
    )


def _started(revision: Resource) -> Said:
    ready = condition(revision, "Ready")
    if not observed(revision):
        return Said(Phase.UNKNOWN, "waiting for the spec update to be observed")
    match text(ready, "status"):
        case "True":
            return Said(Phase.SUCCEEDED, "ready, scaled to zero" if _asleep(revision) else "ready")
        case "False":
            return Said(Phase.FAILED, explained(ready, "not ready"))
        case "Unknown":
            return Said(Phase.RUNNING, explained(ready, "not ready yet"))
    return Said(Phase.PENDING, "Knative has not reported whether it is ready")


def _split(service: Resource) -> _Split:
    shares: dict[str, int] = {}
    for entry in items(service, "status", "traffic"):
        if name := text(entry, "revisionName"):
            shares[name] = shares.get(name, 0) + (number(entry, "percent") or 0)
    newest = text(service, "status", "latestCreatedRevisionName")
    candidate = _missing(service, shares) or newest
    weight = share(shares.get(candidate, 0), sum(shares.values()))
    others = [name for name in shares if name != candidate]
    serving = max(others, key=lambda name: shares[name], default=candidate)
    return _Split(candidate if weight == 100 else serving, candidate, weight, alone=not others)


def _missing(service: Resource, shares: Mapping[str, int]) -> str:
    """The revision on trial that git names and the cluster lacks, where a missing revision is what is wrong."""
    if text(condition(service, "Ready"), "status") != "False":
        return ""
    minor = [entry for entry in items(service, "spec", "traffic") if (number(entry, "percent") or 0) < 50]
    names = [text(entry, "revisionName") for entry in minor]
    return next((name for name in names if name and name not in shares), "")


def _phase(service: Resource, split: _Split) -> Said:
    ready = condition(service, "Ready")
    match text(ready, "status"):
        case "True":
            return _ready(service, split)
        case "False":
            return _not_ready(service, explained(ready, "not ready"))
        case "Unknown":
            return Said(Phase.RUNNING, explained(ready, "the newest revision is not ready yet"))
    return Said(Phase.PENDING, "Knative has not reported whether it is ready")


def _ready(service: Resource, split: _Split) -> Said:
    if not split.candidate or split.candidate != text(service, "status", "latestReadyRevisionName"):
        return Said(Phase.RUNNING, f"revision {split.candidate or 'without a name'} is not ready yet")
    if split.weight == 100:
        said = f"revision {split.candidate} is ready and serves everything"
        return Said(Phase.IDLE if split.alone else Phase.SUCCEEDED, said)
    part = "no share that is known" if split.weight is None else f"{split.weight:g} % of the traffic"
    return Said(Phase.PAUSED, f"revision {split.candidate} is ready with {part}")


def _not_ready(service: Resource, why: str) -> Said:
    """A revision that does not start is the candidate's failure; a route that names what is not there is ours."""
    configured, ready = condition(service, "ConfigurationsReady"), condition(service, "Ready")
    at_fault = configured.get("status") == "False" if configured else ready.get("reason") == "RevisionFailed"
    if at_fault:
        return Said(Phase.FAILED, why)
    return Said(Phase.ERROR, why, Act.REVERT if text(ready, "reason").startswith("Revision") else None)


def _revision(service: Resource, lookup: Lookup, name: str) -> Resource:
    found = lookup(ObjectRef("Revision", text(service, "metadata", "namespace"), name)) if name else None
    return found or {}


def _version(service: Resource, lookup: Lookup, name: str, container: str | None) -> Version | None:
    """What a revision runs: the newest one what the Service says, an older one what the Revision says."""
    if name and name == text(service, "status", "latestCreatedRevisionName"):
        return _image(mapping(service, "spec", "template", "spec"), container)
    return _image(mapping(_revision(service, lookup, name), "spec"), container)


def _image(pod: Resource, container: str | None) -> Version | None:
    """The image of the named container, or of the only one: Knative lets that one go without a name."""
    containers = items(pod, "containers")
    meant = [one for one in containers if container is None or one.get("name") == container]
    if len(containers) == 1 and not text(containers[0], "name"):
        meant = list(containers)
    return Version.of_image(text(meant[0], "image")) if len(meant) == 1 else None


def _asleep(revision: Resource) -> bool:
    active = condition(revision, "Active")
    return active.get("status") == "False" and active.get("reason") == "NoTraffic"
