"""`kustomizePatch`: a value that a patch of a kustomization sets on an object.

Patches are by strategic merge or JSON 6902, inline or in a file; they name the object as it is before prefix and
suffix. A patch of a Secret is never read for this, nor shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_bot.edits.inner import inner
from gitops_bot.edits.locate import locate
from gitops_bot.edits.locators import kustomization
from gitops_bot.edits.locators.kustomization_patches import LITERAL, Patch, is_wide, patches, selects
from gitops_bot.edits.operations import Operation, Remove, Write, carry_out
from gitops_bot.edits.ownership import check_object
from gitops_bot.edits.path import Index, Key, Path, Segment
from gitops_bot.edits.place import Overlay, Place
from gitops_bot.edits.plain import contents
from gitops_bot.edits.scalar import text_of
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.edits.sketch import Scalar
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.kustomize import KustomizePatch

_MOST_LISTED = 12


@dataclass(frozen=True, slots=True)
class _Found:
    """The field in the text of a patch."""

    patch: Patch
    source: Source
    place: Place
    """In the patch's text."""
    whole: Path
    """What goes when the field is removed: of JSON 6902 the operation."""

    @property
    def scalar(self) -> Scalar:
        """The value. Errors: EditError."""
        return locate(self.source, self.place.path, self.place.where, follow=True)

    @property
    def at(self) -> str:
        """`file:line` for messages."""
        return self.source.at(self.scalar.line)


def candidates(spot: KustomizePatch) -> tuple[str, ...]:
    """The kustomization by each of its names, and the patch's file where it is given."""
    return (*([spot.file] if spot.file else []), *kustomization.candidates(spot))


def places(spot: KustomizePatch) -> tuple[Place, ...]:
    """The field in the patch's file, or below `patches` of the kustomization."""
    field = Path.parse(spot.field)
    if spot.file:
        return (Place(spot.file, field, spot.target),)
    return (Place(kustomization.candidates(spot)[0], Path((Key("patches"), *field.segments)), spot.target),)


def file(spot: KustomizePatch, tree: Tree) -> str:
    """The file that holds the patch. Errors: EditError."""
    return _find(spot, tree).patch.file


def read(spot: KustomizePatch, sense: Sense, tree: Tree) -> Value:
    """The value that the patch sets. Errors: EditError; PlaceAbsent says which patches were looked at."""
    found = _found(spot, sense, tree)
    return sense.read(found.scalar, found.at)


def operations(spot: KustomizePatch, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The value in the form that stands there; None takes the field out of the patch."""
    found = _found(spot, sense, tree)
    place, scalar = found.place, found.scalar
    if value is None:
        operation: Operation = Remove(Place(place.file, found.whole, place.where))
    else:
        sense.read(scalar, found.at)
        new = sense.write(held(scalar), value, found.at)
        if text_of(new) == held(scalar):
            return ()
        operation = Write(place, new)
    check_object(tree, found.patch.file, spot.target, Path.parse(spot.field))
    if found.patch.inline is None:
        return (operation,)
    return _inside(spot, found.patch.inline, place, operation, tree)


def warnings(spot: KustomizePatch, tree: Tree) -> tuple[str, ...]:
    """A patch that is for other objects too. Errors: EditError."""
    patch = _find(spot, tree).patch
    if patch.selector is None or not is_wide(patch.selector, spot.target):
        return ()
    return (f"{patch.file}: the patch `{patch}` may be for more objects than {_called(spot.target)}",)


def _inside(
    spot: KustomizePatch, string: Place, place: Place, operation: Operation, tree: Tree
) -> tuple[Operation, ...]:
    """The operation on a patch's own text, as one on the file around it."""
    outer = inner(tree, string)
    text, moves = carry_out(Overlay(tree).having(place.file, outer.source.encode()), operation)
    if not moves:
        return ()
    after = Source.decode(place.file, text.read(place.file) or b"")
    return (outer.rewrite(after, Path.parse(spot.field), old=moves[0].old, new=moves[0].new),)


# ---------------------------------------------------------------- which patch


def _found(spot: KustomizePatch, sense: Sense, tree: Tree) -> _Found:
    found = _find(spot, tree)
    if sense.slot is not None and found.patch.file not in candidates(spot):
        raise EditRefused(
            f"the patch is in {found.patch.file}, whose history a policy follows only where it is named",
            where=kustomization.file(spot, tree),
            remedy=f"Give the edit `file: {found.patch.file}`",
        )
    return found


def _find(spot: KustomizePatch, tree: Tree) -> _Found:
    """The one patch that sets the field. Errors: PlaceAbsent, EditRefused (several, or a Secret's)."""
    if spot.target.kind == "Secret":
        raise EditRefused("a Secret is never edited", where=spot.path)
    one = kustomization.read(kustomization.file(spot, tree), tree)
    field = Path.parse(spot.field)
    looked: list[str] = []
    found: list[_Found] = []
    for patch in patches(one):
        if spot.file in (None, patch.file):
            looked.append(str(patch))
            found += _in_patch(patch, field, spot.target, tree)
    if len(found) == 1:
        return found[0]
    what = f"`{spot.field}` of {_called(spot.target)}"
    if found:
        several = ", ".join(str(one.patch) for one in found)
        raise EditRefused(f"several patches set {what}: {several}", where=one.file, remedy="Leave one of them")
    listed = f"looked at: {', '.join(looked[:_MOST_LISTED])}{', …' if len(looked) > _MOST_LISTED else ''}"
    chooses = any(not isinstance(segment, Key) for segment in field.segments)
    remedy = (
        "A strategic merge chooses an item by its name ([name=…]), JSON 6902 by its number ([0])" if chooses else ""
    )
    raise PlaceAbsent(f"no patch sets {what}; {listed if looked else 'there is none'}", where=one.file, remedy=remedy)


def _in_patch(patch: Patch, field: Path, target: Where, tree: Tree) -> Iterator[_Found]:
    """The field in one patch; nothing where it is for another object, or cannot be read."""
    try:
        source = patch.text(tree)
        documents = contents(source)
    except EditError:
        return
    for number, document in enumerate(documents):
        for path, whole in _paths(patch, document, field, target):
            place = Place(source.file, path, Where(document=number) if len(documents) > 1 else None)
            try:
                locate(source, place.path, place.where, follow=True)
            except PlaceAbsent:
                continue
            yield _Found(patch, source, place, whole)


def _paths(patch: Patch, document: Any, field: Path, target: Where) -> Iterator[tuple[Path, Path]]:
    """Where the field could be in a document, and what goes with it."""
    if isinstance(document, dict) and _is_for(patch, document, target) and "$patch" not in document:
        _refuse_secret(patch, document, target)
        if not _counts(document, field):
            yield field, field
    elif isinstance(document, list) and patch.selector is not None and selects(patch.selector, target):
        _refuse_secret(patch, {}, target)
        yield from _set_by(document, field)


def _is_for(patch: Patch, document: Mapping[str, Any], target: Where) -> bool:
    """Whether a strategic merge is for an object: by its selector, else by the names in it."""
    if patch.selector is not None:
        return selects(patch.selector, target)
    named = document.get("metadata")
    names = named if isinstance(named, dict) else {}
    api = document.get("apiVersion")
    return (
        target.kind in (None, document.get("kind"))
        and target.name in (None, names.get("name"))
        and (target.namespace is None or names.get("namespace") in (None, target.namespace))
        and (target.api is None or api == target.api or (isinstance(api, str) and api.startswith(f"{target.api}/")))
    )


def _set_by(operations_: list[Any], field: Path) -> Iterator[tuple[Path, Path]]:
    """The operations of JSON 6902 that add or replace the field, or something around it."""
    for number, one in enumerate(operations_):
        pointer = one.get("path") if isinstance(one, dict) and one.get("op") in ("add", "replace") else None
        keys = pointer.split("/")[1:] if isinstance(pointer, str) and pointer.startswith("/") else []
        head, rest = field.segments[: len(keys)], field.segments[len(keys) :]
        if keys and len(head) == len(keys) and all(map(_is_token, head, keys)):
            value = Path((Index(number), Key("value"), *rest))
            yield value, (value if rest else Path((Index(number),)))


def _is_token(segment: Segment, token: str) -> bool:
    """Whether a pointer's part (RFC 6901: `~1` is `/`, `~0` is `~`) means what a path's segment means."""
    match segment:
        case Key(name):
            return token.replace("~1", "/").replace("~0", "~") == name
        case Index(number):
            return token == str(number)
    return False


# ---------------------------------------------------------------- refusals and words


def _refuse_secret(patch: Patch, document: Mapping[str, Any], target: Where) -> None:
    """A patch is a Secret's where that is said, and where nobody says whose it is."""
    selected = (patch.selector or {}).get("kind")
    literal = selected if isinstance(selected, str) and LITERAL.fullmatch(selected) else None
    kinds = [target.kind, document.get("kind"), literal]
    if "Secret" in kinds or not any(kinds):
        raise EditRefused(
            f"the patch `{patch}` may be a Secret's, which is never edited",
            where=patch.file,
            remedy="Name the kind of the object that is meant",
        )


def _counts(document: Mapping[str, Any], field: Path) -> bool:
    """Whether the field chooses by number where a strategic merge puts items together by their names."""
    node: Any = document
    for segment in field.segments:
        if isinstance(segment, Index) and any(isinstance(item, dict) for item in kustomization.items(node)):
            return True
        node = node.get(segment.name) if isinstance(segment, Key) and isinstance(node, dict) else None
    return False


def _called(target: Where) -> str:
    name = "/".join(filter(None, (target.namespace, target.name)))
    return " ".join(filter(None, (target.kind, name))) or "any object"
