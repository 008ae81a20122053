"""`helmValue`: a value in a Helm values file, or the version in an image map."""

from __future__ import annotations

from gitops_bot.edits.locators import values
from gitops_bot.edits.locators.objects import path
from gitops_bot.edits.locators.secrets import refuse_secret, refuse_secret_source
from gitops_bot.edits.operations import Operation
from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused, PlaceAbsent
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
    _refuse_sealed(spot.file, tree)
    return values.operations(place, sense, value, tree, create=spot.create)


def _refuse_sealed(file: str, tree: Tree) -> None:
    """Refuse a file that sops encrypts: its checksum is over all values, also over those that can be read."""
    if b"sops" not in (tree.read(file) or b""):
        return
    try:
        source, scalar = find(tree, Place(file, path("sops", "mac")))
    except (PlaceAbsent, EditRefused):
        return
    raise EditRefused(
        "sops encrypts the file and would refuse it after a change from outside",
        where=source.at(scalar.line),
        remedy="Keep what is promoted in a file of its own",
    )


def _place(spot: HelmValue) -> Place:
    return Place(spot.file, Path.parse(spot.key))
