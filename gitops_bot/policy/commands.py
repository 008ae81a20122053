"""Who may ask for what in comments on pull requests."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from gitops_bot.policy.base import Spec, Who


class CommandName(StrEnum):
    """A word after `/gitops-bot`."""

    HOLD = "hold"
    RESUME = "resume"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    REOPEN = "reopen"
    EXPLAIN = "explain"


class Commands(Spec):
    """Commands in comments, like `/gitops-bot hold`: of those who may write to the repository, and of nobody else."""

    allow: tuple[CommandName, ...] = tuple(CommandName)
    """The commands that are heard; an empty list hears none, and no comments are read."""
    from_: Annotated[tuple[Who, ...], Field(alias="from")] = ()
    """Of those who may write, only these are heard: people by their names on the forge, and teams, `team:leads`."""
