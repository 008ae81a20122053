"""Several versions on trial at once: what is asked, and what is said of each and of all together. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gitops_bot import analysis
from gitops_bot.analysis.controllers import Statuses, named
from gitops_bot.analysis.measuring import side_by_side
from gitops_bot.analysis.questions import Role, questions
from gitops_bot.analysis.race import Race
from gitops_bot.analysis.schedule import SCRAPE_DELAY, Run, runs
from gitops_bot.model import (
    CheckResult,
    ExperimentStatus,
    Figure,
    Outcome,
    Phase,
    Query,
    Series,
    Trial,
    Verdict,
)
from gitops_bot.policy.metrics import Metric
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.templates import TemplateProblem

Trials = Sequence[Trial]


def ask(policy: PromotionPolicy, trials: Trials, now: datetime) -> tuple[Query, ...]:
    """Every query whose answer the verdict needs."""
    each = [query for trial in trials for query in analysis.ask(_of(policy, trial), trial, now)]
    if _trouble(policy, trials, now):  # the verdict says it
        return tuple(dict.fromkeys(each))
    rewards = [query for asked in _asked(policy, trials, now).values() for query in asked.values()]
    return tuple(dict.fromkeys([*each, *rewards]))


def verdict(policy: PromotionPolicy, trials: Trials, statuses: Statuses, series: Series, now: datetime) -> Verdict:
    """Every check, each with the variant that it is about; and why the test is over, where it is without a winner."""
    checks: list[CheckResult] = []
    for trial in trials:
        found = analysis.verdict(_of(policy, trial), trial.candidate, trial, statuses, series, now)
        checks += [_about(trial.variant, check) for check in found.checks]
    compared = _compared(policy, trials, series, now)
    told = _told(policy, statuses) if trials else _Compared()
    return Verdict((*checks, *told.checks, *compared.checks), ended=told.ended or compared.ended)


def _of(policy: PromotionPolicy, trial: Trial) -> PromotionPolicy:
    """The policy of one variant by itself: what it runs, and every metric but the reward."""
    test, spec = policy.spec.strategy.ab_test, policy.spec
    assert test is not None  # decide.py asks for such policies only
    workload = next((one.workload for one in test.variants if one.name == trial.variant), spec.baseline.workload)
    asked_once = {"experiment": None, "registry": None, "version": None}  # for the whole test, and no guard of one
    tried = spec.candidate.model_copy(update={"workload": workload, **asked_once})
    guards = tuple(metric for metric in spec.analysis.metrics if metric.name != test.reward)
    judged = spec.analysis.model_copy(update={"metrics": guards, "source": None, "deadline": None})
    return policy.model_copy(update={"spec": spec.model_copy(update={"candidate": tried, "analysis": judged})})


def _about(variant: str, check: CheckResult) -> CheckResult:
    return replace(check, name=f"{variant} · {check.name}", about=variant) if variant else check


@dataclass(frozen=True, slots=True)
class _Compared:
    """What a comparison of all variants says."""

    checks: tuple[CheckResult, ...] = ()
    ended: str = ""


# ---------------------------------------------------------------- a winner that Iter8 names


def _told(policy: PromotionPolicy, statuses: Statuses) -> _Compared:
    """Iter8's own winner: of a finished experiment, the same in every cluster."""
    experiment, test = policy.spec.candidate.experiment, policy.spec.strategy.ab_test
    if experiment is None or test is None:
        return _Compared()
    names = [one.name for one in test.variants]
    seen = {cluster: statuses[cluster, experiment.ref] for cluster in policy.spec.clusters}
    checks, winners, kept = [], set(), []
    for cluster, status in seen.items():
        name = named("experiment", cluster, policy)
        if not isinstance(status, ExperimentStatus):
            checks.append(CheckResult(name, Outcome.UNKNOWN, f"{experiment.ref}: {status.reason}"))
            winners.add("")
        elif status.phase is Phase.SUCCEEDED and status.winner in names:
            checks.append(
                CheckResult(name, Outcome.PASS, f"{status.ref}: {status.reason}", about=status.winner, compares=True)
            )
            winners.add(status.winner)
        else:
            checks.append(CheckResult(name, Outcome.UNKNOWN, f"{status.ref} {status.phase.said}: {status.reason}"))
            winners.add("")
            kept += [status.reason] if status.phase in (Phase.FAILED, Phase.INCONCLUSIVE) else []
    if len(winners) > 1 or "" in winners:
        checks = [replace(check, outcome=Outcome.UNKNOWN) for check in checks]
    return _Compared(tuple(checks), f"{kept[0]}: the stable version stays" if len(kept) == len(seen) else "")


# ---------------------------------------------------------------- a winner by its reward


def _asked(policy: PromotionPolicy, trials: Trials, now: datetime) -> Mapping[str, Mapping[Role, Query]]:
    """By variant: its reward and the stable version's over the same intervals."""
    metric, run = _reward(policy), _run(policy, trials, now)
    if metric is None or run is None:
        return {}
    cluster, step = policy.spec.clusters[0], policy.spec.analysis.interval

    def over(texts: Mapping[Role, str]) -> Mapping[Role, Query]:
        return {role: Query(cluster, text, run.first, run.last(step), step) for role, text in texts.items()}

    asked = {one.variant: questions(_of(policy, one), metric, one, compare=True) for one in trials if one.variant}
    return {variant: over(texts) for variant, texts in asked.items()}


def _trouble(policy: PromotionPolicy, trials: Trials, now: datetime) -> str:
    """Why the reward cannot be asked; empty where it can."""
    try:
        _asked(policy, trials, now)
    except TemplateProblem as problem:
        return str(problem)
    return ""


def _reward(policy: PromotionPolicy) -> Metric | None:
    test = policy.spec.strategy.ab_test
    return next((one for one in policy.spec.analysis.metrics if test and one.name == test.reward), None)


def _run(policy: PromotionPolicy, trials: Trials, now: datetime) -> Run | None:
    """The intervals of the whole test; all variants count from the same moment."""
    test, plan = policy.spec.strategy.ab_test, policy.spec.analysis
    tried = [trial for trial in trials if trial.variant]
    if test is None or not tried:
        return None
    ends = tried[0].since + plan.warmup + plan.interval + test.duration + SCRAPE_DELAY
    return next(iter(runs(plan, tried[0].since, min(now, ends), test.duration // plan.interval)), None)


def _compared(policy: PromotionPolicy, trials: Trials, series: Series, now: datetime) -> _Compared:
    test, metric, run = policy.spec.strategy.ab_test, _reward(policy), _run(policy, trials, now)
    if test is None or metric is None:
        return _Compared()
    trouble = _trouble(policy, trials, now)
    if run is None or trouble:
        tried = [trial for trial in trials if trial.variant]
        why = trouble or "the first interval is not over yet"
        return _Compared(tuple(_row(one.variant, metric, Outcome.UNKNOWN, why) for one in tried))
    asked = _asked(policy, trials, now)
    arms = {variant: side_by_side(queries, series) for variant, queries in asked.items()}
    race = Race(test, arms)
    passed = format_duration(run.count * policy.spec.analysis.interval)
    rows = []
    for variant, found in race.standings().items():
        because = found.because or f"not decided in {passed} of {format_duration(test.duration)}"
        rows.append(
            _row(variant, metric, found.outcome, because, race.figures(variant), tuple(asked[variant].values()))
        )
    won = any(row.outcome is Outcome.PASS for row in rows)
    heard = all(one.candidate.answered and one.baseline.answered for listed in arms.values() for one in listed[-1:])
    return _Compared(tuple(rows), race.kept() if run.finished and heard and race.measured and not won else "")


def _row(
    variant: str,
    metric: Metric,
    outcome: Outcome,
    because: str,
    figures: tuple[Figure, ...] = (),
    queries: tuple[Query, ...] = (),
) -> CheckResult:
    return CheckResult(f"{variant} · {metric.name}", outcome, because, figures, queries, about=variant, compares=True)
