"""Gateway API: `gateway.networking.k8s.io` HTTPRoute and GRPCRoute, whose weights are the live traffic.

Every gateway that a route names answers for itself, and every answer counts only for the generation that it saw. The
weight is the one that is asked for, whatever the gateways say of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.experiments.fields import Lookup, Resource, items, number, reference, text
from gitops_bot.experiments.said import Said, explained, outdated
from gitops_bot.experiments.split import Rule, Target, agreed, splits
from gitops_bot.model import Act, ExperimentStatus, Phase

_NEEDED = ("Accepted", "ResolvedRefs")
_MOST = 1_000_000


def read_http_route(route: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The candidate's share of an HTTPRoute."""
    return _read(route, "HTTPRoute")


def read_grpc_route(route: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The candidate's share of a GRPCRoute."""
    return _read(route, "GRPCRoute")


def _read(route: Resource, kind: str) -> ExperimentStatus:
    one, agreement = agreed(splits(rules(route)))
    said = state(route) or agreement
    return ExperimentStatus(
        ref=reference(route, kind),
        phase=said.phase,
        reason=said.reason,
        weight=one.weight,
        baseline_name=one.baseline,
        candidate_name=one.candidate,
        warnings=_warnings(route),
        advice=said.advice,
    )


def rules(route: Resource) -> list[Rule]:
    """Its rules. A mirror is a filter, not a backend, and gets no traffic."""
    return [Rule(_targets(rule), _chosen(rule)) for rule in items(route, "spec", "rules")]


def _targets(rule: Resource) -> tuple[Target, ...]:
    """The backends; an absent weight is 1."""
    weighed = [
        (text(one, "name"), number(one, "weight") if "weight" in one else 1) for one in items(rule, "backendRefs")
    ]
    return tuple(Target(name, min(max(weight or 0, 0), _MOST)) for name, weight in weighed)


def _chosen(rule: Resource) -> bool:
    matches = items(rule, "matches")
    return bool(matches) and all(items(one, "headers") or items(one, "queryParams") for one in matches)


def state(route: Resource) -> Said | None:
    """What the gateways say against it; None when all accept the present spec."""
    parents = items(route, "status", "parents")
    silent = _silent(route, parents)
    if silent:
        return Said(Phase.UNKNOWN, silent)
    worst: Said | None = None
    for parent in parents:
        said = _parent(route, parent)
        if said is not None and (worst is None or said.phase is Phase.UNKNOWN):
            worst = said
    return worst


def _parent(route: Resource, parent: Resource) -> Said | None:
    who = f"gateway {text(parent, 'parentRef', 'name')}"
    told = {name: _condition(parent, name) for name in _NEEDED}
    if any(not one or _unseen(one, route) for one in told.values()):
        return Said(Phase.UNKNOWN, f"{who} has not seen the present spec yet")
    for name, one in told.items():
        if one.get("status") == "False":
            return Said(Phase.ERROR, f"{who}: {explained(one, name)}", Act.REVERT)
        if one.get("status") != "True":
            return Said(Phase.UNKNOWN, f"{who}: {explained(one, name)}")
    return None


def _unseen(condition: Resource, route: Resource) -> bool:
    """A condition that names no generation has not been shown to be of this one."""
    return number(condition, "observedGeneration") is None or outdated(condition, route)


def _condition(parent: Resource, name: str) -> Resource:
    return next((one for one in items(parent, "conditions") if one.get("type") == name), {})


def _silent(route: Resource, parents: Sequence[Resource]) -> str:
    """Why not every gateway that the route names has said something; empty when all have."""
    answered = {_identity(route, parent.get("parentRef")) for parent in parents}
    asked = items(route, "spec", "parentRefs")
    if not parents:
        return "no gateway has answered yet"
    missing = (text(one, "name") for one in asked if _identity(route, one) not in answered)
    return next((f"gateway {name} has not answered yet" for name in missing), "")


def _identity(route: Resource, parent: object) -> tuple[object, ...]:
    """A gateway without a namespace is in the route's."""
    namespace = text(parent, "namespace") or text(route, "metadata", "namespace")
    return namespace, text(parent, "name"), text(parent, "sectionName"), number(parent, "port")


def _warnings(route: Resource) -> tuple[str, ...]:
    """Rules that a gateway left out, while it serves the others."""
    partly = [_condition(parent, "PartiallyInvalid") for parent in items(route, "status", "parents")]
    return tuple(explained(one, "partially invalid") for one in partly if one.get("status") == "True")
