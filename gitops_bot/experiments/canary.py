"""Flagger: `flagger.app/v1beta1` Canary. No observedGeneration: images and times of the workloads tell staleness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gitops_bot.experiments import canary_events, canary_weight
from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    condition,
    flag,
    image,
    instant,
    mapping,
    number,
    reference,
    template_written,
    text,
)
from gitops_bot.experiments.said import Said
from gitops_bot.model import Act, ExperimentStatus, ObjectRef, Phase, Version

_PHASES = {
    "Initializing": Phase.PENDING,
    "Initialized": Phase.IDLE,
    "Waiting": Phase.PAUSED,
    "Progressing": Phase.RUNNING,
    "WaitingPromotion": Phase.PAUSED,
    "Promoting": Phase.RUNNING,
    "Finalising": Phase.RUNNING,
    "Succeeded": Phase.SUCCEEDED,
    "Failed": Phase.FAILED,
    "Terminating": Phase.ERROR,
    "Terminated": Phase.ERROR,
}

_ADVICE = {
    "Waiting": Act.ASK,
    "WaitingPromotion": Act.ASK,
    "Terminating": Act.NOTHING,
    "Terminated": Act.NOTHING,
}
"""A webhook asks for approval; an object that goes away asks for nothing."""


@dataclass(frozen=True, slots=True)
class _Versions:
    """What the workloads run."""

    candidate: Version | None
    baseline: Version | None
    applied: datetime | None


def read(canary: Resource, lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of one Canary; a suspended one, and one whose images contradict it, is UNKNOWN."""
    target, primary = _workloads(canary, lookup)
    versions = _Versions(
        candidate=image(target, container) if target else None,
        baseline=image(primary, container) if primary else None,
        applied=template_written(target) if target else None,
    )
    said = _said(canary, lookup, versions)
    unknown = said.phase is Phase.UNKNOWN
    return ExperimentStatus(
        ref=reference(canary, "Canary"),
        phase=said.phase,
        reason=said.reason,
        baseline=versions.baseline,
        candidate=versions.candidate,
        weight=None if unknown else canary_weight.weight(canary, lookup),
        applied=versions.applied,
        winner="candidate" if said.phase is Phase.SUCCEEDED else "",
        identity=text(canary, "status", "lastAppliedSpec"),
        ended=_reached(canary) if said.phase in (Phase.SUCCEEDED, Phase.FAILED, Phase.INCONCLUSIVE) else None,
        turned=_reached(canary),
        failed_checks=None if unknown else number(canary, "status", "failedChecks"),
        advice=said.advice,
    )


def _workloads(canary: Resource, lookup: Lookup) -> tuple[Resource | None, Resource | None]:
    """The target, which runs the candidate, and `<target>-primary`, which runs the baseline."""
    namespace, target = text(canary, "metadata", "namespace"), mapping(canary, "spec", "targetRef")
    kind, name = text(target, "kind"), text(target, "name")
    return lookup(ObjectRef(kind, namespace, name)), lookup(ObjectRef(kind, namespace, f"{name}-primary"))


def _reached(canary: Resource) -> datetime | None:
    return instant(text(canary, "status", "lastTransitionTime"))


def _said(canary: Resource, lookup: Lookup, versions: _Versions) -> Said:
    phase = text(canary, "status", "phase")
    if flag(canary, "spec", "suspend"):
        return Said(Phase.UNKNOWN, "suspended: Flagger does not look at it")
    if not phase:
        return Said(Phase.PENDING, "Flagger has not reported a phase")
    if phase not in _PHASES:
        return Said(Phase.UNKNOWN, f"Flagger reports the phase {phase}, which is not known")
    if stale := _stale(canary, phase, versions):
        return Said(Phase.UNKNOWN, stale)
    if phase == "Failed":
        return _failed(canary, lookup, versions)
    return Said(_PHASES[phase], _message(canary), _ADVICE.get(phase))


def _message(canary: Resource) -> str:
    return text(condition(canary, "Promoted"), "message") or text(canary, "status", "phase")


def _stale(canary: Resource, phase: str, versions: _Versions) -> str:
    """Why an end does not speak of what the target runs now; empty when it does."""
    if phase not in ("Succeeded", "Failed"):
        return ""
    reached, applied = _reached(canary), versions.applied
    if reached and applied and reached < applied:
        return f"says {phase}, but the target was written after that: waiting for Flagger to look at it"
    if (told := text(condition(canary, "Promoted"), "reason")) and told != phase:
        return f"says {phase}, and by its condition {told}: half a status"
    return _unpromoted(canary, versions) if phase == "Succeeded" else ""


def _unpromoted(canary: Resource, versions: _Versions) -> str:
    """What in a Canary that says Succeeded contradicts that; empty when nothing does."""
    candidate, baseline = versions.candidate, versions.baseline
    if candidate and baseline and not candidate.runs(baseline):
        return f"says Succeeded, but the target runs {candidate} and the primary {baseline}"
    last, promoted = text(canary, "status", "lastAppliedSpec"), text(canary, "status", "lastPromotedSpec")
    if not last or last != promoted:
        return "says Succeeded, but what was applied last is not what was promoted last"
    if left := number(canary, "status", "canaryWeight"):
        return f"says Succeeded, but that {left} % of the traffic are still on the candidate"
    return ""


def _failed(canary: Resource, lookup: Lookup, versions: _Versions) -> Said:
    """Since 1.44 a promotion that fails leaves traffic on the candidate: then Failed does not mean that it is safe."""
    if left := number(canary, "status", "canaryWeight"):
        return Said(Phase.FAILED, f"{_message(canary)} {left} % of the traffic is still on the candidate", Act.ASK)
    halts = canary_events.halts(canary, lookup, versions.applied)
    if canary_events.without_traffic(halts):
        return Said(Phase.INCONCLUSIVE, f"failed for lack of traffic: {halts[-1]}")
    return Said(Phase.FAILED, "; ".join((_message(canary), *halts[-1:])))
