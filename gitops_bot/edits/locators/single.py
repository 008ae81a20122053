"""A slot that lives in one scalar: what most locators come down to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from gitops_bot.edits.place import Place, Write, find
from gitops_bot.edits.reading import Value, held, parse_slot, replace_version
from gitops_bot.model import SlotName, Tree, Version

Spot = TypeVar("Spot")


@dataclass(frozen=True, slots=True)
class Single(Generic[Spot]):
    """A locator made of the place it means."""

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

    def read(self, spot: Spot, slot: SlotName, tree: Tree) -> Value | None:
        """The value there."""
        source, scalar = find(tree, self.place(spot))
        return parse_slot(slot, held(scalar), source.at(scalar.line))

    def writes(self, spot: Spot, slot: SlotName, value: Value, tree: Tree) -> tuple[Write, ...]:
        """A version in the form that stands there (alone, or behind an image's name); a weight as it is."""
        place = self.place(spot)
        source, scalar = find(tree, place)
        where = source.at(scalar.line)
        parse_slot(slot, held(scalar), where)
        if isinstance(value, Version):
            return (Write(place, replace_version(held(scalar), value, where)),)
        return (Write(place, value),)
