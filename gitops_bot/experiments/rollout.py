"""Argo Rollouts: `argoproj.io/v1alpha1` Rollout. Follows GetRolloutPhase (utils/rollout/rolloututil.go)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from gitops_bot.experiments import analyses, analysis_run
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
    numeral,
    reference,
    share,
    template_written,
    text,
)
from gitops_bot.experiments.said import Said
from gitops_bot.model import Act, Analysis, ExperimentStatus, Phase, Version

_INCONCLUSIVE = ("InconclusiveAnalysisRun", "InconclusiveExperiment")
_ABANDONED = ("ProgressDeadlineExceeded", "RolloutAborted")


def read(rollout: Resource, lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of one Rollout; a stale one is UNKNOWN."""
    bound = analyses.bound(rollout, lookup)
    said = _proven(_said(rollout), bound)
    owner = analysis_run.template_owner(rollout, lookup)
    candidate = image(owner, container) if owner else None
    status = ExperimentStatus(
        ref=reference(rollout, "Rollout"),
        phase=said.phase,
        reason=said.reason,
        baseline=_baseline(rollout, candidate),
        candidate=candidate,
        applied=template_written(owner) if owner else None,
        turned=_turned(rollout),
        advice=said.advice,
    )
    return status if said.phase is Phase.UNKNOWN else _told(status, rollout, lookup, bound)


def _turned(rollout: Resource) -> datetime | None:
    """When any of its conditions turned last."""
    times = (instant(text(one, "lastTransitionTime")) for one in items(rollout, "status", "conditions"))
    return max((one for one in times if one), default=None)


def _told(status: ExperimentStatus, rollout: Resource, lookup: Lookup, bound: tuple[Analysis, ...]) -> ExperimentStatus:
    """What only a fresh status tells."""
    found = [analysis_run.measured(run) for run in analyses.runs(rollout, lookup, bound)]
    return replace(
        status,
        weight=_weight(rollout),
        step=_step(rollout),
        baseline_name=text(rollout, "status", "stableRS"),
        candidate_name=text(rollout, "status", "currentPodHash"),
        identity=text(rollout, "status", "currentPodHash"),
        began=instant(text(rollout, "status", "duration", "rolloutStartedAt")),
        ended=instant(text(rollout, "status", "duration", "finishedAt")),
        analyses=bound,
        metrics={name: value for one in found for name, value in one.metrics.items()},
        warnings=tuple(name for one in found for name in one.warnings),
    )


def _said(rollout: Resource) -> Said:
    if stale := _stale(rollout):
        return Said(Phase.UNKNOWN, stale)
    if condition(rollout, "InvalidSpec").get("status") == "True":
        why = text(condition(rollout, "InvalidSpec"), "message")
        return Said(Phase.ERROR, f"invalid spec: {why}", Act.REVERT)
    match text(rollout, "status", "phase"):
        case "Healthy":
            return _healthy(rollout)
        case "Degraded":
            return _degraded(rollout)
        case "Paused":
            return _paused(rollout)
        case "Progressing":
            return Said(Phase.RUNNING, text(rollout, "status", "message") or "progressing")
    return Said(Phase.PENDING, "the controller has not reported a phase")


def _stale(rollout: Resource) -> str:
    """Why the status does not speak of the present spec; empty when it does."""
    generation, told = number(rollout, "metadata", "generation"), mapping(rollout, "status").get("observedGeneration")
    if not _observed(str(told), generation):
        return "waiting for the rollout's spec update to be observed"
    if flag(rollout, "status", "controllerPause") and not items(rollout, "status", "pauseConditions"):
        return "waiting for the rollout to unpause"
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


def _healthy(rollout: Resource) -> Said:
    stable, current = text(rollout, "status", "stableRS"), text(rollout, "status", "currentPodHash")
    if stable and stable == current:
        how = text(rollout, "status", "duration", "completionStatus")
        why = "healthy, the current pods are the stable ones"
        return Said(Phase.SUCCEEDED, f"{why} ({how})" if how else why)
    return Said(Phase.RUNNING, "healthy, but the current pods are not the stable ones yet")


def _proven(said: Said, bound: Sequence[Analysis]) -> Said:
    """A release went through is one thing, that its analyses found it good another: the controller does not insist."""
    doubts = [one for one in bound if one.phase in (Phase.INCONCLUSIVE, Phase.ERROR, Phase.FAILED)]
    if said.phase is not Phase.SUCCEEDED or not doubts:
        return said
    named = "; ".join(f"the analysis {one.binding} {one.phase.said}: {one.reason}" for one in doubts)
    return Said(Phase.INCONCLUSIVE, f"{said.reason}, but {named}")


def _degraded(rollout: Resource) -> Said:
    progressing = condition(rollout, "Progressing")
    why = text(rollout, "status", "message") or text(progressing, "message") or "degraded"
    abandoned = text(progressing, "reason") in _ABANDONED and progressing.get("status") == "False"
    promoted = text(rollout, "status", "stableRS") == text(rollout, "status", "currentPodHash")
    if (flag(rollout, "status", "abort") or abandoned) and not promoted:
        return Said(Phase.FAILED, why)
    return Said(Phase.ERROR, why)


def _paused(rollout: Resource) -> Said:
    reasons = [text(pause, "reason") for pause in items(rollout, "status", "pauseConditions")]
    why = ", ".join(reason for reason in reasons if reason) or text(rollout, "status", "message") or "paused"
    if any(reason in _INCONCLUSIVE for reason in reasons):
        return Said(Phase.INCONCLUSIVE, why)
    if flag(rollout, "spec", "paused"):
        return Said(Phase.PAUSED, why, Act.NOTHING)  # a person stopped it, and git says so
    if reasons == ["CanaryPauseStep"] and _timed_pause(rollout):
        return Said(Phase.RUNNING, "in a timed pause")
    return Said(Phase.PAUSED, why)


def _timed_pause(rollout: Resource) -> bool:
    steps = items(rollout, "spec", "strategy", "canary", "steps")
    index = number(rollout, "status", "currentStepIndex")
    return index is not None and 0 <= index < len(steps) and "duration" in mapping(steps[index], "pause")


def _baseline(rollout: Resource, candidate: Version | None) -> Version | None:
    """The object names the stable pods by hash only; their image is known when they are the current ones."""
    stable = text(rollout, "status", "stableRS")
    return candidate if stable and stable == text(rollout, "status", "currentPodHash") else None


def _weight(rollout: Resource) -> float | None:
    """The router's, of its `maxTrafficWeight`; without one the share of pods."""
    canary = mapping(rollout, "spec", "strategy", "canary")
    routing = mapping(canary, "trafficRouting")
    weight = number(rollout, "status", "canary", "weights", "canary", "weight")
    if weight is not None:
        return share(weight, number(routing, "maxTrafficWeight") or 100)
    routed = routing or mapping(rollout, "spec", "strategy", "blueGreen")
    if routed or _baseline(rollout, Version("any")) or flag(rollout, "status", "abort"):
        return 0
    updated, total = number(rollout, "status", "updatedReplicas") or 0, number(rollout, "status", "replicas") or 0
    return share(updated, total) or 0


def _step(rollout: Resource) -> str:
    steps = items(rollout, "spec", "strategy", "canary", "steps")
    if not steps:
        return ""
    index = number(rollout, "status", "currentStepIndex")
    return f"{len(steps) if index is None else index}/{len(steps)}"
