"""Data for the part of a path that is not there yet: the mappings and lists around what is inserted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops_bot.edits.path import Filter, Index, Key, Segment
from gitops_bot.edits.sense import Data
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditRefused, PlaceAbsent


def wrapped(source: Source, segments: Sequence[Segment], data: Data) -> Data:
    """`data` inside what the segments name: a mapping for a key, a list of one item for a filter or `[0]`."""
    for segment in reversed(segments):
        match segment:
            case Key(name):
                data = {name: data}
            case Filter():
                data = [satisfying(source, segment, data)]
            case Index(0):
                data = [data]
            case Index():
                raise PlaceAbsent(f"there is no list yet, so there is no `{segment}`", where=source.file)
    return data


def satisfying(source: Source, condition: Filter, data: Data) -> Data:
    """An item that has what the filter asks for, in front where it says nothing about it. EditRefused: it says else."""
    if not isinstance(data, Mapping):
        raise EditRefused(f"the new item must be a mapping, or it cannot have {condition.condition}", where=source.file)
    return _satisfying(source, condition, condition.keys, data)


def _satisfying(
    source: Source, condition: Filter, keys: tuple[Key, ...], data: Mapping[str, Data]
) -> Mapping[str, Data]:
    first, below = keys[0].name, keys[1:]
    if first not in data:
        value: Data = condition.value
        for key in reversed(below):
            value = {key.name: value}
        return {first: value, **data}
    found = data[first]
    if below and isinstance(found, Mapping):
        return {**data, first: _satisfying(source, condition, below, found)}
    if below or isinstance(found, bool) or not isinstance(found, str | int) or str(found) != condition.value:
        raise EditRefused(
            f"the new item would have {first}={found}, where the path asks for {condition.condition}", where=source.file
        )
    return data
