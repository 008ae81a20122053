"""A value among Helm values: a single one, the version of an image map (`tag`, `digest`), or a block that is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_bot.edits.locate import document
from gitops_bot.edits.locators.objects import Object, Part, read_object
from gitops_bot.edits.locators.pair import Pair
from gitops_bot.edits.operations import Insert, Operation, Remove, Write, in_short
from gitops_bot.edits.path import Filter, Index, Key, Path, Segment
from gitops_bot.edits.place import Place, find, load
from gitops_bot.edits.reach import reach
from gitops_bot.edits.scalar import text_of
from gitops_bot.edits.sense import Data, Sense, Value, held, typed
from gitops_bot.edits.sketch import sketch
from gitops_bot.edits.wrap import wrapped
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where

_TAG, _DIGEST, _REPOSITORY = "tag", "digest", "repository"


def read(place: Place, sense: Sense, tree: Tree, *, create: bool = False) -> Value:
    """What the place holds; None where it is empty, or absent and may be created. Errors: EditError."""
    try:
        source, scalar = find(tree, place)
    except PlaceAbsent as error:
        if create:
            return None
        raise with_hint(error, place, tree) from None
    except EditRefused:
        image = _image(place, tree, create=create)
        if image is None:
            raise
        return image.pair.version(sense, str(place))
    if not sense.as_is:
        refuse_template(scalar.text, source.at(scalar.line))
    return sense.read(scalar, source.at(scalar.line))


def operations(
    place: Place, sense: Sense, value: Value, tree: Tree, *, create: bool = False, text: bool = False
) -> tuple[Operation, ...]:
    """What makes the place hold the value; `text`: only strings may stand there. Errors: EditError."""
    if value is None:
        return () if create and _is_absent(place, tree) else (Remove(place),)
    if isinstance(value, Mapping | list | tuple) and not text:
        return block(place, value, tree, create=create)
    try:
        source, scalar = find(tree, place)
    except PlaceAbsent as error:
        if not create:
            raise with_hint(error, place, tree) from None
        new = sense.write("", value, str(place))
        return (Insert(place, text_of(new) if text else new),)
    except EditRefused:
        image = _image(place, tree, create=create)
        if image is None:
            raise
        return _renewed(place, image, sense, value)
    where = source.at(scalar.line)
    if not sense.as_is:
        refuse_template(scalar.text, where)
    sense.read(scalar, where)
    new = sense.write(held(scalar), value, where)
    return (Write(place, text_of(new) if text else new),)


def _is_absent(place: Place, tree: Tree) -> bool:
    try:
        find(tree, place)
    except PlaceAbsent:
        return True
    except EditRefused:  # something is there, if no single value
        return False
    return False


def refuse_template(text: str, where: str, remedy: str = "Name the value that fills it in") -> None:
    """Refuse text that something else fills in: over it a value would be a loss."""
    if "{{" in text:
        raise EditRefused(f"{text!r} stands there, a template that is filled in later", where=where, remedy=remedy)


def with_hint(error: PlaceAbsent, place: Place, tree: Tree) -> PlaceAbsent:
    """The error, with the advice to add what is absent where that is possible."""
    if not _fits(place, tree):
        return error
    known = f"{error.remedy} " if error.remedy.endswith("?") else f"{error.remedy}. " if error.remedy else ""
    return PlaceAbsent(error.what, where=error.where, remedy=f"{known}`create: true` adds it")


def _fits(place: Place, tree: Tree) -> bool:
    """Whether something could be added there: what is on the way takes a key or an item, or is not there either."""
    source = load(tree, place.file)
    documents = sketch(source)
    if place.where is None and all(one.empty for one in documents):
        return True
    try:
        missing = reach(source, place.path, document(source, documents, place.where)).missing
        wrapped(source, missing[1:], "")
    except EditError:
        return False
    return bool(missing)


# ---------------------------------------------------------------- image maps


def _below(place: Place, *segments: Segment) -> Place:
    return Place(place.file, Path((*place.path.segments, *segments)), place.where)


def _text(place: Place, key: str, tree: Tree) -> str | None:
    """The text at a key of a map; None where it is absent."""
    try:
        return held(find(tree, _below(place, Key(key)))[1])
    except PlaceAbsent:
        return None


@dataclass(frozen=True, slots=True)
class _Image:
    """An image map's version."""

    pair: Pair
    joined: bool = False
    """`tag: v1@sha256:…`."""
    absent: bool = False
    """It has a `repository` alone and waits for its tag."""


def _image(place: Place, tree: Tree, *, create: bool) -> _Image | None:
    """What an image map says of its version; None where this is no such map."""
    tag, digest = _text(place, _TAG, tree), _text(place, _DIGEST, tree)
    if tag is None and digest is None:
        waits = create and _text(place, _REPOSITORY, tree)
        return _Image(Pair("", None), absent=True) if waits else None
    if tag and digest is None and "@" in tag:
        tag, _, digest = tag.partition("@")
        return _Image(Pair(tag, digest), joined=True)
    return _Image(Pair(tag, digest))


def _renewed(place: Place, image: _Image, sense: Sense, value: Value) -> tuple[Operation, ...]:
    old, new = image.pair, image.pair.renewed(sense, value, str(place))
    tag, digest = _below(place, Key(_TAG)), _below(place, Key(_DIGEST))
    if image.absent:
        return (Insert(tag, new.tag),)
    if image.joined:
        return (Write(tag, f"{new.tag}@{new.digest}"),)
    texts = ((tag, old.tag, new.tag), (digest, old.digest, new.digest))
    return tuple(Write(at, text) for at, was, text in texts if text and text != was)


# ---------------------------------------------------------------- blocks


def block(place: Place, data: Data, tree: Tree, *, create: bool) -> tuple[Operation, ...]:
    """Mappings and lists are added whole, never written over what is there. EditRefused: something else is there."""
    try:
        _, scalar = find(tree, place)
        empty = not held(scalar)
    except PlaceAbsent as error:
        if not create:
            raise with_hint(error, place, tree) from None
        empty = True
    except EditRefused:
        part = _part(read_object(place.file, place.where or Where(), tree), place.path)
        if _same(place, part, data, tree):
            return ()
        empty = part is not None and not (part.real.keys or part.real.items or part.real.text)
    if create and empty:
        return (Insert(place, data),)
    raise EditRefused(
        f"something else than {in_short(data)} is there already",
        where=str(place),
        remedy="Name the keys below it one by one",
    )


def _part(whole: Object, path: Path) -> Part | None:
    part: Part | None = whole.root
    for segment in path.segments:
        match segment:
            case _ if part is None:
                return None
            case Key(name):
                part = whole.below(part, name)
            case Index(number):
                part = next(iter((part.real.items or [])[number : number + 1]), None)
            case Filter(keys, value):
                names = [key.name for key in keys]
                part = next((item for item in part.real.items or [] if whole.text(item, *names) == value), None)
    return part


def _same(place: Place, part: Part | None, data: Data, tree: Tree) -> bool:
    """Whether what is there is this very data."""
    if part is None:
        return False
    keys, items = part.real.keys, part.real.items
    if isinstance(data, Mapping):
        return (
            keys is not None
            and set(keys) == set(data)
            and all(
                len(keys[key]) == 1 and _same(_below(place, Key(key)), keys[key][0], value, tree)
                for key, value in data.items()
            )
        )
    if isinstance(data, list | tuple):
        return (
            items is not None
            and len(items) == len(data)
            and all(_same(_below(place, Index(n)), items[n], value, tree) for n, value in enumerate(data))
        )
    if part.real.text is None:
        return False
    found = typed(find(tree, place)[1])
    return type(found) is type(data) and found == data
