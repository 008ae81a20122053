"""A weight made of pods: what two workloads have of a number of replicas."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from gitops_bot.model import SlotName
from gitops_bot.policy.base import Spec
from gitops_bot.policy.places.base import Spot
from gitops_bot.policy.places.helm import HelmValue
from gitops_bot.policy.places.kustomize import KustomizeReplicas
from gitops_bot.policy.places.workloads import Deployment

_COUNTS = ("deployment", "kustomizeReplicas", "helmValue")


class Counted(Spec):
    """Where a workload's number of replicas is: exactly one of deployment, kustomizeReplicas, helmValue."""

    deployment: Deployment | None = None
    """Its `spec.replicas`; absent is 1."""
    kustomize_replicas: KustomizeReplicas | None = None
    helm_value: HelmValue | None = None
    """Like `replicaCount`."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.deployment, self.kustomize_replicas, self.helm_value)) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_COUNTS)}")
        return self


class ReplicaRatio(Spot):
    """The candidate's percent of the pods behind one Service: two numbers of replicas that always add up."""

    slots: ClassVar[frozenset[SlotName]] = frozenset({SlotName.WEIGHT})
    stable: Counted
    canary: Counted
    total: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """What both have together; default: what they have now. Every rung must be a whole number of it."""
