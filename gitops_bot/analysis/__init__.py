"""From measurements and readings to a verdict. Pure: what is asked is said beforehand, by `ask`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import product

from gitops_bot.analysis import controllers
from gitops_bot.analysis.appointed import appointed
from gitops_bot.analysis.controllers import Statuses, named
from gitops_bot.analysis.measuring import Measuring, measured
from gitops_bot.model import (
    CheckResult,
    Outcome,
    Phase,
    Query,
    Sample,
    Series,
    Trial,
    Unseen,
    Verdict,
    Version,
)
from gitops_bot.policy.metrics import Metric
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.templates import TemplateProblem


def ask(policy: PromotionPolicy, trial: Trial | None, now: datetime) -> tuple[Query, ...]:
    """Every query whose answer the verdict needs."""
    if trial is None or not policy.spec.asks_metrics:
        return ()
    asked: list[Query] = []
    for cluster, metric in product(policy.spec.clusters, policy.spec.analysis.metrics):
        if _says_nothing(policy, metric, trial):
            continue
        with suppress(TemplateProblem):  # the verdict says it, as a check of its own
            asked += Measuring.of(policy, metric, trial, cluster, now).queries
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
    checks = [
        *controllers.checks(policy, trial, statuses, now),
        *_health(policy, candidate, trial, statuses),
        *controllers.traffic(policy, trial, statuses),
    ]
    if trial and policy.spec.asks_metrics:
        both = product(policy.spec.clusters, policy.spec.analysis.metrics)
        for cluster, metric in both:
            name = named(metric.name, cluster, policy)
            if _says_nothing(policy, metric, trial):
                checks.append(CheckResult(name, Outcome.UNKNOWN, NOT_COMPARED, critical=False))
            else:
                checks.append(measured(name, policy, metric, trial, cluster, series, now))
    if policy.spec.unknown_clusters:
        checks.append(CheckResult("clusters", Outcome.UNKNOWN, policy.spec.unknown_clusters))
    unread = [one for one in (trial.unread, policy.spec.analysis.unread) if one] if trial else []
    if unread:
        checks.append(CheckResult("templates", Outcome.UNKNOWN, "; ".join(unread)))
    if trial and trial.excused:
        checks.append(CheckResult("analysis", Outcome.PASS, trial.excused))
    given = not (policy.spec.asks_metrics or policy.spec.judged_after)
    if given and policy.spec.candidate.version:
        checks.append(CheckResult("requested", Outcome.PASS, f"{policy.spec.candidate.version} was given by hand"))
    if given and policy.spec.candidate.registry and candidate and not policy.spec.asks_experiment:
        checks.append(CheckResult("offered", Outcome.PASS, f"{candidate} is what {_range(policy)} gives"))
    if policy.spec.candidate.registry and candidate is None:
        checks.append(CheckResult("offered", Outcome.UNKNOWN, f"which version {_range(policy)} gives is not known"))
    if trial and (late := _deadline(policy, trial, Verdict(tuple(checks)), series, now)):
        checks.append(late)
    return Verdict(tuple(checks))


NOT_COMPARED = "not compared with the stable version where no user reaches the candidate"


def _says_nothing(policy: PromotionPolicy, metric: Metric, trial: Trial) -> bool:
    """Two versions of which one has no users are not compared."""
    judge = appointed(policy.spec.analysis, metric, trial)
    return trial.quiet and judge.compares and not judge.known.alone(judge.params)


# ---------------------------------------------------------------- health


_UNWELL = {"Rollout": (Phase.FAILED, Phase.ERROR)}
"""Bad news of the version itself, where that is more than FAILED: a Rollout's ERROR is Degraded at its generation."""


def _health(
    policy: PromotionPolicy, candidate: Version | None, trial: Trial | None, statuses: Statuses
) -> Iterator[CheckResult]:
    """Whether what runs the candidate is live and well; a FAIL only of the very version that git names."""
    spec = policy.spec
    watched = spec.candidate.workload or (None if spec.asks_experiment else spec.candidate.experiment)
    unseen = trial is None and (spec.candidate.environments or spec.judged_after)
    if watched is None or candidate is None or unseen:
        return
    for cluster in spec.clusters:
        status = statuses[cluster, watched.ref]
        if isinstance(status, Unseen):
            yield CheckResult(named("live", cluster, policy), Outcome.UNKNOWN, f"{watched.ref}: {status.reason}")
        elif not status.runs(candidate):
            because = f"cluster and git disagree: {watched.ref} runs {status.candidate}, git says {candidate}"
            yield CheckResult(named("live", cluster, policy), Outcome.UNKNOWN, because)
        elif status.phase in _UNWELL.get(watched.kind, (Phase.FAILED,)):
            because = f"{watched.ref} failed: {status.reason}"
            yield CheckResult(named("health", cluster, policy), Outcome.FAIL, because)


def _range(policy: PromotionPolicy) -> str:
    given = policy.spec.candidate.registry
    return f"{given.image} {given.semver or given.tag}" if given else ""


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
