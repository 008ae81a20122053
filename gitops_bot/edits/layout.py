"""Lines, comments and the style of the neighbours: where a block goes in a text, and how it is indented there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yaml.events import CollectionStartEvent, MappingStartEvent

from gitops_bot.edits.emit import Style
from gitops_bot.edits.stream import Stream
from gitops_bot.edits.utf8 import MAX_BYTES

_REST = re.compile(r"[^\r\n]*")
_BREAK = re.compile(r"\r\n|\r|\n")
_GAP = re.compile(r"^[ \t]*(?:\r\n|\r|\n)", re.MULTILINE)
_LINE = re.compile(r"([ \t]*)([^\r\n]*)(\r\n|\r|\n|$)")
_NEAR = 2_000
"""So many events on either side are looked at."""


# ---------------------------------------------------------------- lines


def line_start(text: str, at: int) -> int:
    """Where the line begins that `at` is in."""
    begin = text.rfind("\n", 0, at) + 1
    return max(begin, text.rfind("\r", begin, at) + 1)


def line_end(text: str, at: int) -> int:
    """Where the line ends that `at` is in, before its break."""
    found = _REST.match(text, at)
    return found.end() if found else at


def next_line(text: str, at: int) -> int:
    """Where the line behind the one of `at` begins; the end of the text if there is none."""
    end = line_end(text, at)
    found = _BREAK.match(text, end)
    return found.end() if found else end


def previous_line(text: str, begin: int) -> int:
    """Where the line begins that stands before the one at `begin`; 0 if there is none."""
    return line_start(text, max(before_break(text, begin), 0))


def before_break(text: str, begin: int) -> int:
    """Where the line break begins that ends at `begin`; `begin` itself where none does."""
    if text[max(begin - 2, 0) : begin] == "\r\n":
        return begin - 2
    return begin - 1 if begin and text[begin - 1] in "\r\n" else begin


def column(text: str, at: int) -> int:
    """How many characters stand before `at` in its line."""
    return at - line_start(text, at)


def line_break(text: str, at: int) -> str:
    """How the line before the one of `at` is ended, else the first line of the text."""
    begin = line_start(text, at)
    if begin:
        return text[before_break(text, begin) : begin]
    found = _BREAK.search(text)
    return found[0] if found else "\n"


def behind_line(text: str, end: int) -> int:
    """Where the line begins that follows what ends at `end`; a block scalar ends there already."""
    return end if end and text[end - 1] in "\r\n" else next_line(text, end)


def behind_comments(text: str, at: int, least: int) -> int:
    """Where the lines end that begin at `at` and are comments at column `least` or deeper.

    Those that are no deeper than what follows belong to that. Blank lines count only between such comments.
    """
    begin, ends = at, list[tuple[int, int]]()
    following = -1
    while at < len(text):
        found = _LINE.match(text, at)
        assert found, "the pattern matches everything"
        if found[2].startswith("#"):
            ends.append((len(found[1]), found.end()))
        elif found[2]:
            following = -1 if not found[1] and found[2].startswith(("---", "...")) else len(found[1])
            break
        at = found.end()
    behind = begin
    for indent, end in ends:
        if indent < least or indent <= following:
            break
        behind = end
    return behind


def has_blank(text: str, start: int, end: int) -> bool:
    """Whether a blank line lies between what ends at `start` and what begins at `end`."""
    return _GAP.search(text, behind_line(text, start), line_start(text, end)) is not None


def indented(lines: list[str], columns: int) -> list[str]:
    """The lines, so many columns in."""
    margin = " " * columns
    return [margin + line for line in lines]


def lines_at(text: str, at: int, lines: list[str]) -> str:
    """The lines as text for a place where a line begins, or for the end of a text without a last line break."""
    end = line_break(text, at)
    body = end.join(lines)
    return end + body if at and text[at - 1] not in "\r\n" else body + end


# ---------------------------------------------------------------- the style of the neighbours


@dataclass(slots=True)
class _Nearest:
    """What was seen nearest to a place."""

    at: int
    distance: int = MAX_BYTES
    value: int | None = None

    def see(self, where: int, value: int) -> None:
        """Of two that are as near the later one counts."""
        if (distance := abs(where - self.at)) <= self.distance:
            self.distance, self.value = distance, value


def style_near(stream: Stream, ordinal: int, at: int) -> Style:
    """How the blocks are laid out that are nearest to a place; `ordinal` is an event there."""
    steps, offsets, gaps = _Nearest(at), _Nearest(at), _Nearest(at)
    text, starts = stream.text, stream.starts
    for number in range(max(ordinal - _NEAR, 2), min(ordinal + _NEAR, len(stream.says))):
        kind, start = stream.kind(number), starts[number]
        if not issubclass(kind, CollectionStartEvent) or stream.is_flow(number):
            continue
        above = _key_above(stream, number)
        child = starts[number + 1]
        if kind is MappingStartEvent:
            if above is not None and (step := column(text, child) - column(text, above)) > 0:
                steps.see(child, step)
        elif text[start] == "-":  # no anchor or tag
            if above is not None and (offset := column(text, start) - column(text, above)) >= 0:
                offsets.see(start, offset)
            if (gap := child - start - 1) > 0 and text[start + 1 : child].isspace() and "\n" not in text[start:child]:
                gaps.see(start, gap)
    return Style(steps.value or offsets.value or 2, offsets.value or 0, gaps.value or 1)


def _key_above(stream: Stream, number: int) -> int | None:
    """Where the key begins that a collection is the value of; None: it is no value of a block mapping."""
    parent = stream.parent(number)
    mapping = parent is not None and stream.kind(parent) is MappingStartEvent and not stream.is_flow(parent)
    return stream.starts[number - 1] if mapping and stream.scalar(number - 1) else None
