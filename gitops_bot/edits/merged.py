"""Where a key comes from that a mapping has only through `<<`: asked once a key is missing, so it may be slow."""

from __future__ import annotations

from dataclasses import dataclass, field

from yaml.events import AliasEvent, CollectionEndEvent, DocumentStartEvent, Event, MappingStartEvent, NodeEvent
from yaml.events import ScalarEvent as _Scalar

from gitops_bot.edits.source import Source


@dataclass(slots=True)
class _Mapping:
    """A mapping's own keys with their lines, and the mappings it merges."""

    lines: dict[str, int] = field(default_factory=dict)
    merged: list[_Mapping] = field(default_factory=list)


@dataclass(slots=True)
class _Frame:
    """A collection that is open: `at_key` alternates in mappings; `owner` gets the mappings below a `<<`."""

    mapping: _Mapping | None
    at_key: bool
    owner: _Mapping | None = None


def origin(source: Source, ordinal: int, key: str) -> int | None:
    """The line of the `key` that mapping number `ordinal` has through `<<`; None when it has none.

    The file is YAML already: `sketch` read it.
    """
    anchors: dict[str, _Mapping] = {}
    stack: list[_Frame] = []
    wanted = _Mapping()
    for number, event in enumerate(source.events()):
        if isinstance(event, DocumentStartEvent):
            anchors = {}
        elif isinstance(event, CollectionEndEvent):
            stack.pop()
        elif isinstance(event, NodeEvent):
            mapping = _mapping(event, anchors)
            owner = _owner(stack[-1], event) if stack else None
            if owner is not None and mapping is not None:
                owner.merged.append(mapping)
            if number == ordinal and mapping is not None:
                wanted = mapping
            if not isinstance(event, _Scalar | AliasEvent):
                is_mapping = isinstance(event, MappingStartEvent)
                stack.append(_Frame(mapping if is_mapping else None, is_mapping, None if is_mapping else owner))
    return _find(wanted, key)


def _mapping(event: NodeEvent, anchors: dict[str, _Mapping]) -> _Mapping | None:
    """The mapping that a node is or follows; an anchor of anything else hides an older one of its name."""
    if isinstance(event, AliasEvent):
        return anchors.get(event.anchor or "")
    mapping = _Mapping() if isinstance(event, MappingStartEvent) else None
    if event.anchor is not None:
        anchors.pop(event.anchor, None)
        if mapping is not None:
            anchors[event.anchor] = mapping
    return mapping


def _owner(frame: _Frame, event: Event) -> _Mapping | None:
    """Who merges this child of `frame`, if anyone; notes keys on the way."""
    if frame.mapping is None:
        return frame.owner
    frame.at_key = not frame.at_key
    if frame.at_key:
        return frame.owner
    frame.owner = None
    if isinstance(event, _Scalar) and event.start_mark is not None:
        frame.mapping.lines.setdefault(event.value, event.start_mark.line + 1)
        frame.owner = frame.mapping if event.value == "<<" and not event.style else None
    return None


def _find(mapping: _Mapping, key: str) -> int | None:
    """The key's line in what a mapping merges, the nearest first; a mapping is visited once."""
    seen: set[int] = set()
    left = list(mapping.merged)
    while left:
        current = left.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        if key in current.lines:
            return current.lines[key]
        left.extend(current.merged)
    return None
