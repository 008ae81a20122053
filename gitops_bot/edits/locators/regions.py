"""`regions`: how many regions have the candidate, as switches that are turned on one after the other."""

from __future__ import annotations

from typing import Any

from gitops_bot.edits.locators import helm_value, placement_rule, yaml_value
from gitops_bot.edits.operations import Operation, carry_out
from gitops_bot.edits.place import Overlay, Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree
from gitops_bot.policy.places.regions import Regions, Switch

_AS_IS = Sense()


def candidates(spot: Regions) -> tuple[str, ...]:
    """The files of all."""
    found = (path for row, inner in map(_row, spot.each.values()) for path in row.candidates(inner))
    return tuple(dict.fromkeys(found))


def places(spot: Regions) -> tuple[Place, ...]:
    """Every switch."""
    return tuple(place for row, inner in map(_row, spot.each.values()) for place in row.places(inner))


def file(spot: Regions, tree: Tree) -> str:
    """The first region's file."""
    row, inner = _row(next(iter(spot.each.values())))
    return str(row.file(inner, tree))


def read(spot: Regions, sense: Sense, tree: Tree) -> Value:
    """How many are on. EditRefused: one that is on comes after one that is off."""
    _refuse_others(spot, sense, tree)
    on = _switches(spot, tree)
    names = list(spot.each)
    count = sum(on)
    if not all(on[:count]):
        late, early = names[len(on) - 1 - on[::-1].index(True)], names[on.index(False)]
        what = f"{late} has the candidate, and {early}, which comes before it, has not"
        raise EditRefused(what, where=file(spot, tree), remedy="Correct the switches, or their order in the policy")
    return count


def operations(spot: Regions, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The switches that change."""
    _refuse_others(spot, sense, tree)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= len(spot.each):
        what = f"there are {len(spot.each)} regions, and {value} of them is none of 0 to {len(spot.each)}"
        raise EditRefused(what, where=file(spot, tree))
    changing = [
        (switch, number < value)
        for number, (switch, on) in enumerate(zip(spot.each.values(), _switches(spot, tree), strict=True))
        if on is not (number < value)
    ]
    found: list[Operation] = []
    desk = Overlay(tree)
    for switch, wanted in changing:  # each sees what the one before it did to a list that they share
        row, inner = _row(switch)
        operations: tuple[Operation, ...] = row.operations(inner, _AS_IS, wanted, desk)
        for operation in operations:
            desk, _ = carry_out(desk, operation)
        found += operations
    return tuple(found)


def _refuse_others(spot: Regions, sense: Sense, tree: Tree) -> None:
    if not (sense.as_is or sense.of_weight) or sense.form is not None:
        raise EditRefused("regions hold a ring, nothing else", where=file(spot, tree))


def _switches(spot: Regions, tree: Tree) -> list[bool]:
    found = []
    for name, switch in spot.each.items():
        row, inner = _row(switch)
        value = row.read(inner, _AS_IS, tree)
        if not isinstance(value, bool | None):
            what = f"the switch of {name} is {value!r}, neither true nor false"
            raise EditRefused(what, where=str(row.file(inner, tree)))
        found.append(bool(value))
    return found


def _row(switch: Switch) -> tuple[Any, Any]:
    if switch.helm_value:
        return helm_value, switch.helm_value
    return (yaml_value, switch.yaml) if switch.yaml else (placement_rule, switch.placement_rule)
