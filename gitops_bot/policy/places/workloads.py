"""Places in workloads and in the objects of controllers that own their traffic."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gitops_bot.model import SlotName
from gitops_bot.policy.base import Name, RepoPath, Text
from gitops_bot.policy.places.base import Manifest

_NONE: frozenset[SlotName] = frozenset()
_WEIGHT = frozenset({SlotName.WEIGHT})
_MIRROR = frozenset({SlotName.MIRROR})
_VERSIONS = frozenset({SlotName.STABLE, SlotName.CANDIDATE})


class Deployment(Manifest):
    """A Deployment (or another workload of its shape): an image or the number of replicas."""

    kind: Literal["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod"] = "Deployment"
    container: Name | None = None
    """Which container's image, when there are several; init containers too."""
    field: Literal["image", "replicas"] = "image"

    @property
    def slots(self) -> frozenset[SlotName]:  # type: ignore[override] # what may live there depends on the field
        """An image holds versions."""
        return _VERSIONS if self.field == "image" else _NONE


class Rollout(Manifest):
    """An Argo Rollout: the image (through `workloadRef` where used), or a knob."""

    container: Name | None = None
    """Which container's image, when there are several; init containers too."""
    field: Literal["image", "autoPromotionEnabled", "setWeight", "setMirrorRoute"] = "image"
    """`setWeight` and `setMirrorRoute` (its percentage) only where the canary has a single step with one: then a pull
    request is a weight.
    `autoPromotionEnabled` of blue/green: with `set: weight`, 0 is false (the preview waits) and 100 true."""
    workload_file: RepoPath | None = None
    """Where the Deployment of `workloadRef` is; default: in the Rollout's own file."""

    @property
    def slots(self) -> frozenset[SlotName]:  # type: ignore[override] # what may live there depends on the field
        """An image holds versions, a step and the switch a weight."""
        return {"image": _VERSIONS, "setMirrorRoute": _MIRROR}.get(self.field, _WEIGHT)


class FlaggerCanary(Manifest):
    """A field of a Flagger Canary: of its analysis, `suspend` or `skipAnalysis`."""

    slots: ClassVar[frozenset[SlotName]] = _NONE
    field: Literal[
        "stepWeight",
        "maxWeight",
        "stepWeightPromotion",
        "threshold",
        "iterations",
        "interval",
        "suspend",
        "skipAnalysis",
    ]


class OcmSubscription(Manifest):
    """What a Subscription of Open Cluster Management deploys from git, or a value that it overrides in a package."""

    slots: ClassVar[frozenset[SlotName]] = _VERSIONS
    field: Literal["branch", "tag", "commit", "package"] = "branch"
    package: Text | None = None
    """With `field: package`: the `packageName`."""
    path: Text | None = None
    """With `field: package`: the `path` of the value in the package, like `spec.values.image.tag`."""


class PlacementRule(Manifest):
    """A field of a PlacementRule, or a Placement, of Open Cluster Management: how many clusters, or which."""

    kind: Literal["PlacementRule", "Placement"] = "PlacementRule"
    field: Literal["clusterReplicas", "selector"] = "clusterReplicas"
    """`clusterReplicas` of a Placement is its `numberOfClusters`."""
    label: Text | None = None
    """With `field: selector`: a label of `matchLabels`."""
    key: Text | None = None
    """With `field: selector`: the `values` of the entry of `matchExpressions` with this key."""
    member: Text | None = None
    """With `key`: one of the values; true where it is among them."""

    @property
    def slots(self) -> frozenset[SlotName]:  # type: ignore[override] # what may live there depends on the field
        """A number of clusters is a ring."""
        return _WEIGHT if self.field == "clusterReplicas" else _NONE


Which = Annotated[int, Field(ge=0, le=1000)] | Name


class Iter8(Manifest):
    """The weights of two versions of Iter8 1.x: the candidate's percent of what both have."""

    slots: ClassVar[frozenset[SlotName]] = _WEIGHT
    shape: Literal["values", "routemap", "annotation"] = "values"
    """Values of the release chart, a routemap (a ConfigMap with `strSpec`), or annotations of two objects."""
    key: Text = "application"
    """With `shape: values`: the path of the mapping that has `versions`."""
    stable: Which = 0
    """The number of the stable version, from 0; of annotations, the name of its object."""
    candidate: Which = 1
    """The number of the candidate, from 0; of annotations, the name of its object."""
    candidate_file: RepoPath | None = None
    """With `shape: annotation`: where the candidate's object is; default: in the same file."""
