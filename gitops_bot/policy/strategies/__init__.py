"""`spec.strategy`: how a version goes from trial to stable. One model per strategy."""

from __future__ import annotations

from gitops_bot.policy.base import Later, Spec
from gitops_bot.policy.strategies.canary import Canary


class Promote(Spec):
    """One step: write the candidate where the stable version stands."""


class Strategy(Spec):
    """Exactly one of canary, promote."""

    canary: Canary | None = None
    promote: Promote | None = None
    blue_green: Later = None
    ab_test: Later = None


__all__ = ["Canary", "Promote", "Strategy"]
