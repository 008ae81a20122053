"""From measurements and readings to a verdict. Pure: what is asked is said beforehand, by `ask`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import product

from gitops_bot.analysis.chart import sparkline
from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.judges import threshold
from gitops_bot.analysis.questions import Role, questions
from gitops_bot.analysis.schedule import Run, runs
from gitops_bot.model import (
    CheckResult,
    ExperimentStatus,
    Missing,
    ObjectRef,
    Outcome,
    Phase,
    Query,
    Reading,
    Sample,
    Series,
    Trial,
    Unseen,
    Verdict,
    Version,
)
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import Metric, PromotionPolicy
from gitops_bot.policy.templates import TemplateProblem

Statuses = Mapping[tuple[str, ObjectRef], ExperimentStatus | Unseen]
"""What each cluster said of each object."""


def ask(policy: PromotionPolicy, trial: Trial | None, now: datetime) -> tuple[Query, ...]:
    """Every query whose answer the verdict needs."""
    if trial is None or not policy.spec.asks_metrics:
        return ()
    asked: list[Query] = []
    for cluster, metric in product(policy.spec.clusters, policy.spec.analysis.metrics):
        for run in runs(policy.spec.analysis, trial.since, now):
            with suppress(TemplateProblem):  # the verdict says it, as a check of its own
                asked += _queries(policy, metric, trial, cluster, run).values()
    return tuple(asked)


def verdict(
    policy: PromotionPolicy,
    candidate: Version | None,
    trial: Trial | None,
    statuses: Statuses,
    series: Series,
    now: datetime,
) -> Verdict:
    """Every check of the policy: the controller's word, health, what was measured, the deadline."""
    checks = [*_controllers(policy, statuses), *_health(policy, candidate, statuses)]
    if trial and policy.spec.asks_metrics:
        checks += _metrics(policy, trial, series, now)
    if not policy.spec.asks_metrics and policy.spec.candidate.version:
        checks.append(CheckResult("requested", Outcome.PASS, f"{policy.spec.candidate.version} was given by hand"))
    if trial and (late := _deadline(policy, trial, Verdict(tuple(checks)), series, now)):
        checks.append(late)
    return Verdict(tuple(checks))


# ---------------------------------------------------------------- the controller's word

_OUTCOMES = {Phase.SUCCEEDED: Outcome.PASS, Phase.FAILED: Outcome.FAIL}


def _controllers(policy: PromotionPolicy, statuses: Statuses) -> Iterator[CheckResult]:
    experiment = policy.spec.candidate.experiment
    if experiment is None or not policy.spec.asks_experiment:
        return
    for cluster in policy.spec.clusters:
        status = statuses[cluster, experiment.ref]
        name = _named("experiment", cluster, policy)
        if isinstance(status, Unseen):
            yield CheckResult(name, Outcome.UNKNOWN, f"{experiment.ref}: {status.reason}")
        else:
            figures = (f"step {status.step}",) if status.step else ()
            because = f"{experiment.ref} is {status.phase.value}: {', '.join((status.reason, *figures))}"
            yield CheckResult(name, _OUTCOMES.get(status.phase, Outcome.UNKNOWN), because)


_UNWELL = {"Rollout": (Phase.FAILED, Phase.ERROR)}
"""Bad news of the version itself, where that is more than FAILED: a Rollout's ERROR is Degraded at its generation."""


def _health(policy: PromotionPolicy, candidate: Version | None, statuses: Statuses) -> Iterator[CheckResult]:
    """Whether what runs the candidate is live and well; a FAIL only of the very version that git names."""
    spec = policy.spec
    watched = spec.candidate.workload or (None if spec.asks_experiment else spec.candidate.experiment)
    if watched is None or candidate is None:
        return
    for cluster in spec.clusters:
        status = statuses[cluster, watched.ref]
        if isinstance(status, Unseen):
            yield CheckResult(_named("live", cluster, policy), Outcome.UNKNOWN, f"{watched.ref}: {status.reason}")
        elif status.candidate is None or not status.candidate.runs(candidate):
            because = f"cluster and git disagree: {watched.ref} runs {status.candidate}, git says {candidate}"
            yield CheckResult(_named("live", cluster, policy), Outcome.UNKNOWN, because)
        elif status.phase in _UNWELL.get(watched.kind, (Phase.FAILED,)):
            because = f"{watched.ref} failed: {status.reason}"
            yield CheckResult(_named("health", cluster, policy), Outcome.FAIL, because)


def _named(name: str, cluster: str, policy: PromotionPolicy) -> str:
    return f"{name} ({cluster})" if len(policy.spec.clusters) > 1 else name


# ---------------------------------------------------------------- what was measured


def _metrics(policy: PromotionPolicy, trial: Trial, series: Series, now: datetime) -> Iterator[CheckResult]:
    for cluster in policy.spec.clusters:
        for metric in policy.spec.analysis.metrics:
            yield _metric(policy, metric, cluster, trial, series, now)


def _metric(
    policy: PromotionPolicy, metric: Metric, cluster: str, trial: Trial, series: Series, now: datetime
) -> CheckResult:
    name = _named(metric.name, cluster, policy)
    schedule = runs(policy.spec.analysis, trial.since, now)
    if not schedule:
        return CheckResult(name, Outcome.UNKNOWN, "the first interval is not over yet", critical=metric.critical)
    try:
        asked = [_queries(policy, metric, trial, cluster, run) for run in schedule]
    except TemplateProblem as problem:
        return CheckResult(name, Outcome.UNKNOWN, str(problem), critical=metric.critical)
    params, measured = threshold.of(metric), [_measured(one, series) for one in asked]
    findings = [threshold.judge(params, one, run.length) for run, one in zip(schedule, measured, strict=True)]
    standing = _standing(findings)
    finding, queries = findings[standing], tuple(asked[standing].values())
    return CheckResult(
        name,
        finding.outcome,
        finding.because,
        finding.figures,
        queries,
        metric.critical,
        chart=sparkline([one.candidate.number for one in measured[standing]], metric.min, metric.max),
    )


def _standing(findings: list[Finding]) -> int:
    """A FAIL of the run under way counts at once; else the last finished run stands."""
    return -1 if findings[-1].outcome is Outcome.FAIL else 0


def _queries(policy: PromotionPolicy, metric: Metric, trial: Trial, cluster: str, run: Run) -> Mapping[Role, Query]:
    interval = policy.spec.analysis.interval
    texts = questions(policy, metric, trial)
    return {role: Query(cluster, text, run.first, run.last(interval), interval) for role, text in texts.items()}


def _measured(asked: Mapping[Role, Query], series: Series) -> list[Interval]:
    readings = {role: series[query] for role, query in asked.items()}
    if Role.VALUE in readings:
        return [Interval(_value(reading), at=reading.at) for reading in readings[Role.VALUE]]
    counted = zip(readings[Role.BAD], readings[Role.TOTAL], strict=True)
    return [Interval(_counts(bad, total), at=total.at) for bad, total in counted]


def _value(reading: Reading) -> Arm:
    if isinstance(reading, Missing):
        return Arm(missing=reading.reason, answered=reading.answered)
    return Arm(reading.value)


def _counts(bad: Reading, total: Reading) -> Arm:
    if isinstance(total, Missing) or isinstance(bad, Missing):
        return _value(total if isinstance(total, Missing) else bad)
    return Arm(bad=bad.value, total=total.value)


# ---------------------------------------------------------------- the deadline


def _deadline(
    policy: PromotionPolicy, trial: Trial, so_far: Verdict, series: Series, now: datetime
) -> CheckResult | None:
    """Undecided for too long. A FAIL only where the policy says so, and only if the metrics servers answered."""
    deadline = policy.spec.analysis.deadline
    if deadline is None or trial.watching or so_far.outcome is not Outcome.UNKNOWN or now < trial.since + deadline:
        return None
    because = f"still undecided after {format_duration(deadline)}"
    if policy.spec.analysis.on_deadline == "hold":
        return CheckResult("deadline", Outcome.UNKNOWN, f"{because}; onDeadline: hold", critical=False)
    if not _answered(series):
        return CheckResult("deadline", Outcome.UNKNOWN, f"{because}, but the metrics server did not answer")
    return CheckResult("deadline", Outcome.FAIL, f"{because}; onDeadline: rollback")


def _answered(series: Series) -> bool:
    readings = [reading for one in series.values() for reading in one]
    return bool(readings) and all(isinstance(reading, Sample) or reading.answered for reading in readings)


__all__ = ["Statuses", "ask", "verdict"]
