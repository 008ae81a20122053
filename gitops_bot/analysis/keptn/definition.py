"""Keptn's AnalysisDefinition (metrics.keptn.sh/v1): targets, objectives and the score of an Analysis.

Keptn's own: `metrics-operator/controllers/common/analysis`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gitops_bot.analysis.keptn.criteria import Status
from gitops_bot.policy.judges.keptn import Bounds

_TESTS: Mapping[str, Callable[..., bool]] = {
    "equalTo": lambda value, bound: value == bound,
    "lessThanOrEqual": lambda value, bound: value <= bound,
    "lessThan": lambda value, bound: value < bound,
    "greaterThanOrEqual": lambda value, bound: value >= bound,
    "greaterThan": lambda value, bound: value > bound,
    "inRange": lambda value, low, high: low <= value <= high,
    "notInRange": lambda value, low, high: value < low or value > high,
}
"""In the order in which Keptn looks for them: the first that is given counts."""


@dataclass(frozen=True, slots=True)
class Target:
    """What fails and what only warns; the rest passes."""

    failure: Bounds | None = None
    warning: Bounds | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of one objective."""

    weight: float
    score: float
    key: bool = False
    status: Status = Status.FAIL
    error: str = ""
    """Why there is no value; empty where there is one."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What came of all objectives."""

    total: float
    maximum: float
    status: Status

    @property
    def percentage(self) -> float:
        """The score in percent; 0 where nothing could be scored."""
        if self.maximum == 0:
            return 0.0
        return 100.0 if self.total == self.maximum else 100.0 * (self.total / self.maximum)


def fulfilled(bounds: Bounds, value: float) -> bool:
    """Whether the value meets an operator; one without any bound is never met."""
    name = next((name for name in _TESTS if name in bounds), None)
    return name is not None and _TESTS[name](value, *bounds[name])


def evaluate_target(target: Target, value: float) -> Status:
    """The failure is asked first, then the warning."""
    if target.failure is not None and fulfilled(target.failure, value):
        return Status.FAIL
    if target.warning is not None and fulfilled(target.warning, value):
        return Status.WARNING
    return Status.PASS


def evaluate_objective(
    name: str, value: float | None, target: Target, weight: float = 1.0, *, key: bool = False
) -> Scored:
    """One objective: its weight, half of it for a warning, or 0; a missing value scores 0."""
    if value is None:
        return Scored(weight, 0.0, key, error=f"required value '{name}' not available")
    status = evaluate_target(target, value)
    return Scored(weight, _PARTS[status] * weight, key, status)


def analyse(objectives: Sequence[Scored], passing: float, warning: float) -> Analysis:
    """The total against the percentages for pass and warning; a key objective of score 0 fails all, even weightless."""
    total, maximum = sum(one.score for one in objectives), sum(one.weight for one in objectives)
    percentage = Analysis(total, maximum, Status.FAIL).percentage
    status = Status.PASS if percentage >= passing else Status.WARNING if percentage >= warning else Status.FAIL
    if any(one.key and one.score == 0 for one in objectives):
        status = Status.FAIL
    return Analysis(total, maximum, status)


_PARTS = {Status.PASS: 1.0, Status.WARNING: 0.5, Status.FAIL: 0.0}
