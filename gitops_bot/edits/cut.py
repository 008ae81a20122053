"""The spans that go with an entry: its lines and comments in a block, its comma in brackets."""

from __future__ import annotations

import re

from gitops_bot.edits.layout import before_break, behind_line, column, line_end, line_start, next_line, previous_line
from gitops_bot.edits.outline import Outline, passed
from gitops_bot.edits.source import Source
from gitops_bot.edits.stream import breaks
from gitops_bot.errors import EditRefused

Change = tuple[int, int, str]
"""A span of the text, and what takes its place."""

_PROPERTY = re.compile(r"[&!]\S*(?:[ \t]+[&!]\S*)?")
_COMMENT = re.compile(r"([ \t]*)#[^\r\n]*(?:\r\n|\r|\n|$)")
_SWITCHED_OFF = re.compile(r"#[ \t]*(?:-[ \t]|(?:\"?([a-z][\w./-]*)\"?:(?=\s|$)))")
"""A comment that is an item, or a key and its value; prose puts capitals before a colon (`NOTE:`)."""
_BLANK = re.compile(r"[ \t]*(?:\r\n|\r|\n)")
_ENDED = re.compile(r"[ \t]*,?[ \t]*(?:#[^\r\n]*)?(?=[\r\n]|$)")
_SPACES = re.compile(r"\s*")


# ---------------------------------------------------------------- blocks


def entry_in_block(source: Source, collection: Outline, index: int) -> list[Change]:
    """The lines of one entry of several."""
    text = source.text
    head = collection.head(index)
    if text[line_start(text, head) : head].strip():
        if index:
            raise _odd(source, head)
        behind = _behind_deeper(text, behind_line(text, collection.entries[0].end), column(text, head))
        found = _SPACES.match(text, behind)
        return [(head, found.end() if found else behind, "")]
    begin, end = _lines(text, collection, index)
    return [(*_tidied(text, collection, index, begin, end), "")]


def _lines(text: str, collection: Outline, index: int) -> tuple[int, int]:
    """Whole lines: from the comments right above that belong to the entry, to those below that are deeper."""
    entry, head = collection.entries[index], collection.head(index)
    least = behind_line(text, collection.entries[index - 1].end) if index else 0
    begin = _above(text, line_start(text, head), column(text, head), least)
    line = line_start(text, head)
    if (not index and _begins_document(text, begin)) or _holds_entries(text[begin:line], text[head : entry.end]):
        begin = line
    return begin, _behind_deeper(text, behind_line(text, entry.end), column(text, head))


def _above(text: str, begin: int, indent: int, least: int) -> int:
    """Where the comments begin that stand right above a line, in its column."""
    while begin > least:
        line = previous_line(text, begin)
        found = _COMMENT.match(text, line)
        if line < least or found is None or len(found[1]) != indent:
            break
        begin = line
    return begin


def _holds_entries(comments: str, entry: str) -> bool:
    """Whether some comments are entries that somebody has switched off, and of another key."""
    names = [found[1] for found in _SWITCHED_OFF.finditer(comments)]
    return any(not name or not entry.startswith(name) for name in names)


def _begins_document(text: str, begin: int) -> bool:
    before = text[:begin].rstrip()
    return not before or before[line_start(before, len(before)) :].startswith(("---", "%", "..."))


def _behind_deeper(text: str, at: int, indent: int) -> int:
    while (found := _COMMENT.match(text, at)) and len(found[1]) > indent and found.end() > at:
        at = found.end()
    return at


def _tidied(text: str, collection: Outline, index: int, begin: int, end: int) -> tuple[int, int]:
    """Not two gaps where one was, none at the end, and no line break where the text ended without one."""
    least = collection.entries[index - 1].end if index else begin
    gap = _blank_above(text, begin, least)
    if gap < begin and (end == len(text) or _BLANK.match(text, end)):
        begin = gap
    elif collection.keeps(index - 1) if index else not _COMMENT.match(text, previous_line(text, begin)):
        while found := _BLANK.match(text, end):
            end = found.end()
    if end == len(text) and text[-1] not in "\r\n" and begin > least:
        begin = before_break(text, begin)
    return begin, end


def _blank_above(text: str, begin: int, least: int) -> int:
    """Where the blank lines begin that stand right above a line."""
    while begin > least:
        line = previous_line(text, begin)
        if line < least or text[line:begin].strip():
            break
        begin = line
    return begin


def only_entry(source: Source, collection: Outline, above: Outline | None) -> list[Change]:
    """What leaves `{}` or `[]` where the only entry was."""
    if collection.flow:
        return _only_in_flow(source, collection)
    text, head = source.text, collection.start
    opening = collection.stream.starts[collection.ordinal]
    empty = "{}" if collection.mapping else "[]"
    begin, end = _lines(text, collection, 0)
    inline = bool(text[line_start(text, head) : head].strip())
    properties = _PROPERTY.match(text, opening) if opening < head else None
    if inline or (above is None and not properties):
        return [(head, before_break(text, end), empty)]
    if properties:
        at = properties.end()
    else:
        assert above is not None
        at = _indicator(text, above, collection) + 1
    if end == len(text) and text[-1] not in "\r\n":
        begin = before_break(text, begin)
    return [(at, at, f" {empty}"), (begin, end, "")]


def _indicator(text: str, above: Outline, collection: Outline) -> int:
    """The colon or the dash in front of a collection."""
    index = next(i for i, one in enumerate(above.entries) if one.ordinal <= collection.ordinal < one.behind)
    if not above.mapping:
        return above.head(index)
    return passed(text, above.stream.ends[above.entries[index].ordinal])


# ---------------------------------------------------------------- brackets


def _only_in_flow(source: Source, collection: Outline) -> list[Change]:
    text, entry = source.text, collection.entries[0]
    _refuse_bare(source, collection)
    inside = text[collection.start + 1 : entry.start] + text[entry.end : collection.end - 1]
    if "#" not in inside:
        return [(collection.start + 1, collection.end - 1, "")]
    behind = passed(text, entry.end)
    return [(entry.start, entry.end, ""), *([(behind, behind + 1, "")] if text[behind] == "," else [])]


def entry_in_flow(source: Source, collection: Outline, index: int) -> list[Change]:
    """One entry of several in brackets, with one comma."""
    _refuse_bare(source, collection)
    text, entry = source.text, collection.entries[index]
    behind = passed(text, entry.end)
    comma = behind if text[behind] == "," else None
    begin = line_start(text, entry.start)
    own = begin > collection.start and not text[begin : entry.start].strip()
    ended = _ENDED.match(text, entry.end)
    changes: list[Change] = []
    if comma is None:
        before = passed(text, collection.entries[index - 1].end)
        changes.append((before, before + 1, ""))
    if own and ended and (comma is None or comma < ended.end()):
        least = collection.entries[index - 1].end if index else collection.start
        return [*changes, (_above(text, begin, entry.start - begin, least), next_line(text, entry.end), "")]
    if entry is collection.entries[-1]:  # a comma at the end stays one
        previous = collection.entries[index - 1].end
        if "#" not in text[previous : entry.start]:
            return [(previous, entry.end, "")]
    if comma is None:
        return [*changes, (entry.start, entry.end, "")]
    return [(entry.start, _next_in_flow(text, comma + 1), "")]


def _next_in_flow(text: str, at: int) -> int:
    """Behind the comma: past the comment on the line and the space that follows, at what comes next."""
    rest = text[at : line_end(text, at)]
    if rest.lstrip().startswith("#"):
        at = line_end(text, at)
    found = _SPACES.match(text, at)
    return found.end() if found else at


def _refuse_bare(source: Source, collection: Outline) -> None:
    if not source.text.startswith(("{", "["), collection.start):
        raise _odd(source, collection.start)


def _odd(source: Source, at: int) -> EditRefused:
    return EditRefused(
        "the entry is written in a way that cannot be taken apart safely",
        where=source.at(breaks(source.text, 0, at) + 1),
    )
