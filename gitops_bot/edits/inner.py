"""A document inside a string of another file: a patch in a kustomization, values in an Application, a route map.

    found = inner(tree, place)                            # the string at `place`, as a text of its own
    scalar = locate(found.source, path)                   # … which locate, splice, insert and remove work on
    after = splice(found.source, scalar, value)
    rewrite = found.rewrite(after, path, old="1", new="2")  # an operation: the file again, proven

Lines of a block scalar map one to one to lines of the file, so only the lines that change are written. A string in
quotes is written as a whole, and only where that changes nothing but the document's own change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from yaml.events import Event, ScalarEvent

from gitops_bot.edits.operations import Rewrite
from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.proof import Expected, prove
from gitops_bot.edits.scalar import written
from gitops_bot.edits.sketch import Scalar
from gitops_bot.edits.source import Source
from gitops_bot.edits.splice import splice
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree

_PROPERTIES = r"(?:[&!]\S*[ \t]+)*"
_HEADER = re.compile(rf"{_PROPERTIES}[|>][-+0-9]*(?:[ \t]+#[^\r\n]*|[ \t]*)(\r\n|\n|\Z)")
_LINE = re.compile(r"([^\n]*?)(\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class Inner:
    """A string of a file, taken as a document."""

    place: Place
    """The string."""
    file: Source
    scalar: Scalar
    source: Source
    """The document: a text of its own, whose `file` is the place."""

    def outer(self, after: Source) -> Source:
        """The file with another document in the string. EditRefused: other bytes would have to change."""
        if after.text == self.source.text:
            return self.file
        if self.scalar.style in ("|", ">"):
            return self._in_block(after.text)
        return self._in_quotes(after.text)

    def rewrite(self, after: Source, path: Path, *, old: str = "", new: str = "") -> Rewrite:
        """The operation that puts another document into the string; `path` and the values are for people."""
        return Rewrite(self.place.file, self.outer(after).encode(), f"{self.place}: {path}", old, new)

    def _in_quotes(self, text: str) -> Source:
        scalar = self.scalar
        literal = self.file.text[scalar.start : scalar.end]
        if written(scalar.text, style=scalar.style, flow=scalar.flow, json=scalar.json) != literal:
            raise self._refused("spells its text in a way that would have to change as a whole")
        return splice(self.file, scalar, text)

    def _in_block(self, text: str) -> Source:
        start, old = self._lines()
        content = self.scalar.text.rstrip("\n")
        ending = self.scalar.text[len(content) :]
        new = text.rstrip("\n").split("\n")
        body = "".join(self._spliced(old, content.split("\n"), new))
        after = self.file.having(start, self.scalar.end, body)
        expected = Expected(self.scalar.ordinal, 1, partial(_is_text, self.scalar, "\n".join(new) + ending))
        said = f"the document in `{self.place.path}` cannot be written"
        prove(self.file, after, expected, said=said, line=self.scalar.line)
        return after

    def _spliced(self, old: Sequence[tuple[str, str]], was: Sequence[str], new: Sequence[str]) -> list[str]:
        """The lines of the file: those of the document that stay are kept as they are."""
        indent, end_of_line = self._indent(old, was), old[0][1] or "\n"
        before = _common(was, new)
        behind = _common(was[before:][::-1], new[before:][::-1])
        came = [(indent + line if line else "", end_of_line) for line in new[before : len(new) - behind]]
        kept, rest = old[:before], old[len(was) - behind :]
        lines = [*kept, *came, *rest]
        last = old[-1][1]
        return [
            line + (last if number == len(lines) else end or end_of_line) for number, (line, end) in enumerate(lines, 1)
        ]

    def _lines(self) -> tuple[int, list[tuple[str, str]]]:
        """Where the block's text begins in the file, and its lines with their ends."""
        raw = self.file.text[self.scalar.start : self.scalar.end]
        header = _HEADER.match(raw)
        lines = [(found[1], found[2]) for found in _LINE.finditer(raw, header.end()) if found[0]] if header else []
        if header is None or not lines:
            raise self._refused("is a block that holds nothing to edit")
        return self.scalar.start + header.end(), lines

    def _indent(self, raw: Sequence[tuple[str, str]], lines: Sequence[str]) -> str:
        """The block's indentation. EditRefused: its lines are not the document's."""
        first = next((number for number, line in enumerate(lines) if line.strip()), 0)
        indent = raw[first][0][: len(raw[first][0]) - len(lines[first])] if first < len(raw) else ""
        whole = len(lines) <= len(raw) and not indent.strip(" ")
        if not whole or not all(_is_line(given[0], line, indent) for given, line in zip(raw, lines, strict=False)):
            raise self._refused("is folded: its lines are not the document's")
        return indent

    def _refused(self, why: str) -> EditRefused:
        return EditRefused(
            f"`{self.place.path}` {why}",
            where=self.file.at(self.scalar.line),
            remedy="Write it as a literal block (`|`)",
        )


def inner(tree: Tree, place: Place) -> Inner:
    """The document in the string at a place. Errors: FileAbsent, PlaceAbsent, EditRefused (no string, no text)."""
    file, scalar = find(tree, place, follow=False)
    source = Source.decode(str(place), scalar.text.encode(errors="surrogatepass"))
    if source.mark:
        raise EditRefused("the text begins with a byte order mark", where=file.at(scalar.line))
    return Inner(place, file, scalar, source)


def _is_line(raw: str, line: str, indent: str) -> bool:
    """Whether a line of the file is this line of the document; an empty one may be indented less."""
    return raw == indent + line or (not line and indent.startswith(raw))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items two lists have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (left, right) in pairs if left != right), min(len(one), len(other)))


def _is_text(old: Scalar, text: str, came: Sequence[Event]) -> bool:
    anchor = old.anchor.name if old.anchor else None
    event = came[0] if len(came) == 1 else None
    return isinstance(event, ScalarEvent) and (event.value, event.style, event.anchor, event.tag) == (
        text,
        old.style,
        anchor,
        old.tag,
    )
