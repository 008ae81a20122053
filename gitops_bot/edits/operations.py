"""What locators ask for, and how it is carried out: one value, one entry or one file at a time, each proven.

A locator never touches bytes: it says what should be where.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from gitops_bot.edits.insert import insert
from gitops_bot.edits.ownership import check
from gitops_bot.edits.place import Overlay, Place, find, load
from gitops_bot.edits.remove import remove
from gitops_bot.edits.scalar import is_plain, text_of
from gitops_bot.edits.sealed import refuse_sealed
from gitops_bot.edits.sense import Data, Plain, held, typed
from gitops_bot.edits.sketch import Scalar
from gitops_bot.edits.splice import splice
from gitops_bot.errors import EditRefused


@dataclass(frozen=True, slots=True)
class Write:
    """A single value over the one at a place."""

    place: Place
    value: Plain


@dataclass(frozen=True, slots=True)
class Insert:
    """What is absent: the last segment of the place names the new key, or the new item of a list."""

    place: Place
    data: Data
    said: str = ""
    """What people are told stands there now; default: the data in short."""


@dataclass(frozen=True, slots=True)
class Remove:
    """A key with its value, an item of a list, or (a path without segments) a whole document."""

    place: Place


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file's new content, made and proven by the locator itself; None removes the file."""

    file: str
    after: bytes | None
    place: str
    """`file: path`, for people."""
    old: str = ""
    new: str = ""


Operation = Write | Insert | Remove | Rewrite


@dataclass(frozen=True, slots=True)
class Move:
    """What one operation changed, for people."""

    file: str
    place: str
    old: str
    new: str


def carry_out(
    tree: Overlay, operation: Operation, *, follow: bool = False, exact: bool = False
) -> tuple[Overlay, tuple[Move, ...]]:
    """The tree after one operation; nothing happens where it is done already.

    `follow`: values that others share through an anchor may be written. `exact`: the same text of another type (`"5"`
    over `5`) is not done yet. Errors: FileAbsent, PlaceAbsent, EditRefused.
    """
    match operation:
        case Write(place, value):
            return _write(tree, place, value, follow=follow, exact=exact)
        case Insert(place, data, said):
            _allowed(tree, place)
            after = insert(load(tree, place.file), place.path, data, place.where).encode()
            move = Move(place.file, str(place), "", said or in_short(data))
        case Remove(place):
            _allowed(tree, place)
            after = remove(load(tree, place.file), place.path, place.where).encode()
            move = Move(place.file, str(place), "present", "")
        case Rewrite(file, after, place_text, old, new):
            if tree.read(file) == after:
                return tree, ()
            refuse_sealed(tree, file)
            return tree.having(file, after), (Move(file, place_text, old, new),)
        case _:
            assert_never(operation)
    return tree.having(place.file, after or None), (move,)


def _write(tree: Overlay, place: Place, value: Plain, *, follow: bool, exact: bool) -> tuple[Overlay, tuple[Move, ...]]:
    source, scalar = find(tree, place, follow=follow)
    old, new = held(scalar), text_of(value)
    if _is(scalar, value) if exact else old == new:
        return tree, ()
    _allowed(tree, place)
    if exact and not isinstance(value, str):
        scalar = _bare(scalar, value, str(place))
    after = splice(source, scalar, value).encode()
    return tree.having(place.file, after), (Move(place.file, str(place), old, new),)


def _allowed(tree: Overlay, place: Place) -> None:
    """Refuse what a controller writes at run time, and what is encrypted. Errors: EditRefused."""
    refuse_sealed(tree, place.file)
    check(tree, place)


def _bare(scalar: Scalar, value: Plain, where: str) -> Scalar:
    """The scalar as if it had no quotes, in which a number would be text. EditRefused: it would be read as another."""
    bare = replace(scalar, style="")
    found = typed(replace(bare, text=text_of(value)))
    if type(found) is not type(value) or found != value:
        raise EditRefused(f"{quoted(value)} would be read back as {quoted(found)}", where=where)
    return bare


def _is(scalar: Scalar, value: Plain) -> bool:
    """Whether every reader takes what stands there for this very value."""
    found = typed(scalar)
    if type(found) is not type(value) or found != value:
        return False
    return bool(scalar.style or scalar.tag) or not isinstance(value, str) or is_plain(value, flow=scalar.flow)


def in_short(data: Data) -> str:
    """Data on one line, for people."""
    match data:
        case None:
            return "null"
        case str() | int():
            return text_of(data)
        case list() | tuple():
            return f"[{', '.join(map(in_short, data))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {in_short(value)}' for key, value in data.items())}}}"
    return str(data)


def quoted(value: object) -> str:
    """A single value for people, text in quotes."""
    if isinstance(value, str):
        return repr(value)
    return "empty" if value is None else text_of(value) if isinstance(value, bool) else str(value)
