"""The controller's word and the live traffic as checks. A reading that asks for nothing is no verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from gitops_bot.analysis.dashboards import judged
from gitops_bot.model import (
    Act,
    CheckResult,
    ExperimentStatus,
    Figure,
    ObjectRef,
    Outcome,
    Phase,
    Trial,
    Unseen,
)
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.watched import RENDERERS, RUNS, STATES

Statuses = Mapping[tuple[str, ObjectRef], ExperimentStatus | Unseen]
"""What each cluster said of each object."""

BEFORE = "before the promotion"
"""When an analysis runs that a Rollout asks for before it flips."""

_OFF_BY_ROUNDING = 0.5
_OFF = {"DeploymentPair": 5.0}
"""Points between the live share and git's: pods divide the traffic only so finely."""


def named(name: str, cluster: str, policy: PromotionPolicy) -> str:
    """A check's name, with its cluster where there are several."""
    return f"{name} ({cluster})" if len(policy.spec.clusters) > 1 else name


def checks(policy: PromotionPolicy, trial: Trial | None, statuses: Statuses, now: datetime) -> Iterator[CheckResult]:
    """The controller's verdict in each cluster, where the policy asks for it."""
    experiment = policy.spec.candidate.experiment
    if experiment is None or not policy.spec.asks_experiment:
        return
    for cluster in policy.spec.clusters:
        status = statuses[cluster, experiment.ref]
        name = named("experiment", cluster, policy)
        if isinstance(status, Unseen):
            yield CheckResult(name, Outcome.UNKNOWN, f"{experiment.ref}: {status.reason}")
        elif policy.spec.handed and status.phase is Phase.PAUSED and status.act is Act.EVALUATE:
            yield _waits(name, policy, status)
        else:
            yield _word(name, policy, trial, status, now)


def _waits(name: str, policy: PromotionPolicy, status: ExperimentStatus) -> CheckResult:
    """A Rollout that waits before it flips: its own analysis before the promotion is its word, if it has one."""
    own = [one for one in status.analyses if one.binding == BEFORE]
    done = [one for one in own if one.phase is Phase.SUCCEEDED]
    if own and len(done) == len(own):
        said = f"{status.ref} waits: its analysis {BEFORE} {done[0].phase.said}"
        return CheckResult(name, Outcome.PASS, said)
    said = "; ".join(f"its analysis {one.binding} {one.phase.said}: {one.reason}" for one in own)
    because = f"{status.ref} waits: {said or status.reason}"
    return CheckResult(name, Outcome.UNKNOWN, because, critical=bool(own) or not policy.spec.asks_metrics)


def _word(
    name: str, policy: PromotionPolicy, trial: Trial | None, status: ExperimentStatus, now: datetime
) -> CheckResult:
    """What a controller's reading means for the candidate."""
    status = judged(policy.spec.candidate.experiment, status)
    outcome = _meant(status)
    figures = (f"step {status.step}",) if status.step else ()
    more = ", ".join((*([status.reason] if status.reason.lower() != status.phase else []), *figures))
    said = f"{status.ref} {status.phase.said}{': ' if more else ''}{more}"
    if outcome is Outcome.PASS and status.ref.kind in STATES:
        bake = policy.spec.analysis.bake
        lasted = now - trial.since if trial else timedelta(0)
        if lasted < bake:
            said = f"{said}, for {format_duration(_whole(lasted))} of {format_duration(bake)}"
            return CheckResult(name, Outcome.UNKNOWN, said)
    run = (Figure("run", status.ref.name),) if status.ref.kind in RUNS and outcome is not Outcome.UNKNOWN else ()
    return CheckResult(name, outcome, said, (*run, *_numbers(status)))


def _meant(status: ExperimentStatus) -> Outcome:
    """Only what should be followed is a verdict: neither what waits, nor what leaves the numbers to others."""
    follows = status.act
    if status.phase is Phase.SUCCEEDED and follows in (Act.PROCEED, Act.EVALUATE):
        return Outcome.PASS
    if status.phase is Phase.FAILED:
        return Outcome.FAIL if follows in (Act.ROLLBACK, Act.REVERT, Act.ASK) else Outcome.UNKNOWN
    return Outcome.FAIL if follows is Act.REVERT and status.ref.kind not in RENDERERS else Outcome.UNKNOWN


def _numbers(status: ExperimentStatus) -> tuple[Figure, ...]:
    """What a run measured, for people."""
    if status.ref.kind not in RUNS:
        return ()
    return tuple(Figure(name, f"{value:g}") for name, value in sorted(status.metrics.items()))


def _whole(lasted: timedelta) -> timedelta:
    return timedelta(minutes=max(0, int(lasted / timedelta(minutes=1))))


def traffic(policy: PromotionPolicy, trial: Trial | None, statuses: Statuses) -> Iterator[CheckResult]:
    """What keeps the live traffic from being split as git says: until it is, nothing speaks of the present step."""
    given = policy.spec.candidate.traffic
    if given is None or trial is None or trial.weight is None:
        return
    for cluster in policy.spec.clusters:
        status = statuses[cluster, given.ref]
        name = named("traffic", cluster, policy)
        if isinstance(status, Unseen):
            yield CheckResult(name, Outcome.UNKNOWN, f"{given.ref}: {status.reason}")
        elif _meant(status) is Outcome.FAIL:
            yield CheckResult(name, Outcome.FAIL, f"{given.ref}: {status.reason}")
        elif status.weight is None:
            yield CheckResult(name, Outcome.UNKNOWN, f"{given.ref} does not say what the split is: {status.reason}")
        elif trial.watching and given.kind == "KnativeService":
            continue  # promoted, one revision is behind both of its entries, and has all the traffic
        elif abs(status.weight - trial.weight) > _OFF.get(given.kind, _OFF_BY_ROUNDING):
            because = f"cluster and git disagree: {given.ref} sends {status.weight:g} %, git says {trial.weight} %"
            yield CheckResult(name, Outcome.UNKNOWN, because)
