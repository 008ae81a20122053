"""The traffic block of a Knative Service: its entries, and how percents, tags and pins are changed in it.

An entry is known by its revision, by its tag, or by following the latest revision. An absent percent is 0, and all of
them add up to 100. Without a block everything goes to the latest revision: there is no split yet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gitops_bot.edits.locators.objects import Object, Part, lines, path, read_object, segment
from gitops_bot.edits.locators.split import Share, Split, share
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Index
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Data
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.routes import KnativeService

PERCENT, TAG, REVISION, LATEST = "percent", "tag", "revisionName", "latestRevision"
_TRUE = frozenset({"true", "True", "TRUE"})
_TAG_FORM = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAME_FORM = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One target of the traffic."""

    number: int
    part: Part
    revision: str
    latest: bool
    tag: str
    has_percent: bool

    def __str__(self) -> str:
        return self.tag or self.revision or "the latest revision"


@dataclass(frozen=True, slots=True)
class Traffic:
    """The entries of a Service."""

    spot: KnativeService
    one: Object
    parts: tuple[Part, ...]
    entries: tuple[Entry, ...]

    def field(self, entry: Entry, key: str) -> Place:
        """A key of an entry, named by what the key does not change."""
        choices = [(name,) for name in (REVISION, LATEST, TAG) if name != key and {name, key} != {REVISION, LATEST}]
        step = segment(self.parts, entry.number, *choices)
        return Place(self.spot.file, path("spec", "traffic", step, key), where(self.spot))

    def value(self, entry: Entry, key: str) -> Part | None:
        """What an entry has at a key."""
        return self.one.below(entry.part, key)


def where(spot: KnativeService) -> Where:
    """Knative's kind of Service."""
    return spot.where("Service", "serving.knative.dev")


def traffic(spot: KnativeService, tree: Tree) -> Traffic:
    """The block of the Service that is meant. Errors: FileAbsent, PlaceAbsent, EditRefused."""
    one = read_object(spot.file, where(spot), tree)
    spec = one.below(one.root, "spec")
    parts = tuple(one.items(spec, "traffic")) if spec else ()
    return Traffic(spot, one, parts, tuple(_entry(one, number, part) for number, part in enumerate(parts)))


def _entry(one: Object, number: int, part: Part) -> Entry:
    """Knative takes an entry without a revision for one that follows the latest. EditRefused: it is no entry."""
    if part.real.keys is None:
        raise EditRefused(f"item {number} of `spec.traffic` is no mapping", where=one.at(part))
    revision, latest = one.text(part, REVISION) or "", one.text(part, LATEST)
    follows = latest in _TRUE or (not latest and not revision)
    return Entry(number, part, revision, follows, one.text(part, TAG) or "", one.below(part, PERCENT) is not None)


# ---------------------------------------------------------------- which entry


def meant(block: Traffic) -> Entry:
    """The entry of the tag, of the candidate's revision, or of the latest. Errors: PlaceAbsent, EditRefused."""
    entry = _found(block, _asked(block.spot), block.entries)
    if entry is None:
        raise _absent(block, _said(block.spot))
    return entry


def pinned(block: Traffic) -> Entry:
    """The entry whose pin is meant: that of the tag, else the only one with a revision."""
    if block.spot.tag:
        return _tagged_so(block)
    entry = _found(block, lambda entry: bool(entry.revision), block.entries)
    if entry is None:
        raise _absent(block, f"a `{REVISION}`")
    return entry


def following(block: Traffic) -> Entry:
    """The entry that is, or shall be, pinned to the candidate's revision or follow the latest."""
    if block.spot.tag:
        return _tagged_so(block)
    if not block.spot.canary:
        return meant(block)
    by_name = _found(block, lambda entry: entry.revision == block.spot.canary, block.entries)
    entry = by_name or _found(block, lambda entry: entry.latest, block.entries)
    if entry is None:
        raise _absent(block, f"{REVISION} {block.spot.canary}, nor the latest revision")
    return entry


def _tagged_so(block: Traffic) -> Entry:
    """The entry of the tag, whatever its revision is."""
    entry = _found(block, lambda entry: entry.tag == block.spot.tag, block.entries)
    if entry is None:
        raise _absent(block, f"the tag `{block.spot.tag}`")
    return entry


def _asked(spot: KnativeService) -> Callable[[Entry], bool]:
    def fits(entry: Entry) -> bool:
        if spot.tag:
            return entry.tag == spot.tag and spot.canary in (None, entry.revision)
        return entry.revision == spot.canary if spot.canary else entry.latest

    return fits


def _said(spot: KnativeService) -> str:
    if spot.tag:
        return f"the tag `{spot.tag}`" + (f" and {REVISION} {spot.canary}" if spot.canary else "")
    return f"{REVISION} {spot.canary}" if spot.canary else f"{LATEST}: true"


def _found(block: Traffic, fits: Callable[[Entry], bool], entries: Sequence[Entry]) -> Entry | None:
    """The one entry that fits; of several, the only one with a percent: the others are mere names."""
    found = [entry for entry in entries if fits(entry)]
    if len(found) > 1:
        found = [entry for entry in found if entry.has_percent] or found
    if len(found) > 1:
        raise EditRefused(
            f"{len(found)} entries of `spec.traffic` could be meant: {lines([entry.part for entry in found])}",
            where=block.one.at(found[0].part),
            remedy="Choose one with `tag`",
        )
    return found[0] if found else None


def _absent(block: Traffic, what: str) -> PlaceAbsent:
    listed = ", ".join(str(entry) for entry in block.entries) or "none"
    return PlaceAbsent(f"no entry of `spec.traffic` has {what}; there are: {listed}", where=block.one.at())


# ---------------------------------------------------------------- percents


@dataclass(frozen=True, slots=True)
class _Ends:
    """The two entries that share the traffic, as far as they are there."""

    stable: Entry | None
    canary: Entry | None
    others: int
    """What the rest has."""


def percent(block: Traffic) -> int | None:
    """The candidate's percent; None where nothing is split: all goes to the latest, beside no stable revision.

    Errors: PlaceAbsent, EditRefused.
    """
    if not block.entries:
        return None
    ends = _ends(block)
    if ends.stable is None and ends.canary and ends.canary.latest and not ends.others:
        return None
    return _split(block, ends).percent


def shared(block: Traffic, percent: int) -> tuple[Operation, ...]:
    """What gives the candidate a percent; an entry that is absent is added, unless a third one has a share.

    Errors: PlaceAbsent, EditRefused.
    """
    if block.entries:
        return _split(block, _ends(block)).operations(percent)
    spot = block.spot
    if spot.tag:
        raise _absent(block, _said(spot))
    if not spot.stable:
        raise _no_stable(block)
    place = Place(spot.file, path("spec", "traffic"), where(spot))
    return (Insert(place, [{PERCENT: 100 - percent, REVISION: spot.stable}, _candidate(spot, percent)]),)


def _ends(block: Traffic) -> _Ends:
    spot = block.spot
    canary = _found(block, _asked(spot), block.entries)
    if canary is None and spot.tag:
        raise _absent(block, _said(spot))
    rest = [entry for entry in block.entries if entry is not canary]
    stable = _found(block, lambda entry: entry.revision == spot.stable, rest) if spot.stable else _other(block, rest)
    return _Ends(stable, canary, sum(_share(block, entry).counted for entry in rest if entry is not stable))


def _split(block: Traffic, ends: _Ends) -> Split:
    spot = block.spot
    if ends.canary is None and (ends.stable is None or ends.others):
        raise _absent(block, _said(spot))
    if ends.stable is None and not spot.stable:
        raise _no_stable(block)
    if ends.stable is None and ends.others:
        raise _absent(block, f"{REVISION} {spot.stable}")
    return Split(
        block.one.at(),
        _share(block, ends.stable) if ends.stable else _new(block, {PERCENT: 0, REVISION: spot.stable}),
        _share(block, ends.canary) if ends.canary else _new(block, _candidate(spot, 0)),
        ends.others,
        total=100,
    )


def _other(block: Traffic, rest: Sequence[Entry]) -> Entry | None:
    if len(rest) > 1:
        raise EditRefused(
            f"several entries of `spec.traffic` could be the stable one: {', '.join(map(str, rest))}",
            where=block.one.at(),
            remedy="Name its revision with `stable`",
        )
    return rest[0] if rest else None


def _no_stable(block: Traffic) -> EditRefused:
    return EditRefused(
        "nothing is pinned that the candidate could share the traffic with",
        where=block.one.at(),
        remedy="Name the stable revision with `stable`",
    )


def _share(block: Traffic, entry: Entry) -> Share:
    return share(str(entry), block.one, entry.part, block.field(entry, PERCENT), default=0, limit=100)


def _candidate(spot: KnativeService, percent: int) -> dict[str, Data]:
    return {PERCENT: percent, REVISION: spot.canary} if spot.canary else {LATEST: True, PERCENT: percent}


def _new(block: Traffic, data: dict[str, Data]) -> Share:
    """An entry that is to be added behind the others."""
    place = Place(block.spot.file, path("spec", "traffic", Index(len(block.entries))), where(block.spot))

    def write(percent: int) -> Operation:
        return Insert(place, {**data, PERCENT: percent})

    return Share(str(data.get(REVISION, "the latest revision")), 0, False, write)


# ---------------------------------------------------------------- tags and pins


def tagged(block: Traffic, entry: Entry, tag: str | None) -> tuple[Operation, ...]:
    """The tag of an entry; None takes it away. EditRefused: no tag, or another entry's."""
    there = block.value(entry, TAG) is not None
    if tag is None:
        return (Remove(block.field(entry, TAG)),) if there else ()
    _refuse_unless(_TAG_FORM, tag, "tag of Knative", block, entry)
    taken = [other.part for other in block.entries if other.tag == tag and other is not entry]
    if taken:
        raise EditRefused(f"another entry has the tag `{tag}`: {lines(taken)}", where=block.one.at(entry.part))
    return (_set(block, entry, TAG, tag),)


def pin(block: Traffic, entry: Entry, revision: str) -> tuple[Operation, ...]:
    """The revision of an entry, which no longer follows the latest."""
    _refuse_unless(_NAME_FORM, revision, "name of a revision", block, entry)
    says_latest = block.one.text(entry.part, LATEST) in _TRUE
    return (
        _set(block, entry, REVISION, revision),
        *((Remove(block.field(entry, LATEST)),) if says_latest else ()),
    )


def unpin(block: Traffic, entry: Entry) -> tuple[Operation, ...]:
    """An entry that follows the latest revision."""
    if entry.latest:
        return ()
    named = block.value(entry, REVISION) is not None
    return (_set(block, entry, LATEST, True), *((Remove(block.field(entry, REVISION)),) if named else ()))


def _set(block: Traffic, entry: Entry, key: str, value: str | bool) -> Operation:
    place = block.field(entry, key)
    return Write(place, value) if block.value(entry, key) is not None else Insert(place, value)


def _refuse_unless(form: re.Pattern[str], text: str, what: str, block: Traffic, entry: Entry) -> None:
    if not form.fullmatch(text):
        raise EditRefused(f"{text!r} is no {what}", where=block.one.at(entry.part))
