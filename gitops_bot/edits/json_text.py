"""A JSON file as text: where the value at a path is, and how other JSON gets there, proven.

JSON is read by the standard library's own decoder, never by YAML's: the two disagree about escapes and duplicate keys.
Numbers stay text, so nothing is rounded, and objects stay pairs, so nothing is lost when two texts are compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from typing import Any, NamedTuple, Self

from gitops_bot.edits.path import Filter, Index, Key, Path, Segment
from gitops_bot.edits.utf8 import decoded, encoded
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent

_NAMED = 1_000
"""So many names are looked through for a suggestion."""
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|(//|/\*|#)')


class Number(NamedTuple):
    """A number as it is written."""

    text: str


class Members(NamedTuple):
    """An object as its pairs, in order."""

    pairs: list[tuple[str, Any]]


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=Members, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
)
_SKIPPER = json.JSONDecoder(parse_int=str, parse_float=str)
"""To pass over what was decoded before."""


@dataclass(frozen=True, slots=True)
class Span:
    """A value in the text, with its key if it is a member of an object."""

    start: int
    """Where the key begins, else the value."""
    value: int
    end: int
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """The values along a path in a text, the root first, as far as there are any."""

    source: JsonText
    path: Path
    spans: tuple[Span, ...]

    @property
    def last(self) -> Span:
        """The value at the path, or the one that lacks what the path asks for next."""
        return self.spans[-1]

    @property
    def here(self) -> tuple[Segment, ...]:
        """The part of the path that is there."""
        return self.path.segments[: len(self.spans) - 1]

    @property
    def missing(self) -> tuple[Segment, ...]:
        """The part of the path that is not."""
        return self.path.segments[len(self.spans) - 1 :]

    @property
    def where(self) -> str:
        """`file:line` of the last value."""
        return self.source.at(self.last.value)

    def found(self) -> Span:
        """The value at the path. Errors: PlaceAbsent."""
        if self.missing:
            raise self.absent()
        return self.last

    def absent(self) -> EditError:
        """What is said where a path ends too early, with what is there instead."""
        source, segment = self.source, self.missing[0]
        if isinstance(segment, Key):
            asked, named = segment.name, [one.key for one in source.parts(self.last) if one.key is not None]
        elif isinstance(segment, Filter):
            texts = (text_below(source.held(one), segment.keys) for one in source.parts(self.last))
            asked, named = segment.value, [text for text in texts if text is not None]
        else:
            asked, named = "", []
        close = get_close_matches(asked, named[:_NAMED], n=3)
        known = f"There are: {', '.join(named[:12])}{', …' if named[12:] else ''}" if named else ""
        if close:
            known = f"Did you mean {' or '.join(f'`{name}`' for name in close)}?"
        return PlaceAbsent(f"{_called(Path(self.here))} has no `{segment}`", where=self.where, remedy=known)


@dataclass(frozen=True, slots=True)
class JsonText:
    """One file's text, without its byte order mark, and what it says."""

    file: str
    text: str
    content: Any
    mark: bool = False

    @classmethod
    def decode(cls, file: str, data: bytes) -> Self:
        """Read a file. Errors: EditRefused (too large, not UTF-8, not JSON)."""
        text, mark = decoded(file, data)
        return cls(file, text, content_of(file, text), mark=mark)

    def encode(self) -> bytes:
        """The file again."""
        return encoded(self.text, mark=self.mark)

    def at(self, offset: int) -> str:
        """`file:line` for messages."""
        return _at(self.file, self.text, offset)

    # ------------------------------------------------------------ finding

    def reach(self, path: Path) -> Reach:
        """How far a path goes. EditRefused: several keys or items match."""
        start = _behind_space(self.text, 0)
        spans = [Span(start, start, len(self.text.rstrip(" \t\r\n")))]
        for depth, segment in enumerate(path.segments):
            found = self._meant(spans[-1], segment)
            if len(found) > 1:
                lines = ", ".join(self.at(one.start).rpartition(":")[2] for one in found[:12])
                what = "the key" if isinstance(segment, Key) else "an item with"
                raise EditRefused(
                    f"{_called(Path(path.segments[:depth]))} has {what} `{segment}` {len(found)} times (lines {lines})",
                    where=self.at(spans[-1].value),
                    remedy="Delete all but one" if isinstance(segment, Key) else "Choose one by its number",
                )
            if not found:
                break
            spans.append(found[0])
        return Reach(self, path, tuple(spans))

    def parts(self, span: Span) -> Iterator[Span]:
        """The members or items of what a span holds; none where that is a single value."""
        return (part for part, _ in self._parts(span))

    def _parts(self, span: Span) -> Iterator[tuple[Span, Any]]:
        """With what each holds, as far as that is fast to tell: of equal keys the last, numbers as text."""
        text, at = self.text, span.value
        if text[at] not in "{[":
            return
        in_object = text[at] == "{"
        at = _behind_space(text, at + 1)
        while text[at] not in "}]":
            start, key = at, None
            if in_object:
                key, at = _SKIPPER.raw_decode(text, at)
                at = _behind_space(text, _behind_space(text, at) + 1)
            value, end = _SKIPPER.raw_decode(text, at)
            yield Span(start, at, end, key), value
            at = _behind_space(text, end)
            if text[at] == ",":
                at = _behind_space(text, at + 1)

    def held(self, span: Span) -> Any:
        """What a span holds, decoded."""
        return _DECODER.raw_decode(self.text, span.value)[0]

    def _meant(self, span: Span, segment: Segment) -> list[Span]:
        match segment:
            case Key(name):
                return [one for one in self.parts(span) if one.key == name]
            case Index(number):
                return [] if self.text[span.value] == "{" else list(islice(self.parts(span), number, number + 1))
            case Filter(keys, value):
                likely = [one for one, held in self._parts(span) if one.key is None and _may_hold(held, keys, value)]
                return [one for one in likely if text_below(self.held(one), keys) == value]

    # ------------------------------------------------------------ changing

    def replaced(self, start: int, end: int, literal: str, expected: Callable[[Any], Any]) -> JsonText:
        """The same file with other characters in one span, which must say what `expected` makes of the content.

        EditRefused: it does not.
        """
        text = self.text[:start] + literal + self.text[end:]
        refused = EditRefused("the value cannot be written without changing the rest of the file", where=self.at(start))
        try:
            content = content_of(self.file, text)
            good = content == expected(self.content)
        except (EditError, RecursionError):
            raise refused from None
        if not good:
            raise refused
        return replace(self, text=text, content=content)


def content_of(file: str, text: str) -> Any:
    """What a text says. EditRefused says where it is no JSON."""
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        comment = next((one for one in _STRING_OR_COMMENT.finditer(text) if one[1]), None)
        if comment:
            raise EditRefused(
                "the file has comments, which JSON does not know, so it cannot be proven that only the value changes",
                where=_at(file, text, comment.start()),
                remedy="Take the comments out",
            ) from None
        where = f"{_at(file, text, error.pos)}:{error.colno}"
        raise EditRefused(f"the file cannot be read as JSON: {error.msg}", where=where) from None
    except RecursionError:
        raise EditRefused("the file cannot be read as JSON: it nests too deep", where=file) from None
    except ValueError as error:
        raise EditRefused(f"the file cannot be read as JSON: {error}", where=file) from None


def text_below(value: Any, keys: tuple[Key, ...]) -> str | None:
    """The single value below some keys as text; None where there is none, or a key is there several times."""
    for key in keys:
        found = [one for name, one in value.pairs if name == key.name] if isinstance(value, Members) else []
        if len(found) != 1:
            return None
        value = found[0]
    if isinstance(value, Number):
        return value.text
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else None


def _may_hold(value: Any, keys: tuple[Key, ...], text: str) -> bool:
    """Whether an item may be the one that holds a text below some keys."""
    for key in keys:
        value = value.get(key.name) if isinstance(value, dict) else None
    return value == text or isinstance(value, bool)


# ---------------------------------------------------------------- what is expected of a change


def rebuilt(content: Any, segments: tuple[Segment, ...], change: Callable[[Any], Any]) -> Any:
    """The content with what is at a path changed; the path is known to be there, once."""
    if not segments:
        return change(content)
    number = position(content, segments[0])
    if isinstance(content, Members):
        pairs = list(content.pairs)
        pairs[number] = (pairs[number][0], rebuilt(pairs[number][1], segments[1:], change))
        return Members(pairs)
    items = list(content)
    items[number] = rebuilt(items[number], segments[1:], change)
    return items


def without(content: Any, segment: Segment) -> Any:
    """An object without a member, or a list without an item."""
    number = position(content, segment)
    parts = content.pairs if isinstance(content, Members) else content
    left = parts[:number] + parts[number + 1 :]
    return Members(left) if isinstance(content, Members) else left


def position(content: Any, segment: Segment) -> int:
    """The number of the member or item that a segment means."""
    match segment:
        case Key(name):
            return [key for key, _ in content.pairs].index(name)
        case Index(number):
            return number
        case Filter(keys, value):
            return [text_below(item, keys) for item in content].index(value)


def _behind_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _at(file: str, text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"{file}:{line}"


def _called(path: Path) -> str:
    return f"`{path}`" if path.segments else "the document"
