"""The judge `argoAnalysis`: one metric of an AnalysisTemplate over a run, its phase as a verdict.

Inside, measurements and limits are Argo Rollouts'. Outside, the house's rules hold: no FAIL before three intervals with
a number and none that missing data brought about, no PASS before the run's end; what Argo Rollouts calls Inconclusive
or Error decides nothing. Where it would abort for want of data, measuring goes on, so that bad numbers are still found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gitops_bot.analysis.argo.limits import Assessment, Counters, assess_metric
from gitops_bot.analysis.argo.measurement import Measurement, measured
from gitops_bot.analysis.argo.phases import AnalysisPhase
from gitops_bot.analysis.argo.values import Value
from gitops_bot.analysis.evidence import LEAST_INTERVALS, Arm, Finding, Interval
from gitops_bot.model import Figure, Outcome
from gitops_bot.policy.judges.argo_analysis import ArgoAnalysis, MetricSpec


def judge(params: ArgoAnalysis, intervals: Sequence[Interval], length: int) -> Finding:
    """Judge a run of `length` intervals; every interval that Argo Rollouts would measure in is one measurement."""
    course = _course(params, intervals, over=len(intervals) >= length)
    numbered = [index for index, one in enumerate(intervals, 1) if _number(one.candidate) is not None]
    finding = _finding(params, course, numbered, len(intervals), length)
    return replace(finding, figures=_figures(params, course))


# ---------------------------------------------------------------- as Argo Rollouts does it


_NOTHING = Counters()
_PENDING = Assessment(AnalysisPhase.PENDING)


@dataclass(frozen=True, slots=True)
class _Course:
    """What was measured so far, and where that leaves the metric."""

    counters: Counters = _NOTHING
    """Of all measurements, as Argo Rollouts counts."""
    of_numbers: Counters = _NOTHING
    """Of those that had a number."""
    standing: Assessment = _PENDING
    """Once complete, the first that was."""
    detail: str = ""
    """What went wrong in the measurement that made the standing."""
    ended_at: int | None = None
    """The interval, from 1, after which nothing more is measured."""
    taken: int = 0
    without: int = 0
    """Measurements without a number."""
    missing: str = ""
    """Why the last of them had none."""
    last: Measurement | None = None

    def after(self, params: ArgoAnalysis, metric: MetricSpec, index: int, arm: Arm) -> _Course:
        """One measurement more, of the interval with this number, from 1."""
        one = measured(params.success_condition, params.failure_condition, _result(params, arm.number))
        lacking = _number(arm) is None
        counters = self.counters.after(one.phase, one.message)
        of_numbers = self.of_numbers
        if not lacking:
            of_numbers = counters if of_numbers is self.counters else of_numbers.after(one.phase, one.message)
        now = assess_metric(metric, counters, terminating=False)
        numbers_fail = _fails(metric, of_numbers)
        keeps = self.standing.phase.completed and not numbers_fail
        return _Course(
            counters=counters,
            of_numbers=of_numbers,
            standing=self.standing if keeps else now,
            detail=self.detail if keeps else one.message,
            ended_at=index if now.phase.completed and (numbers_fail or not _for_want_of_data(metric, now)) else None,
            taken=self.taken + 1,
            without=self.without + lacking,
            missing=(arm.missing or f"{arm.number} is no number") if lacking else self.missing,
            last=one,
        )


def _course(params: ArgoAnalysis, intervals: Sequence[Interval], *, over: bool) -> _Course:
    """Measure until the metric is complete; a run that is over terminates it."""
    course, metric = _Course(), params.metric
    for index in _due(params, intervals):
        course = course.after(params, metric, index + 1, intervals[index].candidate)
        if course.ended_at is not None:
            return course
    if course.standing.phase.completed or not over:
        return course
    return replace(course, standing=assess_metric(metric, course.counters, terminating=True))


def _fails(metric: MetricSpec, counters: Counters) -> bool:
    return metric.failure_limit >= 0 and counters.failed > metric.failure_limit


def _for_want_of_data(metric: MetricSpec, now: Assessment) -> bool:
    """Whether a metric that is complete, though its numbers do not fail it, may still be failed by later numbers."""
    return now.phase is AnalysisPhase.ERROR or (now.phase is AnalysisPhase.FAILED and metric.failure_limit >= 0)


def _due(params: ArgoAnalysis, intervals: Sequence[Interval]) -> Iterator[int]:
    """The intervals at whose ends a measurement is due; without their times, each is taken to last `interval`."""
    ends = [one.at for one in intervals if one.at is not None]
    if len(ends) < max(2, len(intervals)):
        step = params.interval or timedelta(0)
        skipped = max(0, -(-params.initial_delay // step) - 1) if step else 0
        yield from range(skipped, len(intervals))
        return
    due: datetime = ends[0] - (ends[1] - ends[0]) + params.initial_delay
    for index, end in enumerate(ends):
        if end >= due:
            yield index
            due = end + (params.interval or timedelta(0))


def _number(arm: Arm) -> float | None:
    """What counts as evidence; a condition may see NaN and infinity, but they say nothing here."""
    number = arm.number
    return number if number is not None and math.isfinite(number) else None


def _result(params: ArgoAnalysis, number: float | None) -> Value:
    if params.shape == "scalar":
        return None if number is None else float(number)
    return () if number is None else (float(number),)


# ---------------------------------------------------------------- as this house does


def _finding(params: ArgoAnalysis, course: _Course, numbered: Sequence[int], done: int, length: int) -> Finding:
    """The verdict and its reason; the figures come later."""
    phase, reason = course.standing.phase, course.standing.reason
    told = f"Argo Rollouts says {phase}" + (f": {reason}" if reason else "")
    left = max(0, length - done)
    if params.dry_run:
        return Finding(Outcome.UNKNOWN, f"dry run, which decides nothing: {told}", left=left)
    match phase:
        case AnalysisPhase.FAILED:
            return _failed(params, course, numbered, told)
        case AnalysisPhase.ERROR:
            because = f"{told}; it would abort, but an error is no evidence: {course.detail}"
            return Finding(Outcome.UNKNOWN, because)
        case AnalysisPhase.INCONCLUSIVE:
            return Finding(Outcome.UNKNOWN, f"{told}; it would pause")
    if left:
        return Finding(Outcome.UNKNOWN, f"{told}; {done} of {length} intervals are over", left=left)
    return _passed(course, numbered, told, length)


def _failed(params: ArgoAnalysis, course: _Course, numbered: Sequence[int], told: str) -> Finding:
    """FAIL, unless missing data made it, or too few intervals have a number."""
    if course.without and not _fails(params.metric, course.of_numbers):
        because = f"{told}, but {course.without} of {course.taken} measurements have no number: {course.missing}"
        return Finding(Outcome.UNKNOWN, because)
    if len(numbered) < LEAST_INTERVALS:
        return Finding(Outcome.UNKNOWN, _too_few(told, numbered))
    decided = max(course.ended_at or 0, numbered[LEAST_INTERVALS - 1])
    return Finding(Outcome.FAIL, told, decided_at=decided)


def _passed(course: _Course, numbered: Sequence[int], told: str, length: int) -> Finding:
    """PASS at the run's end, when numbers say so."""
    if course.taken == course.without:
        because = f"{told}, but no measurement has a number: {course.missing or 'none was due'}"
        return Finding(Outcome.UNKNOWN, because)
    if len(numbered) < LEAST_INTERVALS:
        return Finding(Outcome.UNKNOWN, _too_few(told, numbered))
    accepted = f", {course.without} have no number" if course.without else ""
    because = f"{told}: {course.counters.successful} of {course.taken} measurements succeeded{accepted}"
    return Finding(Outcome.PASS, because, decided_at=length)


def _too_few(told: str, numbered: Sequence[int]) -> str:
    return f"{told}, but {len(numbered)} of at least {LEAST_INTERVALS} intervals have a number"


def _figures(params: ArgoAnalysis, course: _Course) -> tuple[Figure, ...]:
    counters = course.counters
    conditions = [text for text in (params.success_condition, params.failure_condition) if text]
    shown = [Figure("condition", "; ".join(conditions)), Figure("phase", course.standing.phase.value)]
    shown += [Figure("last", course.last.value or "nil")] if course.last else []
    shown.append(Figure("measured", f"{course.taken}/{params.count}" if params.count else str(course.taken)))
    limit = "off" if params.failure_limit < 0 else str(params.failure_limit)
    shown += [Figure("failed", f"{counters.failed} (limit {limit})")] if counters.failed else []
    shown += [Figure("inconclusive", str(counters.inconclusive))] if counters.inconclusive else []
    shown += [Figure("errors", str(counters.error))] if counters.error else []
    shown += [Figure("without a number", str(course.without))] if course.without else []
    return tuple(shown)
