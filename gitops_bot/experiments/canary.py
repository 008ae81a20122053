"""Flagger: `flagger.app/v1beta1` Canary. No observedGeneration: images and times of the workloads tell staleness."""

from __future__ import annotations

from datetime import datetime

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    condition,
    flag,
    image,
    instant,
    items,
    mapping,
    number,
    reference,
    template_written,
    text,
    whole,
)
from gitops_bot.model import ExperimentStatus, ObjectRef, Phase, Version

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


def read(canary: Resource, lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of one Canary; a suspended one, and one whose images contradict it, is UNKNOWN."""
    target, primary = _workloads(canary, lookup)
    candidate = image(target, container) if target else None
    baseline = image(primary, container) if primary else None
    applied = template_written(target) if target else None
    phase, reason = _phase(canary, candidate, baseline, applied)
    return ExperimentStatus(
        ref=reference(canary, "Canary"),
        phase=phase,
        reason=reason,
        baseline=baseline,
        candidate=candidate,
        weight=None if phase is Phase.UNKNOWN else _weight(canary),
        step="",
        applied=applied,
    )


def _workloads(canary: Resource, lookup: Lookup) -> tuple[Resource | None, Resource | None]:
    """The target, which runs the candidate, and `<target>-primary`, which runs the baseline."""
    namespace, target = text(canary, "metadata", "namespace"), mapping(canary, "spec", "targetRef")
    kind, name = text(target, "kind"), text(target, "name")
    return lookup(ObjectRef(kind, namespace, name)), lookup(ObjectRef(kind, namespace, f"{name}-primary"))


def _phase(
    canary: Resource, candidate: Version | None, baseline: Version | None, applied: datetime | None
) -> tuple[Phase, str]:
    said = text(canary, "status", "phase")
    if flag(canary, "spec", "suspend"):
        return Phase.UNKNOWN, "suspended: Flagger does not look at it"
    if not said:
        return Phase.PENDING, "Flagger has not reported a phase"
    phase = _PHASES.get(said, Phase.UNKNOWN)
    if phase is Phase.SUCCEEDED and candidate and baseline and not candidate.runs(baseline):
        return Phase.UNKNOWN, f"says Succeeded, but the target runs {candidate} and the primary {baseline}"
    reached = instant(text(canary, "status", "lastTransitionTime"))
    if phase is Phase.FAILED and reached and applied and reached < applied:
        return Phase.UNKNOWN, "says Failed, but the target was written after that: waiting for Flagger to look at it"
    return phase, text(condition(canary, "Promoted"), "message") or said


def _weight(canary: Resource) -> int | None:
    """WaitingPromotion reports 0 while the router still sends the top weight."""
    if text(canary, "status", "phase") == "WaitingPromotion":
        return _top_weight(canary)
    return number(canary, "status", "canaryWeight")


def _top_weight(canary: Resource) -> int | None:
    analysis = mapping(canary, "spec", "analysis") or mapping(canary, "spec", "canaryAnalysis")
    if number(analysis, "iterations"):
        return None
    rungs = analysis.get("stepWeights")
    if isinstance(rungs, list) and rungs and (top := whole(rungs[-1])) is not None:
        return top
    return number(analysis, "maxWeight") if not items(analysis, "match") else None
