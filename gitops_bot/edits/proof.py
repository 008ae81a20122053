"""The proof of an edit: both texts are parsed, and their streams of events differ where they should and nowhere else.

    prove(before, after, Expected(ordinal, gone, came), said="'v2' cannot be written here", line=3)

`ordinal` is the number of an event in the stream of `before` (`Node.ordinal`; the stream start is number 0). From there
`gone` events are replaced in `after` by a run of new ones, which `came` accepts: 1 → 1 for a scalar, 0 → n for what is
inserted, n → 0 for what is removed. Every other event must be the same in all but its marks. Where one scalar was
replaced, most of the second stream is known without building it again: see `reread`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import yaml
from yaml.events import Event

from gitops_bot.edits.reread import reread
from gitops_bot.edits.source import Source
from gitops_bot.edits.stream import Stream, remember, stream_of
from gitops_bot.errors import EditRefused


@dataclass(frozen=True, slots=True)
class Expected:
    """How the stream of events may change."""

    ordinal: int
    gone: int
    came: Callable[[Sequence[Event]], bool]
    """Whether these are the events that were meant to come; an empty run where nothing came. They have no marks."""


def prove(before: Source, after: Source, expected: Expected, *, said: str, line: int) -> None:
    """Confirm that `after` is `before` with the expected change. EditRefused: "`said` without changing …" at `line`."""
    if not proven(before, after, expected):
        raise EditRefused(f"{said} without changing how the rest of the file reads", where=before.at(line))


def proven(before: Source, after: Source, expected: Expected, span: tuple[int, int] | None = None) -> bool:
    """Whether `after` is `before` with the expected change. `span`: of one scalar, where alone the texts differ."""
    try:
        old = stream_of(before.text)
        new = reread(old, after.text, expected.ordinal, *span) if span else None
        good = _changed_as(old, new or stream_of(after.text, like=old), expected)
    except (yaml.YAMLError, UnicodeError):
        return False
    if new and good:
        if not old.users(expected.ordinal):  # else the value may be a key too, by an alias
            new.adopt(old)
        remember(new)
    return good


def _changed_as(old: Stream, new: Stream, expected: Expected) -> bool:
    first, behind = expected.ordinal, expected.ordinal + expected.gone
    came = len(new.says) - len(old.says) + expected.gone
    return (
        came >= 0
        and behind <= len(old.says)
        and old.says[:first] == new.says[:first]
        and old.says[behind:] == new.says[first + came :]
        and expected.came(new.events(first, first + came))
    )
