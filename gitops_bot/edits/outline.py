"""One collection as it stands in the text: its entries one by one, nothing below them.

What insert and remove need beyond the nodes: where each entry begins, and where its last character is. The parser's own
end of a block is where the next thing begins, behind comments and blank lines, and so is of no use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from yaml.events import MappingStartEvent

from gitops_bot.edits.sketch import PROPERTIES
from gitops_bot.edits.stream import Stream

_SPACE = re.compile(r"(?:[ \t\r\n]+|(?<!\S)#[^\r\n]*)*")
_FAR = 80
"""So far before a key its mark (`?`) is looked for."""
_KEEPS = re.compile(r"[|>][0-9]?\+")
_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value, or an item; places are in characters."""

    ordinal: int
    """The number of its first event."""
    value: int
    """The number of its value's first event; an item's own."""
    behind: int
    """The number of the first event that is not its own."""
    start: int
    """Where the key begins (at its `?`, where it has one), or the item behind its dash."""
    end: int
    """Behind its last character that is no comment; a block scalar's last line break is included."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A collection."""

    stream: Stream
    ordinal: int
    last: int
    """The number of its closing event."""
    start: int
    """Where its first entry, its first dash or its bracket is, behind its properties."""
    end: int
    """Behind its last character that is no comment."""
    entries: tuple[Entry, ...]

    @property
    def flow(self) -> bool:
        """In brackets."""
        return self.stream.is_flow(self.ordinal)

    @property
    def mapping(self) -> bool:
        """Not a list."""
        return self.stream.kind(self.ordinal) is MappingStartEvent

    def head(self, index: int) -> int:
        """Where an entry begins: its key or its dash in a block, the entry itself in brackets."""
        if self.mapping or self.flow:
            return self.entries[index].start
        return passed(self.stream.text, self.entries[index - 1].end) if index else self.start

    def keeps(self, index: int) -> bool:
        """Whether an entry ends in a block scalar that takes in the blank lines behind it (`|+`)."""
        stream, entry = self.stream, self.entries[index]
        leaves = (number for number in range(entry.behind - 1, entry.ordinal - 1, -1) if stream.scalar(number))
        last = next(leaves, None)
        return last is not None and _KEEPS.match(stream.text, behind_properties(stream, last)) is not None


def outline(stream: Stream, ordinal: int) -> Outline:
    """The collection that event number `ordinal` opens."""
    text, last = stream.text, stream.past(ordinal) - 1
    entries = tuple(_entries(stream, ordinal))
    start = behind_properties(stream, ordinal)
    if not stream.is_flow(ordinal):
        start = entries[0].start if stream.kind(ordinal) is MappingStartEvent else passed(text, start)
    return Outline(stream, ordinal, last, start, true_end(stream, ordinal), entries)


def _entries(stream: Stream, ordinal: int) -> list[Entry]:
    nodes = stream.items(ordinal)
    step = 2 if stream.kind(ordinal) is MappingStartEvent else 1
    return [
        Entry(first, value, stream.past(value), _start(stream, first, step), true_end(stream, value, first))
        for first, value in zip(nodes[::step], nodes[step - 1 :: step], strict=True)
    ]


def _start(stream: Stream, first: int, step: int) -> int:
    """Where an entry begins; a key that is announced (`? key`) at its mark."""
    start = stream.starts[first]
    if step == 1:
        return start
    before = len(stream.text[max(start - _FAR, 0) : start].rstrip(" "))
    mark = max(start - _FAR, 0) + before - 1
    return mark if before and stream.text[mark] == "?" else start


def true_end(stream: Stream, number: int, first: int | None = None) -> int:
    """Behind the last character of a node, or of the nodes from `first` on, that is no comment."""
    for event in range(stream.past(number) - 1, (number if first is None else first) - 1, -1):
        if end := _end(stream, event):
            return end
    return stream.ends[number]


def _end(stream: Stream, number: int) -> int:
    """Where what an event stands for ends; 0: it stands for nothing in the text."""
    start, end = stream.starts[number], stream.ends[number]
    scalar = stream.scalar(number)
    if scalar is not None and scalar[1] in ("|", ">"):
        return _behind_block(stream.text, behind_properties(stream, number), end)
    if start < end:
        return end
    return end if scalar is not None and stream.text[start - 1 : start] in (":", "-", "?") else 0


def _behind_block(text: str, start: int, end: int) -> int:
    """Where a block scalar ends; the empty lines at its end are its own only where it keeps them (`|+`)."""
    if _KEEPS.match(text, start):
        return end
    bare = start + len(text[start:end].rstrip("\r\n"))
    found = _BREAK.match(text, bare, end)
    return found.end() if found else bare


def behind_properties(stream: Stream, number: int) -> int:
    """Where a node begins behind its `&anchor` and `!tag`, and behind the space and comments that follow them."""
    start = stream.starts[number]
    if not stream.text.startswith(("&", "!"), start):
        return start
    found = PROPERTIES.match(stream.text, start)
    return found.end() if found else start


def passed(text: str, start: int) -> int:
    """The first character from `start` that is no space, line break or comment."""
    found = _SPACE.match(text, start)
    return found.end() if found else start


def is_quoted(stream: Stream, number: int) -> bool:
    """Whether a node is one value in double quotes."""
    scalar = stream.scalar(number)
    return scalar is not None and scalar[1] == '"'


def is_flow_mapping(stream: Stream, number: int) -> bool:
    """Whether a node is a mapping in braces."""
    return stream.kind(number) is MappingStartEvent and stream.is_flow(number)
