"""`spec.strategy`: how a version goes from trial to stable. One model per strategy."""

from __future__ import annotations

from gitops_bot.policy.base import Later, Percent, Spec


class Canary(Spec):
    """A ladder of weights in git: `weights`, or `step` and `max`; the promotion follows the last rung."""

    weights: tuple[Percent, ...] = ()
    step: Percent | None = None
    max: Percent | None = None

    @property
    def ladder(self) -> tuple[int, ...]:
        """The rungs, rising."""
        if self.weights or self.step is None:
            return self.weights
        top = self.max or 100
        return (*range(self.step, top, self.step), top)


class Promote(Spec):
    """One step: write the candidate where the stable version stands."""


class Strategy(Spec):
    """Exactly one of canary, promote."""

    canary: Canary | None = None
    promote: Promote | None = None
    blue_green: Later = None
    ab_test: Later = None
    mirror: Later = None
