"""Argo Rollouts: `argoproj.io/v1alpha1` AnalysisRun. No observedGeneration: owner and pod hash tell staleness."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    flag,
    image,
    instant,
    items,
    label,
    number,
    reference,
    text,
)
from gitops_bot.experiments.said import Said
from gitops_bot.model import ExperimentStatus, ObjectRef, Phase

PHASES = {
    "": Phase.PENDING,
    "Pending": Phase.PENDING,
    "Running": Phase.RUNNING,
    "Successful": Phase.SUCCEEDED,
    "Failed": Phase.FAILED,
    "Inconclusive": Phase.INCONCLUSIVE,
    "Error": Phase.ERROR,
}
"""Of analyses and experiments alike; Error is no evidence against the candidate."""

HASH = "rollouts-pod-template-hash"
"""The label that ties a run to the pods that it judged."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run measured, the metrics that decide and those that only warn apart."""

    metrics: dict[str, float]
    """The last value of each deciding metric, where it is a number."""
    warnings: tuple[str, ...]
    """Dry-run metrics that did not do well, by name."""
    counted: int
    """Measurements of deciding metrics that found something."""


def read(run: Resource, lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of one AnalysisRun; one of another release than its Rollout's present one is UNKNOWN."""
    found, owner = measured(run), rollout_of(run, lookup)
    said = _said(run, owner)
    fresh = said.phase is not Phase.UNKNOWN
    template = template_owner(owner, lookup) if owner is not None and fresh else None
    return ExperimentStatus(
        ref=reference(run, "AnalysisRun"),
        phase=said.phase,
        reason=said.reason,
        candidate=image(template, container) if template is not None else None,
        candidate_name=label(run, HASH),
        identity=text(run, "metadata", "uid"),
        began=instant(text(run, "status", "startedAt")),
        ended=instant(text(run, "status", "completedAt")),
        metrics=found.metrics if fresh else {},
        warnings=found.warnings if fresh else (),
    )


def verdict(run: Resource) -> Said:
    """What the run itself says. Success without a measurement is no evidence: a run that was terminated ends so."""
    phase = text(run, "status", "phase")
    message = text(run, "status", "message")
    if phase not in PHASES:
        return Said(Phase.UNKNOWN, f"reports the phase {phase}, which is not known")
    if phase == "Successful" and measured(run).counted == 0:
        return Said(
            Phase.INCONCLUSIVE, ", ".join(("successful without a measurement", *([message] if message else [])))
        )
    return Said(PHASES[phase], message or phase or "has not started")


def measured(run: Resource) -> Measured:
    """What a run measured so far."""
    results = items(run, "status", "metricResults")
    deciding = [one for one in results if not flag(one, "dryRun")]
    return Measured(
        metrics={text(one, "name"): value for one in deciding if (value := _last(one)) is not None},
        warnings=tuple(
            text(one, "name")
            for one in results
            if flag(one, "dryRun") and text(one, "phase") in ("Failed", "Inconclusive", "Error")
        ),
        counted=sum(_counted(one) for one in deciding),
    )


def _counted(metric: Resource) -> int:
    """The controller's own count leaves errors out; where it is missing, the measurements that are kept."""
    kept = sum(text(one, "phase") not in ("", "Error") for one in items(metric, "measurements"))
    return max(number(metric, "count") or 0, kept)


def _last(metric: Resource) -> float | None:
    """The number that was measured last: `0.94`, or the first of `[0.94]`."""
    taken = items(metric, "measurements")
    try:
        value = json.loads(text(taken[-1], "value")) if taken else None
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 2**63 and math.isfinite(value) else None


# ---------------------------------------------------------------- whose run it is


def owned(run: Resource, rollout: Resource) -> bool:
    """Whether the run belongs to this very Rollout and judged the pods that it runs now."""
    uids = [text(owner, "uid") for owner in items(run, "metadata", "ownerReferences")]
    judged, current = label(run, HASH), text(rollout, "status", "currentPodHash")
    return text(rollout, "metadata", "uid") in uids and (not judged or judged == current)


def rollout_of(run: Resource, lookup: Lookup) -> Resource | None:
    """The Rollout that owns a run or an experiment; None when none does, or it was not seen."""
    for owner in items(run, "metadata", "ownerReferences"):
        if text(owner, "kind") == "Rollout":
            return lookup(ObjectRef("Rollout", text(run, "metadata", "namespace"), text(owner, "name")))
    return None


def _said(run: Resource, owner: Resource | None) -> Said:
    if owner is not None and not owned(run, owner):
        return Said(Phase.UNKNOWN, f"judged {label(run, HASH) or 'another object'}, which its Rollout runs no longer")
    return verdict(run)


def template_owner(rollout: Resource, lookup: Lookup) -> Resource | None:
    """What holds a Rollout's pod template: itself, or the Deployment that `workloadRef` names."""
    name = text(rollout, "spec", "workloadRef", "name")
    if not name:
        return rollout
    return lookup(ObjectRef("Deployment", text(rollout, "metadata", "namespace"), name))
