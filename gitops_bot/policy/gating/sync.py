"""Where the cluster must have what was merged before the next step."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gitops_bot.model import ObjectRef
from gitops_bot.policy.base import Name, Spec


class ArgoCD(Spec):
    """An Application: Synced and Healthy, compared after the merge with a commit that contains it."""

    application: Name
    namespace: Name = "argocd"


class Flux(Spec):
    """A Kustomization: Ready, its last applied commit contains what was merged."""

    kustomization: Name
    namespace: Name = "flux-system"


class Tekton(Spec):
    """The newest run of a Pipeline that bears the merged commit, or base's, in a parameter or result."""

    pipeline: Name
    namespace: Name


class Ocm(Spec):
    """A Subscription: Subscribed, at a commit that contains what was merged."""

    subscription: Name
    namespace: Name


class Sync(Spec):
    """At least one of argoCD, flux, tekton, ocm, live; all that are given must be in every cluster."""

    argo_cd: Annotated[ArgoCD | None, Field(alias="argoCD")] = None
    flux: Flux | None = None
    tekton: Tekton | None = None
    ocm: Ocm | None = None
    live: bool = False
    """The objects that the edited manifests describe, and the workloads that the policy names, are in the cluster as
    git says."""
    cluster: Name | None = None
    """Where they are looked for, as where one Argo CD serves several clusters; default: in every cluster of the
    policy."""

    @property
    def refs(self) -> tuple[ObjectRef, ...]:
        """The objects that are asked; of a PipelineRun the name is that of its Pipeline."""
        found: list[ObjectRef] = []
        if self.argo_cd:
            found.append(ObjectRef("Application", self.argo_cd.namespace, self.argo_cd.application))
        if self.flux:
            found.append(ObjectRef("Kustomization", self.flux.namespace, self.flux.kustomization))
        if self.tekton:
            found.append(ObjectRef("PipelineRun", self.tekton.namespace, self.tekton.pipeline))
        if self.ocm:
            found.append(ObjectRef("Subscription", self.ocm.namespace, self.ocm.subscription))
        return tuple(found)
