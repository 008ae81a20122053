"""From measurements to a metric's phase, and from metrics to a run's (Argo Rollouts' analysis/analysis.go).

Limits are exclusive: what is allowed may be reached. Within one metric a later check wins (Failed, Inconclusive,
Error); between metrics the worse phase does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_bot.analysis.argo.phases import AnalysisPhase, worse
from gitops_bot.policy.judges.argo_analysis import MetricSpec

DISABLED = -1
"""A failureLimit that nothing reaches."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What the measurements of one metric were so far: MetricResult of an AnalysisRun's status."""

    failed: int = 0
    successful: int = 0
    inconclusive: int = 0
    error: int = 0
    count: int = 0
    """Measurements that were no Error."""
    consecutive_error: int = 0
    consecutive_success: int = 0
    last: AnalysisPhase | None = None
    """Of the last measurement; None before the first."""
    phase: AnalysisPhase = AnalysisPhase.RUNNING
    """Of the metric; a completed one stays."""
    message: str = ""
    """Of the last measurement."""

    def after(self, phase: AnalysisPhase, message: str = "") -> Counters:
        """The counters once another measurement is complete."""
        good, erred = phase is AnalysisPhase.SUCCESSFUL, phase is AnalysisPhase.ERROR
        return Counters(
            failed=self.failed + (phase is AnalysisPhase.FAILED),
            successful=self.successful + good,
            inconclusive=self.inconclusive + (phase is AnalysisPhase.INCONCLUSIVE),
            error=self.error + erred,
            count=self.count + (not erred),
            consecutive_error=self.consecutive_error + 1 if erred else 0,
            consecutive_success=self.consecutive_success + 1 if good else 0,
            last=phase,
            phase=self.phase,
            message=message,
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """A phase and, where a limit was passed, which."""

    phase: AnalysisPhase
    reason: str = ""


def assess_metric(metric: MetricSpec, counters: Counters, terminating: bool) -> Assessment:
    """Where one metric stands; terminating: the run ends, whatever is unfinished was good enough."""
    if counters.phase.completed:
        return Assessment(counters.phase)
    if counters.last is None:
        return Assessment(AnalysisPhase.SUCCESSFUL if terminating else AnalysisPhase.PENDING)
    if not counters.last.completed:
        return Assessment(AnalysisPhase.RUNNING)
    if (passed := over_limit(metric, counters)) is not None:
        return passed
    if 0 < metric.consecutive_success_limit <= counters.consecutive_success:
        return Assessment(AnalysisPhase.SUCCESSFUL)
    if metric.effective_count is not None and counters.count >= metric.effective_count:
        return _at_the_end(metric)
    return Assessment(AnalysisPhase.SUCCESSFUL if terminating else AnalysisPhase.RUNNING)


def _at_the_end(metric: MetricSpec) -> Assessment:
    """All measurements are taken, no limit was passed, and no streak was long enough."""
    if not metric.consecutive_success_limit:
        return Assessment(AnalysisPhase.SUCCESSFUL)
    reason = f"no {metric.consecutive_success_limit} successes in a row among {metric.effective_count} measurements"
    failing = metric.failure_limit == DISABLED
    return Assessment(AnalysisPhase.FAILED if failing else AnalysisPhase.INCONCLUSIVE, reason)


def over_limit(metric: MetricSpec, counters: Counters) -> Assessment | None:
    """The last limit that was passed, in Argo's order and words; None when none was."""
    found: Assessment | None = None
    if metric.failure_limit >= 0 and counters.failed > metric.failure_limit:
        reason = f"failed ({counters.failed}) > failureLimit ({metric.failure_limit})"
        found = Assessment(AnalysisPhase.FAILED, reason)
    if counters.inconclusive > metric.inconclusive_limit:
        reason = f"inconclusive ({counters.inconclusive}) > inconclusiveLimit ({metric.inconclusive_limit})"
        found = Assessment(AnalysisPhase.INCONCLUSIVE, reason)
    if counters.consecutive_error > metric.consecutive_error_limit:
        limit = metric.consecutive_error_limit
        reason = f"consecutiveErrors ({counters.consecutive_error}) > consecutiveErrorLimit ({limit})"
        found = Assessment(AnalysisPhase.ERROR, reason)
    return found


# ---------------------------------------------------------------- runs


@dataclass(frozen=True, slots=True)
class Summary:
    """How many metrics of a run there are, and how those that are complete ended."""

    count: int = 0
    successful: int = 0
    failed: int = 0
    inconclusive: int = 0
    error: int = 0

    def with_metric(self) -> Summary:
        """One metric more."""
        return replace(self, count=self.count + 1)

    def with_end(self, phase: AnalysisPhase) -> Summary:
        """One metric more that is complete."""
        match phase:
            case AnalysisPhase.FAILED:
                return replace(self, failed=self.failed + 1)
            case AnalysisPhase.INCONCLUSIVE:
                return replace(self, inconclusive=self.inconclusive + 1)
            case AnalysisPhase.ERROR:
                return replace(self, error=self.error + 1)
        return replace(self, successful=self.successful + 1)


@dataclass(frozen=True, slots=True)
class RunAssessment:
    """Where a whole run stands."""

    phase: AnalysisPhase
    message: str
    summary: Summary
    dry_run: Summary


def assess_run(metrics: Sequence[MetricSpec], results: Mapping[str, Counters], terminate: bool) -> RunAssessment:
    """The phase of a run: the worst of its metrics once all are complete, of which dry runs do not count."""
    dry = {metric.name for metric in metrics if metric.dry_run}
    terminating = terminate or any(result.phase.bad for name, result in results.items() if name not in dry)
    worst: AnalysisPhase | None = None
    message = "Run Terminated" if terminate else ""
    live, dry_run, all_complete = Summary(), Summary(), True
    for metric in metrics:
        live, dry_run = (live, dry_run.with_metric()) if metric.dry_run else (live.with_metric(), dry_run)
        counters = results.get(metric.name)
        status = assess_metric(metric, counters, terminating) if counters else None
        if counters is None or status is None or not status.phase.completed:
            all_complete = False
            continue
        passed = over_limit(metric, counters)
        ended = passed.phase if passed else AnalysisPhase.SUCCESSFUL
        if metric.dry_run:
            dry_run = dry_run.with_end(ended)
            worst = worst or AnalysisPhase.SUCCESSFUL
            continue
        live = live.with_end(ended)
        if worst is None or worse(worst, status.phase):
            worst = status.phase
            message = _told(metric, status.phase, passed.reason, counters.message) if passed else message
    if terminating:
        return RunAssessment(worst or AnalysisPhase.SUCCESSFUL, message, live, dry_run)
    if not all_complete or worst is None:
        return RunAssessment(AnalysisPhase.RUNNING, "", live, dry_run)
    return RunAssessment(worst, message, live, dry_run)


def _told(metric: MetricSpec, phase: AnalysisPhase, reason: str, detail: str) -> str:
    told = f'Metric "{metric.name}" assessed {phase} due to {reason}'
    return f'{told}: "Error Message: {detail}"' if detail else told
