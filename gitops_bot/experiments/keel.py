"""Keel: what `keel.sh/…` annotations of a Deployment ask for, and the approvals of its REST API.

An approval has no observedGeneration; it is known by its id and ends at its deadline. It holds only what its votes say:
one that asks for no votes at all is no approval.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from gitops_bot.experiments import deployment as workload
from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    annotation,
    flag,
    image,
    instant,
    items,
    label,
    number,
    numeral,
    observed,
    reference,
    template_written,
    text,
)
from gitops_bot.experiments.said import Said
from gitops_bot.model import Act, ExperimentStatus, ObjectRef, Phase, Version


def read_deployment(deployment: Resource, _lookup: Lookup, container: str | None) -> ExperimentStatus:
    """How Keel is to update a Deployment: settings, no verdict."""
    policy = _setting(deployment, "policy")
    wanted = numeral(_setting(deployment, "approvals"))
    known = f"Keel updates it by the policy {policy}" if policy and policy != "never" else "Keel does not update it"
    return ExperimentStatus(
        ref=reference(deployment, "Deployment"),
        phase=Phase.NONE if observed(deployment) else Phase.UNKNOWN,
        reason=f"{known}, with {wanted} approval{'s' if wanted > 1 else ''}" if wanted else known,
        candidate=image(deployment, container),
        applied=template_written(deployment),
        approvals_required=wanted,
    )


def read_update(deployment: Resource, lookup: Lookup, container: str | None) -> ExperimentStatus:
    """What Keel made of a Deployment: its version and its health, if it is Keel who updates it."""
    status = workload.read(deployment, lookup, container)
    policy, why = _setting(deployment, "policy"), ""
    if not policy or policy == "never":
        why = f"Keel does not update it: keel.sh/policy is {policy or 'not set'}"
    elif status.applied is None:
        why = "it does not say when its pods were written, so not whether that was after git's last word"
    return replace(
        status,
        ref=reference(deployment, "KeelDeployment"),
        candidate=None if why else status.candidate,
        phase=Phase.UNKNOWN if why else status.phase,
        reason=why or f"{status.reason}; Keel updates it by the policy {policy}",
    )


def read_approval(approval: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """One element of `GET /v1/approvals`, as of the time that it was last written."""
    return read_approval_at(approval, instant(text(approval, "updatedAt")) or instant(text(approval, "createdAt")))


def read_approval_at(approval: Resource, now: datetime | None) -> ExperimentStatus:
    """One element of `GET /v1/approvals` at an instant: after its deadline nobody approves it any more."""
    said = _said(approval, now)
    current, new, digest = (text(approval, field) for field in ("currentVersion", "newVersion", "digest"))
    return ExperimentStatus(
        ref=_workload(text(approval, "identifier")),
        phase=said.phase,
        reason=said.reason,
        baseline=Version(current) if current else None,
        candidate=Version(new, digest) if new or digest else None,
        identity=text(approval, "id"),
        began=instant(text(approval, "createdAt")),
        results={"votes": number(approval, "votesReceived") or 0},
        approvals_required=number(approval, "votesRequired"),
        advice=said.advice,
    )


def approvals_of(answer: Any, workload: ObjectRef, now: datetime) -> tuple[ExperimentStatus, ...]:
    """The approvals of a workload's updates in an answer of `GET /v1/approvals`, newest first."""
    told = [read_approval_at(one, now) for one in items({"all": answer}, "all")]
    asked = [one for one in told if one.ref == workload]
    return tuple(sorted(asked, key=lambda one: (one.began is not None, one.began, one.identity), reverse=True))


def _setting(deployment: Resource, name: str) -> str:
    """Keel reads labels too; an annotation wins."""
    return annotation(deployment, f"keel.sh/{name}") or label(deployment, f"keel.sh/{name}")


def _said(approval: Resource, now: datetime | None) -> Said:
    wanted, got = number(approval, "votesRequired"), number(approval, "votesReceived") or 0
    if flag(approval, "rejected"):
        return Said(Phase.FAILED, "rejected", Act.HOLD)
    if wanted is None or wanted < 1:
        return Said(Phase.UNKNOWN, "it does not say how many votes it needs")
    votes = f"{got} of {wanted} votes"
    if got >= wanted:
        return Said(Phase.SUCCEEDED, f"approved with {votes}")
    deadline = instant(text(approval, "deadline"))
    if deadline and now and deadline <= now:
        return Said(Phase.INCONCLUSIVE, f"its deadline passed with {votes}")
    if flag(approval, "archived"):
        return Said(Phase.INCONCLUSIVE, f"archived with {votes}")
    return Said(Phase.PAUSED, f"waits with {votes}", Act.NOTHING)


def _workload(identifier: str) -> ObjectRef:
    """`deployment/namespace/name:tag` as Keel writes it; a Helm release is `namespace/name:tag`."""
    *kind, namespace, name = ["", "", *identifier.split("/")][-3:]
    known = {"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet", "cronjob": "CronJob"}
    return ObjectRef(known.get("".join(kind), "".join(kind)), namespace, name.partition(":")[0])
