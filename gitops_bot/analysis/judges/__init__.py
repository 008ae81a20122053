"""The judges, one module each, and the table that lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gitops_bot.analysis.evidence import Judge
from gitops_bot.analysis.judges import (
    argo_analysis,
    flagger,
    iter8,
    kayenta,
    keptn,
    sample_ratio,
    sequential,
    threshold,
)
from gitops_bot.policy.base import Spec
from gitops_bot.policy.judges.argo_analysis import ArgoAnalysis
from gitops_bot.policy.judges.flagger import Flagger
from gitops_bot.policy.judges.iter8 import Iter8
from gitops_bot.policy.judges.kayenta import Kayenta
from gitops_bot.policy.judges.keptn import Keptn
from gitops_bot.policy.judges.sample_ratio import SampleRatio
from gitops_bot.policy.judges.sequential import Sequential
from gitops_bot.policy.judges.threshold import Threshold


class Known(NamedTuple):
    """A judge, and what users may tell it."""

    params: type[Spec]
    judge: Judge[Any]
    compares: Callable[[Any], bool] = lambda _params: False
    """Whether it looks at the baseline, by its parameters."""
    alone: Callable[[Any], bool] = lambda _params: False
    """Whether it also does without one."""
    recalls: Callable[[Any, int], int] | None = None
    """How many intervals of the baseline before a run of that length it wants to know, as the keyword `history`."""
    patient: bool = False
    """Undecided at the end of a run, it goes on with what it has."""

    @property
    def remembers(self) -> bool:
        """It takes `history`."""
        return self.recalls is not None


def _always(_params: Any) -> bool:
    return True


JUDGES: Mapping[str, Known] = {
    "threshold": Known(Threshold, threshold.judge),
    "sequential": Known(
        Sequential,
        sequential.judge,
        compares=_always,
        alone=lambda params: params.max is not None or params.min is not None,
        recalls=lambda _params, _length: 60,
        patient=True,
    ),
    "sampleRatio": Known(SampleRatio, sample_ratio.judge, compares=_always),
    "argoAnalysis": Known(ArgoAnalysis, argo_analysis.judge),
    "flagger": Known(Flagger, flagger.judge),
    "iter8": Known(Iter8, iter8.judge, compares=lambda params: params.preferred_direction is not None),
    "kayenta": Known(Kayenta, kayenta.judge, compares=_always),
    "keptn": Known(Keptn, keptn.judge, compares=keptn.compares, recalls=keptn.recalls),
}
"""Every judge by the name that users write."""

__all__ = ["JUDGES", "Known"]
