"""How a metric is judged: bounds and limits, a comparison, or one of the judges by its name."""

from __future__ import annotations

from typing import Literal

from gitops_bot.policy.base import Spec
from gitops_bot.policy.judges.argo_analysis import ArgoAnalysis
from gitops_bot.policy.judges.flagger import Flagger
from gitops_bot.policy.judges.iter8 import Iter8
from gitops_bot.policy.judges.kayenta import Kayenta
from gitops_bot.policy.judges.keptn import Keptn
from gitops_bot.policy.judges.sample_ratio import SampleRatio
from gitops_bot.policy.judges.sequential import Sequential
from gitops_bot.policy.judges.threshold import Threshold
from gitops_bot.policy.quantities import BoundedLimit, Difference, Limit


class Judging(Spec):
    """Exactly one judge, and what it is told."""

    sequential: Sequential | None = None
    threshold: Threshold | None = None
    argo_analysis: ArgoAnalysis | None = None
    flagger: Flagger | None = None
    kayenta: Kayenta | None = None
    keptn: Keptn | None = None
    iter8: Iter8 | None = None
    sample_ratio: SampleRatio | None = None

    @property
    def given(self) -> tuple[str, Spec]:
        """The judge's name, as users write it, and its parameters."""
        fields = type(self).model_fields
        named = ((info.alias or name, getattr(self, name)) for name, info in fields.items())
        return next((name, params) for name, params in named if params is not None)


class Compare(Spec):
    """Candidate against baseline: a short form of the judges `sequential` and `kayenta`."""

    to: Literal["baseline"] = "baseline"
    test: Literal["sequential", "mannWhitney"] = "sequential"
    """sequential: read after every interval, decides as soon as it knows. mannWhitney: once, at the end of a run."""
    confidence: BoundedLimit | None = None
    """A version that is not worse fails at most in the remaining part of runs; default: 99% (sequential), 98%."""
    tolerate: Difference | None = None
    """A difference up to this is no reason to fail, in the metric's unit: `0.2pp`, `20ms`; for sequential."""
    max_increase: BoundedLimit | None = None
    """An increase up to this, relative to the baseline, is no reason to fail: `10%`."""

    def judge(self) -> tuple[str, Spec]:
        """The judge's name and its parameters."""
        grown = 1 + (self.max_increase or Limit(0.0, "%")).value
        if self.test == "sequential":
            told = {"alpha": 1 - self.confidence.value} if self.confidence else {}
            return "sequential", Sequential.model_validate(
                {**told, "tolerated": grown, "margin": 2 * grown, "tolerate": self.tolerate}
            )
        told = {"confLevel": self.confidence.value} if self.confidence else {}
        effect = {"allowedIncrease": grown} if self.max_increase else {}
        return "kayenta", Kayenta.model_validate({**told, "direction": "increase", "effectSize": effect})
