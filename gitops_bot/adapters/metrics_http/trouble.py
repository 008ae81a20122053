"""Why there is no number, as a value that becomes `Missing`. Pure: no I/O and no HTTP library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gitops_bot.model import Missing, Reading, Sample

MAX_DETAIL = 200
"""Characters of a foreign text in a reason."""


class NoAnswer(Exception):
    """No number can be had: why in our words, what others said about it, whether another attempt may help.

    `answered`: the server did answer the question, only not with a number; `heard`: it spoke, if only of what is wrong
    with the question. `shared`: every question to this server fares alike, so that asking another one is in vain.
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        again: bool = False,
        answered: bool = False,
        heard: bool = False,
        shared: bool = False,
    ) -> None:
        super().__init__(reason)
        self.answered = answered
        self.heard = heard or answered
        self.reason = reason
        self.detail = detail
        self.again = again
        self.shared = shared


def missing(reason: str, instants: Sequence[datetime], *, answered: bool, heard: bool = False) -> tuple[Missing, ...]:
    """No number at any of the instants, for one reason."""
    return tuple(Missing(reason, at, answered=answered, heard=heard and not answered) for at in instants)


def reading(value: float, at: datetime) -> Reading:
    """A number, if it is finite."""
    if math.isnan(value):
        return Missing("the value is NaN: nothing by nothing, as of series at zero", at)
    return Sample(value, at) if math.isfinite(value) else Missing(f"the value is {value}", at)


def cut(text: str, length: int = MAX_DETAIL) -> str:
    """At most `length` characters of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def words(payload: Any) -> str:
    """What an answer says of errors, wherever its maker puts that: `error`, `errors`, `message`; empty if nowhere."""
    if isinstance(payload, list):
        return "; ".join(filter(None, map(words, payload[:3])))
    if isinstance(payload, dict):
        return next(filter(None, (words(payload.get(key)) for key in ("error", "errors", "message"))), "")
    return payload if isinstance(payload, str) else ""
