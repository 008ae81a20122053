"""`spec.strategy.abTest`: several versions before users at once, and what they are compared by."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from gitops_bot.policy.base import Dns1123, Name, Spec
from gitops_bot.policy.quantities import BoundedLimit, Duration, Limit
from gitops_bot.policy.watched import Workload


class Tested(Spec):
    """One version on trial, whose places are the edits with `of:` and its name."""

    name: Dns1123
    workload: Workload | None = None
    """What runs it: asked whether it is live, and what built-in metrics are named after."""


class AbTest(Spec):
    """Several versions before users at once: the best one becomes stable if it beats the stable one, else none does."""

    variants: Annotated[tuple[Tested, ...], Field(min_length=1, max_length=9)]
    decide: Literal["people", "bot"] = "people"
    """people: pull requests say how the variants did, and people merge, whatever pullRequest.merge says."""
    reward: Name | None = None
    """The metric of spec.analysis that the best variant has most of; it decides nothing else. With an Iter8 Experiment
    its own winner is taken."""
    better: Literal["higher", "lower"] = "higher"
    """Which way the reward is good."""
    minimum_lift: BoundedLimit = Limit(0.0, "%")
    """A winner's reward is proven to be better by at least this, relative to the stable version's."""
    confidence: BoundedLimit = Limit(0.95, "%")
    """That no variant is called better which is not, over the whole test and everything that is compared in it."""
    duration: Duration = timedelta(days=14)
    """Undecided after this, the stable version stays."""
