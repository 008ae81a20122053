"""One metric in one cluster: what is asked of it and when, and the check that follows from the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gitops_bot.analysis.appointed import Appointed, Stage, appointed, stages
from gitops_bot.analysis.chart import sparklines
from gitops_bot.analysis.evidence import UNMEASURED, Arm, Interval
from gitops_bot.analysis.questions import OF_BASELINE, Role, questions
from gitops_bot.analysis.schedule import Run, length, longest, runs
from gitops_bot.model import CheckResult, Figure, Missing, Outcome, Query, Reading, Series, Trial
from gitops_bot.policy.metrics import Metric
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.templates import TemplateProblem

Asked = Mapping[Role, Query]


@dataclass(frozen=True, slots=True)
class Measuring:
    """The queries of one metric in one cluster, run by run."""

    judge: Appointed
    runs: tuple[Run, ...]
    """The last finished one and the one under way, oldest first."""
    asked: tuple[Asked, ...]
    """Of each run."""
    past: Asked
    """The baseline before the first run, for judges that want to know."""

    @property
    def queries(self) -> tuple[Query, ...]:
        """Everything that is asked."""
        return tuple(query for one in (*self.asked, self.past) for query in one.values())

    @classmethod
    def of(cls, policy: PromotionPolicy, metric: Metric, trial: Trial, cluster: str, now: datetime) -> Measuring:
        """What is asked now. Errors: TemplateProblem, when a query cannot be written."""
        analysis = policy.spec.analysis
        judge = appointed(analysis, metric, trial)
        schedule = runs(analysis, trial.since, now, longest(analysis) if judge.known.patient else length(analysis))
        if not schedule:
            return cls(judge, (), (), {})
        texts = _texts(policy, metric, trial, judge)

        def over(first: datetime, last: datetime, roles: Mapping[Role, str]) -> Asked:
            return {role: Query(cluster, text, first, last, analysis.interval) for role, text in roles.items()}

        asked = tuple(over(run.first, run.last(analysis.interval), texts) for run in schedule)
        before = judge.recalls(length(analysis)) if judge.compares else 0
        of_baseline = {role: texts[role] for role in OF_BASELINE.values() if role in texts} if before else {}
        earliest = trial.since - (before - 1) * analysis.interval
        return cls(judge, schedule, asked, over(earliest, trial.since, of_baseline))


def _texts(policy: PromotionPolicy, metric: Metric, trial: Trial, judge: Appointed) -> Mapping[Role, str]:
    try:
        return questions(policy, metric, trial, compare=judge.compares)
    except TemplateProblem:
        if judge.compares and judge.known.alone(judge.params):
            return questions(policy, metric, trial)
        raise


def measured(
    name: str,
    policy: PromotionPolicy,
    metric: Metric,
    trial: Trial,
    cluster: str,
    series: Series,
    now: datetime,
) -> CheckResult:
    """The check of one metric in one cluster, by this name."""
    try:
        measuring = Measuring.of(policy, metric, trial, cluster, now)
    except TemplateProblem as problem:
        return CheckResult(name, Outcome.UNKNOWN, str(problem), critical=metric.critical)
    if not measuring.runs:
        return CheckResult(name, Outcome.UNKNOWN, "the first interval is not over yet", critical=metric.critical)
    history = side_by_side(measuring.past, series)
    found: list[tuple[Stage, Asked]] = []
    for run, asked in zip(measuring.runs, measuring.asked, strict=True):
        intervals = side_by_side(asked, series)
        piece = length(policy.spec.analysis)
        found += [(stage, asked) for stage in stages(measuring.judge, intervals, piece, run.length, history)]
    stage, asked = _standing(found)
    finding = stage.finding
    return CheckResult(
        name,
        finding.outcome,
        finding.because,
        finding.figures,
        tuple(asked.values()),
        metric.critical,
        charts=_charts(metric, side_by_side(asked, series)[stage.start : stage.end]),
        judge=str(measuring.judge),
    )


def _charts(metric: Metric, shown: Sequence[Interval]) -> tuple[Figure, ...]:
    """Both versions over the intervals that were judged, where they were measured."""
    both = [[one.candidate.number for one in shown], [one.baseline.number for one in shown]]
    lines = zip(("candidate", "baseline"), sparklines(both, metric.min, metric.max), strict=True)
    return tuple(Figure(name, line) for name, line in lines if line)


def _standing(found: list[tuple[Stage, Asked]]) -> tuple[Stage, Asked]:
    """A FAIL of what is under way counts at once; else the last that is over stands."""
    last = found[-1]
    if last[0].finding.outcome is Outcome.FAIL:
        return last
    return next((one for one in reversed(found) if one[0].over), last)


# ---------------------------------------------------------------- from readings to intervals


def side_by_side(asked: Asked, series: Series) -> list[Interval]:
    """The answers side by side, one interval for each instant."""
    readings = {role: series[query] for role, query in asked.items()}
    instants = next((query.instants() for query in asked.values()), ())
    candidate = _arms(readings, {role: role for role in OF_BASELINE}, len(instants))
    baseline = _arms(readings, OF_BASELINE, len(instants))
    return [Interval(own, other, at) for own, other, at in zip(candidate, baseline, instants, strict=True)]


def _arms(readings: Mapping[Role, tuple[Reading, ...]], names: Mapping[Role, Role], count: int) -> list[Arm]:
    value, bad, total = (readings.get(names[role]) for role in (Role.VALUE, Role.BAD, Role.TOTAL))
    if value is not None:
        return [_value(reading) for reading in value]
    if bad is not None and total is not None:
        return [_counts(*both) for both in zip(bad, total, strict=True)]
    return [UNMEASURED] * count


def _value(reading: Reading) -> Arm:
    if isinstance(reading, Missing):
        return Arm(missing=reading.reason, answered=reading.answered)
    return Arm(reading.value)


def _counts(bad: Reading, total: Reading) -> Arm:
    if isinstance(total, Missing) or isinstance(bad, Missing):
        return _value(total if isinstance(total, Missing) else bad)
    return Arm(bad=bad.value, total=total.value)
