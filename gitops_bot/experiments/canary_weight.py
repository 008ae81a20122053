"""Flagger's weight. Its status zeroes it in every phase but Progressing, Waiting and Promoting (`setStatusPhase`)."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    annotation,
    items,
    mapping,
    number,
    numeral,
    share,
    text,
    whole,
)
from gitops_bot.model import ObjectRef


def weight(canary: Resource, lookup: Lookup) -> float | None:
    """Percent of traffic on the candidate; where a promotion waits it is the router's, else the top of the ladder."""
    if text(canary, "status", "phase") != "WaitingPromotion":
        return number(canary, "status", "canaryWeight")
    routed = next(_routed(canary, lookup), None)
    return _top(canary) if routed is None else routed


def _top(canary: Resource) -> int | None:
    """The rung at which a ladder stops; None where users, not shares, are routed."""
    analysis = mapping(canary, "spec", "analysis") or mapping(canary, "spec", "canaryAnalysis")
    if number(analysis, "iterations"):
        return None
    rungs = analysis.get("stepWeights")
    if isinstance(rungs, list) and rungs and (top := whole(rungs[-1])) is not None:
        return top
    if items(analysis, "match"):
        return None
    step, most = number(analysis, "stepWeight"), number(analysis, "maxWeight")
    if not step or step < 0:
        return most
    return min(100, -(-(most or 100) // step) * step)  # the last step may pass maxWeight


# ---------------------------------------------------------------- what the router says


def _routed(canary: Resource, lookup: Lookup) -> Iterator[float]:
    """The candidate's share in the routes that Flagger writes, which are called after the service."""
    namespace = text(canary, "metadata", "namespace")
    name = text(canary, "spec", "service", "name") or text(canary, "spec", "targetRef", "name")
    for kind, routes in (("VirtualService", _virtual), ("HTTPRoute", _http)):
        found = lookup(ObjectRef(kind, namespace, name))
        for one in routes(found) if found else ():
            percent = _share(one, name)
            if percent is not None:
                yield percent
    ingress = text(canary, "spec", "ingressRef", "name")
    found = lookup(ObjectRef("Ingress", namespace, f"{ingress}-canary")) if ingress else None
    if found and annotation(found, "nginx.ingress.kubernetes.io/canary") == "true":
        percent = numeral(annotation(found, "nginx.ingress.kubernetes.io/canary-weight"))
        if percent is not None and percent <= 100:
            yield percent


_Weighted = dict[str, int]
"""Weights by the service that they go to."""


def _virtual(service: Resource) -> Iterator[_Weighted]:
    for rule in items(service, "spec", "http"):
        yield {
            text(one, "destination", "host").partition(".")[0]: number(one, "weight") or 0
            for one in items(rule, "route")
        }


def _http(route: Resource) -> Iterator[_Weighted]:
    for rule in items(route, "spec", "rules"):
        weights = [(text(one, "name"), number(one, "weight")) for one in items(rule, "backendRefs")]
        yield {name: 1 if weight is None else weight for name, weight in weights}


def _share(weights: _Weighted, name: str) -> float | None:
    pair = {f"{name}-primary", f"{name}-canary"}
    if not pair <= weights.keys():
        return None
    return share(weights[f"{name}-canary"], sum(weights[one] for one in pair))
