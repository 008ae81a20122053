"""Edits: the slots of a policy, read from and written into other people's files, byte for byte.

Pure: bytes in, bytes out. A value is found in the parser's events, spliced into the original text, and proven by
parsing the result; whatever cannot be proven is refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gitops_bot.edits.locators import WARNINGS, locator
from gitops_bot.edits.locators.knative_service import renamed
from gitops_bot.edits.operations import Move, carry_out, quoted
from gitops_bot.edits.place import Overlay
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.edits.shared_base import refuse_shared_base
from gitops_bot.errors import EditRefused
from gitops_bot.model import Change, SlotMove, SlotName, Slots, SlotValue, Tree, Version
from gitops_bot.policy.form import Form, misfit
from gitops_bot.policy.places import Target
from gitops_bot.policy.schema import Edit, HandEdit
from gitops_bot.policy.versions import lower

__all__ = ["candidates", "get", "paths", "places", "put", "read", "render", "sense", "warnings"]

_AS_IS = Sense()
_TYPED = frozenset({"yaml", "json_", "helm_value"})
"""The places that hold text, integers and truth values alike: there the type of what is written counts."""


def candidates(edits: Sequence[Target]) -> tuple[str, ...]:
    """Every file that the edits could mean, without reading a tree: to prefetch, and to limit a walk of history."""
    return _unique(path for row, spot in map(locator, edits) for path in row.candidates(spot))


def places(edits: Sequence[Target]) -> tuple[str, ...]:
    """The identity of every place that the edits could write (`file: path`), without reading a tree.

    Two policies with one in common write the same place. Errors: EditRefused (a path that is not understood).
    """
    return _unique(place.identity for row, spot in map(locator, edits) for place in row.places(spot))


def paths(edits: Sequence[Target], tree: Tree) -> tuple[str, ...]:
    """The files that the edits mean in this tree. Errors: FileAbsent, EditRefused (a folder with several)."""
    return _unique(row.file(spot, tree) for row, spot in map(locator, edits))


def warnings(edits: Sequence[Target], tree: Tree) -> tuple[str, ...]:
    """What people should know about the edits although they go through. Errors: EditError."""
    written = [place for row, spot in map(locator, edits) for place in row.places(spot)]
    known = ((WARNINGS[name], getattr(edit, name)) for edit in edits for name in edit.given if name in WARNINGS)
    return _unique(said for warn, spot in known if not renamed(spot, written) for said in warn(spot, tree))


# ---------------------------------------------------------------- one place


def get(target: Target, tree: Tree, sense: Sense = _AS_IS) -> Value:
    """What a place holds. Errors: FileAbsent, PlaceAbsent, EditRefused (not readable safely)."""
    row, spot = locator(target)
    return row.read(spot, sense, tree)


def put(target: Target, value: Value, tree: Tree, sense: Sense = _AS_IS) -> tuple[Change, ...]:
    """The changes that make a place hold a value; None removes it.

    Nothing changes where it holds the value already. Errors: FileAbsent, PlaceAbsent, EditRefused.
    """
    if not sense.as_is:
        value = sense.meant(value, " or ".join(candidates([target])))
    exact = sense.as_is and target.given[0] in _TYPED
    overlay, moves = _carried(target, sense, value, Overlay(tree), exact=exact)
    # What is written as it is at a path is proven where it stands, and may be what the path is chosen by.
    proven = exact and target.helm_value is None
    if moves and not proven and not isinstance(value, Mapping | list | tuple | None):
        found = get(target, overlay, sense)
        if not _holds(found, value, sense, exact=exact):
            raise EditRefused(f"{quoted(value)} would be read back as {quoted(found)}", where=moves[0].place)
    return _changes(tree, overlay, [(sense.slot, move, "") for move in moves])


def _holds(found: Value, value: Value, sense: Sense, *, exact: bool) -> bool:
    """Whether what was read is what was to be written, in whatever terms each of them comes."""
    if isinstance(found, Version) or isinstance(value, Version):
        return _agree(sense.version(found, ""), sense.version(value, ""))
    return _said(found) == _said(value) and (not exact or type(found) is type(value))


# ---------------------------------------------------------------- the slots of a policy


def read(edits: Sequence[Edit], tree: Tree) -> Slots:
    """Every slot as the tree has it; a slot that no edit sets is None.

    Errors: FileAbsent, PlaceAbsent, EditRefused (not readable safely, no version or weight there, an active colour that
    no edit knows, or two places of one slot that disagree). A place with a tag and one with the same tag and a digest
    agree; the fuller version is read.
    """
    slots = Slots()
    first: dict[tuple[SlotName, str], Edit] = {}
    for edit in sorted(edits, key=lambda edit: edit.of is not None):  # whose place it is says the active colour
        _refuse_unknown_color(edit, slots, edits)
        slot = edit.slot(slots), edit.variant(slots)
        value = _slot_value(edit, tree)
        known = slots.get(*slot)
        if slot in first and not _agree(known, value):
            one, two = _label(first[slot], tree), _label(edit, tree)
            raise EditRefused(
                f"{' of '.join(filter(None, slot))} is {_said(known)} at {one}, but {_said(value)} at {two}",
                remedy="Bring the places together, or set one of them by another policy",
            )
        first.setdefault(slot, edit)
        slots = slots.having(slot[0], _fuller(known, value), slot[1])
    return slots


def _refuse_unknown_color(edit: Edit, slots: Slots, edits: Sequence[Edit]) -> None:
    colors = _unique(one.of for one in edits if one.of)
    if edit.of and slots.active not in colors and any(one.set is SlotName.COLOR for one in edits):
        said = f"is {slots.active}" if slots.active else "is empty"
        raise EditRefused(f"activeColor {said}, and the edits know {' and '.join(colors)}")


def render(edits: Sequence[Edit], tree: Tree, before: Slots, after: Slots, *, back: bool = False) -> tuple[Change, ...]:
    """The changes that take the slots from `before` to `after`: one a file, with every move in it.

    A place that holds its value already is left alone, so a second render on the result gives nothing. `back`: versions
    may fall. Errors: FileAbsent, PlaceAbsent, EditRefused (an empty value where the place stays, a version lower than
    the one there, a slot without an edit, a place that cannot be written safely, or a result that does not read back as
    `after`).
    """
    overlay = Overlay(tree)
    moves: list[tuple[SlotName | None, Move, str]] = []
    for edit in edits:
        slot, old, new = edit.slot(before), edit.held(before), edit.held(after)
        if new == old:
            continue
        if new is None and not edit.comes_and_goes:
            raise EditRefused(f"{slot} would become empty at {_label(edit, overlay)}")
        if not back:
            # What a colour ran before it became idle is no measure for what it runs next.
            _refuse_fall(slot, before.stable if edit.of else old, new, _label(edit, overlay))
            if slot is SlotName.COLOR:
                _refuse_fall(SlotName.STABLE, before.stable, after.stable, _label(edit, overlay))
        overlay, made = _carried(edit, sense(edit), new, overlay)
        moves += [(slot, move, edit.variant(before)) for move in made]
    _prove(edits, overlay, before, after)
    return _changes(tree, overlay, moves)


def _refuse_fall(slot: SlotName, old: SlotValue, new: SlotValue, where: str) -> None:
    if isinstance(old, Version) and isinstance(new, Version) and lower(new, old):
        raise EditRefused(
            f"{slot} would fall from {old} to {new} at {where}",
            remedy="Only a rollback lowers a version",
        )


def sense(edit: HandEdit) -> Sense:
    """How an edit takes the text at its place. EditRefused: its form is none, or does not spell its slot."""
    if edit.value is None:
        return Sense(edit.set, of_several=isinstance(edit, Edit) and edit.of is not None)
    if said := misfit(edit.value, edit.set):
        raise EditRefused(f"`value: {edit.value}` {said}")
    return Sense(edit.set, Form.parse(edit.value))


def _slot_value(edit: Edit, tree: Tree) -> SlotValue:
    row, spot = locator(edit)
    value = row.read(spot, sense(edit), tree)
    assert value is None or isinstance(value, Version | int | str), "a slot's sense gives its own type"
    return value


def _carried(
    target: Target, how: Sense, value: Value, overlay: Overlay, *, exact: bool = False
) -> tuple[Overlay, tuple[Move, ...]]:
    row, spot = locator(target)
    moves: list[Move] = []
    for operation in row.operations(spot, how, value, overlay):
        overlay, made = carry_out(overlay, operation, follow=target.shared_anchors == "allow", exact=exact)
        moves += made
    for file in _unique(move.file for move in moves):
        refuse_shared_base(target, file, overlay.base)
    return overlay, tuple(moves)


def _changes(tree: Tree, overlay: Overlay, moves: Sequence[tuple[SlotName | None, Move, str]]) -> tuple[Change, ...]:
    return tuple(
        Change(
            path,
            tree.read(path),
            data,
            tuple(SlotMove(slot, move.place, move.old, move.new, of) for slot, move, of in moves if move.file == path),
        )
        for path, data in overlay.files.items()
        if data != tree.read(path)
    )


def _prove(edits: Sequence[Edit], tree: Tree, before: Slots, after: Slots) -> None:
    """Read the slots that change again."""
    changing = {name for name in SlotName if before.get(name) != after.get(name)}
    for name in sorted(changing):
        if not any(name in edit.sets for edit in edits):
            raise EditRefused(f"no edit sets {name}")
    moved = [edit for edit in edits if edit.held(before) != edit.held(after)]
    whole = any(edit.of for edit in edits)
    found = read([edit for edit in edits if whole or edit.set in {one.set for one in moved}], tree)
    for edit in moved:
        if not _agree(edit.held(found), edit.held(after)):
            raise EditRefused(
                f"{edit.slot(after)} reads {_said(edit.held(found))} after writing {_said(edit.held(after))}",
                remedy="Two edits may write the same place",
            )
    for name in changing:
        if not _agree(found.get(name), after.get(name)):
            raise EditRefused(f"{name} reads {_said(found.get(name))} after writing {_said(after.get(name))}")


def _agree(one: Value, other: Value) -> bool:
    """Equal, or versions that share a tag or a digest and differ only in what one of them does not say."""
    if not isinstance(one, Version) or not isinstance(other, Version):
        return one == other
    pairs = [(a, b) for a, b in ((one.tag, other.tag), (one.digest, other.digest)) if a and b]
    return bool(pairs) and all(a == b for a, b in pairs)


def _fuller(known: SlotValue, value: SlotValue) -> SlotValue:
    """What two that agree say together."""
    if isinstance(known, Version) and isinstance(value, Version):
        return Version(known.tag or value.tag, known.digest or value.digest)
    return value


def _label(edit: Edit, tree: Tree) -> str:
    row, spot = locator(edit)
    file, known = row.file(spot, tree), row.places(spot)
    return str(replace(known[0], file=file)) if known else file


def _said(value: Value) -> str:
    return value if isinstance(value, str) else quoted(value)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
