"""The places that the bot can read and write, by their names in the language: one model each.

A place has its locator in `gitops_bot/edits/locators` under the same name.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gitops_bot.policy.base import Spec
from gitops_bot.policy.places.base import Where
from gitops_bot.policy.places.files import Document, EnvValue, JsonValue, WholeFile, YamlValue
from gitops_bot.policy.places.helm import (
    ArgoCDApplication,
    FluxHelmRelease,
    FluxKustomization,
    FluxMarker,
    HelmDependency,
    Helmfile,
    HelmValue,
)
from gitops_bot.policy.places.kustomize import KustomizeGenerator, KustomizeImage, KustomizePatch, KustomizeReplicas
from gitops_bot.policy.places.regions import Regions
from gitops_bot.policy.places.replicas import ReplicaRatio
from gitops_bot.policy.places.routes import (
    DestinationRule,
    GrpcRoute,
    HttpRoute,
    IngressNginx,
    KnativeService,
    Service,
    VirtualService,
)
from gitops_bot.policy.places.workloads import Deployment, FlaggerCanary, Iter8, OcmSubscription, PlacementRule, Rollout

__all__ = ["PLACES", "Target", "Where"]


class Target(Spec):
    """One place: exactly one of the names of places."""

    kustomize_image: KustomizeImage | None = None
    kustomize_replicas: KustomizeReplicas | None = None
    kustomize_patch: KustomizePatch | None = None
    kustomize_generator: KustomizeGenerator | None = None
    helm_value: HelmValue | None = None
    helm_dependency: HelmDependency | None = None
    helmfile: Helmfile | None = None
    argo_cd_application: Annotated[ArgoCDApplication | None, Field(alias="argoCDApplication")] = None
    flux_helm_release: FluxHelmRelease | None = None
    flux_kustomization: FluxKustomization | None = None
    flux_marker: FluxMarker | None = None
    virtual_service: VirtualService | None = None
    destination_rule: DestinationRule | None = None
    http_route: HttpRoute | None = None
    grpc_route: GrpcRoute | None = None
    ingress_nginx: IngressNginx | None = None
    knative_service: KnativeService | None = None
    service: Service | None = None
    deployment: Deployment | None = None
    replica_ratio: ReplicaRatio | None = None
    rollout: Rollout | None = None
    canary: FlaggerCanary | None = None
    iter8: Iter8 | None = None
    ocm_subscription: OcmSubscription | None = None
    placement_rule: PlacementRule | None = None
    regions: Regions | None = None
    yaml: YamlValue | None = None
    json_: Annotated[JsonValue | None, Field(alias="json")] = None
    env: EnvValue | None = None
    file: WholeFile | None = None
    document: Document | None = None
    shared_anchors: Literal["refuse", "allow"] = "refuse"
    """allow: write a value that `&anchor`, `*alias` or `<<` share; everyone who shares it changes too."""
    shared_base: Literal["refuse", "allow"] = "refuse"
    """allow: write a kustomization that several overlays use."""

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the places that were given: one, in what was loaded."""
        return tuple(name for name in PLACES if getattr(self, name) is not None)

    @property
    def comes_and_goes(self) -> bool:
        """What is there may be removed as a whole, and made again: its slot may be empty."""
        return any(getattr(self, name).comes_and_goes for name in self.given)


PLACES = tuple(name for name in Target.model_fields if not name.startswith("shared_"))
"""The names of the places, as attributes."""
