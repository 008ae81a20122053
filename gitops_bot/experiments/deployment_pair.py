"""Two Deployments behind one Service: the pods that are available are the split, and nobody gives a verdict."""

from __future__ import annotations

import re

from gitops_bot.experiments import deployment
from gitops_bot.experiments.fields import Lookup, Resource, label, mapping, number, reference, share, text
from gitops_bot.experiments.said import Said
from gitops_bot.model import ExperimentStatus, Phase

_TRIAL = ("candidate", "canary", "preview")
_SETTLED = ("stable", "primary", "baseline")
_NAMED = re.compile(rf"(.+?)-({'|'.join((*_TRIAL, *_SETTLED))})")


def read(resource: Resource, lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of a pair, given either; without the other, or with more than one of them, it is UNKNOWN."""
    namespace = text(resource, "metadata", "namespace")
    others = [one for one in lookup.all("Deployment", namespace) if _stem(one) == _stem(resource)]
    trial = [one for one in others if _on_trial(one)]
    settled = [one for one in others if not _on_trial(one)]
    if len(trial) != 1 or len(settled) != 1:
        reason = f"{len(trial)} candidates and {len(settled)} baselines are called {_stem(resource)}: no pair"
        return ExperimentStatus(reference(resource, "Deployment"), Phase.UNKNOWN, reason)
    return pair(settled[0], trial[0], lookup, container)


def pair(settled: Resource, trial: Resource, lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of two Deployments that are known to be baseline and candidate."""
    baseline, candidate = deployment.read(settled, lookup, container), deployment.read(trial, lookup, container)
    said = _said(baseline, candidate)
    unknown = said.phase is Phase.UNKNOWN
    return ExperimentStatus(
        ref=candidate.ref,
        phase=said.phase,
        reason=said.reason,
        baseline=baseline.candidate,
        candidate=candidate.candidate,
        weight=None if unknown else share(_available(trial), _available(trial) + _available(settled)),
        applied=candidate.applied,
        baseline_name=baseline.ref.name,
        candidate_name=candidate.ref.name,
    )


def _said(baseline: ExperimentStatus, candidate: ExperimentStatus) -> Said:
    """Either may be stale; only the candidate's failure is the candidate's."""
    for one in (candidate, baseline):
        if one.phase is Phase.UNKNOWN:
            return Said(Phase.UNKNOWN, f"{one.ref}: {one.reason}")
    if candidate.phase in (Phase.FAILED, Phase.RUNNING, Phase.PAUSED):
        return Said(candidate.phase, f"{candidate.ref}: {candidate.reason}")
    if baseline.phase is Phase.FAILED:
        return Said(Phase.ERROR, f"{baseline.ref}: {baseline.reason}")
    if baseline.phase in (Phase.RUNNING, Phase.PAUSED):
        return Said(baseline.phase, f"{baseline.ref}: {baseline.reason}")
    return Said(Phase.NONE, "both are settled; Deployments give no verdict")


def _available(resource: Resource) -> int:
    return max(0, number(resource, "status", "availableReplicas") or 0)


def _track(resource: Resource) -> str:
    """What the pods or the Deployment call their part, else the end of its name."""
    pods = text(mapping(resource, "spec", "template", "metadata", "labels"), "track")
    named = _NAMED.fullmatch(text(resource, "metadata", "name"))
    said = pods or label(resource, "track")
    return said if said in (*_TRIAL, *_SETTLED) else named[2] if named else ""


def _on_trial(resource: Resource) -> bool:
    return _track(resource) in _TRIAL


def _stem(resource: Resource) -> str:
    """The name that both share: without the part that tells them apart."""
    name = text(resource, "metadata", "name")
    named = _NAMED.fullmatch(name)
    return named[1] if named else name
