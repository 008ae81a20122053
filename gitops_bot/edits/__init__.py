"""Edits: the slots of a policy, read from and written into other people's files, byte for byte.

Pure: bytes in, bytes out. A value is found in the parser's events, spliced into the original text, and proven by
parsing the result; whatever cannot be proven is refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gitops_bot.edits.locators import locator
from gitops_bot.edits.place import Overlay, Write, find
from gitops_bot.edits.reading import Value, held
from gitops_bot.edits.splice import splice
from gitops_bot.errors import EditRefused
from gitops_bot.model import Change, SlotMove, SlotName, Slots, Tree, Version
from gitops_bot.policy.schema import Edit

__all__ = ["candidates", "paths", "places", "read", "render"]


def candidates(edits: Sequence[Edit]) -> tuple[str, ...]:
    """Every file that the edits could mean, without reading a tree: to prefetch, and to limit a walk of history."""
    return _unique(path for row, spot in map(locator, edits) for path in row.candidates(spot))


def places(edits: Sequence[Edit]) -> tuple[str, ...]:
    """The identity of every place that the edits could write (`file: path`), without reading a tree.

    Two policies with one in common write the same place. Errors: EditRefused (a path that is not understood).
    """
    return _unique(place.identity for row, spot in map(locator, edits) for place in row.places(spot))


def paths(edits: Sequence[Edit], tree: Tree) -> tuple[str, ...]:
    """The files that the edits mean in this tree. Errors: FileAbsent, EditRefused (a folder with several)."""
    return _unique(row.file(spot, tree) for row, spot in map(locator, edits))


def read(edits: Sequence[Edit], tree: Tree) -> Slots:
    """Every slot as the tree has it; a slot that no edit sets is None.

    Errors: FileAbsent, PlaceAbsent, EditRefused (not readable safely, no version or weight there, or two places of one
    slot that disagree). A place with a tag and one with the same tag and a digest agree; the fuller version is read.
    """
    slots = Slots()
    first: dict[SlotName, Edit] = {}
    for edit in edits:
        row, spot = locator(edit)
        value = row.read(spot, edit.set, tree)
        known = slots.get(edit.set)
        if edit.set in first and not _agree(known, value):
            one, two = _label(first[edit.set], tree), _label(edit, tree)
            raise EditRefused(
                f"{edit.set} is {_said(known)} at {one}, but {_said(value)} at {two}",
                remedy="Bring the places together, or set one of them by another policy",
            )
        first.setdefault(edit.set, edit)
        slots = slots.having(edit.set, _fuller(known, value))
    return slots


def render(edits: Sequence[Edit], tree: Tree, before: Slots, after: Slots) -> tuple[Change, ...]:
    """The changes that take the slots from `before` to `after`: one a file, with every move in it.

    A place that holds its value already is left alone, so a second render on the result gives nothing. Errors:
    FileAbsent, PlaceAbsent, EditRefused (an empty value, a slot without an edit, a place that cannot be written safely,
    or a result that does not read back as `after`).
    """
    overlay = Overlay(tree)
    moves: dict[str, list[SlotMove]] = {}
    for edit in edits:
        value = after.get(edit.set)
        if value == before.get(edit.set):
            continue
        if value is None:
            raise EditRefused(f"{edit.set} would become empty at {_label(edit, overlay)}")
        row, spot = locator(edit)
        for write in row.writes(spot, edit.set, value, overlay):
            overlay, move = _written(overlay, edit.set, write)
            moves.setdefault(write.place.file, []).extend(move)
    _prove(edits, overlay, before, after)
    return tuple(
        Change(path, tree.read(path) or b"", data, tuple(moves[path]))
        for path, data in overlay.files.items()
        if data != tree.read(path)
    )


def _written(overlay: Overlay, slot: SlotName, write: Write) -> tuple[Overlay, tuple[SlotMove, ...]]:
    """The tree with one value written; nothing happens where it stands already."""
    source, scalar = find(overlay, write.place)
    old, new = held(scalar), str(write.value)
    if old == new:
        return overlay, ()
    data = splice(source, scalar, write.value).encode()
    return overlay.having(write.place.file, data), (SlotMove(slot, str(write.place), old, new),)


def _prove(edits: Sequence[Edit], tree: Tree, before: Slots, after: Slots) -> None:
    """Read the slots that change again."""
    changing = [name for name in SlotName if before.get(name) != after.get(name)]
    found = read([edit for edit in edits if edit.set in changing], tree)
    for name in changing:
        if not any(edit.set is name for edit in edits):
            raise EditRefused(f"no edit sets {name}")
        if not _agree(found.get(name), after.get(name)):
            raise EditRefused(
                f"{name} reads {_said(found.get(name))} after writing {_said(after.get(name))}",
                remedy="Two edits may write the same place",
            )


def _agree(one: Value | None, other: Value | None) -> bool:
    """Equal, or versions that share a tag or a digest and differ only in what one of them does not say."""
    if not isinstance(one, Version) or not isinstance(other, Version):
        return one == other
    pairs = [(a, b) for a, b in ((one.tag, other.tag), (one.digest, other.digest)) if a and b]
    return bool(pairs) and all(a == b for a, b in pairs)


def _fuller(known: Value | None, value: Value | None) -> Value | None:
    """What two that agree say together."""
    if isinstance(known, Version) and isinstance(value, Version):
        return Version(known.tag or value.tag, known.digest or value.digest)
    return value


def _label(edit: Edit, tree: Tree) -> str:
    row, spot = locator(edit)
    return str(replace(row.places(spot)[0], file=row.file(spot, tree)))


def _said(value: Value | None) -> str:
    return "empty" if value is None else str(value)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
