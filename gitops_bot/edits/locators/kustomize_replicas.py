"""`kustomizeReplicas`: the `count` of an entry below `replicas:` of a kustomization; an absent entry is added.

The entry's name is the object's before prefix and suffix. A number of pods is no weight: it is set by hand alone.
"""

from __future__ import annotations

from gitops_bot.edits.locators import kustomization
from gitops_bot.edits.locators.kustomization import candidates, file
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Filter, Key, Path
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.sense import Sense, Value, typed
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places.kustomize import KustomizeReplicas

__all__ = ["candidates", "file", "operations", "places", "read"]

_MOST = 2**31 - 1
"""Kubernetes counts pods in 32 bits."""


def places(spot: KustomizeReplicas) -> tuple[Place, ...]:
    """The count, in the kustomization by its first name."""
    return (_place(spot, candidates(spot)[0]),)


def read(spot: KustomizeReplicas, sense: Sense, tree: Tree) -> Value:
    """The count; None where there is no entry. Errors: EditError."""
    _refuse_slot(spot, sense)
    path = file(spot, tree)
    try:
        source, scalar = find(tree, _place(spot, path))
    except PlaceAbsent:
        if not _is_list(path, tree):
            raise
        return None
    count = typed(scalar)
    if count is not None and not _is_count(count):
        raise EditRefused(f"{scalar.text!r} stands there, which is no number of pods", where=source.at(scalar.line))
    return count


def operations(spot: KustomizeReplicas, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The count, with its entry where that is absent; None removes the entry."""
    _refuse_slot(spot, sense)
    path = file(spot, tree)
    entry = Path((Key("replicas"), _item(spot)))
    if value is None:
        return (Remove(Place(path, entry)),)
    if not isinstance(value, int) or not _is_count(value):
        raise EditRefused(f"{str(value)!r} is no number of pods", where=path, remedy="Give a whole number from 0")
    try:
        find(tree, _place(spot, path))
    except PlaceAbsent:
        if not _is_list(path, tree):
            raise
    else:
        return (Write(_place(spot, path), value),)
    if any(one.get("name") == spot.name for one in kustomization.read(path, tree).entries("replicas")):
        return (Insert(_place(spot, path), value),)
    return (Insert(Place(path, entry), {"name": spot.name, "count": value}, str(value)),)


def _place(spot: KustomizeReplicas, path: str) -> Place:
    return Place(path, Path((Key("replicas"), _item(spot), Key("count"))))


def _item(spot: KustomizeReplicas) -> Filter:
    return Filter((Key("name"),), spot.name)


def _is_list(path: str, tree: Tree) -> bool:
    """Whether `replicas` is a list, or absent."""
    return isinstance(kustomization.read(path, tree).content.get("replicas") or [], list)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST


def _refuse_slot(spot: KustomizeReplicas, sense: Sense) -> None:
    if not sense.as_is:
        raise EditRefused(f"the replicas of `{spot.name}` are a number, no version and no weight", where=spot.path)
