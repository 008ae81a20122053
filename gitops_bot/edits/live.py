"""The live part of the ownership check: what the objects of a cluster say about the fields that edits write. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gitops_bot.edits import ownership
from gitops_bot.edits.locators import locator
from gitops_bot.edits.owners import Field, Resource, Subject, claims, holder, writer
from gitops_bot.edits.path import Path
from gitops_bot.errors import EditError, EditRefused
from gitops_bot.model import Kind, Tree
from gitops_bot.policy.places import Target

_ROLLOUTS = Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout")
_CANARIES = Kind("flagger.app", "v1beta1", "canaries", "Canary")
_EXPERIMENTS = Kind("iter8.tools", "v2alpha2", "experiments", "Experiment")
_AUTOSCALERS = Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
_SCALED_OBJECTS = Kind("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject")

CLAIMANTS: Mapping[Field, tuple[Kind, ...]] = {
    Field.REPLICAS: (_AUTOSCALERS, _SCALED_OBJECTS, _ROLLOUTS, _CANARIES),
    Field.WEIGHT: (_ROLLOUTS, _CANARIES, _EXPERIMENTS),
    Field.LABELS: (_ROLLOUTS, _CANARIES),
}
"""Who could claim a field."""
HELD: Mapping[tuple[Field, str], Kind] = {
    (Field.REPLICAS, "Deployment"): Kind("apps", "v1", "deployments", "Deployment"),
    (Field.REPLICAS, "StatefulSet"): Kind("apps", "v1", "statefulsets", "StatefulSet"),
    (Field.WEIGHT, "VirtualService"): Kind("networking.istio.io", "v1beta1", "virtualservices", "VirtualService"),
    (Field.WEIGHT, "HTTPRoute"): Kind("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute"),
    (Field.WEIGHT, "GRPCRoute"): Kind("gateway.networking.k8s.io", "v1", "grpcroutes", "GRPCRoute"),
    (Field.WEIGHT, "Ingress"): Kind("networking.k8s.io", "v1", "ingresses", "Ingress"),
    (Field.WEIGHT, "Service"): Kind("serving.knative.dev", "v1", "services", "Service"),
    (Field.LABELS, "DestinationRule"): Kind("networking.istio.io", "v1beta1", "destinationrules", "DestinationRule"),
}
"""The object itself, by its field and kind; a Service of the core group is known through its claimants alone."""


def subjects(edits: Sequence[Target], tree: Tree) -> Mapping[int, Subject]:
    """What each edit writes, by its number, where a controller could write it too."""
    found = {number: _subject(edit, tree) for number, edit in enumerate(edits)}
    return {number: subject for number, subject in found.items() if subject is not None}


def refused(target: Target, tree: Tree, owner: str) -> EditRefused:
    """The refusal of an edit whose field `owner` writes."""
    row, spot = locator(target)
    subject = _subject(target, tree)
    where = str(replace(row.places(spot)[0], file=row.file(spot, tree)))
    if subject is None:
        return EditRefused(f"{owner} writes it at run time", where=where)
    return ownership.refused(subject, owner, where)


def kinds(subject: Subject) -> tuple[Kind, ...]:
    """The kinds that have to be listed to know who owns a field."""
    own = HELD.get((subject.field, subject.kind))
    return CLAIMANTS[subject.field] + ((own,) if own else ())


def owner(subject: Subject, kind: Kind, objects: Sequence[Resource]) -> str:
    """Who writes the field, as the objects of one kind say; empty: nobody that is seen there."""
    if kind in CLAIMANTS[subject.field]:
        found = (claim for one in objects for claim in claims(one, kind.name, kind.group))
        claim = next((claim for claim in found if claim.covers(subject)), None)
        return claim.said if claim else ""
    held = (one for one in objects if _is(subject, one))
    return next((said for one in held if (said := holder(one, subject.field) or writer(one, subject.field))), "")


def is_among(subject: Subject, kind: Kind, objects: Sequence[Resource]) -> bool:
    """Whether the subject itself is one of these objects."""
    return HELD.get((subject.field, subject.kind)) == kind and any(_is(subject, one) for one in objects)


def _is(subject: Subject, resource: Resource) -> bool:
    metadata = resource.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("name") != subject.name:
        return False
    return not subject.namespace or metadata.get("namespace") in (None, "", subject.namespace)


def _subject(target: Target, tree: Tree) -> Subject | None:
    """What the first place of an edit that has any means; trouble is for the edit itself to say."""
    row, spot = locator(target)
    try:
        if target.kustomize_patch:  # its place is in a text inside the kustomization
            return ownership.meant(spot.target, Path.parse(spot.field))
        file, places = row.file(spot, tree), row.places(spot)
        found = (ownership.subject_of(tree, place, file) for place in places)
        return next((subject for subject in found if subject), None)
    except EditError:
        return None
