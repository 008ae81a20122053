"""Files of `KEY=value` lines: which line holds a key, how its value is spelled, and another value in its place.

Two dialects. `.env` files know `export`, quotes, and comments behind a value; what their readers (shells, Docker,
kustomize, libraries) do not agree about is refused. Java's properties know `=`, `:` or white space behind a key,
escapes, and lines that go on; quotes mean nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from gitops_bot.edits.utf8 import decoded, encoded
from gitops_bot.errors import EditRefused

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_VARIABLE = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<key>[^\s=:#'\"]+)(?:[ \t]*=[ \t]*|:[ \t]+)(?P<rest>[^\r\n]*)")
_VALUE = re.compile(
    r"""(?P<quoted>'[^']*'|"(?:[^"\\]|\\.)*")(?=[ \t]*(?:\#.*)?$)
      | (?:[^\s#]|(?<=\S)\#|[ \t]+(?=[^\s#]))*""",
    re.VERBOSE,
)
_OPEN = re.compile(r"""'[^']*$|"(?:[^"\\]|\\.)*\\?$""")
_QUOTED = {"'": re.compile(r"'[^']*'"), '"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)}
_PROPERTY = re.compile(
    r"[ \t\f]*(?P<key>(?:[^\s=:#!\\]|\\.)(?:[^\s=:\\]|\\.)*)"
    r"(?:[ \t\f]*[=:][ \t\f]*|[ \t\f]+|(?=[\r\n]|\Z))(?P<rest>[^\r\n]*)"
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)")
_ESCAPED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
# What no reader takes for anything but itself: without quotes, and in double quotes.
_BARE = re.compile(r"[\w./:@%+,=-]*")
_SPACED = re.compile(r"[\w./:@%+,=-]+(?: [\w./:@%+,=-]+)*")
_EXPANDED = frozenset('"$`\\')


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that gives a key a value, by offsets in the text."""

    key: str
    value: str
    line: int
    """From 1."""
    begin: int
    named: tuple[int, int]
    """Where the key is spelled."""
    start: int
    """Where the value is spelled, with its quotes, up to `end`."""
    end: int
    after: int
    """Behind the line break."""
    quote: str = ""
    odd: str = ""
    """Why the value is not edited."""


@dataclass(frozen=True, slots=True)
class EnvText:
    """One file's text, without its byte order mark."""

    file: str
    text: str
    java: bool
    mark: bool = False

    @classmethod
    def decode(cls, file: str, data: bytes) -> Self:
        """Read a file. Errors: EditRefused (too large, no text)."""
        text, mark = decoded(file, data)
        if (at := text.find("\0")) >= 0:
            line = text.count("\n", 0, at) + 1
            raise EditRefused("the file is no text: it holds the character U+0000", where=f"{file}:{line}")
        return cls(file, text, file.endswith(".properties"), mark=mark)

    def encode(self) -> bytes:
        """The file again."""
        return encoded(self.text, mark=self.mark)

    def at(self, line: int) -> str:
        """`file:line` for messages."""
        return f"{self.file}:{line}"

    def find(self, key: str) -> Entry | None:
        """The line of a key; None where there is none. EditRefused: several, or one whose value cannot be told."""
        found = [entry for entry in self.entries() if entry.key == key]
        if len(found) > 1:
            lines = ", ".join(str(entry.line) for entry in found[:12])
            raise EditRefused(
                f"`{key}` is there {len(found)} times (lines {lines}), and readers disagree which one counts",
                where=self.at(found[0].line),
                remedy="Delete all but one",
            )
        if found and found[0].odd:
            raise EditRefused(f"the value of `{key}` {found[0].odd}", where=self.at(found[0].line))
        return found[0] if found else None

    # ------------------------------------------------------------ changing

    def written(self, entry: Entry, value: str) -> EnvText:
        """The file with another value in a line. EditRefused: it cannot be spelled there."""
        literal = self._spelled(value, entry)
        if entry.start == entry.end and not self.text[entry.named[1] : entry.start]:
            literal = f"={literal}"
        expected = [(one.key, value if one == entry else one.value) for one in self.entries()]
        return self._proven(entry.start, entry.end, literal, expected)

    def without(self, entry: Entry) -> EnvText:
        """The file without a line."""
        expected = [(one.key, one.value) for one in self.entries() if one != entry]
        return self._proven(entry.begin, entry.after, "", expected)

    def having(self, key: str, value: str) -> EnvText:
        """The file with one more line at its end, spelled like the last. EditRefused: it cannot be spelled."""
        if not _KEY.fullmatch(key):
            raise EditRefused(f"{key!r} is no name that every reader takes", where=self.file)
        entries = list(self.entries())
        before, behind = "", "="
        if entries:
            last = entries[-1]
            before = self.text[last.begin : last.named[0]]
            behind = self.text[last.named[1] : last.start] or "="
        line = f"{before}{key}{behind}{self._spelled(value, entries[-1] if entries else None)}"
        line_break = "\r\n" if "\r\n" in self.text else "\n"
        closed = not self.text or self.text[-1] in "\r\n"
        end = len(self.text)
        expected = [*((one.key, one.value) for one in entries), (key, value)]
        return self._proven(end, end, f"{line}{line_break}" if closed else f"{line_break}{line}", expected)

    def _proven(self, start: int, end: int, literal: str, expected: list[tuple[str, str]]) -> EnvText:
        """The same file with other characters in one span. EditRefused: it does not say what is expected."""
        after = replace(self, text=self.text[:start] + literal + self.text[end:])
        if [(entry.key, entry.value) for entry in after.entries()] != expected:
            line = self.text.count("\n", 0, start) + 1
            raise EditRefused("the value cannot be written without changing how the rest reads", where=self.at(line))
        return after

    def _spelled(self, value: str, like: Entry | None) -> str:
        """How a value is written, as the one of another line is where that is safe."""
        line = like.line if like else 1
        if not value.isprintable() and value:
            raise EditRefused(f"{value!r} is no text of one line", where=self.at(line))
        if self.java:
            return _escaped(value, ascii_only=self.text.isascii())
        quote = like.quote if like else ""
        bare = not quote and (_SPACED if like and _SPACED.fullmatch(like.value) and " " in like.value else _BARE)
        if bare and bare.fullmatch(value):
            return value
        for mark in dict.fromkeys((quote or "'", "'", '"')):
            if mark not in value and (mark == "'" or _EXPANDED.isdisjoint(value)):
                return f"{mark}{value}{mark}"
        raise EditRefused(f"{value!r} cannot be quoted so that all readers agree on it", where=self.at(line))

    # ------------------------------------------------------------ reading

    def entries(self) -> Iterator[Entry]:
        """Every line that gives a key a value, from the first to the last."""
        at, line = 0, 1
        while at < len(self.text):
            end = _end_of_line(self.text, at)
            entry = self._property(at, end, line) if self.java else self._variable(at, end, line)
            if entry is not None:
                yield entry
                end = entry.after
            line += self.text.count("\n", at, end)
            at = end

    def _variable(self, at: int, end: int, line: int) -> Entry | None:
        found = _VARIABLE.match(self.text, at, end)
        if not found:
            return None
        start, rest = found.start("rest"), found["rest"]
        named = found.span("key")
        if _OPEN.fullmatch(rest) and (closed := _QUOTED[rest[0]].match(self.text, start)):
            behind = _end_of_line(self.text, closed.end())
            return Entry(found["key"], "", line, at, named, start, behind, behind, odd="goes over several lines")
        value = _VALUE.match(rest)
        assert value, "the pattern matches everything"
        spelled, quoted = value[0], value["quoted"] is not None
        odd = "has quotes that are not around all of it" if not quoted and spelled[:1] in ("'", '"') else ""
        text = _unquoted(spelled) if quoted else spelled
        end_of_value = start + value.end()
        return Entry(found["key"], text, line, at, named, start, end_of_value, end, spelled[0] if quoted else "", odd)

    def _property(self, at: int, end: int, line: int) -> Entry | None:
        found = _PROPERTY.match(self.text, at, end)
        if not found:
            return None
        behind = end
        while _goes_on(self.text[at:behind]) and behind < len(self.text):
            behind = _end_of_line(self.text, behind)
        odd = "goes over several lines" if _goes_on(self.text[at:end]) else ""
        value = self.text[found.start("rest") : behind] if odd else _unescaped(found["rest"])
        if any("\ud800" <= char <= "\udfff" for char in value):
            odd = "holds half a character"
        return Entry(
            _unescaped(found["key"]), value, line, at, found.span("key"), *found.span("rest"), after=behind, odd=odd
        )


def _end_of_line(text: str, at: int) -> int:
    found = _LINE.match(text, at)
    return found.end() if found else len(text)


def _goes_on(line: str) -> bool:
    """A line of properties that ends with an odd number of backslashes."""
    bare = line.rstrip("\r\n")
    return (len(bare) - len(bare.rstrip("\\"))) % 2 == 1


def _unquoted(spelled: str) -> str:
    inner = spelled[1:-1]
    return re.sub(r"\\([\"\\$`])", r"\1", inner) if spelled[0] == '"' else inner


def _unescaped(text: str) -> str:
    def meant(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)

    units = _ESCAPE.sub(meant, text).encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "surrogatepass")


def _escaped(value: str, *, ascii_only: bool) -> str:
    text = value.replace("\\", "\\\\")
    if ascii_only:
        text = "".join(char if char.isascii() else _code_units(char) for char in text)
    return f"\\{text}" if text.startswith(" ") else text


def _code_units(char: str) -> str:
    units = char.encode("utf-16-be").hex().upper()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
