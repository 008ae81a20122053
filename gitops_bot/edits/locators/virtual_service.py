"""`virtualService`: the weights of two destinations in an Istio VirtualService.

A route is addressed by its name, a destination by its subset or host, never by number. Mirrors have their own
percentage, which is a field of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.edits.locators import mirrors
from gitops_bot.edits.locators.objects import Object, Part
from gitops_bot.edits.locators.weighted_routes import Outline
from gitops_bot.policy.places.routes import VirtualService

_SUBSET, _HOST = ("destination", "subset"), ("destination", "host")
_MOST = 2**31 - 1
"""Istio's weights are 32 bits wide."""


def outline(spot: VirtualService) -> Outline:
    """The routes of the protocol; of several destinations, one without weight gets nothing (`RouteDestination`)."""
    return Outline(
        spot.file,
        spot.where("VirtualService", "networking.istio.io"),
        spot.protocol,
        "route",
        spot.stable,
        spot.canary,
        spot.route,
        "route",
        (_SUBSET, _HOST),
        _match,
        default=0,
        limit=_MOST,
        mirror=("mirrorPercentage", "value") if spot.field == "mirror" else (),
        mirrors=mirrors.istio if spot.protocol == "http" else None,
    )


def _match(one: Object, targets: Sequence[Part], name: str) -> list[int]:
    """The destinations of that subset; else of that very host; else of a host that is the same Service."""
    subsets = [number for number, target in enumerate(targets) if one.text(target, *_SUBSET) == name]
    if subsets:
        return subsets
    hosts = [(number, one.text(target, *_HOST)) for number, target in enumerate(targets)]
    exact = [number for number, host in hosts if host == name]
    namespace = one.text(one.root, "metadata", "namespace")
    return exact or [number for number, host in hosts if host and _same_service(name, host, namespace)]


def _same_service(one: str, other: str, namespace: str | None) -> bool:
    """`reviews`, `reviews.shop` and `reviews.shop.svc.cluster.local`; a short name is of the object's own namespace."""
    short, long = sorted((one.rstrip(".").split("."), other.rstrip(".").split(".")), key=len)
    if long[: len(short)] != short or (len(long) > 2 and long[2] != "svc"):
        return False
    return len(short) > 1 or namespace is None or namespace == long[1]
