"""What a run of events says, as data with its types: how an insertion is read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from yaml import ScalarNode
from yaml.events import CollectionEndEvent, Event, MappingStartEvent, ScalarEvent, SequenceStartEvent
from yaml.resolver import Resolver

from gitops_bot.edits.sense import Data

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_WORDS: dict[str, Data] = {"true": True, "false": False, "null": None}
_RESOLVER = Resolver()


def says(events: Sequence[Event], expected: Sequence[Data]) -> bool:
    """Whether the events are exactly these nodes, one after the other: values, types and the order of keys."""
    left = iter(events)
    try:
        return all(_same(_node(next(left), left), data) for data in expected) and next(left, None) is None
    except (StopIteration, ValueError):
        return False


def _node(event: Event, left: Iterator[Event]) -> Data:
    """The node that an event begins. ValueError: nothing that was written here."""
    if getattr(event, "anchor", None) or getattr(event, "tag", None):
        raise ValueError("an anchor or a tag")
    match event:
        case ScalarEvent():
            return event.value if event.style else _plain(event.value)
        case SequenceStartEvent():
            return _children(left)
        case MappingStartEvent():
            children = _children(left)
            keys = [key for key in children[::2] if isinstance(key, str)]
            if len(set(keys)) * 2 != len(children):
                raise ValueError("a key twice, or one that is no text")
            return dict(zip(keys, children[1::2], strict=True))
    raise ValueError("no node")


def _children(left: Iterator[Event]) -> list[Data]:
    children: list[Data] = []
    while not isinstance(event := next(left), CollectionEndEvent):
        children.append(_node(event, left))
    return children


def _plain(text: str) -> Data:
    """What YAML 1.1 takes a plain scalar for; only what YAML 1.2 agrees with is written here."""
    tag = _RESOLVER.resolve(ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    if tag == "tag:yaml.org,2002:str":
        return text
    if tag == "tag:yaml.org,2002:int" and _INTEGER.fullmatch(text):
        return int(text)
    if text in _WORDS:
        return _WORDS[text]
    raise ValueError("a plain scalar that is written otherwise here")


def _same(found: Data, data: Data) -> bool:
    if isinstance(found, Mapping) and isinstance(data, Mapping):
        return list(found) == list(data) and all(_same(found[key], data[key]) for key in data)
    if isinstance(found, list) and isinstance(data, list | tuple):
        return len(found) == len(data) and all(map(_same, found, data))
    return type(found) is type(data) and found == data
