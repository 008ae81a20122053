"""The candidate's share of the live traffic, where a policy may say by which names a route knows the versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gitops_bot.experiments import deployment_pair, gateway_api, ingress_nginx, istio, knative
from gitops_bot.experiments.fields import Lookup, Resource, text
from gitops_bot.experiments.split import Rule, agreed, splits_between
from gitops_bot.model import ExperimentStatus, ObjectRef, Phase

Reader = Callable[[Resource, Lookup, str | None], ExperimentStatus]


@dataclass(frozen=True, slots=True)
class Names:
    """What a route calls the versions; empty where that is to be told by the names themselves."""

    stable: str = ""
    canary: str = ""


_READERS: dict[str, Reader] = {
    "VirtualService": istio.read_virtual_service,
    "HTTPRoute": gateway_api.read_http_route,
    "GRPCRoute": gateway_api.read_grpc_route,
    "Ingress": ingress_nginx.read,
    "KnativeService": knative.read,
    "DeploymentPair": deployment_pair.read,
}

_RULES: dict[str, Callable[[Resource], Sequence[Rule]]] = {
    "VirtualService": istio.rules,
    "HTTPRoute": gateway_api.rules,
    "GRPCRoute": gateway_api.rules,
}


def read(kind: str, resource: Resource, lookup: Lookup, names: Names) -> ExperimentStatus:
    """The reading of what splits the traffic. Where the names do not occur in it, it is UNKNOWN."""
    if kind == "DeploymentPair" and names.stable:
        return _pair(resource, lookup, names.stable)
    status = _READERS[kind](resource, lookup, None)
    if not names.canary or kind not in _RULES:
        return status
    if status.phase is Phase.ERROR or (status.phase is Phase.UNKNOWN and _says_nothing(kind, resource)):
        return status
    one, said = agreed(splits_between(_RULES[kind](resource), names.stable, names.canary))
    if one.weight is None and said.phase is Phase.NONE:
        what = " and ".join(name for name in (names.stable, names.canary) if name)
        return replace(status, phase=Phase.UNKNOWN, reason=f"no route of it goes to {what}", weight=None)
    return replace(
        status,
        phase=said.phase,
        reason=said.reason,
        weight=one.weight,
        baseline_name=one.baseline,
        candidate_name=one.candidate,
    )


def _says_nothing(kind: str, resource: Resource) -> bool:
    """Whether the status of the route itself, not how its rules read, is why it is UNKNOWN."""
    state = istio.state if kind == "VirtualService" else gateway_api.state
    return state(resource) is not None


def _pair(candidate: Resource, lookup: Lookup, stable: str) -> ExperimentStatus:
    namespace = text(candidate, "metadata", "namespace")
    settled = lookup(ObjectRef("Deployment", namespace, stable))
    if settled is None:
        ref = ObjectRef("Deployment", namespace, text(candidate, "metadata", "name"))
        return ExperimentStatus(ref, Phase.UNKNOWN, f"there is no Deployment {namespace}/{stable} beside it")
    return deployment_pair.pair(settled, candidate, lookup, None)
