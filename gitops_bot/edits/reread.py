"""The stream of a text in which one scalar was replaced, with only the lines around it read event by event.

The lines are those of the smallest entry `key: value` of a block mapping around the scalar whose key begins its line,
up to the next thing that is no comment. libyaml's state at such a line is a function of the text before it, which did
not change. On its way through the entry it looks at no column left of the key's, at no indentation but what was opened
there, and behind the entry at nothing but that something begins at a column where the entry is over. So the entry reads
alone as it reads in its place, and what follows reads as it did, further on. The whole text is nevertheless parsed once
more, without Python, for its number of events.
"""

from __future__ import annotations

from array import array
from bisect import bisect
from dataclasses import dataclass

import yaml
from yaml.events import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from gitops_bot.edits.source import LOADER, MAX_DEPTH
from gitops_bot.edits.stream import Said, Stream, read

# What stands around the one pair of a text that is a mapping.
_HEAD: list[Said] = [
    (StreamStartEvent,),
    (DocumentStartEvent, False, None, None),
    (MappingStartEvent, None, None, True, False),
]
_TAIL: list[Said] = [(MappingEndEvent,), (DocumentEndEvent, False), (StreamEndEvent,)]


@dataclass(frozen=True, slots=True)
class Entry:
    """The lines of an entry in the old text, and its events in the old stream."""

    start: int
    end: int
    first: int
    behind: int


@dataclass(frozen=True, slots=True)
class Reread:
    """A text of which all is known but the events of one entry, and those."""

    old: Stream
    text: str
    entry: Entry
    part: Stream
    """The entry alone."""

    @property
    def says(self) -> list[Said]:
        """What the entry says now."""
        return self.part.says[3:-3]

    def stream(self) -> Stream:
        """The stream of the text."""
        return _joined(self.old, self.text, self.entry, self.part)


def reread(old: Stream, text: str, ordinal: int, start: int, end: int) -> Reread | None:
    """Read `text`, which is the old one with other characters from `start` to `end`, inside scalar `ordinal`.

    None: it has to be read as a whole, to see how it reads or why it does not.
    """
    entry = _entry(old, ordinal) if not _directed(old, ordinal) else None
    grown = len(text) - len(old.text)
    if entry is None or not entry.start < start <= end <= entry.end or 2 * (entry.end - entry.start) > len(text):
        return None
    lines = text[entry.start : entry.end + grown]
    if entry.end < len(old.text) and not lines.endswith(("\n", "\r")):
        return None
    try:
        part = read(lines)
        around = (part.says[:3], len(part.says) - 6, part.says[-3:])
        same = around == (_HEAD, entry.behind - entry.first, _TAIL) and _count(text) == len(old.says)
    except (yaml.YAMLError, UnicodeError):
        return None
    deepest = old.depths[entry.first - 1] + max(part.depths)
    return Reread(old, text, entry, part) if same and deepest <= MAX_DEPTH else None


def _count(text: str) -> int | None:
    """How many events a text has; None where libyaml is not there."""
    count = getattr(LOADER(text), "raw_parse", None)
    return count() if count else None


def _joined(old: Stream, text: str, entry: Entry, part: Stream) -> Stream:
    first, behind = entry.first, entry.behind
    deeper = old.depths[first - 1] - part.depths[2]
    depths = bytes(depth + deeper for depth in part.depths[3:-3])
    return Stream(
        text,
        [*old.says[:first], *part.says[3:-3], *old.says[behind:]],
        old.depths[:first] + depths + old.depths[behind:],
        *(
            _moved(before, within, entry, part, len(text) - len(old.text))
            for before, within in ((old.starts, part.starts), (old.ends, part.ends))
        ),
    )


def _moved(before: array[int], within: array[int], entry: Entry, part: Stream, grown: int) -> array[int]:
    """Where the events are in the new text: as before, in the part, and further on by what the part has grown."""
    first, behind = entry.first, entry.behind
    # Where a block ends with the part, it ends in the text where the next thing begins.
    ending = len(part.text)
    places = [
        was + grown if start == ending else entry.start + at
        for was, at, start in zip(before[first:behind], within[3:-3], part.starts[3:-3], strict=True)
    ]
    rest = array("I", [at + grown for at in before[behind:]]) if grown else before[behind:]
    return before[:first] + array("I", places) + rest


# ---------------------------------------------------------------- which lines


def _directed(stream: Stream, ordinal: int) -> bool:
    """Whether directives (`%TAG`) tell how the document of an event reads."""
    root = stream.roots[bisect(stream.roots, ordinal) - 1]
    return stream.says[root - 1][2:] != (None, None)


def _entry(stream: Stream, ordinal: int) -> Entry | None:
    """The smallest entry around a scalar that can be read alone."""
    node, parent = ordinal, stream.parent(ordinal)
    while parent is not None:
        if stream.kind(parent) is MappingStartEvent and not stream.is_flow(parent) and stream.scalar(node - 1):
            start, column = _line(stream.text, stream.starts[node - 1])
            behind = stream.past(node)
            if column is not None:
                end = _end(stream, behind, column)
                if end is not None:
                    return Entry(start, end, node - 1, behind)
        node, parent = parent, stream.parent(parent)
    return None


def _end(stream: Stream, number: int, column: int) -> int | None:
    """Where the line begins that ends an entry at `column`; None where something else stands there.

    A block mapping's closing event is where the next thing is that is no comment.
    """
    at = stream.starts[number]
    if at == len(stream.text):
        return at
    start, found = _line(stream.text, at)
    if found is None:
        return None
    same = stream.kind(number) is not MappingEndEvent
    over = found == column if same else found < column or stream.text.startswith(("---", "..."), start)
    return start if over else None


def _line(text: str, at: int) -> tuple[int, int | None]:
    """Where a line begins, and the column of `at` if only spaces stand before it."""
    start = text.rfind("\n", 0, at) + 1
    start = max(start, text.rfind("\r", start, at) + 1)
    return start, None if text[start:at].strip(" ") else at - start
