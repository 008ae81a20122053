"""Write, insert and remove in a JSON file: new text in the layout of its neighbours, and what it must then say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gitops_bot.edits.json_text import JsonText, Members, Reach, Span, content_of, rebuilt, without
from gitops_bot.edits.path import Filter, Index, Key
from gitops_bot.edits.sense import Data, Plain
from gitops_bot.edits.source import Source
from gitops_bot.edits.wrap import satisfying, wrapped
from gitops_bot.errors import EditRefused


def write(way: Reach, value: Plain) -> JsonText:
    """The file with another value over the one at a path. Errors: PlaceAbsent, EditRefused."""
    return _over(way, way.found(), value)


def remove(way: Reach) -> JsonText:
    """The file without a member or an item, and without its comma. Errors: PlaceAbsent, EditRefused."""
    span, source = way.found(), way.source
    if not way.here:
        raise EditRefused("a JSON file is one value, which cannot be taken away", where=source.file)
    *above, last = way.here
    parent = way.spans[-2]
    parts = list(source.parts(parent))
    number = parts.index(span)
    if number + 1 < len(parts):
        start, end = parts[number].start, parts[number + 1].start
    elif number:
        start, end = parts[number - 1].end, parts[number].end
    else:
        start, end = parent.value + 1, parent.end - 1
    return source.replaced(
        start, end, "", lambda content: rebuilt(content, tuple(above), lambda found: without(found, last))
    )


def insert(way: Reach, data: Data) -> JsonText:
    """The file with data at a path where nothing is, and with what is missing on the way.

    Errors: PlaceAbsent, EditRefused.
    """
    source, named = way.source, Source(way.source.file, "")
    found = source.held(way.last)
    if found is None:
        return _over(way, way.last, wrapped(named, way.missing, data))
    head, rest = way.missing[0], way.missing[1:]
    fits = isinstance(found, Members) if isinstance(head, Key) else isinstance(found, list)
    if not fits or (isinstance(head, Index) and head.number != len(found)):
        raise way.absent()
    key = head.name if isinstance(head, Key) else None
    value = wrapped(named, rest, data)
    if isinstance(head, Filter):
        value = satisfying(named, head, value)
    new = decoded(value, source.file)
    start, end, text = _entry(source, way.last, key, value)

    def added(content: Any) -> Any:
        return [*content, new] if key is None else Members([*content.pairs, (key, new)])

    return source.replaced(start, end, text, lambda content: rebuilt(content, way.here, added))


def decoded(value: Data, file: str) -> Any:
    """A value as a decoded text has it, to compare with. EditRefused: it has no JSON."""
    return content_of(file, _dumped(value, file))


def _over(way: Reach, span: Span, value: Data) -> JsonText:
    """Another value in the place of the last one that is there."""
    source, new = way.source, decoded(value, way.source.file)
    return source.replaced(
        span.value, span.end, _literal(source, value), lambda content: rebuilt(content, way.here, lambda _: new)
    )


# ---------------------------------------------------------------- text


def _entry(source: JsonText, parent: Span, key: str | None, value: Data) -> tuple[int, int, str]:
    """Where the text of a new last part goes, and that text."""
    text = source.text
    parts = list(source.parts(parent))
    if not parts:
        literal = _literal(source, value)
        return parent.value + 1, parent.end - 1, literal if key is None else f"{_literal(source, key)}: {literal}"
    last, named, tight = parts[-1], "", False
    if key is not None:
        _, behind = json.JSONDecoder().raw_decode(text, last.start)
        named = _literal(source, key) + text[behind : last.value]
        tight = text[behind : last.value] == ":"
    gap = _space_before(text, last.start)
    if len(parts) == 1 and "\n" not in gap:
        gap = "" if tight else " "
    literal = _indented(source, parent, gap, value) if "\n" in gap else _literal(source, value)
    return last.end, last.end, f",{gap}{named}{literal}"


def _indented(source: JsonText, parent: Span, gap: str, value: Data) -> str:
    """A value over several lines, as its neighbours stand on lines of their own."""
    margin = gap.rpartition("\n")[2]
    closing = _space_before(source.text, parent.end - 1).rpartition("\n")[2]
    step = margin[len(closing) :] if margin.startswith(closing) else ""
    lines = _dumped(value, source.file, indent=step or "  ", ascii_only=source.text.isascii()).split("\n")
    line_break = "\r\n" if "\r\n" in gap else "\n"
    return f"{line_break}{margin}".join(lines)


def _space_before(text: str, at: int) -> str:
    start = at
    while start and text[start - 1] in " \t\r\n":
        start -= 1
    return text[start:at]


def _literal(source: JsonText, value: Data) -> str:
    """A value on one line; beyond ASCII only where the file is."""
    return _dumped(value, source.file, ascii_only=source.text.isascii())


def _dumped(value: Data, file: str, *, indent: str | None = None, ascii_only: bool = True) -> str:
    separators = (", " if indent is None else ",", ": ")
    try:
        plain = _plain(value)
        json.dumps(plain, ensure_ascii=False).encode()  # half a character has no UTF-8
        return json.dumps(plain, ensure_ascii=ascii_only, indent=indent, separators=separators, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise EditRefused("the value cannot be written as JSON", where=file) from None


def _plain(value: Data) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
