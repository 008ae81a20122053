"""`env`: a value in a file of `KEY=value` lines. Its values are text, whatever they look like."""

from __future__ import annotations

from difflib import get_close_matches

from gitops_bot.edits.env_text import EnvText
from gitops_bot.edits.locators.secrets import refuse_secret_source
from gitops_bot.edits.operations import Operation, Rewrite
from gitops_bot.edits.path import Key, Path
from gitops_bot.edits.place import Place
from gitops_bot.edits.scalar import text_of
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditError, EditRefused, FileAbsent, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places.files import EnvValue


def candidates(spot: EnvValue) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: EnvValue) -> tuple[Place, ...]:
    """The key."""
    return (Place(spot.file, Path((Key(spot.key),))),)


def file(spot: EnvValue, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: EnvValue, sense: Sense, tree: Tree) -> Value:
    """The value; None where it is absent and may be added, and for a slot where it is empty."""
    source = _opened(spot, tree)
    entry = source.find(spot.key)
    if entry is None and spot.create:
        return None
    if entry is None:
        raise _absent(spot, source)
    return sense.read_text(entry.value, source.at(entry.line))


def operations(spot: EnvValue, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The file with the value, or (None) without its line. EditRefused: the value is no text of one line."""
    source = _opened(spot, tree)
    entry = source.find(spot.key)
    if entry is None and not spot.create:
        raise _absent(spot, source)
    after, old = source, entry.value if entry else ""
    where = source.at(entry.line) if entry else spot.file
    if entry and value is not None:
        sense.read_text(old, where)
    new = "" if value is None else _text(sense, old, value, where)
    if entry is None:
        after = source if value is None else source.having(spot.key, new)
    elif value is None:
        after = source.without(entry)
    elif new != old:
        after = source.written(entry, new)
    return (Rewrite(spot.file, after.encode(), str(places(spot)[0]), old, new),)


def _text(sense: Sense, old: str, value: Value, where: str) -> str:
    new = text_of(sense.write(old, value, where))
    if any("\ud800" <= char <= "\udfff" for char in new):
        raise EditRefused(f"{new!r} is no text", where=where)
    return new


def _opened(spot: EnvValue, tree: Tree) -> EnvText:
    data = tree.read(spot.file)
    if data is None:
        raise FileAbsent(
            "the file is not in the repository", where=spot.file, remedy="Correct the edit, or add the file"
        )
    refuse_secret_source(spot.file, tree)
    return EnvText.decode(spot.file, data)


def _absent(spot: EnvValue, source: EnvText) -> EditError:
    keys = [entry.key for entry in source.entries()]
    close = get_close_matches(spot.key, keys, n=3)
    known = f"There are: {', '.join(keys[:12])}{', …' if keys[12:] else ''}. " if keys else ""
    if close:
        known = f"Did you mean {' or '.join(f'`{name}`' for name in close)}? "
    return PlaceAbsent(f"there is no `{spot.key}`", where=spot.file, remedy=f"{known}`create: true` adds it")
