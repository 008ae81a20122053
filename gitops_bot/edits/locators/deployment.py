"""`deployment`: the image or the number of replicas of a workload: Deployment, StatefulSet, CronJob, Pod, …"""

from __future__ import annotations

from gitops_bot.edits.locators import pods
from gitops_bot.edits.locators.knobs import Knob, refuse_slots, whole_number
from gitops_bot.edits.locators.objects import path, read_object
from gitops_bot.edits.operations import Operation
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree
from gitops_bot.policy.places.workloads import Deployment

_PODS = {"CronJob": ("spec", "jobTemplate", *pods.TEMPLATE), "Pod": ("spec",)}
_REPLICAS = ("spec", "replicas")
_COUNTED = frozenset({"Deployment", "StatefulSet", "ReplicaSet"})


def candidates(spot: Deployment) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: Deployment) -> tuple[Place, ...]:
    """The field."""
    where = spot.where(spot.kind)
    if spot.field == "replicas":
        return (Place(spot.file, path(*_REPLICAS), where),)
    return (pods.named(spot.file, where, _pod(spot), spot.container),)


def file(spot: Deployment, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: Deployment, sense: Sense, tree: Tree) -> Value:
    """The image's version, or the number of replicas; None where neither is said."""
    if spot.field == "replicas":
        return _replicas(spot, sense, tree).read()
    return pods.read(_image(spot, tree), sense, tree)


def operations(spot: Deployment, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The image with another version, its name kept; or the number of replicas, added where it is absent."""
    if spot.field == "replicas":
        return _replicas(spot, sense, tree).operations(value)
    return pods.operations(_image(spot, tree), sense, value, tree)


def _pod(spot: Deployment) -> tuple[str, ...]:
    return _PODS.get(spot.kind, pods.TEMPLATE)


def _image(spot: Deployment, tree: Tree) -> Place:
    one = read_object(spot.file, spot.where(spot.kind), tree)
    return pods.image(spot.file, one, _pod(spot), spot.container)


def _replicas(spot: Deployment, sense: Sense, tree: Tree) -> Knob:
    refuse_slots(sense, "replicas", spot.file)
    if spot.kind not in _COUNTED:
        raise EditRefused(f"a {spot.kind} has no replicas", where=spot.file)
    return Knob(spot.file, read_object(spot.file, spot.where(spot.kind), tree), _REPLICAS, whole_number())
