"""All that a gate may look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gitops_bot.model import Ask, AskKind, PullRequest, Readings, Stays, Step, StepKind, Stop, Version, asked_now
from gitops_bot.policy.gating import Gates
from gitops_bot.policy.schema import PromotionPolicy


@dataclass(frozen=True, slots=True)
class Round:
    """One policy, the step that is wanted, and what was read for its gates."""

    policy: PromotionPolicy
    step: Step
    now: datetime
    stops: Sequence[Stop] = ()
    readings: Readings = field(default_factory=Readings)
    base_commit: str = ""
    landed: datetime | None = None
    """When base's slots took effect; None when that is not known."""
    candidate: Version | None = None
    stays: Sequence[Stays] = ()
    """How long the candidate stood, in each environment of the soak."""
    pull: PullRequest | None = None
    """The open pull request of the step's direction."""
    asks: Sequence[Ask] = ()
    """What people asked, in the order in which they said it."""

    @property
    def spec(self) -> Gates:
        """What the policy asks of its gates."""
        return self.policy.spec.gates

    @property
    def forced(self) -> Ask | None:
        """The word of a person who asks for this step now, which passes soak and windows."""
        return None if self.step.kind is StepKind.ROLLBACK else asked_now(self.asks, AskKind.PROMOTE)
