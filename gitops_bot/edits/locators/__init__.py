"""Where slots live: one small module a locator, and the table that lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from gitops_bot.edits.locators import (
    argo_cd_application,
    canary,
    deployment,
    destination_rule,
    document,
    env_value,
    flux_helm_release,
    flux_kustomization,
    flux_marker,
    gateway_route,
    helm_dependency,
    helm_value,
    helmfile,
    ingress_nginx,
    iter8,
    json_value,
    knative_service,
    kustomize_generator,
    kustomize_image,
    kustomize_patch,
    kustomize_replicas,
    ocm_subscription,
    placement_rule,
    regions,
    replica_ratio,
    rollout,
    service,
    virtual_service,
    whole_file,
    yaml_value,
)
from gitops_bot.edits.locators.label import Label
from gitops_bot.edits.locators.weighted_routes import WeightedRoutes
from gitops_bot.edits.operations import Operation
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree
from gitops_bot.policy.places import Target

Spot_contra = TypeVar("Spot_contra", contravariant=True)


class Locator(Protocol[Spot_contra]):
    """How one kind of edit is found, read and written; every method may raise EditError."""

    def candidates(self, spot: Spot_contra, /) -> tuple[str, ...]:
        """Every file that could be meant, without reading the tree."""
        ...

    def places(self, spot: Spot_contra, /) -> tuple[Place, ...]:
        """Every place that could be written, without reading the tree, in its first candidate."""
        ...

    def file(self, spot: Spot_contra, tree: Tree, /) -> str:
        """The file that is meant."""
        ...

    def read(self, spot: Spot_contra, sense: Sense, tree: Tree, /) -> Value:
        """What the place holds; None where it is there and empty, or where absence is a value of its own."""
        ...

    def operations(self, spot: Spot_contra, sense: Sense, value: Value, tree: Tree, /) -> tuple[Operation, ...]:
        """What makes the place hold the value; what stands there already may be among it. None: remove what is there.

        EditRefused where the value cannot be held there, or the place cannot be removed.
        """
        ...


LOCATORS: Mapping[str, Locator[Any]] = {
    "kustomize_image": kustomize_image,
    "kustomize_replicas": kustomize_replicas,
    "kustomize_patch": kustomize_patch,
    "kustomize_generator": kustomize_generator,
    "helm_value": helm_value,
    "helm_dependency": helm_dependency,
    "helmfile": helmfile,
    "argo_cd_application": argo_cd_application,
    "flux_helm_release": flux_helm_release,
    "flux_kustomization": flux_kustomization,
    "flux_marker": flux_marker,
    "virtual_service": WeightedRoutes(virtual_service.outline),
    "destination_rule": Label(destination_rule.place),
    "http_route": WeightedRoutes(gateway_route.http),
    "grpc_route": WeightedRoutes(gateway_route.grpc),
    "ingress_nginx": ingress_nginx,
    "knative_service": knative_service,
    "service": Label(service.place),
    "deployment": deployment,
    "replica_ratio": replica_ratio,
    "rollout": rollout,
    "canary": canary,
    "iter8": iter8,
    "ocm_subscription": ocm_subscription,
    "placement_rule": placement_rule,
    "regions": regions,
    "yaml": yaml_value,
    "json_": json_value,
    "env": env_value,
    "file": whole_file,
    "document": document,
}
"""By the name of the target's field."""

WARNINGS: Mapping[str, Callable[[Any, Tree], tuple[str, ...]]] = {
    "kustomize_image": kustomize_image.warnings,
    "kustomize_patch": kustomize_patch.warnings,
    "helm_dependency": helm_dependency.warnings,
    "helmfile": helmfile.warnings,
    "knative_service": knative_service.warnings,
    "ocm_subscription": ocm_subscription.warnings,
}
"""What people should know although the edit goes through, one sentence each; for the locators that have something."""


def locator(target: Target) -> tuple[Locator[Any], Any]:
    """The locator of a target and what it is given. EditRefused unless it has exactly one place."""
    names = target.given
    if len(names) != 1:
        raise EditRefused(f"an edit has exactly one place, this one has {len(names)}")
    return LOCATORS[names[0]], getattr(target, names[0])
