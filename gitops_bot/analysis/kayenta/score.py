"""Several metrics: group scores, their weighted sum, and what follows, as Kayenta's WeightedSumScorer says it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from gitops_bot.analysis.argo.phases import AnalysisPhase
from gitops_bot.analysis.kayenta.classify import Label
from gitops_bot.model import Outcome

_TOO_MANY_WITHOUT_DATA = 50.0
"""Percent of the metrics."""

_COUNTED = (Label.PASS, Label.HIGH, Label.LOW, Label.NODATA_FAIL)


@dataclass(frozen=True, slots=True)
class Result:
    """One classified metric."""

    name: str
    label: Label
    groups: tuple[str, ...] = ()
    critical: bool = False
    """Unless it passes, the whole canary fails."""
    muted: bool = False
    """Reported, does not count."""


@dataclass(frozen=True, slots=True)
class Score:
    """0 to 100, with two decimals."""

    summary: float
    because: str
    groups: Mapping[str, float]
    """By group; 0 for one without any data, which the summary counts as 100."""

    def outcome(self, passing: float, marginal: float) -> Outcome:
        """Kayenta's Pass, Marginal or Fail: a marginal score is neither good nor bad."""
        if self.summary >= passing:
            return Outcome.PASS
        return Outcome.UNKNOWN if self.summary >= marginal else Outcome.FAIL


def score(results: Sequence[Result], weights: Mapping[str, float]) -> Score:
    """The score of a canary. `weights` are percents by group; groups without one share what is left evenly."""
    counted = [one for one in results if not one.muted]
    members: dict[str, list[Label]] = {}
    for one in counted:
        for group in one.groups:
            members.setdefault(group, []).append(one.label)
    groups = {name: _share(labels) for name, labels in members.items()}
    shown = {name: share or 0.0 for name, share in groups.items()}
    if failed := [one.name for one in counted if one.critical and one.label is not Label.PASS]:
        return Score(0.0, f"critical: {', '.join(failed)}", shown)
    empty = [one.name for one in counted if one.label is Label.NODATA]
    if counted and 100 * len(empty) / len(counted) >= _TOO_MANY_WITHOUT_DATA:
        return Score(0.0, f"{len(empty)} of {len(counted)} metrics have no data: {', '.join(empty)}", shown)
    return Score(_summary(groups, weights), _told(counted), shown)


def argo_phase(score: float, passing: float, marginal: float) -> AnalysisPhase:
    """What Argo Rollouts makes of Kayenta's score, less its fraction (metricproviders/kayenta/kayenta.go)."""
    if not math.isfinite(score):
        return AnalysisPhase.ERROR
    if int(score) >= passing:
        return AnalysisPhase.SUCCESSFUL
    return AnalysisPhase.INCONCLUSIVE if int(score) >= marginal else AnalysisPhase.FAILED


def _share(labels: Sequence[Label]) -> float | None:
    """Percent of the group's metrics that pass; None where none has data."""
    total = sum(label in _COUNTED for label in labels)
    return 100 * labels.count(Label.PASS) / total if total else None


def _summary(groups: Mapping[str, float | None], weights: Mapping[str, float]) -> float:
    unweighted = [name for name in groups if name not in weights]
    rest = (100 - sum(weights.values())) / len(unweighted) if unweighted else 0.0
    whole = sum((100.0 if share is None else share) * weights.get(name, rest) / 100 for name, share in groups.items())
    return float(Decimal(repr(whole)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _told(results: Sequence[Result]) -> str:
    missed = [f"{one.name} is {one.label.value}" for one in results if one.label is not Label.PASS]
    return ", ".join(missed) or ("every metric passes" if results else "no metric counts")
