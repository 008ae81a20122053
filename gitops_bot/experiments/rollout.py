"""Argo Rollouts: `argoproj.io/v1alpha1` Rollout. Follows GetRolloutPhase (utils/rollout/rolloututil.go)."""

from __future__ import annotations

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    condition,
    flag,
    image,
    items,
    mapping,
    number,
    numeral,
    reference,
    template_written,
    text,
)
from gitops_bot.model import ExperimentStatus, ObjectRef, Phase, Version

_INCONCLUSIVE = ("InconclusiveAnalysisRun", "InconclusiveExperiment")
_ABANDONED = ("ProgressDeadlineExceeded", "RolloutAborted")


def read(rollout: Resource, lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of one Rollout; a stale one is UNKNOWN."""
    phase, reason = _phase(rollout)
    owner = _template_owner(rollout, lookup)
    candidate = image(owner, container) if owner else None
    return ExperimentStatus(
        ref=reference(rollout, "Rollout"),
        phase=phase,
        reason=reason,
        baseline=_baseline(rollout, candidate),
        candidate=candidate,
        weight=_weight(rollout, phase),
        step="" if phase is Phase.UNKNOWN else _step(rollout),
        applied=template_written(owner) if owner else None,
    )


def _template_owner(rollout: Resource, lookup: Lookup) -> Resource | None:
    """What holds the pod template: the Rollout, or the Deployment that `workloadRef` names."""
    name = text(rollout, "spec", "workloadRef", "name")
    if not name:
        return rollout
    return lookup(ObjectRef("Deployment", text(rollout, "metadata", "namespace"), name))


def _phase(rollout: Resource) -> tuple[Phase, str]:
    if stale := _stale(rollout):
        return Phase.UNKNOWN, stale
    if condition(rollout, "InvalidSpec").get("status") == "True":
        return Phase.ERROR, f"invalid spec: {text(condition(rollout, 'InvalidSpec'), 'message')}"
    match text(rollout, "status", "phase"):
        case "Healthy":
            return _healthy(rollout)
        case "Degraded":
            return _degraded(rollout)
        case "Paused":
            return _paused(rollout)
        case "Progressing":
            return Phase.RUNNING, text(rollout, "status", "message") or "progressing"
    return Phase.PENDING, "the controller has not reported a phase"


def _stale(rollout: Resource) -> str:
    """Why the status does not speak of the present spec; empty when it does."""
    if not _observed(text(rollout, "status", "observedGeneration"), number(rollout, "metadata", "generation")):
        return "waiting for the rollout's spec update to be observed"
    annotations = mapping(rollout, "metadata", "annotations")
    workload = numeral(text(annotations, "rollout.argoproj.io/workload-generation"))
    seen = text(rollout, "status", "workloadObservedGeneration")
    if mapping(rollout, "spec", "workloadRef") and not _observed(seen, workload):
        return "waiting for the referenced workload's update to be observed"
    return ""


def _observed(seen: str, generation: int | None) -> bool:
    """The project's string rule: what is no number (hashes of old releases) counts as observed."""
    observed = numeral(seen)
    return generation is None or observed is None or observed >= generation


def _healthy(rollout: Resource) -> tuple[Phase, str]:
    stable, current = text(rollout, "status", "stableRS"), text(rollout, "status", "currentPodHash")
    if stable and stable == current:
        return Phase.SUCCEEDED, "healthy, the current pods are the stable ones"
    return Phase.RUNNING, "healthy, but the current pods are not the stable ones yet"


def _degraded(rollout: Resource) -> tuple[Phase, str]:
    progressing = condition(rollout, "Progressing")
    why = text(rollout, "status", "message") or text(progressing, "message") or "degraded"
    abandoned = text(progressing, "reason") in _ABANDONED and progressing.get("status") == "False"
    promoted = text(rollout, "status", "stableRS") == text(rollout, "status", "currentPodHash")
    if (flag(rollout, "status", "abort") or abandoned) and not promoted:
        return Phase.FAILED, why
    return Phase.ERROR, why


def _paused(rollout: Resource) -> tuple[Phase, str]:
    reasons = [text(pause, "reason") for pause in items(rollout, "status", "pauseConditions")]
    why = ", ".join(reason for reason in reasons if reason) or text(rollout, "status", "message") or "paused"
    if any(reason in _INCONCLUSIVE for reason in reasons):
        return Phase.INCONCLUSIVE, why
    if reasons == ["CanaryPauseStep"] and _timed_pause(rollout) and not flag(rollout, "spec", "paused"):
        return Phase.RUNNING, "in a timed pause"
    return Phase.PAUSED, why


def _timed_pause(rollout: Resource) -> bool:
    steps = items(rollout, "spec", "strategy", "canary", "steps")
    index = number(rollout, "status", "currentStepIndex")
    return index is not None and 0 <= index < len(steps) and "duration" in mapping(steps[index], "pause")


def _baseline(rollout: Resource, candidate: Version | None) -> Version | None:
    """The object names the stable pods by hash only; their image is known when they are the current ones."""
    stable = text(rollout, "status", "stableRS")
    return candidate if stable and stable == text(rollout, "status", "currentPodHash") else None


def _weight(rollout: Resource, phase: Phase) -> int | None:
    if phase is Phase.UNKNOWN:
        return None
    weight = number(rollout, "status", "canary", "weights", "canary", "weight")
    if weight is not None:
        return weight
    routed = mapping(rollout, "spec", "strategy", "canary", "trafficRouting") or mapping(
        rollout, "spec", "strategy", "blueGreen"
    )
    if routed or _baseline(rollout, Version("any")) or flag(rollout, "status", "abort"):
        return 0
    updated, total = number(rollout, "status", "updatedReplicas") or 0, number(rollout, "status", "replicas") or 0
    return round(100 * updated / total) if total else 0


def _step(rollout: Resource) -> str:
    steps = items(rollout, "spec", "strategy", "canary", "steps")
    if not steps:
        return ""
    index = number(rollout, "status", "currentStepIndex")
    return f"{len(steps) if index is None else index}/{len(steps)}"
