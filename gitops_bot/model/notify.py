"""What people elsewhere are told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NotifyTone(StrEnum):
    """How a message is coloured where colours are."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell people elsewhere that something changed."""

    to: tuple[str, ...]
    """Names of notifiers."""
    event: str
    title: str
    text: str
    tone: NotifyTone
    after: str = ""
    """Only if this action of the same plan was done, by its receipt's word; empty: on its own."""
    number: int | None = None
    url: str = ""
    body: str = ""
    """The pull request's body that remembers it, written once somebody has taken it; empty: nothing remembers it."""
