"""The keys that a mapping has only through `<<`, as YAML 1.1 merges them: of several the nearest counts."""

from __future__ import annotations

from collections.abc import Iterator

from yaml.events import MappingStartEvent, SequenceStartEvent

from gitops_bot.edits.stream import Stream
from gitops_bot.errors import EditRefused

MAX_MERGES = 50_000
"""So many mappings are looked into for one text; what asks for more was made to keep readers busy."""

_TAGS = (None, "tag:yaml.org,2002:merge")


def lookup(stream: Stream, mapping: int, key: str) -> list[int]:
    """The values at `key` in what a mapping merges; several where readers do not agree which one counts.

    That is so where the key stands twice in the mapping that brings it, or where several `<<` bring one each. Errors:
    EditRefused (too many merges).
    """
    found = list[int]()
    for value in _merges(stream, mapping):
        found += _first(stream, value, key)
    return list(dict.fromkeys(found))


def _first(stream: Stream, value: int, key: str) -> list[int]:
    """What the first of the merged mappings that has the key holds there; each is visited once."""
    left, seen = [value], set[int]()
    while left:
        current = stream.real(left.pop())
        kind = stream.kind(current) if current not in seen else None
        seen.add(current)
        if kind is SequenceStartEvent:
            left += reversed(stream.items(current))
        elif kind is MappingStartEvent:
            if found := stream.keys(current).get(key):
                return found
            left += reversed(list(_merges(stream, current)))
        stream.merges += 1
        if stream.merges > MAX_MERGES:
            raise EditRefused(f"the file merges more than {MAX_MERGES} mappings (`<<`)")
    return []


def _merges(stream: Stream, mapping: int) -> Iterator[int]:
    """The values at a mapping's `<<`; in quotes that is a key like any other."""
    for value in stream.keys(mapping).get("<<", ()):
        said = stream.scalar(value - 1)
        if said is not None and not said[1] and said[3] in _TAGS:
            yield value
