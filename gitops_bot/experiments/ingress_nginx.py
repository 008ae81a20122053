"""ingress-nginx: a second Ingress for the same paths, whose annotations give the candidate its share of the traffic.

There is no useful status. Annotations are text; one that the controller cannot read it takes for 0, and says so only in
its log, so the reading is UNKNOWN there. Precedence: header, cookie, weight.
"""

from __future__ import annotations

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    annotation,
    items,
    mapping,
    numeral,
    reference,
    share,
    text,
)
from gitops_bot.experiments.said import Said
from gitops_bot.model import ExperimentStatus, Phase

_PREFIX = "nginx.ingress.kubernetes.io/canary"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")
_TOTAL = 100


def read(ingress: Resource, lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The candidate's share, read from the canary Ingress, or for a main one from the canary beside it."""
    others = [one for one in lookup.all("Ingress", text(ingress, "metadata", "namespace")) if _rivals(one, ingress)]
    canary = ingress if _is_canary(ingress) else next((one for one in others if _is_canary(one)), None)
    main = next((one for one in others if not _is_canary(one)), None) if canary is ingress else ingress
    said, weight = (Said(Phase.NONE, "no canary stands beside it"), None) if canary is None else _state(canary)
    return ExperimentStatus(
        ref=reference(ingress, "Ingress"),
        phase=said.phase,
        reason=said.reason,
        weight=weight,
        baseline_name=_backend(main) if main is not None else "",
        candidate_name=_backend(canary) if canary is not None else "",
    )


def _is_canary(ingress: Resource) -> bool:
    """Whether it carries any canary annotation, switched on or not."""
    return any(str(name).startswith(_PREFIX) for name in mapping(ingress, "metadata", "annotations"))


def _rivals(one: Resource, other: Resource) -> bool:
    """Whether two Ingresses take the same requests."""
    return one is not other and not _paths(one).isdisjoint(_paths(other))


def _paths(ingress: Resource) -> set[tuple[str, str]]:
    rules = items(ingress, "spec", "rules")
    return {(text(rule, "host"), text(path, "path")) for rule in rules for path in items(rule, "http", "paths")}


def _state(canary: Resource) -> tuple[Said, float | None]:
    on = annotation(canary, _PREFIX)
    if on not in _TRUE:
        if on and on not in _FALSE:
            return Said(Phase.UNKNOWN, f"the annotation canary is {on!r}, neither true nor false"), None
        return Said(
            Phase.ERROR, "canary is not switched on: it competes with the main Ingress, its weight ignored"
        ), None
    total = numeral(annotation(canary, f"{_PREFIX}-weight-total") or str(_TOTAL))
    weight = numeral(annotation(canary, f"{_PREFIX}-weight") or "0")
    if weight is None or not total:
        return Said(Phase.UNKNOWN, "its weight is no whole number"), None
    percent = share(min(weight, total), total)
    special = [word for word in ("header", "cookie") if annotation(canary, f"{_PREFIX}-by-{word}")]
    also = f", and requests by {' and '.join(special)}" if special else ""
    return Said(Phase.NONE, f"{percent:g} % of the traffic goes to the candidate{also}"), percent


def _backend(ingress: Resource) -> str:
    """The Service of its first path."""
    paths = [path for rule in items(ingress, "spec", "rules") for path in items(rule, "http", "paths")]
    return (
        text(paths[0], "backend", "service", "name")
        if paths
        else text(ingress, "spec", "defaultBackend", "service", "name")
    )
