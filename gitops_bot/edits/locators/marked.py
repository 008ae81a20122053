"""Values with a comment `{"$imagepolicy": "…"}` at the end of their line, found by position in the events."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from gitops_bot.edits.path import Index, Key, Path, Segment
from gitops_bot.edits.sketch import sketch
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditRefused
from gitops_bot.policy.places import Where

_MARKER = re.compile(
    r"""(?:^|(?<=[ \t\r\n]))\#[ \t]*\{[ \t]*"\$imagepolicy"[ \t]*:[ \t]*"([^"\\\r\n]+)"[ \t]*\}[ \t]*(?=[\r\n]|\Z)""",
    re.VERBOSE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Marked:
    """A value and what its marker says."""

    path: Path
    document: Where | None
    """Chooses the document, where the file has several."""
    part: str
    """What follows the policy: `tag`, `name`, `digest`, or nothing."""


@dataclass(slots=True)
class _Mark:
    """A marker of the policy, and the values on its line."""

    line: int
    """Where its line begins, in characters."""
    at: int
    part: str
    inside: bool = False
    """It is text within a value."""
    end: int = 0
    """Where the last value or key before it ends."""
    found: list[tuple[int, tuple[Segment, ...] | None]] = field(default_factory=list)
    """Document and path; no path below keys that a path cannot name."""


def marked(source: Source, policy: str) -> tuple[Marked, ...]:
    """What a policy marks, in the order of the file.

    Errors: EditRefused (not YAML; a marker on a line with no value or several).
    """
    marks = _marks(source.text, policy)
    if not marks:
        return ()
    several = sum(not one.empty for one in sketch(source)) > 1
    with source.reading():
        _Walk(marks).run(source)
    comments = [mark for mark in marks if not mark.inside and not _within_comment(source.text, mark)]
    return tuple(_one(source, mark, several=several) for mark in comments)


def _marks(text: str, policy: str) -> list[_Mark]:
    marks = []
    for found in _MARKER.finditer(text):
        head, part = found[1], ""
        if head != policy:
            head, _, part = head.rpartition(":")
        if head == policy:
            line = max(text.rfind("\n", 0, found.start()), text.rfind("\r", 0, found.start())) + 1
            marks.append(_Mark(line, found.start(), part))
    return marks


def _within_comment(text: str, mark: _Mark) -> bool:
    """Whether another comment began before the marker, as in a line that is commented out."""
    return "#" in text[max(mark.line, mark.end) : mark.at]


def _one(source: Source, mark: _Mark, *, several: bool) -> Marked:
    where = source.at(source.text.count("\n", 0, mark.at) + 1)
    if len(mark.found) != 1:
        what = f"{len(mark.found)} values" if mark.found else "no value"
        raise EditRefused(
            f"the marker stands behind {what}", where=where, remedy="Write the marked value on its own line"
        )
    number, segments = mark.found[0]
    if segments is None:
        raise EditRefused("the marked value is below a key that no path can name", where=where)
    return Marked(Path(segments), Where(document=number) if several else None, mark.part)


@dataclass(slots=True)
class _Frame:
    """An open collection: the key or the number of the child that is read."""

    mapping: bool
    at: Segment | None = None
    at_value: bool = False
    count: int = 0


class _Walk:
    """One pass over the events, with the way to the present node."""

    def __init__(self, marks: Sequence[_Mark]) -> None:
        self._marks = marks
        self._lines = [mark.line for mark in marks]
        self._ats = [mark.at for mark in marks]
        self._stack: list[_Frame] = []
        self._document = -1

    def run(self, source: Source) -> None:
        """Note at each mark what is before it on its line."""
        for event in source.events():
            if isinstance(event, DocumentStartEvent):
                self._document += 1
            elif isinstance(event, CollectionEndEvent):
                self._stack.pop()
            elif isinstance(event, NodeEvent):
                self._take(event)

    def _take(self, event: NodeEvent) -> None:
        is_key = self._step(event)
        if not isinstance(event, ScalarEvent | AliasEvent):
            self._stack.append(_Frame(isinstance(event, MappingStartEvent)))
            return
        start, end = _span(event)
        for mark in self._marks[bisect_left(self._ats, start) : bisect_left(self._ats, end)]:
            mark.inside = True
        number = bisect_right(self._lines, end) - 1
        mark = self._marks[max(number, 0)]
        if number < 0 or end > mark.at or (start < mark.line and end <= mark.line):
            return
        mark.end = end
        if not is_key:
            mark.found.append((self._document, self._path()))

    def _step(self, event: Event) -> bool:
        """Move on to the next child of the open collection; whether it is a key."""
        if not self._stack:
            return False
        frame = self._stack[-1]
        if not frame.mapping:
            frame.at, frame.count = Index(frame.count), frame.count + 1
            return False
        frame.at_value = not frame.at_value
        if frame.at_value:
            return self._key(frame, event)
        return False

    def _key(self, frame: _Frame, event: Event) -> bool:
        frame.at = Key(event.value) if isinstance(event, ScalarEvent) else None
        return True

    def _path(self) -> tuple[Segment, ...] | None:
        segments = [frame.at for frame in self._stack]
        known = tuple(segment for segment in segments if segment is not None)
        return known if len(known) == len(segments) else None


def _span(event: NodeEvent) -> tuple[int, int]:
    assert event.start_mark is not None
    assert event.end_mark is not None
    return event.start_mark.index, event.end_mark.index
