"""A label that is a slot: a version or a colour at a fixed path, always text, as Kubernetes wants labels."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from gitops_bot.edits.operations import Operation, Write
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.scalar import text_of
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.errors import EditRefused
from gitops_bot.model import SlotName, Tree, Version

Spot = TypeVar("Spot")

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Label(Generic[Spot]):
    """A locator made of the place that it means."""

    place: Callable[[Spot], Place]

    def candidates(self, spot: Spot) -> tuple[str, ...]:
        """The file."""
        return (self.place(spot).file,)

    def places(self, spot: Spot) -> tuple[Place, ...]:
        """The place."""
        return (self.place(spot),)

    def file(self, spot: Spot, tree: Tree) -> str:  # noqa: ARG002 - the file is named, whether it is there or not
        """The file."""
        return self.place(spot).file

    def read(self, spot: Spot, sense: Sense, tree: Tree) -> Value:
        """The label's value; None where it is empty."""
        place = self.place(spot)
        _refuse_weight(sense, place)
        source, scalar = find(tree, place)
        text = held(scalar)
        return sense.read_text(text, source.at(scalar.line)) if text else None

    def operations(self, spot: Spot, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
        """The label's new value; of a version with a digest the tag alone, for a label holds no more.

        EditRefused: no label's value, or the label would go: then more would be chosen than before.
        """
        place = self.place(spot)
        _refuse_weight(sense, place)
        source, scalar = find(tree, place)
        where = source.at(scalar.line)
        if value is None:
            raise EditRefused("without this label more would be chosen than before", where=where)
        if isinstance(value, Version) and value.tag:
            value = Version(value.tag)
        text = text_of(sense.write(held(scalar), value, where))
        if not _LABEL.fullmatch(text):
            raise EditRefused(f"{text!r} is no value of a label", where=where)
        return (Write(place, text),)


def _refuse_weight(sense: Sense, place: Place) -> None:
    if sense.slot is SlotName.WEIGHT:
        raise EditRefused("a label holds a version, not a weight", where=str(place))
