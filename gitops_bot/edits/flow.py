"""Collections in brackets: one more entry, in their own style."""

from __future__ import annotations

import re

from gitops_bot.edits.emit import inline, scalar
from gitops_bot.edits.layout import line_break, line_end, line_start
from gitops_bot.edits.outline import Outline, is_flow_mapping, is_quoted, passed
from gitops_bot.edits.sense import Data
from gitops_bot.edits.source import Source
from gitops_bot.edits.stream import breaks
from gitops_bot.errors import EditRefused

_TIGHT = re.compile(r'\{\s*"[^"]*":\S')


def with_key(source: Source, collection: Outline, key: str, value: Data) -> tuple[int, int, str]:
    """The span and the text that add a key."""
    stream, last = collection.stream, collection.entries[-1]
    json = is_quoted(stream, last.ordinal)
    tight = json and stream.starts[last.value] == stream.ends[last.ordinal] + 1
    name = scalar(key, flow=True, json=json)
    literal = f"{name}{':' if tight else ': '}{inline(value, flow=True, json=json, tight=tight)}"
    return _added(source, collection, literal, tight=tight)


def with_item(source: Source, collection: Outline, value: Data) -> tuple[int, int, str]:
    """The span and the text that add an item."""
    text, last = source.text, collection.entries[-1]
    json, tight = is_json(collection), text[last.start - 1] == "," or bool(_TIGHT.match(text, last.start))
    return _added(source, collection, inline(value, flow=True, json=json, tight=tight and json), tight=tight)


def is_json(collection: Outline) -> bool:
    """Whether the last entry has its text, or its keys, in double quotes."""
    stream, last = collection.stream, collection.entries[-1].ordinal
    return is_quoted(stream, last + 1 if is_flow_mapping(stream, last) else last)


def _added(source: Source, collection: Outline, literal: str, *, tight: bool) -> tuple[int, int, str]:
    """Behind the last entry, on a line of its own where that has one; a comma at the end stays one."""
    text, last = source.text, collection.entries[-1]
    if not text.startswith(("{", "["), collection.start):
        raise EditRefused(
            "the mapping is a pair without braces in a list", where=source.at(breaks(text, 0, last.start) + 1)
        )
    begin = line_start(text, last.start)
    indent = text[begin : last.start]
    if indent.strip() or begin <= collection.start:
        return last.end, last.end, ("," if tight else ", ") + literal
    behind = passed(text, last.end)
    comma = text.startswith(",", behind)
    at = behind + 1 if comma else last.end
    head, tail = ("", ",") if comma else (",", "")
    end = line_end(text, at)
    rest = text[at:end]
    own = line_break(text, last.start) + indent + literal + tail
    if not rest.strip() or rest.lstrip().startswith("#"):
        return at, end, head + rest + own
    return at, at, head + own
