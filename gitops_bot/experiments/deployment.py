"""Deployments: `apps/v1`. Healthy means observed, updated and available; scaled to zero is neither good nor bad."""

from __future__ import annotations

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    condition,
    flag,
    image,
    instant,
    number,
    observed,
    reference,
    template_written,
    text,
)
from gitops_bot.model import ExperimentStatus, Phase


def read(deployment: Resource, _lookup: Lookup, container: str | None) -> ExperimentStatus:
    """The reading of one Deployment."""
    phase, reason = _phase(deployment)
    return ExperimentStatus(
        ref=reference(deployment, "Deployment"),
        phase=phase,
        reason=reason,
        candidate=image(deployment, container),
        applied=template_written(deployment),
        turned=instant(text(condition(deployment, "Progressing"), "lastTransitionTime")),
        identity=text(deployment, "metadata", "uid"),
    )


def _phase(deployment: Resource) -> tuple[Phase, str]:
    if not observed(deployment):
        return Phase.UNKNOWN, "waiting for the spec update to be observed"
    wanted = number(deployment, "spec", "replicas")
    wanted = 1 if wanted is None else wanted
    if wanted == 0:  # as the template of a Rollout is, or what Flagger has promoted: nothing that should run can fail
        return Phase.IDLE, "scaled to zero"
    progressing = condition(deployment, "Progressing")
    if text(progressing, "reason") == "ProgressDeadlineExceeded":
        return Phase.FAILED, text(progressing, "message") or "progress deadline exceeded"
    if flag(deployment, "spec", "paused"):
        return Phase.PAUSED, "paused"
    updated = number(deployment, "status", "updatedReplicas") or 0
    available = number(deployment, "status", "availableReplicas") or 0
    if updated == available == wanted == (number(deployment, "status", "replicas") or 0):
        return Phase.SUCCEEDED, f"{available} of {wanted} pods are updated and available"
    return Phase.RUNNING, f"{updated} of {wanted} pods are updated, {available} available"
