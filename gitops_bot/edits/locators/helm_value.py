"""`helmValue`: a value in a Helm values file, or the version in an image map."""

from __future__ import annotations

from gitops_bot.edits.locators import values
from gitops_bot.edits.locators.secrets import refuse_secret, refuse_secret_source
from gitops_bot.edits.operations import Operation
from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.model import Tree
from gitops_bot.policy.places.helm import HelmValue


def candidates(spot: HelmValue) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: HelmValue) -> tuple[Place, ...]:
    """The key in the one document of the file."""
    return (_place(spot),)


def file(spot: HelmValue, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: HelmValue, sense: Sense, tree: Tree) -> Value:
    """The value at the key; None where it is empty, or absent and may be created."""
    place = _place(spot)
    refuse_secret(place, tree)
    return values.read(place, sense, tree, create=spot.create)


def operations(spot: HelmValue, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The value in the form that stands there; an absent key is added where that is allowed."""
    place = _place(spot)
    refuse_secret(place, tree)
    refuse_secret_source(spot.file, tree)
    return values.operations(place, sense, value, tree, create=spot.create)


def _place(spot: HelmValue) -> Place:
    return Place(spot.file, Path.parse(spot.key))
