"""What people say to the bot in comments, and how it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gitops_bot.model.asks import Ask


class Reaction(StrEnum):
    """The bot's answer on a comment; it also remembers that the comment was heard."""

    DONE = "done"
    REFUSED = "refused"
    """A comment of the bot's says why."""
    DENIED = "denied"
    """That person may not ask for it."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment on a pull request that the bot has not answered, as it was written: edited ones are none."""

    name: str
    """The forge's name for it."""
    number: int
    """Of the pull request."""
    author: str
    """The name on the forge."""
    text: str
    at: datetime
    pushed_at: datetime
    """When the head of the pull request became what it is."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A command in a comment, after the look at who may say it and to what it is bound."""

    remark: Remark
    ask: Ask | None = None
    refusal: str = ""
    """Why not, for that person; with neither, the person may not ask."""
