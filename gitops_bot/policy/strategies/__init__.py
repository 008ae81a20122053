"""`spec.strategy`: how a version goes from trial to stable. One model per strategy."""

from __future__ import annotations

from typing import Literal

from gitops_bot.policy.base import Dns1123, Spec
from gitops_bot.policy.quantities import Duration
from gitops_bot.policy.strategies.ab_test import AbTest
from gitops_bot.policy.strategies.canary import Canary
from gitops_bot.policy.watched import Workload


class Promote(Spec):
    """One step: write the candidate where the stable version stands."""

    analysis: Literal["before", "after"] = "before"
    """after: nothing runs a version of the registry, or one given by hand, before it is promoted; so it is promoted as
    it comes, judged for `analysis.postAnalysis` once it stands, and taken back on evidence. A version of other
    environments always is."""


class BlueGreen(Spec):
    """Preview beside the live version, then everything at once; back at once when it fails there.

    With an edit that sets activeColor git has two colours: the candidate is written to the idle one, and the flip
    makes that one active. Without, what has the traffic is stableVersion itself.
    """

    post_analysis: Duration | None = None
    """The flipped version is watched so long, and goes back on evidence; default: `analysis.postAnalysis`."""
    workloads: dict[Dns1123, Workload] = {}
    """What runs each colour: asked whether it is live and healthy, and what built-in metrics are named after."""


class Strategy(Spec):
    """Exactly one of canary, promote, blueGreen, abTest."""

    canary: Canary | None = None
    promote: Promote | None = None
    blue_green: BlueGreen | None = None
    ab_test: AbTest | None = None


__all__ = ["AbTest", "BlueGreen", "Canary", "Promote", "Strategy"]
