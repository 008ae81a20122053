"""`httpRoute`, `grpcRoute`: the weights of two backends in a route of the Gateway API."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.edits.locators import mirrors
from gitops_bot.edits.locators.objects import Object, Part
from gitops_bot.edits.locators.weighted_routes import Outline
from gitops_bot.edits.path import Filter, Key
from gitops_bot.policy.places.routes import GrpcRoute, HttpRoute

_MOST = 1_000_000
"""What the Gateway API allows."""
_MIRRORED = tuple(map(Key, ("requestMirror", "backendRef", "name")))


def http(spot: HttpRoute) -> Outline:
    """The rules of an HTTPRoute."""
    return _outline(spot, "HTTPRoute")


def grpc(spot: GrpcRoute) -> Outline:
    """The rules of a GRPCRoute."""
    return _outline(spot, "GRPCRoute")


def _outline(spot: HttpRoute, kind: str) -> Outline:
    return Outline(
        spot.file,
        spot.where(kind, "gateway.networking.k8s.io"),
        "rules",
        "backendRefs",
        spot.stable,
        spot.canary,
        spot.rule,
        "rule",
        (("name",),),
        _match,
        default=1,
        limit=_MOST,
        mirror=("filters", Filter(_MIRRORED, spot.canary), "requestMirror", "percent")
        if spot.field == "mirror"
        else (),
        mirrors=mirrors.gateway,
    )


def _match(one: Object, targets: Sequence[Part], name: str) -> list[int]:
    """The Services of that name; a backend without `kind` is one."""
    return [
        number
        for number, target in enumerate(targets)
        if one.text(target, "name") == name and one.text(target, "kind") in (None, "", "Service")
    ]
