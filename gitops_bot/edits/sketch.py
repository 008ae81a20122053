"""The nodes of a file's documents, made as one looks at them: a walk down a path touches what is on the path."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice

from yaml.events import AliasEvent, MappingStartEvent, ScalarEvent

from gitops_bot.edits.merged import lookup
from gitops_bot.edits.path import Filter, Key
from gitops_bot.edits.source import MAX_ALIASES, Source
from gitops_bot.edits.stream import Stream, stream_of
from gitops_bot.errors import EditRefused

MAX_NAMES = 1_000
"""So many keys of a mapping are named in suggestions."""

PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+(?:#[^\r\n]*\s+)*|$))+")
"""`&anchor` and `!tag` before a value, with the comments that follow them."""

_API, _KIND = (Key("apiVersion"),), (Key("kind"),)
_NAME, _NAMESPACE = (Key("metadata"), Key("name")), (Key("metadata"), Key("namespace"))


@dataclass(slots=True)
class Anchor:
    """A node that carries `&name`."""

    name: str
    line: int
    text: str | None
    """What it holds, if that is one value."""
    uses: list[int] = field(default_factory=list)
    """The lines of the aliases that follow it."""


@dataclass(slots=True)
class Node:
    """Where a node is in the text, in characters; `line` counts from 1."""

    ordinal: int
    """Its number in the stream of events."""
    start: int
    """Its properties (`&anchor`, `!tag`) are inside the span."""
    end: int
    """Behind its first event: of a collection, behind what opens it."""
    line: int
    anchor: Anchor | None


@dataclass(slots=True)
class Scalar(Node):
    """One value."""

    text: str
    style: str
    """Empty (plain), `'`, `"`, `|` or `>`."""
    tag: str | None
    flow: bool
    """Inside `{}` or `[]`."""
    json: bool
    """Inside `{}`, at a key in double quotes."""


@dataclass(slots=True)
class Alias(Node):
    """`*name`; its anchor is the one that it follows."""

    stream: Stream = field(repr=False)

    @property
    def real(self) -> Node:
        """The node with the anchor."""
        return node_at(self.stream, self.stream.real(self.ordinal))


@dataclass(slots=True)
class Mapping(Node):
    """A mapping."""

    stream: Stream = field(repr=False)

    @property
    def names(self) -> list[str]:
        """Its keys, as far as there is room for them."""
        return list(islice(self.stream.keys(self.ordinal), MAX_NAMES))

    def named(self, key: str) -> list[Node]:
        """The values at a key of its own; several where the key is there several times."""
        return [node_at(self.stream, number) for number in self.stream.keys(self.ordinal).get(key, ())]

    def merged(self, key: str) -> list[Node]:
        """The values at a key that it has through `<<`; several where readers would not agree which one counts."""
        return [node_at(self.stream, number) for number in lookup(self.stream, self.ordinal, key)]


@dataclass(slots=True)
class Sequence(Node):
    """A list."""

    stream: Stream = field(repr=False)

    @property
    def length(self) -> int:
        """How many items it has."""
        return len(self.stream.items(self.ordinal))

    def item(self, number: int) -> Node:
        """An item by its number. IndexError: there is none."""
        return node_at(self.stream, self.stream.items(self.ordinal)[number])

    def matching(self, condition: Filter) -> list[Node]:
        """The items that hold the condition's value, also where an alias or a merge brings it."""
        held = ((item, _text_below(self.stream, item, condition.keys)) for item in self.stream.items(self.ordinal))
        return [node_at(self.stream, item) for item, text in held if text == condition.value]

    def values(self, keys: tuple[Key, ...]) -> list[str]:
        """What its items hold below some keys, as far as there is room."""
        held = (_text_below(self.stream, item, keys) for item in self.stream.items(self.ordinal))
        return list(islice((text for text in held if text is not None), MAX_NAMES))


@dataclass(slots=True)
class Document:
    """One document of a file."""

    stream: Stream = field(repr=False)
    ordinal: int
    """Of its root."""
    number: int
    """From 0; empty documents count."""

    @property
    def root(self) -> Node:
        """Its content."""
        return node_at(self.stream, self.ordinal)

    @property
    def line(self) -> int:
        """Where its content begins."""
        return self.stream.line(self.ordinal)

    @property
    def empty(self) -> bool:
        """Nothing but comments."""
        return (self.stream.scalar(self.ordinal) or "?")[:2] == ("", "")

    @property
    def api(self) -> str | None:
        """`apiVersion`."""
        return _text_below(self.stream, self.ordinal, _API)

    @property
    def kind(self) -> str | None:
        """`kind`."""
        return _text_below(self.stream, self.ordinal, _KIND)

    @property
    def name(self) -> str | None:
        """`metadata.name`."""
        return _text_below(self.stream, self.ordinal, _NAME)

    @property
    def namespace(self) -> str | None:
        """`metadata.namespace`."""
        return _text_below(self.stream, self.ordinal, _NAMESPACE)


def sketch(source: Source) -> list[Document]:
    """The documents of a file. Errors: EditRefused (not YAML, caps)."""
    with source.reading():
        stream = stream_of(source.text)
    stream.merges = 0
    follows, _, lost = stream.anchors
    if lost:
        raise EditRefused(
            f"the file cannot be read as YAML: no anchor for the alias `*{stream.anchor(lost)}`",
            where=source.at(stream.line(lost)),
        )
    if len(follows) > MAX_ALIASES:
        first = next(number for count, number in enumerate(follows) if count == MAX_ALIASES)
        raise EditRefused(f"the file has more than {MAX_ALIASES} aliases", where=source.at(stream.line(first)))
    return [Document(stream, root, number) for number, root in enumerate(stream.roots)]


def node_at(stream: Stream, ordinal: int) -> Node:
    """The node that begins with an event."""
    start, end, line = stream.starts[ordinal], stream.ends[ordinal], stream.line(ordinal)
    kind, anchor = stream.kind(ordinal), _anchor(stream, ordinal)
    if kind is AliasEvent:
        return Alias(ordinal, start, end, line, anchor, stream)
    if kind is not ScalarEvent:
        collection = Mapping if kind is MappingStartEvent else Sequence
        return collection(ordinal, start, end, line, anchor, stream)
    scalar = stream.scalar(ordinal)
    assert scalar is not None
    text, style, _, tag = scalar
    if tag is None and stream.text.startswith(("!", "&"), start):
        tag = _bare_tag(stream.text, start)
    return Scalar(ordinal, start, end, line, anchor, text, style, tag, *_context(stream, ordinal))


def _anchor(stream: Stream, ordinal: int) -> Anchor | None:
    real = stream.real(ordinal)
    name = stream.anchor(real)
    if name is None:
        return None
    scalar = stream.scalar(real)
    return Anchor(name, stream.line(real), scalar[0] if scalar else None, stream.lines(stream.users(real)))


def _bare_tag(text: str, start: int) -> str | None:
    """`!` alone, which libyaml does not report."""
    properties = PROPERTIES.match(text, start)
    return "!" if properties and "!" in properties[0].split() else None


def _context(stream: Stream, ordinal: int) -> tuple[bool, bool]:
    """Whether a node is inside brackets, and whether inside braces at a key in double quotes."""
    parent = stream.parent(ordinal)
    if parent is None or not stream.is_flow(parent):
        return False, False
    while parent is not None and stream.is_flow(parent):
        if stream.kind(parent) is MappingStartEvent:
            key = stream.scalar(ordinal - 1)
            return True, key is not None and key[1] == '"'
        ordinal, parent = parent, stream.parent(parent)
    return True, False


def _text_below(stream: Stream, ordinal: int, keys: tuple[Key, ...]) -> str | None:
    """The value below some keys, through aliases and merges; None where there is no single value."""
    for key in keys:
        mapping = stream.real(ordinal)
        if stream.kind(mapping) is not MappingStartEvent:
            return None
        found = stream.keys(mapping).get(key.name) or lookup(stream, mapping, key.name)
        if len(found) != 1:
            return None
        ordinal = found[0]
    return stream.text_of(ordinal)
