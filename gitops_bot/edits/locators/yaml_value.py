"""`yaml`: a value in any YAML file."""

from __future__ import annotations

from collections.abc import Mapping

from gitops_bot.edits.locate import document
from gitops_bot.edits.locators import values
from gitops_bot.edits.locators.secrets import refuse_secret, refuse_secret_source
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Place, find, load
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.edits.sketch import sketch
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places.files import YamlValue

_DOCUMENT = "."
"""The path of a whole document."""


def candidates(spot: YamlValue) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: YamlValue) -> tuple[Place, ...]:
    """The place."""
    return (_place(spot),)


def file(spot: YamlValue, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: YamlValue, sense: Sense, tree: Tree) -> Value:
    """The value there; None where it is empty, or absent and may be added."""
    place = _place(spot)
    refuse_secret(place, tree)
    try:
        source, scalar = find(tree, place)
    except PlaceAbsent as error:
        if spot.create and _has_document(place, tree):
            return None
        raise (error if spot.create else values.with_hint(error, place, tree)) from None
    return sense.read(scalar, source.at(scalar.line))


def operations(spot: YamlValue, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The value in the form that stands there; None removes the key, the item or the document.

    Mappings and lists are only ever added. EditRefused: something else is there, or it is a Secret's.
    """
    place = _place(spot)
    refuse_secret(place, tree)
    refuse_secret_source(spot.file, tree)
    if value is None:
        return () if spot.create and _is_absent(place, tree) else (Remove(place),)
    if not place.path.segments:
        raise EditRefused("a whole document can only be removed", where=str(place))
    if isinstance(value, Mapping | list | tuple):
        return values.block(place, value, tree, create=spot.create)
    try:
        source, scalar = find(tree, place)
    except PlaceAbsent as error:
        if not spot.create:
            raise values.with_hint(error, place, tree) from None
        return (Insert(place, sense.write("", value, str(place))),)
    where = source.at(scalar.line)
    sense.read(scalar, where)
    return (Write(place, sense.write(held(scalar), value, where)),)


def _place(spot: YamlValue) -> Place:
    path = Path(()) if spot.path == _DOCUMENT else Path.parse(spot.path)
    return Place(spot.file, path, spot.where)


def _is_absent(place: Place, tree: Tree) -> bool:
    """Whether there is nothing to remove. EditRefused: that cannot be told."""
    try:
        find(tree, place)
    except PlaceAbsent:
        return True
    except EditRefused:
        return False
    return False


def _has_document(place: Place, tree: Tree) -> bool:
    """Whether something could be added: to the document that is chosen, or to a file that has none at all."""
    source = load(tree, place.file)
    documents = sketch(source)
    if place.where is None and all(one.empty for one in documents):
        return True
    try:
        document(source, documents, place.where)
    except PlaceAbsent:
        return False
    return True
