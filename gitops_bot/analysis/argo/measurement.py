"""One measurement: conditions and a value to a phase (EvaluateResult in Argo Rollouts' utils/evaluate/evaluate.go)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gitops_bot.analysis.argo.condition import holds
from gitops_bot.analysis.argo.phases import AnalysisPhase
from gitops_bot.analysis.argo.problem import Problem
from gitops_bot.analysis.argo.values import Value, shown


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one look at a metric found."""

    phase: AnalysisPhase
    result: Value = None
    message: str = ""
    """Why it is an Error; empty otherwise."""

    @property
    def value(self) -> str:
        """The result as Argo Rollouts writes it."""
        return shown(self.result)


def measured(success: str, failure: str, result: Value) -> Measurement:
    """The phase of one result. An empty condition is none; without any, everything is Successful, as in Argo's code
    (its documentation says Inconclusive).
    """
    succeeded = _asked("successCondition", success, result)
    if isinstance(succeeded, Problem):
        return Measurement(AnalysisPhase.ERROR, result, succeeded.message)
    failed = _asked("failureCondition", failure, result)
    if isinstance(failed, Problem):
        return Measurement(AnalysisPhase.ERROR, result, failed.message)
    return Measurement(_phase(succeeded, failed), result)


def _phase(succeeded: bool | None, failed: bool | None) -> AnalysisPhase:
    """Failure wins; a condition that was not given is the other one's opposite."""
    if failed or (failed is None and succeeded is False):
        return AnalysisPhase.FAILED
    return AnalysisPhase.INCONCLUSIVE if succeeded is False else AnalysisPhase.SUCCESSFUL


def _asked(kind: str, condition: str, result: Value) -> bool | Problem | None:
    if not condition:
        return None
    answer = holds(condition, result)
    if not isinstance(answer, Problem):
        return answer
    why = answer.message
    if result is None or result == ():
        why = "metric result is nil or empty: no data returned from the metric provider"
    return Problem(f'could not evaluate {kind} "{condition}": {why}')


def kayenta_phase(score: float, passing: int, marginal: int) -> AnalysisPhase:
    """A Kayenta score, cut to a whole number, against its thresholds (metricproviders/kayenta/kayenta.go)."""
    if not math.isfinite(score):
        return AnalysisPhase.ERROR
    whole = int(score)
    if whole >= passing:
        return AnalysisPhase.SUCCESSFUL
    return AnalysisPhase.INCONCLUSIVE if whole >= marginal else AnalysisPhase.FAILED
