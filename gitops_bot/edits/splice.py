"""Put a value where another one stands, and prove that nothing else changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from yaml.events import Event, ScalarEvent

from gitops_bot.edits import block
from gitops_bot.edits.proof import Expected, proven
from gitops_bot.edits.scalar import double, text_of, written
from gitops_bot.edits.sketch import PROPERTIES, Scalar
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditRefused

_STRING = (None, "!", "tag:yaml.org,2002:str")
_TAGS: dict[type, tuple[str | None, ...]] = {
    str: _STRING,
    int: (*_STRING, "tag:yaml.org,2002:int"),
    bool: (*_STRING, "tag:yaml.org,2002:bool"),
}


def splice(source: Source, target: Scalar, value: str | int | bool) -> Source:
    """The file with `value` in the place of `target`, every other byte kept.

    Errors: EditRefused (a tag that the value does not have, or a result that reads back differently).
    """
    if target.tag not in _TAGS[type(value)]:
        raise EditRefused(
            f"the value has the tag `{target.tag}`, whose meaning {value!r} may not have", where=source.at(target.line)
        )
    start = _body(source, target)
    expected = Expected(target.ordinal, 1, partial(_is_value, target, text_of(value)))
    for literal in dict.fromkeys(_literals(source.text[start : target.end], target, value)):
        space = " " if start == target.end and not source.text[start - 1].isspace() else ""
        after = source.having(start, target.end, space + literal)
        if proven(source, after, expected, (start, target.end)):
            return after
    raise EditRefused(
        f"{text_of(value)!r} cannot be written here without changing how the rest of the file reads",
        where=source.at(target.line),
    )


def _body(source: Source, target: Scalar) -> int:
    """Where the value begins behind its `&anchor` and `!tag`."""
    properties = PROPERTIES.match(source.text[target.start : target.end])
    return target.start + (properties.end() if properties else 0)


def _literals(raw: str, target: Scalar, value: str | int | bool) -> Iterator[str]:
    """What may stand for the value, the likest to the old literal first; the proof takes the first that fits."""
    literal = written(value, style=target.style, flow=target.flow, json=target.json)
    if raw.startswith(("|", ">")):
        if target.style and (lines := block.rewritten(raw, target.text, text_of(value))) is not None:
            yield lines
        yield block.replaced(raw, literal)
        return
    yield literal
    if isinstance(value, str):
        yield double(value)


def _is_value(target: Scalar, text: str, came: Sequence[Event]) -> bool:
    anchor = target.anchor.name if target.anchor else None
    tags = (None, "!") if target.tag == "!" else (target.tag,)
    event = came[0] if len(came) == 1 else None
    return isinstance(event, ScalarEvent) and (event.value, event.anchor) == (text, anchor) and event.tag in tags
