"""Put a value where another one stands, and prove that nothing else changed."""

from __future__ import annotations

import re
from itertools import zip_longest
from operator import attrgetter

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from gitops_bot.edits.scalar import written
from gitops_bot.edits.sketch import Scalar
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditRefused

_PROPERTIES = re.compile(r"(?:[&!]\S*(?:\s+(?:#[^\r\n]*\s+)*|$))+")
# What an event says, without its marks; the others say nothing more than their type.
_MEANING = {
    ScalarEvent: attrgetter("value", "style", "anchor", "tag", "implicit"),
    MappingStartEvent: attrgetter("flow_style", "anchor", "tag", "implicit"),
    SequenceStartEvent: attrgetter("flow_style", "anchor", "tag", "implicit"),
    AliasEvent: attrgetter("anchor"),
    DocumentStartEvent: attrgetter("explicit", "version", "tags"),
    DocumentEndEvent: attrgetter("explicit"),
}
_TAGS: dict[type, tuple[str | None, ...]] = {
    str: (None, "!", "tag:yaml.org,2002:str"),
    int: (None, "!", "tag:yaml.org,2002:int", "tag:yaml.org,2002:str"),
}


def splice(source: Source, target: Scalar, value: str | int) -> Source:
    """The file with `value` in the place of `target`, every other byte kept.

    Errors: EditRefused (a tag that the value does not have, or a result that reads back differently).
    """
    if target.tag not in _TAGS[type(value)]:
        raise EditRefused(
            f"the value has the tag `{target.tag}`, whose meaning {value!r} may not have", where=source.at(target.line)
        )
    start, end = _body(source, target), target.end
    literal = written(value, style=target.style, flow=target.flow, json=target.json)
    if start == end and not source.text[start - 1].isspace():
        literal = f" {literal}"
    after = source.having(start, end, literal)
    _verify(source, after, target, str(value))
    return after


def _body(source: Source, target: Scalar) -> int:
    """Where the value begins behind its `&anchor` and `!tag`."""
    if target.anchor is None and target.tag is None:
        return target.start
    properties = _PROPERTIES.match(source.text[target.start : target.end])
    return target.start + (properties.end() if properties else 0)


def _verify(before: Source, after: Source, target: Scalar, text: str) -> None:
    """Parse both texts and compare every event: exactly the target may differ, and must hold the new text."""
    try:
        pairs = zip_longest(before.events(), after.events())
        good = all(
            _replaced(new, target, text) if ordinal == target.ordinal else old is not None and _same(old, new)
            for ordinal, (old, new) in enumerate(pairs)
        )
    except (yaml.YAMLError, UnicodeError):
        good = False
    if not good:
        raise EditRefused(
            f"{text!r} cannot be written here without changing how the rest of the file reads",
            where=before.at(target.line),
        )


def _same(old: Event, new: Event | None) -> bool:
    """All but the marks are equal."""
    meaning = _MEANING.get(type(old))
    return type(old) is type(new) and (meaning is None or bool(meaning(old) == meaning(new)))


def _replaced(new: Event | None, target: Scalar, text: str) -> bool:
    anchor = target.anchor.name if target.anchor else None
    return isinstance(new, ScalarEvent) and (new.value, new.anchor, new.tag) == (text, anchor, target.tag)
