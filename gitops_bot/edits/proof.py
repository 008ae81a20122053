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

from gitops_bot.edits.reread import Reread, reread
from gitops_bot.edits.source import Source
from gitops_bot.edits.stream import Said, Stream, events_of, remember, stream_of
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
        again = reread(old, after.text, expected.ordinal, *span) if span else None
        if again is None:
            return _changed_as(old.says, stream_of(after.text, like=old).says, expected.ordinal, expected)
    except (yaml.YAMLError, UnicodeError):
        return False
    first, behind = again.entry.first, again.entry.behind
    good = _changed_as(old.says[first:behind], again.says, expected.ordinal - first, expected)
    if good:
        remember(after.text, lambda: _succeeding(again, expected.ordinal))
    return good


def _succeeding(again: Reread, ordinal: int) -> Stream:
    new, old = again.stream(), again.old
    if not old.users(ordinal):  # else the value may be a key too, by an alias
        new.adopt(old)
    return new


def _changed_as(old: list[Said], new: list[Said], first: int, expected: Expected) -> bool:
    behind = first + expected.gone
    came = len(new) - len(old) + expected.gone
    return (
        came >= 0
        and behind <= len(old)
        and old[:first] == new[:first]
        and old[behind:] == new[first + came :]
        and expected.came(events_of(new[first : first + came]))
    )
