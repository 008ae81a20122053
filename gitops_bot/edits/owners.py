"""Which controllers write which fields of other objects at run time, as their own objects say. Pure.

One table a controller, from where it names an object to what it writes there. A resource is a manifest of the
repository or an object as the API gives it; garbage in it is no claim, and no error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

Resource = Mapping[str, Any]


class Field(Enum):
    """What controllers write in objects that are not their own."""

    WEIGHT = "the traffic weights"
    REPLICAS = "the number of replicas"
    LABELS = "the labels that choose the pods"


WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout")
SPLITTERS = (
    "VirtualService",
    "HTTPRoute",
    "GRPCRoute",
    "TCPRoute",
    "TLSRoute",
    "TrafficSplit",
    "TraefikService",
    "HTTPProxy",
)
"""Kinds that hold weights and nothing that only one controller knows."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A field of an object that is to be written."""

    kind: str
    """Empty: a workload of any kind."""
    name: str
    namespace: str
    """Empty: not said."""
    field: Field
    route: str = ""
    """The name of the route whose weights are meant, where it is known."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A field that a controller writes, in the objects of some kinds with one name."""

    controller: str
    by: str
    """What says so: `Rollout cart`."""
    field: Field
    kinds: tuple[str, ...]
    name: str
    namespace: str = ""
    routes: tuple[str, ...] = ()
    """The routes that are written; none: all of them."""

    @property
    def said(self) -> str:
        """Who it is, for people."""
        return f"{self.controller} by the {self.by}"

    def covers(self, subject: Subject) -> bool:
        """Whether it is this field; namespaces count where both are said."""
        return (
            self.field is subject.field
            and self.name == subject.name
            and (subject.kind in self.kinds or (not subject.kind and any(kind in WORKLOADS for kind in self.kinds)))
            and (not self.namespace or not subject.namespace or self.namespace == subject.namespace)
            and (not self.routes or not subject.route or subject.route in self.routes)
        )


def claims(resource: Resource, kind: str = "", group: str = "") -> tuple[Claim, ...]:
    """What a resource claims; `kind` and `group` where it does not say them itself."""
    found = _text(resource, "kind") or kind, _text(resource, "apiVersion").rpartition("/")[0] or group
    row = _CLAIMANTS.get(found)
    return tuple(row(resource)) if row else ()


def holder(resource: Resource, field: Field) -> str:
    """Who an object says itself to be held by, by its annotations and owners; empty: nobody."""
    annotations = _at(resource, "metadata", "annotations")
    if rollouts := _text(annotations, MANAGED_BY_ROLLOUTS):
        return f"Argo Rollouts (annotation `{MANAGED_BY_ROLLOUTS}: {rollouts}`)"
    if field is Field.WEIGHT and _text(annotations, ROLLOUT_DURATION):
        return f"Knative (annotation `{ROLLOUT_DURATION}`)"
    for owner in _list(resource, "metadata", "ownerReferences"):
        group, kind = _text(owner, "apiVersion").partition("/")[0], _text(owner, "kind")
        if controller := _OWNERS.get((group, kind)):
            return f"{controller} (owner reference to the {kind} {_text(owner, 'name')})"
    return ""


def writer(resource: Resource, field: Field) -> str:
    """The controller that wrote a field of a live object last, by its managed fields; empty: none that is known."""
    entries = [
        entry
        for entry in _list(resource, "metadata", "managedFields")
        if any(isinstance(_at(entry, "fieldsV1", *path), Mapping) for path in _MANAGED[field])
        and _text(entry, "subresource") != "status"
    ]
    last = max(entries, key=lambda entry: _text(entry, "time"), default=None)
    if last is None:
        return ""
    manager, subresource = _text(last, "manager"), _text(last, "subresource")
    return _MANAGERS.get(manager) or _MANAGERS.get(f"{manager}/{subresource}", "")


# ---------------------------------------------------------------- controllers

MANAGED_BY_ROLLOUTS = "argo-rollouts.argoproj.io/managed-by-rollouts"
ROLLOUT_DURATION = "serving.knative.dev/rollout-duration"

_OWNERS = {
    ("argoproj.io", "Rollout"): "Argo Rollouts",
    ("argoproj.io", "Experiment"): "Argo Rollouts",
    ("flagger.app", "Canary"): "Flagger",
    ("iter8.tools", "Experiment"): "Iter8",
}
_MANAGERS = {
    "rollouts-controller": "Argo Rollouts",
    "flagger": "Flagger",
    "iter8": "Iter8",
    "keda": "KEDA",
    "keda-operator": "KEDA",
    "horizontal-pod-autoscaler": "a HorizontalPodAutoscaler",
    "kube-controller-manager/scale": "a HorizontalPodAutoscaler",
}
"""By manager, or by manager and subresource."""
_MANAGED = {
    Field.REPLICAS: (("f:spec", "f:replicas"),),
    Field.LABELS: (("f:spec", "f:selector"), ("f:spec", "f:subsets")),
    Field.WEIGHT: (
        *(("f:spec", name) for name in ("f:http", "f:tcp", "f:tls", "f:rules", "f:backends", "f:weighted")),
        ("f:metadata", "f:annotations", "f:nginx.ingress.kubernetes.io/canary-weight"),
    ),
}

_CANARY, _TRAFFIC = ("strategy", "canary"), ("strategy", "canary", "trafficRouting")
_PLUGIN = (*_TRAFFIC, "plugins", "argoproj-labs/gatewayAPI")
_ROLLOUT: tuple[tuple[tuple[str, ...], Field, tuple[str, ...]], ...] = (
    (("workloadRef",), Field.REPLICAS, WORKLOADS[:3]),
    ((*_CANARY, "stableService"), Field.LABELS, ("Service",)),
    ((*_CANARY, "canaryService"), Field.LABELS, ("Service",)),
    ((*_CANARY, "pingPong", "pingService"), Field.LABELS, ("Service",)),
    ((*_CANARY, "pingPong", "pongService"), Field.LABELS, ("Service",)),
    (("strategy", "blueGreen", "activeService"), Field.LABELS, ("Service",)),
    (("strategy", "blueGreen", "previewService"), Field.LABELS, ("Service",)),
    ((*_TRAFFIC, "istio", "destinationRule"), Field.LABELS, ("DestinationRule",)),
    ((*_TRAFFIC, "istio", "virtualService"), Field.WEIGHT, ("VirtualService",)),
    ((*_TRAFFIC, "istio", "virtualServices"), Field.WEIGHT, ("VirtualService",)),
    ((*_TRAFFIC, "nginx", "stableIngress"), Field.WEIGHT, ("Ingress",)),
    ((*_TRAFFIC, "nginx", "stableIngresses"), Field.WEIGHT, ("Ingress",)),
    ((*_TRAFFIC, "alb", "ingress"), Field.WEIGHT, ("Ingress",)),
    ((*_TRAFFIC, "alb", "ingresses"), Field.WEIGHT, ("Ingress",)),
    ((*_TRAFFIC, "smi", "trafficSplitName"), Field.WEIGHT, ("TrafficSplit",)),
    ((*_TRAFFIC, "traefik", "weightedTraefikServiceName"), Field.WEIGHT, ("TraefikService",)),
    *(
        ((*_PLUGIN, f"{kind[0].lower()}{kind[1:]}"), Field.WEIGHT, (name,))
        for name, key in (("HTTPRoute", "httpRoute"), ("GRPCRoute", "grpcRoute"), ("TCPRoute", "tcpRoute"))
        for kind in (key, f"{key}s")
    ),
)
"""Where a Rollout names what it writes: below `spec`, a name, an object with `name`, or a list of either."""

_PROVIDERS = {
    "kubernetes": (),
    "nginx": ("Ingress",),
    "skipper": ("Ingress",),
    "istio": ("VirtualService",),
    "gatewayapi": ("HTTPRoute", "GRPCRoute"),
    "linkerd": ("TrafficSplit", "HTTPRoute"),
    "smi": ("TrafficSplit",),
    "osm": ("TrafficSplit",),
    "traefik": ("TraefikService",),
    "contour": ("HTTPProxy",),
    "knative": ("Service",),
}
"""What Flagger writes weights in, by provider; of any other, or of none given, whatever could be its."""


def _autoscaler(controller: str, kind: str) -> Callable[[Resource], Iterator[Claim]]:
    def found(resource: Resource) -> Iterator[Claim]:
        target = _at(resource, "spec", "scaleTargetRef")
        kinds = (_text(target, "kind") or "Deployment",)
        yield from _claim(resource, (controller, kind), Field.REPLICAS, kinds, _text(target, "name"))

    return found


def _rollout(resource: Resource) -> Iterator[Claim]:
    who, spec = ("Argo Rollouts", "Rollout"), _at(resource, "spec")
    for path, field, kinds in _ROLLOUT:
        for one in _each(_at(spec, *path)):
            name = one if isinstance(one, str) else _text(one, "name")
            home = _text(one, "namespace")
            if kinds == ("VirtualService",) and "." in name:  # Argo Rollouts reads `name.namespace`
                name, _, home = name.partition(".")
            routes = tuple(route for route in _each(_at(one, "routes")) if isinstance(route, str))
            yield from _claim(resource, who, field, kinds, name, home, routes)
            if kinds == ("Ingress",):  # the controller makes the canary's Ingress under this name
                own = f"{_text(resource, 'metadata', 'name')}-{name}-canary"
                yield from _claim(resource, who, field, kinds, own)


def _flagger(resource: Resource) -> Iterator[Claim]:
    who, spec = ("Flagger", "Canary"), _at(resource, "spec")
    target, kind = _text(spec, "targetRef", "name"), _text(spec, "targetRef", "kind") or "Deployment"
    service = _text(spec, "service", "name") or target
    ingress = _text(spec, "ingressRef", "name")
    kinds = _PROVIDERS.get(_text(spec, "provider").partition(":")[0], (*SPLITTERS, "Ingress"))
    if kind in WORKLOADS:
        yield from _claim(resource, who, Field.REPLICAS, (kind,), target)
        yield from _claim(resource, who, Field.REPLICAS, (kind,), target and f"{target}-primary")
    for suffix in ("", "-primary", "-canary"):
        yield from _claim(resource, who, Field.LABELS, ("Service",), service and service + suffix)
    yield from _claim(resource, who, Field.WEIGHT, tuple(each for each in kinds if each != "Ingress"), service)
    for suffix in ("", "-canary"):
        yield from _claim(resource, who, Field.WEIGHT, ("Ingress",), ingress and ingress + suffix)
    yield from _claim(resource, who, Field.WEIGHT, ("ApisixRoute",), _text(spec, "routeRef", "name"))


def _iter8(resource: Resource) -> Iterator[Claim]:
    versions = _at(resource, "spec", "versionInfo")
    for version in (_at(versions, "baseline"), *_list(versions, "candidates")):
        ref = _at(version, "weightObjRef")
        kinds = (_text(ref, "kind"),)
        who = "Iter8", "Experiment"
        yield from _claim(resource, who, Field.WEIGHT, kinds, _text(ref, "name"), _text(ref, "namespace"))


_RENDERED = re.compile(r"""^ *kind: *["']?(\w+)["']? *$|^ +name: *["']?([\w.-]+)["']? *$""", re.MULTILINE)


def _routemap(resource: Resource) -> Iterator[Claim]:
    """A routemap of Iter8 1.x renders whole objects from templates, which are no YAML: their first name counts."""
    if _text(resource, "metadata", "labels", "iter8.tools/kind") != "routemap":
        return
    kind = ""
    for found in _RENDERED.finditer(_text(resource, "data", "strSpec").partition("routingTemplates:")[2]):
        if found[1]:
            kind = found[1]
        elif kind:
            yield from _claim(resource, ("Iter8", "routemap"), Field.WEIGHT, (kind,), found[2])
            kind = ""


_CLAIMANTS: Mapping[tuple[str, str], Callable[[Resource], Iterator[Claim]]] = {
    ("HorizontalPodAutoscaler", "autoscaling"): _autoscaler("Kubernetes", "HorizontalPodAutoscaler"),
    ("ScaledObject", "keda.sh"): _autoscaler("KEDA", "ScaledObject"),
    ("Rollout", "argoproj.io"): _rollout,
    ("Canary", "flagger.app"): _flagger,
    ("Experiment", "iter8.tools"): _iter8,
    ("ConfigMap", ""): _routemap,
}
"""By kind and API group."""


def _claim(
    resource: Resource,
    who: tuple[str, str],
    field: Field,
    kinds: tuple[str, ...],
    name: str,
    namespace: str = "",
    routes: tuple[str, ...] = (),
) -> Iterator[Claim]:
    controller, kind = who
    if name and kinds:
        said = f"{kind} {_text(resource, 'metadata', 'name')}".rstrip()
        home = namespace or _text(resource, "metadata", "namespace")
        yield Claim(controller, said, field, kinds, name, home, routes)


# ---------------------------------------------------------------- looking into resources


def _at(value: Any, *path: str) -> Any:
    """What is below a path; None when there is nothing."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _text(value: Any, *path: str) -> str:
    found = _at(value, *path)
    return found if isinstance(found, str) else ""


def _list(value: Any, *path: str) -> list[Any]:
    found = _at(value, *path)
    return found if isinstance(found, list) else []


def _each(value: Any) -> list[Any]:
    """A list's items, or the value itself."""
    return value if isinstance(value, list) else [value]
