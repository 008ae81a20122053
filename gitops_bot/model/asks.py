"""What a person asks of one policy, by a command or a comment: heard in a tick, never kept in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gitops_bot.model.git import Version


class AskKind(StrEnum):
    """The words that the bot understands."""

    PROMOTE = "promote"
    """Merge now: past windows, soak and UNKNOWN, never past FAIL or a stop."""
    ROLLBACK = "rollback"
    """As if the verdict were FAIL."""
    HOLD = "hold"
    """Label the open pull request, so that it is neither rewritten nor merged."""
    RESUME = "resume"
    """Take that label off."""
    REOPEN = "reopen"
    """Take back the no of a person who closed the pull request."""
    EXPLAIN = "explain"
    """Say what waits for what."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A person's word. Whether that person may say it is known before it gets here."""

    kind: AskKind
    by: str
    """Who, as people know them."""
    version: Version | None = None
    """promote: this one and no other; it becomes the candidate."""
    reason: str = ""
    until: datetime | None = None
    """hold: when it ends by itself."""
    remembered: bool = False
    """Said in an earlier tick, and its pull request is still open: it keeps that alive and lets nothing else pass."""


def asked(asks: Sequence[Ask], kind: AskKind) -> Ask | None:
    """The newest word of a kind, remembered ones included; words come in the order in which they were said."""
    return next((one for one in reversed(asks) if one.kind is kind), None)


def asked_now(asks: Sequence[Ask], kind: AskKind) -> Ask | None:
    """The newest word of a kind that was said for this very tick."""
    return asked([one for one in asks if not one.remembered], kind)
