"""What happens next in git, and what may hold it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gitops_bot.model.git import Slots


class StepKind(StrEnum):
    """What happens next in git."""

    START = "Start"
    ADVANCE = "Advance"
    PROMOTE = "Promote"
    FINISH = "Finish"
    ROLLBACK = "Rollback"
    HOLD = "Hold"


@dataclass(frozen=True, slots=True)
class Step:
    """The next step: what git should say after it, and why."""

    kind: StepKind
    slots: Slots
    reason: str
    held: Step | None = None
    """For Hold: the step that waits for evidence."""
    blind: bool = False
    """For Hold: something could not be seen, so what is open stays open."""
    urgent: bool = False
    """Delivered as a rollback is: past caps, merged by `rollback.merge`."""
    cautions: tuple[str, ...] = ()
    """What the bot could not see, or what its edits warn of: people are told, and it does not merge by itself."""

    @property
    def wanted(self) -> Step | None:
        """The step that should come: itself, or what a Hold keeps waiting."""
        return self.held if self.kind is StepKind.HOLD else self


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether something outside the verdict lets a step pass."""

    name: str
    open: bool
    reason: str
    until: datetime | None = None
    """When it may open, as far as that is known."""
    merging: bool = False
    """Closed, it holds back the merge alone: the pull request is opened and waits."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One holder of the stop file on base: nothing that it names moves while it is there."""

    reason: str
    until: datetime | None = None
    policies: tuple[str, ...] = ()
    """Shell patterns of policy names; empty is all."""
    rollbacks: bool = False
    """It holds rollbacks too."""
    holder: str = ""
    """Who holds it; empty where the file has one holder alone."""
