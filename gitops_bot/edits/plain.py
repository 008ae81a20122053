"""A file's documents as plain mappings, lists and texts: to look into what is not edited.

Every value is text, as it is written; an alias is the very object it follows, so nothing grows, and `<<` is a key like
any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from yaml.events import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from gitops_bot.edits.source import Source
from gitops_bot.edits.stream import Said, stream_of

_CLOSING = (MappingEndEvent, SequenceEndEvent)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document that is a mapping."""

    file: str
    line: int
    """Where it begins."""
    content: dict[str, Any]


def manifests(source: Source) -> tuple[Manifest, ...]:
    """The documents that are mappings. Errors: EditRefused (not YAML)."""
    with source.reading():
        return tuple(Manifest(source.file, line, root) for line, root in _roots(source) if isinstance(root, dict))


def contents(source: Source) -> tuple[Any, ...]:
    """Every document, by its number in the file: a mapping, a list or a text. Errors: EditRefused (not YAML)."""
    with source.reading():
        return tuple(root for _, root in _roots(source))


@dataclass(slots=True)
class _Open:
    """A collection whose end is not reached, and the key that waits for its value."""

    content: dict[str, Any] | list[Any]
    key: str | None = None

    def add(self, value: Any) -> None:
        if isinstance(self.content, list):
            self.content.append(value)
        elif self.key is None:
            self.key = value if isinstance(value, str) else ""
        else:
            self.content.setdefault(self.key, value)
            self.key = None


@dataclass(slots=True)
class _Builder:
    anchors: dict[str, Any] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)

    def take(self, said: Said) -> Any:
        """The root node once it is complete, else None."""
        if isinstance(said, str):
            value: Any = said
        elif said[0] in _CLOSING:
            value = self.stack.pop().content
        elif said[0] is ScalarEvent:
            value = self._known(said[1], said[4])
        elif said[0] is AliasEvent:
            value = self.anchors.get(said[1] or "", "")
        else:
            content: dict[str, Any] | list[Any] = {} if said[0] is MappingStartEvent else []
            self.stack.append(_Open(self._known(said[1], content)))
            return None
        if not self.stack:
            return value
        self.stack[-1].add(value)
        return None

    def _known(self, anchor: str | None, value: Any) -> Any:
        if anchor is not None:
            self.anchors[anchor] = value
        return value


def _roots(source: Source) -> Iterator[tuple[int, Any]]:
    stream = stream_of(source.text)
    for root in stream.roots:
        builder, value = _Builder(), None
        for said in stream.says[root : stream.past(root)]:
            value = builder.take(said)
        yield stream.line(root), value
