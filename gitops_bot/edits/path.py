"""Paths as users write them: `a.b[0].c`, `[1].tag`, `images[name=x].newTag`, `"odd.key".a`.

    path    = (key | bracket) { "." key | bracket }
    bracket = "[" number "]" | "[" key { "." key } "=" value "]"
    key     = bare | quoted        bare: no white space and none of . " [ ] = / \\
    value   = bare | quoted        bare: no edge white space and none of [ ] " \\
    quoted  = '"' { any but " and \\ | \\" | \\\\ } '"'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from gitops_bot.errors import EditRefused

MAX_KEYS = 100
"""No manifest nests deeper, and the walk down a path is recursive."""

_BARE_KEY = re.compile(r'[^\s."\[\]=/\\]+')
_BARE_VALUE = re.compile(r'[^\s\[\]"\\](?:[^\[\]"\\\r\n]*[^\s\[\]"\\])?')
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_INDEX = re.compile(r"\[([0-9]{1,6})\]")


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a mapping."""

    name: str

    def __str__(self) -> str:
        return _quoted_unless(_BARE_KEY, self.name)


@dataclass(frozen=True, slots=True)
class Index:
    """An item of a list by its number, from 0."""

    number: int

    def __str__(self) -> str:
        return f"[{self.number}]"


@dataclass(frozen=True, slots=True)
class Filter:
    """The one item of a list that holds a value below some keys."""

    keys: tuple[Key, ...]
    value: str

    def __str__(self) -> str:
        return f"[{self.condition}]"

    @property
    def condition(self) -> str:
        """`name=x`."""
        return f"{'.'.join(map(str, self.keys))}={_quoted_unless(_BARE_VALUE, self.value)}"


Segment = Key | Index | Filter


@dataclass(frozen=True, slots=True)
class Path:
    """Where a value is in a document; `str` gives it back in its shortest spelling."""

    segments: tuple[Segment, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a path. EditRefused names the column and what was expected there."""
        segments: list[Segment] = []
        at = 0
        while at < len(text) or not segments:
            segment, at = _segment(text, at, first=not segments)
            segments.append(segment)
        if sum(len(s.keys) if isinstance(s, Filter) else 1 for s in segments) > MAX_KEYS:
            raise EditRefused(f"the path {text[:60]!r}… has more than {MAX_KEYS} keys")
        return cls(tuple(segments))

    def __str__(self) -> str:
        dotted = "".join(f".{segment}" if isinstance(segment, Key) else str(segment) for segment in self.segments)
        return dotted.removeprefix(".")


def _quoted_unless(bare: re.Pattern[str], text: str) -> str:
    if bare.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _segment(text: str, at: int, *, first: bool) -> tuple[Segment, int]:
    """One segment and the offset behind it."""
    if text.startswith("[", at):
        return _bracket(text, at)
    if first:
        return _key(text, at)
    if text.startswith(".", at):
        return _key(text, at + 1)
    raise _expected(text, at, "`.` or `[`")


def _bracket(text: str, at: int) -> tuple[Segment, int]:
    if index := _INDEX.match(text, at):
        return Index(int(index[1])), index.end()
    key, at = _key(text, at + 1)
    keys = [key]
    while text.startswith(".", at):
        key, at = _key(text, at + 1)
        keys.append(key)
    if not text.startswith("=", at):
        raise _expected(text, at, "a number, or `key=value`, in the brackets")
    value, at = _word(text, at + 1, _BARE_VALUE, "a value (in double quotes if it is odd)")
    if not text.startswith("]", at):
        raise _expected(text, at, "`]`")
    return Filter(tuple(keys), value), at + 1


def _key(text: str, at: int) -> tuple[Key, int]:
    name, at = _word(text, at, _BARE_KEY, "a key (in double quotes if it has dots, slashes or spaces)")
    return Key(name), at


def _word(text: str, at: int, bare: re.Pattern[str], what: str) -> tuple[str, int]:
    if quoted := _QUOTED.match(text, at):
        return re.sub(r'\\(["\\])', r"\1", quoted[1]), quoted.end()
    if text.startswith('"', at):
        raise _expected(text, at, 'text that ends with `"`, with only `\\"` and `\\\\` after a backslash')
    if word := bare.match(text, at):
        return word[0], word.end()
    raise _expected(text, at, what)


def _expected(text: str, at: int, what: str) -> EditRefused:
    found = f"`{text[at]}`" if at < len(text) else "the end"
    return EditRefused(f"the path {text!r} is not understood: column {at + 1} has {found}, expected {what}")
