"""Where slots live: one small module a locator, and the table that lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from gitops_bot.edits.locators import helm_value, kustomize_image, yaml_value
from gitops_bot.edits.locators.single import Single
from gitops_bot.edits.place import Place, Write
from gitops_bot.edits.reading import Value
from gitops_bot.errors import EditRefused
from gitops_bot.model import SlotName, Tree
from gitops_bot.policy.schema import Edit

Spot_contra = TypeVar("Spot_contra", contravariant=True)


class Locator(Protocol[Spot_contra]):
    """How one kind of edit is found, read and written; every method may raise EditError."""

    def candidates(self, spot: Spot_contra, /) -> tuple[str, ...]:
        """Every file that could be meant, without reading the tree."""
        ...

    def places(self, spot: Spot_contra, /) -> tuple[Place, ...]:
        """Every place that could be written, without reading the tree, in its first candidate."""
        ...

    def file(self, spot: Spot_contra, tree: Tree, /) -> str:
        """The file that is meant."""
        ...

    def read(self, spot: Spot_contra, slot: SlotName, tree: Tree, /) -> Value | None:
        """The slot's value; None where the place is there and empty."""
        ...

    def writes(self, spot: Spot_contra, slot: SlotName, value: Value, tree: Tree, /) -> tuple[Write, ...]:
        """What to write where, so that the slot holds the value; what stands there already may be among it."""
        ...


LOCATORS: Mapping[str, Locator[Any]] = {
    "kustomize_image": kustomize_image,
    "helm_value": Single(helm_value.place),
    "yaml": Single(yaml_value.place),
}
"""By the name of the edit's field."""


def locator(edit: Edit) -> tuple[Locator[Any], Any]:
    """The locator of an edit and what it is given. EditRefused unless the edit has exactly one place."""
    given = [(row, spot) for name, row in LOCATORS.items() if (spot := getattr(edit, name)) is not None]
    if len(given) != 1:
        raise EditRefused(f"an edit has exactly one place, this one has {len(given)}")
    return given[0]
