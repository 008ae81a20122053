"""A document cut down to what a path may touch, in one pass over the parser's events.

Everything else is passed over and counted, never kept: a file of 5 MB costs time, not memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from gitops_bot.edits.path import Filter, Index, Key, Segment
from gitops_bot.edits.source import MAX_ALIASES, Source
from gitops_bot.errors import EditRefused

MAX_NAMES = 1_000
"""So many keys of a mapping are remembered for suggestions."""

Wanted = tuple[tuple[Segment, ...], ...]
"""What is asked of one node: the rests of paths. Nothing: pass over it."""

_KIND, _NAME, _NAMESPACE = (Key("kind"),), (Key("metadata"), Key("name")), (Key("metadata"), Key("namespace"))


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


@dataclass(slots=True)
class Mapping(Node):
    """A mapping with the children that were asked for."""

    names: list[str] = field(default_factory=list)
    """Its keys, as far as they are remembered."""
    children: dict[str, list[Node]] = field(default_factory=dict)
    """By key; several where the key is there several times."""
    merges: bool = False
    """It has a `<<`."""


@dataclass(slots=True)
class Sequence(Node):
    """A list with the items that were asked for."""

    length: int = 0
    names: list[str] = field(default_factory=list)
    """What its items hold where a filter looks, as far as they are remembered."""
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    """One document of a file."""

    root: Node
    line: int

    @property
    def empty(self) -> bool:
        """Nothing but comments."""
        return isinstance(self.root, Scalar) and not self.root.text and not self.root.style

    @property
    def kind(self) -> str | None:
        """`kind`."""
        return text_at(self.root, _KIND)

    @property
    def name(self) -> str | None:
        """`metadata.name`."""
        return text_at(self.root, _NAME)

    @property
    def namespace(self) -> str | None:
        """`metadata.namespace`."""
        return text_at(self.root, _NAMESPACE)


def text_at(node: Node, keys: tuple[Key, ...]) -> str | None:
    """The value below some keys, through an alias of a value too; None where there is no single value."""
    for key in keys:
        found = node.children.get(key.name, ()) if isinstance(node, Mapping) else ()
        if len(found) != 1:
            return None
        node = found[0]
    if isinstance(node, Scalar):
        return node.text
    return node.anchor.text if isinstance(node, Alias) and node.anchor else None


def sketch(source: Source, path: tuple[Segment, ...]) -> list[Document]:
    """The documents of a file as far as `path`, kind, name and namespace ask. Errors: EditRefused (not YAML, caps)."""
    with source.reading():
        return list(_Sketcher(source).documents((path, _KIND, _NAME, _NAMESPACE)))


class _Sketcher:
    """The pass itself: the events that are left, and the anchors of the present document."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._events = enumerate(source.events())
        self._anchors: dict[str, Anchor] = {}
        self._aliases = 0

    def documents(self, wanted: Wanted) -> Iterator[Document]:
        for _, event in self._events:
            if isinstance(event, DocumentStartEvent):
                self._anchors = {}
                ordinal, root = self._next()
                yield Document(self._node(ordinal, root, wanted), _line(root))

    def _next(self) -> tuple[int, NodeEvent]:
        ordinal, event = next(self._events)
        assert isinstance(event, NodeEvent)
        return ordinal, event

    def _node(self, ordinal: int, event: NodeEvent, wanted: Wanted, *, flow: bool = False, json: bool = False) -> Node:
        start, end, line = _start(event), _end(event), _line(event)
        if isinstance(event, AliasEvent):
            return Alias(ordinal, start, end, line, self._use(event))
        anchor = self._define(event)
        if isinstance(event, ScalarEvent):
            style = event.style or ""
            return Scalar(ordinal, start, end, line, anchor, event.value, style, event.tag, flow, json)
        assert isinstance(event, CollectionStartEvent)
        flow = flow or bool(event.flow_style)
        if isinstance(event, MappingStartEvent):
            mapping = Mapping(ordinal, start, end, line, anchor)
            self._fill_mapping(mapping, wanted, flow=flow)
            return mapping
        sequence = Sequence(ordinal, start, end, line, anchor)
        self._fill_sequence(sequence, wanted, flow=flow, json=json)
        return sequence

    def _fill_mapping(self, node: Mapping, wanted: Wanted, *, flow: bool) -> None:
        below: dict[str, Wanted] = {}
        for head, *rest in filter(None, wanted):
            if isinstance(head, Key):
                below[head.name] = (*below.get(head.name, ()), tuple(rest))
        for _, key in self._events:
            if isinstance(key, CollectionEndEvent):
                return
            name = self._key(node, key)
            asked = below.get(name.value, ()) if name else ()
            ordinal, value = self._next()
            if name and asked:
                json = flow and name.style == '"'
                child = self._node(ordinal, value, asked, flow=flow, json=json)
                node.children.setdefault(name.value, []).append(child)
            else:
                self._pass(value)

    def _key(self, node: Mapping, key: Event) -> ScalarEvent | None:
        """A key that a path could mean: a single value, no alias."""
        self._pass(key)
        if not isinstance(key, ScalarEvent):
            return None
        if len(node.names) < MAX_NAMES:
            node.names.append(key.value)
        if key.value == "<<" and not key.style:
            node.merges = True
        return key

    def _fill_sequence(self, node: Sequence, wanted: Wanted, *, flow: bool, json: bool) -> None:
        head, *rest = next((path for path in wanted if path and not isinstance(path[0], Key)), (None,))
        for ordinal, event in self._events:
            if isinstance(event, CollectionEndEvent):
                return
            assert isinstance(event, NodeEvent)
            if isinstance(head, Filter):
                asked: Wanted = (tuple(rest), head.keys)
                item = self._node(ordinal, event, asked, flow=flow, json=json)
                self._keep_if_meant(node, item, head)
            elif isinstance(head, Index) and head.number == node.length:
                node.items.append(self._node(ordinal, event, (tuple(rest),), flow=flow, json=json))
            else:
                self._pass(event)
            node.length += 1

    def _keep_if_meant(self, node: Sequence, item: Node, condition: Filter) -> None:
        text = text_at(item, condition.keys)
        if text == condition.value:
            node.items.append(item)
        elif text is not None and len(node.names) < MAX_NAMES:
            node.names.append(text)

    def _pass(self, event: Event) -> None:
        """Pass over a node; only its anchors and aliases leave a trace."""
        if isinstance(event, AliasEvent):
            self._use(event)
        elif isinstance(event, NodeEvent):
            self._define(event)
            if isinstance(event, CollectionStartEvent):
                self._pass_inside()

    def _pass_inside(self) -> None:
        depth = 1
        for _, event in self._events:
            if isinstance(event, ScalarEvent):
                if event.anchor is not None:
                    self._define(event)
            elif isinstance(event, CollectionStartEvent):
                depth += 1
                self._define(event)
            elif isinstance(event, AliasEvent):
                self._use(event)
            else:
                depth -= 1
                if not depth:
                    return

    def _define(self, event: NodeEvent) -> Anchor | None:
        if event.anchor is None:
            return None
        text = event.value if isinstance(event, ScalarEvent) else None
        anchor = self._anchors[event.anchor] = Anchor(event.anchor, _line(event), text)
        return anchor

    def _use(self, event: AliasEvent) -> Anchor:
        """The anchor that an alias follows: the last one of that name before it."""
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._refused(event, f"the file has more than {MAX_ALIASES} aliases")
        anchor = self._anchors.get(event.anchor or "")
        if anchor is None:
            raise self._refused(event, f"the file cannot be read as YAML: no anchor for the alias `*{event.anchor}`")
        anchor.uses.append(_line(event))
        return anchor

    def _refused(self, event: NodeEvent, why: str) -> EditRefused:
        return EditRefused(why, where=self._source.at(_line(event)))


def _line(event: Event) -> int:
    assert event.start_mark is not None
    return event.start_mark.line + 1


def _start(event: Event) -> int:
    assert event.start_mark is not None
    return event.start_mark.index


def _end(event: Event) -> int:
    assert event.end_mark is not None
    return event.end_mark.index
