"""Places that split traffic: whole weights between a stable and a canary target."""

from __future__ import annotations

from typing import ClassVar, Literal

from gitops_bot.model import SlotName
from gitops_bot.policy.base import Name, Text
from gitops_bot.policy.places.base import Manifest

_WEIGHT = frozenset({SlotName.WEIGHT})
_SPLIT = frozenset({SlotName.WEIGHT, SlotName.COLOR})
_MIRROR = frozenset({SlotName.MIRROR})
_VERSIONS = frozenset({SlotName.STABLE, SlotName.CANDIDATE})
_LABEL = _VERSIONS | {SlotName.COLOR}


class Split(Manifest):
    """What a route does with the traffic of two targets."""

    field: Literal["weight", "mirror"] = "weight"
    """weight: the canary's percent of what both have. mirror: the percent that is copied to the canary; where there is
    none, it is added."""

    @property
    def slots(self) -> frozenset[SlotName]:  # type: ignore[override] # what may live there depends on the field
        """A share of the traffic, or of its copy."""
        return _MIRROR if self.field == "mirror" else _SPLIT


class VirtualService(Split):
    """The weights of two destinations in an Istio VirtualService, or the mirror of one."""

    stable: Text
    """The subset or the host of the stable destination."""
    canary: Text
    """The subset or the host of the canary destination."""
    route: Text | None = None
    """The route's `name`, when several have both destinations."""
    protocol: Literal["http", "tcp", "tls"] = "http"


class DestinationRule(Manifest):
    """A label of a subset in an Istio DestinationRule."""

    slots: ClassVar[frozenset[SlotName]] = _LABEL
    subset: Text
    """The subset's `name`."""
    label: Text
    """The label's key, like `version`."""


class HttpRoute(Split):
    """The weights of two backends in a Gateway API HTTPRoute, or the mirror of one."""

    stable: Text
    """The name of the stable backend."""
    canary: Text
    """The name of the canary backend."""
    rule: Text | None = None
    """The rule's `name`, when several have both backends."""


class GrpcRoute(HttpRoute):
    """The weights of two backends in a Gateway API GRPCRoute, or the mirror of one."""


class IngressNginx(Manifest):
    """The weight of a canary Ingress of ingress-nginx; without a name, of the file's only canary."""

    slots: ClassVar[frozenset[SlotName]] = _WEIGHT


class KnativeService(Manifest):
    """The traffic block of a Knative Service, or the image of the revision it makes."""

    field: Literal["percent", "tag", "revisionName", "latestRevision", "image"] = "percent"
    """percent: the candidate's share of what it and the stable revision have; an absent block is added."""
    stable: Name | None = None
    """The pinned revision that is stable; default: what is not the candidate."""
    canary: Name | None = None
    """The candidate's revision; default: the latest."""
    tag: Name | None = None
    """The tag of the entry that is meant, instead of its revision."""
    container: Name | None = None
    """Which container's image, when there are several."""

    @property
    def slots(self) -> frozenset[SlotName]:  # type: ignore[override] # what may live there depends on the field
        """A weight is a percent, a version everything else but a switch."""
        if self.field == "percent":
            return _WEIGHT
        return frozenset() if self.field == "latestRevision" else _VERSIONS


class Service(Manifest):
    """A label of a Service's selector."""

    slots: ClassVar[frozenset[SlotName]] = _LABEL
    label: Text
    """The label's key, like `version`."""
