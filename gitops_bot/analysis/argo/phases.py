"""The phases of Argo Rollouts' measurements, metrics and runs, and which of two is worse."""

from __future__ import annotations

from enum import StrEnum


class AnalysisPhase(StrEnum):
    """AnalysisPhase of argoproj.io/v1alpha1, best first: the order of `IsWorse` (utils/analysis/helpers.go)."""

    SUCCESSFUL = "Successful"
    RUNNING = "Running"
    PENDING = "Pending"
    INCONCLUSIVE = "Inconclusive"
    ERROR = "Error"
    FAILED = "Failed"

    @property
    def completed(self) -> bool:
        """Nothing will change it any more."""
        return self not in (AnalysisPhase.RUNNING, AnalysisPhase.PENDING)

    @property
    def bad(self) -> bool:
        """It ends the other metrics of its run."""
        return self.completed and self is not AnalysisPhase.SUCCESSFUL


_ORDER = tuple(AnalysisPhase)


def worse(current: AnalysisPhase, new: AnalysisPhase) -> bool:
    """Whether the new phase is worse than the current one."""
    return _ORDER.index(new) > _ORDER.index(current)
