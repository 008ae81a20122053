"""One object of a file as nodes with their lines: what a locator looks at before it says what to write.

Aliases and merges are followed, for this is reading; whether such a value may be written is the engine's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yaml.events import MappingStartEvent, SequenceStartEvent

from gitops_bot.edits.locate import chosen, document
from gitops_bot.edits.merged import lookup
from gitops_bot.edits.path import Filter, Index, Key, Path, Segment
from gitops_bot.edits.place import load
from gitops_bot.edits.sketch import Document, sketch
from gitops_bot.edits.source import Source
from gitops_bot.edits.stream import Stream
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Part:
    """A node: one value, a mapping, a list, or an alias of one of them."""

    stream: Stream
    ordinal: int

    @property
    def line(self) -> int:
        """Where it begins, from 1."""
        return self.stream.line(self.ordinal)

    @property
    def real(self) -> Part:
        """What an alias follows, else the node itself."""
        return self._at(self.stream.real(self.ordinal))

    @property
    def text(self) -> str | None:
        """Of one value; empty for null."""
        scalar = self.stream.scalar(self.ordinal)
        if scalar is None:
            return None
        return "" if not scalar[1] and scalar[0] in _NULLS else scalar[0]

    @property
    def keys(self) -> dict[str, list[Part]] | None:
        """Of a mapping; several where the key is there several times."""
        if self.stream.kind(self.ordinal) is not MappingStartEvent:
            return None
        return {name: list(map(self._at, numbers)) for name, numbers in self.stream.keys(self.ordinal).items()}

    @property
    def items(self) -> list[Part] | None:
        """Of a list."""
        if self.stream.kind(self.ordinal) is not SequenceStartEvent:
            return None
        return list(map(self._at, self.stream.items(self.ordinal)))

    def named(self, key: str) -> list[Part]:
        """The values at a key of a mapping: its own, else what it merges; several where readers would not agree."""
        number = self.stream.real(self.ordinal)
        if self.stream.kind(number) is not MappingStartEvent:
            return []
        return list(map(self._at, self.stream.keys(number).get(key) or lookup(self.stream, number, key)))

    def _at(self, number: int) -> Part:
        return Part(self.stream, number)


@dataclass(frozen=True, slots=True)
class Object:
    """A Kubernetes object in a file."""

    source: Source
    root: Part
    where: Where
    """Chooses this very document."""

    def at(self, part: Part | None = None) -> str:
        """`file:line` for messages."""
        return self.source.at((part or self.root).line)

    def below(self, part: Part, *names: str) -> Part | None:
        """The node below some keys; None where a key is absent. EditRefused: a key is there several times."""
        for name in names:
            found = part.named(name)
            if len(found) > 1:
                raise EditRefused(f"the key `{name}` is there {len(found)} times", where=self.at(found[1]))
            if not found:
                return None
            part = found[0]
        return part

    def text(self, part: Part, *names: str) -> str | None:
        """The single value below some keys, empty for null; None where there is none."""
        found = self.below(part, *names)
        return found.real.text if found else None

    def items(self, part: Part, *names: str) -> list[Part]:
        """The list below some keys, empty where it is absent or null. EditRefused: something else is there."""
        found = self.below(part, *names)
        if found is None or found.real.text == "":
            return []
        if found.real.items is None:
            raise EditRefused(f"`{names[-1]}` is no list", where=self.at(found))
        return found.real.items


def read_object(file: str, where: Where, tree: Tree) -> Object:
    """The one object that `where` chooses. Errors: FileAbsent, PlaceAbsent, EditRefused (several, not YAML)."""
    source = load(tree, file)
    return _object(source, document(source, sketch(source), where), where)


def read_objects(file: str, where: Where, tree: Tree) -> tuple[Object, ...]:
    """All objects that `where` fits. Errors: FileAbsent, EditRefused (not YAML)."""
    source = load(tree, file)
    found = [one for one in sketch(source) if not one.empty and chosen(one, where)]
    named = [where.model_copy(update={"name": one.name, "namespace": one.namespace}) for one in found]
    return tuple(_object(source, one, narrow) for one, narrow in zip(found, named, strict=True))


def segment(items: Sequence[Part], number: int, *choices: tuple[str, ...]) -> Segment:
    """How a path names an item: by the first choice of keys whose value it alone has, else by its number."""
    for keys in choices:
        values = [_held(item, keys) for item in items]
        if (value := values[number]) and values.count(value) == 1:
            return Filter(tuple(map(Key, keys)), value)
    return Index(number)


def path(*segments: str | Segment) -> Path:
    """A path from keys and other segments."""
    return Path(tuple(Key(one) if isinstance(one, str) else one for one in segments))


def lines(parts: Sequence[Part]) -> str:
    """`lines 3, 5`, for messages."""
    return f"line{'s' if len(parts) > 1 else ''} {', '.join(str(part.line) for part in parts)}"


def _held(part: Part, keys: tuple[str, ...]) -> str | None:
    """The value that a path's filter sees."""
    for key in keys:
        found = part.named(key)
        if len(found) != 1:
            return None
        part = found[0]
    return part.stream.text_of(part.ordinal)


def _object(source: Source, found: Document, where: Where) -> Object:
    return Object(source, Part(found.stream, found.root.ordinal), where)
