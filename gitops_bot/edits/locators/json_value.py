"""`json`: a value in any JSON file, by the same contract as `yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gitops_bot.edits import json_edits
from gitops_bot.edits.json_text import JsonText, Members, Number, Reach, text_below
from gitops_bot.edits.locators.secrets import VALUES, refuse_secret_source
from gitops_bot.edits.operations import Operation, Rewrite, in_short
from gitops_bot.edits.path import Key, Path
from gitops_bot.edits.place import Place
from gitops_bot.edits.scalar import text_of
from gitops_bot.edits.sense import Data, Plain, Sense, Value
from gitops_bot.errors import EditRefused, FileAbsent
from gitops_bot.model import Tree, Version
from gitops_bot.policy.places.files import JsonValue

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")


def candidates(spot: JsonValue) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: JsonValue) -> tuple[Place, ...]:
    """The place."""
    return (Place(spot.file, Path.parse(spot.path)),)


def file(spot: JsonValue, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: JsonValue, sense: Sense, tree: Tree) -> Value:
    """The value there; None for null, and where it is absent and may be added."""
    way = _way(spot, tree)
    if spot.create and way.missing:
        return None
    value = _single(way, way.source.held(way.found()))
    return value if value is None or sense.as_is else sense.read_text(text_of(value), way.where)


def operations(spot: JsonValue, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The file with the value, or (None) without the member or the item.

    EditRefused: a mapping or a list is there, or something else than one value where one is.
    """
    way = _way(spot, tree)
    refuse_secret_source(spot.file, tree)
    absent = spot.create and bool(way.missing)
    if value is None:
        return () if absent else (_rewrite(spot, json_edits.remove(way), "present", ""),)
    if absent:
        data = value if sense.as_is and not isinstance(value, Version) else sense.write("", value, spot.file)
        return (_rewrite(spot, json_edits.insert(way, data), "", in_short(data)),)
    found = way.source.held(way.found())
    if isinstance(value, Mapping | list | tuple):
        return _same(way, found, value)
    old = _single(way, found)
    new = _new(sense, old, value, way.where)
    exact = sense.as_is and isinstance(found, Number) and isinstance(old, str)  # `1.5` is no text
    if type(old) is type(new) and old == new and not exact:
        return ()
    return (_rewrite(spot, json_edits.write(way, new), "" if old is None else text_of(old), text_of(new)),)


def _way(spot: JsonValue, tree: Tree) -> Reach:
    """How far the path goes. Errors: FileAbsent, EditRefused (no JSON, several matches, a Secret's values)."""
    data = tree.read(spot.file)
    if data is None:
        raise FileAbsent(
            "the file is not in the repository", where=spot.file, remedy="Correct the edit, or add the file"
        )
    source = JsonText.decode(spot.file, data)
    way = source.reach(Path.parse(spot.path))
    for span, segment in zip(way.spans, way.path.segments, strict=False):
        inside = isinstance(segment, Key) and segment.name in VALUES
        if inside and text_below(source.held(span), (Key("kind"),)) == "Secret":
            raise EditRefused("what a Secret holds is neither edited nor shown", where=source.at(span.value))
    return way


def _rewrite(spot: JsonValue, after: JsonText, old: str, new: str) -> Rewrite:
    return Rewrite(spot.file, after.encode(), str(Place(spot.file, Path.parse(spot.path))), old, new)


def _same(way: Reach, found: Any, value: Data) -> tuple[Operation, ...]:
    """Nothing to do. EditRefused: something else is there, and would be lost."""
    if json_edits.decoded(value, way.where) != found:
        raise EditRefused(f"`{way.path}` is there and holds something else", where=way.where, remedy="Remove it first")
    return ()


def _single(way: Reach, found: Any) -> Plain | None:
    """A single value as what it is; a number that is no integer is its text. EditRefused: no single value."""
    if isinstance(found, Members | list):
        what = "a mapping" if isinstance(found, Members) else "a list"
        raise EditRefused(f"`{way.path}` is {what}, not a single value", where=way.where)
    if isinstance(found, Number):
        return int(found.text) if _INTEGER.fullmatch(found.text) else found.text
    if isinstance(found, str) and any("\ud800" <= char <= "\udfff" for char in found):
        raise EditRefused(f"`{way.path}` is no text: it holds half a character", where=way.where)
    return found if isinstance(found, str | bool) else None


def _new(sense: Sense, old: Plain | None, value: Value, where: str) -> Plain:
    """What is written; text stays text, and a slot that is spelled there already stays as it is."""
    text = "" if old is None else text_of(old)
    if sense.as_is:
        return sense.write(text, value, where)
    if old is not None:
        sense.read_text(text, where)
    new = sense.write(text, value, where)
    if old is not None and text_of(new) == text:
        return old
    return text_of(new) if isinstance(old, str) else new
