"""A YAML file as text: decoded, bounded, and free of what YAML's readers disagree about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Self, cast

import yaml
from yaml.error import Mark, MarkedYAMLError
from yaml.events import CollectionEndEvent, CollectionStartEvent, Event

from gitops_bot.edits.utf8 import decoded, encoded
from gitops_bot.errors import EditRefused

MAX_DEPTH = 200
MAX_ALIASES = 10_000

# libyaml's parser where the wheel has it, else the slow one: the marks are the same.
LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

TEMPLATE = re.compile(r"(?<!\$)\{\{")
"""What begins a template's expression; `${{ x }}` is an expression of other programs, in files that are YAML."""

# What YAML forbids, and what YAML 1.1 takes for a line break and YAML 1.2 does not.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# Most files hold nothing else, which is quicker to see.
_ORDINARY = bytes([0x09, 0x0A, 0x0D, *range(0x20, 0x7F)])
# Of a longer line only so much is searched for a template, for a quote without an end is searched again and again.
_LINE = 1_000
_QUOTED_OR_COMMENT = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|(?:^|\s)#.*""")


# Who looks for owners or markers looks at the same texts several times; larger files are streamed.
_REMEMBERED = 64 * 1024


def parse(text: str, loader: type[yaml.SafeLoader] = LOADER) -> Iterator[Event]:
    """The events of a text, one by one; raises yaml.YAMLError (also for what nests too deep) and UnicodeError."""
    depth = 0
    for event in cast(Iterator[Event], iter(loader(text).get_event, None)):
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                # Here, because libyaml needs 10 s for 60 kB of brackets.
                raise MarkedYAMLError(
                    problem=f"it nests deeper than {MAX_DEPTH} levels", problem_mark=cast(Mark, event.start_mark)
                )
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        yield event


@lru_cache(maxsize=4)
def _remembered(text: str) -> tuple[Event, ...]:
    return tuple(parse(text))


@dataclass(frozen=True, slots=True)
class Source:
    """One file's text, without its byte order mark."""

    file: str
    text: str
    mark: bool = False
    """The file began with a byte order mark."""

    @classmethod
    def decode(cls, file: str, data: bytes) -> Self:
        """Read a file. Errors: EditRefused (too large, not UTF-8, a character that YAML's readers disagree about)."""
        text, mark = decoded(file, data)
        source = cls(file, text, mark=mark)
        found = _FORBIDDEN.search(source.text) if data.translate(None, _ORDINARY) else None
        if found:
            line = source.text.count("\n", 0, found.start()) + 1
            raise EditRefused(
                f"the file holds the character U+{ord(found[0]):04X}, which YAML's readers do not agree about",
                where=source.at(line),
            )
        return source

    def encode(self) -> bytes:
        """The file again."""
        return encoded(self.text, mark=self.mark)

    @property
    def shares(self) -> bool:
        """Whether it could hold an alias or a merge; without them every value is its place's own."""
        return "*" in self.text or "<<" in self.text

    def at(self, line: int) -> str:
        """`file:line` for messages."""
        return f"{self.file}:{line}"

    def having(self, start: int, end: int, literal: str) -> Source:
        """The same file with other characters in one span."""
        return Source(self.file, self.text[:start] + literal + self.text[end:], self.mark)

    def events(self) -> Iterable[Event]:
        """The parser's events; raises yaml.YAMLError and UnicodeError on the way, see `reading`."""
        return _remembered(self.text) if len(self.text) <= _REMEMBERED else parse(self.text)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn the parser's errors into EditRefused with line and column."""
        try:
            yield
        except (yaml.YAMLError, UnicodeError) as error:  # UnicodeError: a tag with broken %-escapes
            raise self._unreadable(error) from None

    def _unreadable(self, error: Exception) -> EditRefused:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "a tag is not UTF-8"
        if mark is None:
            return EditRefused(f"the file cannot be read as YAML: {problem}", where=self.file)
        template = self._template(mark.line + 1)
        if template:
            return EditRefused(
                "the file is a template ({{ … }}), not YAML, so there is no place in it to edit",
                where=self.at(template),
                remedy="Move the value to a values file",
            )
        return EditRefused(
            f"the file cannot be read as YAML: {problem}", where=f"{self.at(mark.line + 1)}:{mark.column + 1}"
        )

    def _template(self, failing: int) -> int | None:
        """The template line that made the parser fail: the last one up to there, else the first."""
        lines = self.text.splitlines()
        heads = ((number, line[:_LINE]) for number, line in enumerate(lines, 1) if "{{" in line)
        braces = [number for number, head in heads if TEMPLATE.search(_QUOTED_OR_COMMENT.sub("", head))]
        return max((n for n in braces if n <= failing), default=min(braces, default=None))
