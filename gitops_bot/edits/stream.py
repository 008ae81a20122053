"""The events of a text in a compact form: what each says, how deep it lies, and where it stands.

The parser's own events take 500 bytes each, and a file of 5 MB has 800,000 of them. Numbers of events count from the
start of the stream, number 0. What was read last is remembered: an edit looks at the same text again and again.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from itertools import accumulate, islice
from operator import attrgetter
from typing import Any, cast

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from gitops_bot.edits.source import LOADER, MAX_DEPTH, parse

Said = str | tuple[Any, ...]
"""A plain scalar without anchor and tag is its text; any other event is its type and all it says but its marks."""

# Few enough that the garbage collector, which counts 700 new objects, takes no notice.
_CHUNK = 100
_COMMON = 4_096
"""So many texts are shared among the events of a large file: its keys, and what is there over and over again."""
_SMALL = 16 * 1024
"""Texts of so many characters are remembered for a while, of larger ones the last two."""

_STEP: dict[type, int] = {
    MappingStartEvent: 1,
    SequenceStartEvent: 1,
    MappingEndEvent: -1,
    SequenceEndEvent: -1,
    ScalarEvent: 0,
    AliasEvent: 0,
    DocumentStartEvent: 0,
    DocumentEndEvent: 0,
    StreamStartEvent: 0,
    StreamEndEvent: 0,
}
_FIELDS: dict[type, tuple[str, ...]] = {
    ScalarEvent: ("anchor", "tag", "implicit", "value", "style"),
    MappingStartEvent: ("anchor", "tag", "implicit", "flow_style"),
    SequenceStartEvent: ("anchor", "tag", "implicit", "flow_style"),
    AliasEvent: ("anchor",),
    DocumentStartEvent: ("explicit", "version", "tags"),
    DocumentEndEvent: ("explicit",),
}
# A single attribute would come bare, so the type of the event stands in for another.
_GET = {kind: attrgetter("__class__", *names) for kind, names in _FIELDS.items()}
_OPENING: dict[type, tuple[Said, Said]] = {
    kind: ((kind, None, None, True, False), (kind, None, None, True, True))
    for kind in (MappingStartEvent, SequenceStartEvent)
}
_CLOSING: dict[type, Said] = {
    kind: (kind,) for kind in (MappingEndEvent, SequenceEndEvent, StreamStartEvent, StreamEndEvent)
}


def _said(kind: type, event: Event) -> Said:
    """What a plain scalar does not say; equal tuples of collections are one object."""
    if isinstance(event, CollectionStartEvent) and event.anchor is None and event.tag is None:
        return _OPENING[kind][bool(event.flow_style)]
    return cast(Said, _GET[kind](event))


class Stream:
    """One text's events."""

    def __init__(self, text: str, says: list[Said], depths: bytes, starts: array[int], ends: array[int]) -> None:
        self.text = text
        self.says = says
        self.depths = depths
        """How many collections are open behind each event."""
        self.starts = starts
        """In characters; properties (`&anchor`, `!tag`) are inside the span."""
        self.ends = ends
        self._keys: dict[int, dict[str, list[int]]] = {}
        self._items: dict[int, list[int]] = {}
        self._counted = 0, 1
        self.merges = 0
        """How many mappings were looked into for what they merge, since the last sketch."""

    def adopt(self, other: Stream) -> None:
        """Take over what is known of the keys and items of a stream with the same events but for a value."""
        self._keys, self._items = other._keys, other._items

    def scalar(self, number: int) -> tuple[str, str, str | None, str | None] | None:
        """Text, style, anchor and tag of a scalar; None: the event is none."""
        said = self.says[number]
        if isinstance(said, str):
            return said, "", None, None
        if said[0] is not ScalarEvent:
            return None
        _, anchor, tag, _, value, style = said
        return value, style or "", anchor, tag

    def anchor(self, number: int) -> str | None:
        """The anchor that a node carries, or that an alias follows."""
        said = self.says[number]
        return cast(str | None, said[1]) if isinstance(said, tuple) and len(said) > 1 else None

    def kind(self, number: int) -> type:
        """The class of an event."""
        said = self.says[number]
        return ScalarEvent if isinstance(said, str) else cast(type, said[0])

    def is_flow(self, number: int) -> bool:
        """Whether a collection is written in brackets."""
        said = self.says[number]
        return isinstance(said, tuple) and len(said) == 5 and bool(said[4])

    @cached_property
    def roots(self) -> tuple[int, ...]:
        """The documents' first nodes."""
        found, number = list[int](), 1
        while self.kind(number) is DocumentStartEvent:
            found.append(number + 1)
            number = self.past(number + 1) + 1
        return tuple(found)

    def past(self, number: int) -> int:
        """The number of the first event behind a node."""
        depths = self.depths
        if depths[number] <= depths[number - 1]:
            return number + 1
        return depths.index(depths[number] - 1, number + 1) + 1

    def parent(self, number: int) -> int | None:
        """The collection that a node is in."""
        depth = self.depths[number - 1]
        return self.depths.rindex(depth - 1, 0, number) + 1 if depth else None

    def keys(self, mapping: int) -> dict[str, list[int]]:
        """The values of a mapping by the texts of their keys; keys that are no single value are left out."""
        known = self._keys.get(mapping)
        if known is None:
            known = self._keys[mapping] = self._read_keys(mapping)
        return known

    def items(self, sequence: int) -> list[int]:
        """The items of a list."""
        known = self._items.get(sequence)
        if known is None:
            known = self._items[sequence] = self._read_items(sequence)
        return known

    def text_of(self, number: int) -> str | None:
        """The text of a scalar or of the scalar that an alias follows."""
        said = self.says[number]
        if isinstance(said, str):
            return said
        found = self.scalar(self.real(number))
        return found[0] if found else None

    def _read_keys(self, mapping: int) -> dict[str, list[int]]:
        known: dict[str, list[int]] = {}
        says, depths, depth, number = self.says, self.depths, self.depths[mapping], mapping + 1
        while depths[number] >= depth:
            said = says[number]
            name = said if isinstance(said, str) else self.text_of(number)
            number = number + 1 if depths[number] == depth else depths.index(depth, number + 1) + 1
            if name is not None:
                known.setdefault(name, []).append(number)
            number = number + 1 if depths[number] == depth else depths.index(depth, number + 1) + 1
        return known

    def _read_items(self, sequence: int) -> list[int]:
        found = list[int]()
        depths, depth, number = self.depths, self.depths[sequence], sequence + 1
        while depths[number] >= depth:
            found.append(number)
            number = number + 1 if depths[number] == depth else depths.index(depth, number + 1) + 1
        return found

    def real(self, number: int) -> int:
        """The node that an alias follows; any other is itself."""
        return self.anchors[0].get(number, number)

    def users(self, number: int) -> list[int]:
        """The aliases that follow a node."""
        return self.anchors[1].get(number, [])

    @cached_property
    def anchors(self) -> tuple[dict[int, int], dict[int, list[int]], int]:
        """Each alias with the node it follows, each node with its aliases, and the first alias without an anchor or 0.

        An alias follows the last anchor of its name before it in the same document.
        """
        follows, users, lost = dict[int, int](), dict[int, list[int]](), 0
        if "*" not in self.text:
            return follows, users, lost
        known: dict[str, int] = {}
        for number, said in enumerate(self.says):
            if type(said) is str or len(said) < 2:
                continue
            kind, name = said[0], cast(str | None, said[1])
            if kind is DocumentStartEvent:
                known = {}
            elif kind is AliasEvent:
                node = known.get(name or "")
                if node is None:
                    lost = lost or number
                else:
                    follows[number] = node
                    users.setdefault(node, []).append(number)
            elif name is not None and kind is not DocumentEndEvent:
                known[name] = number
        return follows, users, lost

    # ------------------------------------------------------------ lines: counted on from the last one asked for

    def line(self, number: int) -> int:
        """The line of an event, from 1."""
        at, line = self._counted
        start = self.starts[number]
        if start < at:
            at, line = 0, 1
        line += breaks(self.text, at, start)
        self._counted = start, line
        return line

    def lines(self, numbers: Iterable[int]) -> list[int]:
        """The lines of events, in the order of the text."""
        return [self.line(number) for number in sorted(numbers)]


def breaks(text: str, start: int, end: int) -> int:
    """How many line breaks a span holds; `\\r\\n` is one, and so is a lone `\\r`."""
    lone = text.count("\r", start, end)
    return text.count("\n", start, end) + (lone - text.count("\r\n", start, end) if lone else 0)


def events_of(says: Iterable[Said]) -> tuple[Event, ...]:
    """The parser's events again, without their marks."""
    return tuple(map(_event, says))


def _event(said: Said) -> Event:
    if isinstance(said, str):
        return ScalarEvent(None, None, (True, False), said, style="")
    kind, *values = said
    return cast(Event, kind(**dict(zip(_FIELDS.get(kind, ()), values, strict=True))))


# ---------------------------------------------------------------- reading

_Room = list[Callable[[], Stream]]
"""How to get at the stream of one text; empty before that is known."""


# The caches are what remembers, and they are safe among threads.
@lru_cache(maxsize=32)
def _small(_: str) -> _Room:
    return []


@lru_cache(maxsize=2)
def _large(_: str) -> _Room:
    return []


def _room(text: str) -> _Room:
    return (_small if len(text) <= _SMALL else _large)(text)


def stream_of(text: str, like: Stream | None = None) -> Stream:
    """The stream of a text, at best remembered; raises yaml.YAMLError and UnicodeError, see `Source.reading`.

    `like`: one that is mostly the same, to share its strings.
    """
    room = _room(text)
    try:
        found = room[0]() if room else read(text, like)
    except (yaml.YAMLError, UnicodeError):
        for _ in parse(text):
            """Stop at the first error, which may be the depth."""
        raise
    room[:] = [lambda: found]
    return found


def remember(text: str, make: Callable[[], Stream]) -> None:
    """Keep for those who ask for a text next how its stream is made; it is made once."""
    _room(text)[:] = [make]


def read(text: str, like: Stream | None = None) -> Stream:
    """The stream of a text; raises yaml.YAMLError and UnicodeError."""
    known = like.says if like else []
    common: dict[Said, Said] = {}
    sharing = len(text) > _SMALL and "%TAG" not in text  # what says which tags there are has no hash
    says, depths, starts, ends = list[Said](), bytearray(), array("I"), array("I")
    events = iter(LOADER(text).get_event, None)
    depth = 0
    while chunk := list(islice(events, _CHUNK)):
        kinds = list(map(type, chunk))
        new: list[Said] = [
            event.value
            if kind is ScalarEvent and not event.style and event.anchor is None and event.tag is None
            else _CLOSING.get(kind) or _said(kind, event)
            for kind, event in zip(kinds, chunk, strict=True)
        ]
        if sharing:
            if len(common) < _COMMON:
                common.update(zip(new, new, strict=True))
            new = list(map(common.get, new, new))
        old = known[len(says) : len(says) + len(chunk)]
        says += old if old == new else new
        steps = list(accumulate(map(_STEP.__getitem__, kinds), initial=depth))
        depth = steps.pop()
        if depth > MAX_DEPTH or max(steps) > MAX_DEPTH:
            raise yaml.YAMLError
        depths += bytes(steps[1:])
        depths.append(depth)
        starts.extend([event.start_mark.index for event in chunk])
        ends.extend([event.end_mark.index for event in chunk])
    return Stream(text, says, bytes(depths), starts, ends)
