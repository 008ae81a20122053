"""What each system says of a release: a resource as read → ExperimentStatus. Pure; garbage is UNKNOWN, no error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gitops_bot.experiments import canary, deployment, rollout
from gitops_bot.experiments.fields import Lookup, Resource
from gitops_bot.model import ExperimentStatus, Kind

Reader = Callable[[Resource, Lookup, str | None], ExperimentStatus]


@dataclass(frozen=True, slots=True)
class System:
    """A kind that carries a release."""

    kind: Kind
    read: Reader
    companions: tuple[str, ...] = ()
    """Other kinds that its reader looks up."""


_DEPLOYMENT = Kind("apps", "v1", "deployments", "Deployment")

SYSTEMS: dict[str, System] = {
    "Rollout": System(Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout"), rollout.read, ("Deployment",)),
    "Canary": System(Kind("flagger.app", "v1beta1", "canaries", "Canary"), canary.read, ("Deployment",)),
    "Deployment": System(_DEPLOYMENT, deployment.read),
}

__all__ = ["SYSTEMS", "Lookup", "Reader", "Resource", "System"]
