"""`placementRule`: how many clusters a PlacementRule or a Placement chooses, and by which labels.

A list of values is set as a whole, or member by member; those that stay keep their place and their comments.
"""

from __future__ import annotations

import re

from gitops_bot.edits.locators.knobs import Kind, Knob, refuse_slots, whole_number
from gitops_bot.edits.locators.objects import Object, Part, path, read_object, segment
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Filter, Index, Key, Segment
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.workloads import PlacementRule

_GROUPS = {"PlacementRule": "apps.open-cluster-management.io", "Placement": "cluster.open-cluster-management.io"}
_COUNTS = {"PlacementRule": "clusterReplicas", "Placement": "numberOfClusters"}
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
_LABEL = Kind(lambda text: text if _VALUE.fullmatch(text) else None, "the value of a label")
_WIDER = "without it more clusters would be chosen than before"


def candidates(spot: PlacementRule) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: PlacementRule) -> tuple[Place, ...]:
    """The field, as far as the policy alone can name it."""
    if spot.field == "clusterReplicas":
        return (Place(spot.file, path("spec", _COUNTS[spot.kind]), _where(spot)),)
    head: tuple[str | Segment, ...] = ("spec", "clusterSelector")
    if spot.kind == "Placement":
        head = ("spec", "predicates", Index(0), *_IN_PREDICATE)
    last: tuple[str | Segment, ...] = ("matchLabels", spot.label or "")
    if spot.key:
        last = ("matchExpressions", Filter((Key("key"),), spot.key), "values")
    return (Place(spot.file, path(*head, *last), _where(spot)),)


def file(spot: PlacementRule, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: PlacementRule, sense: Sense, tree: Tree) -> Value:
    """The number, the label's value, the list of values, or whether a member is in it; None where it is absent."""
    one = _rule(spot, sense, tree)
    if spot.field == "clusterReplicas":
        return _count(spot, one).read()
    if spot.label:
        return _label(spot, one).read()
    values = _texts(one, _values(spot, one)[1])
    return spot.member in values if spot.member else values


def operations(spot: PlacementRule, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The number or the label, added where it is absent; or what makes the list hold the values.

    EditRefused: a selector would choose more because it lost what it asked for.
    """
    one = _rule(spot, sense, tree)
    if spot.field == "clusterReplicas":
        return _count(spot, one).operations(value)
    if value is None:
        raise EditRefused(_WIDER, where=one.at())
    if spot.label:
        return _label(spot, one).operations(value)
    return _listed(spot, one, value)


def _where(spot: PlacementRule) -> Where:
    return spot.where(spot.kind, _GROUPS[spot.kind])


def _rule(spot: PlacementRule, sense: Sense, tree: Tree) -> Object:
    if spot.field != "clusterReplicas" or sense.form is not None or not sense.of_weight:
        refuse_slots(sense, spot.field, spot.file)
    asked = [name for name in ("label", "key", "member") if getattr(spot, name)]
    if asked not in ([], ["label"], ["key"], ["key", "member"]) or bool(asked) != (spot.field == "selector"):
        raise EditRefused(
            "`field: selector` goes with `label`, with `key`, or with `key` and `member`; no other field does",
            where=spot.file,
        )
    return read_object(spot.file, _where(spot), tree)


def _count(spot: PlacementRule, one: Object) -> Knob:
    return Knob(spot.file, one, ("spec", _COUNTS[spot.kind]), whole_number())


# ---------------------------------------------------------------- selectors

_IN_PREDICATE = ("requiredClusterSelector", "labelSelector")


def _selectors(spot: PlacementRule, one: Object) -> list[tuple[tuple[str | Segment, ...], Part]]:
    """Every selector of the object, and where it is."""
    spec = one.below(one.root, "spec")
    if spot.kind == "PlacementRule":
        found = one.below(spec, "clusterSelector") if spec else None
        return [(("spec", "clusterSelector"), found)] if found else []
    predicates = one.items(spec, "predicates") if spec else []
    selectors = [(number, one.below(part, *_IN_PREDICATE)) for number, part in enumerate(predicates)]
    return [(("spec", "predicates", Index(number), *_IN_PREDICATE), part) for number, part in selectors if part]


def _label(spot: PlacementRule, one: Object) -> Knob:
    """The label where a selector has it, else in the only selector. Errors: PlaceAbsent, EditRefused (several)."""
    label = spot.label or ""
    selectors = _selectors(spot, one)
    found = [(at, part) for at, part in selectors if one.below(part, "matchLabels", label)] or selectors
    if not found:
        raise PlaceAbsent(f"the {spot.kind} has no selector of clusters", where=one.at())
    if len(found) > 1:
        raise EditRefused(f"{len(found)} predicates could be meant", where=one.at(), remedy="Edit it with `yaml`")
    head, selector = found[0]
    return Knob(spot.file, one, ("matchLabels", label), _LABEL, head, selector)


def _values(spot: PlacementRule, one: Object) -> tuple[tuple[str | Segment, ...], list[Part]]:
    """Where the key's values are, and the values. Errors: PlaceAbsent, EditRefused (several; no list of values)."""
    found = [
        ((*at, "matchExpressions", segment(expressions, number, ("key",))), part)
        for at, selector in _selectors(spot, one)
        for expressions in [one.items(selector, "matchExpressions")]
        for number, part in enumerate(expressions)
        if one.text(part, "key") == spot.key
    ]
    if not found:
        raise PlaceAbsent(f"no entry of `matchExpressions` has the key `{spot.key}`", where=one.at())
    if len(found) > 1:
        raise EditRefused(f"{len(found)} entries of `matchExpressions` have the key `{spot.key}`", where=one.at())
    at, part = found[0]
    operator = one.text(part, "operator")
    if operator not in ("In", "NotIn"):
        raise EditRefused(f"the operator of `{spot.key}` is {operator}, which takes no values", where=one.at(part))
    return (*at, "values"), one.items(part, "values")


def _texts(one: Object, parts: list[Part]) -> list[str]:
    for part in parts:
        if part.real.text is None:
            raise EditRefused("a value is a list or a mapping", where=one.at(part))
    return [part.real.text or "" for part in parts]


def _listed(spot: PlacementRule, one: Object, value: Value) -> tuple[Operation, ...]:
    at, parts = _values(spot, one)
    old = _texts(one, parts)
    new = _with_member(spot, old, value, one.at()) if spot.member else _asked(value, one.at())
    if not new:
        raise EditRefused("a selector needs at least one value", where=one.at())

    def place(number: int) -> Place:
        return Place(spot.file, path(*at, Index(number)), one.where)

    if not parts:
        return (Insert(Place(spot.file, path(*at), one.where), new),)
    if len(old) == len(new):
        return tuple(Write(place(n), text) for n, text in enumerate(new) if text != old[n])
    kept = [text for text in old if text in new]
    gone = [number for number, text in enumerate(old) if text not in new]
    if new[: len(kept)] != kept:
        raise EditRefused(
            "the values that stay are in another order", where=one.at(parts[0]), remedy=f"Begin with {', '.join(kept)}"
        )
    return (
        *(Remove(place(number)) for number in reversed(gone)),
        *(Insert(place(number), new[number]) for number in range(len(kept), len(new))),
    )


def _with_member(spot: PlacementRule, old: list[str], value: Value, where: str) -> list[str]:
    if not isinstance(value, bool) and value not in ("true", "false"):
        raise EditRefused("a member is there (true) or not (false)", where=where)
    member = _checked(spot.member, where)
    without = [text for text in old if text != member]
    if value in (False, "false"):
        return without
    return old if member in old else [*old, member]


def _asked(value: Value, where: str) -> list[str]:
    if not isinstance(value, list | tuple):
        raise EditRefused("the values are a list", where=where, remedy="To add one of them, name it with `member`")
    found = [_checked(text, where) for text in value]
    if len(set(found)) != len(found):
        raise EditRefused("a value is there twice", where=where)
    return found


def _checked(value: Value, where: str) -> str:
    if not isinstance(value, str) or _LABEL.parse(value) is None:
        raise EditRefused(f"{value!r} is not {_LABEL.said}", where=where)
    return value
