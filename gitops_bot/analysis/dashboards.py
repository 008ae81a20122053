"""What numbers of Iter8 1.x mean, by the objectives or the reward of the policy: it leaves the verdict to who reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gitops_bot.analysis.statistics.eprocess import asymptotic_half_width
from gitops_bot.model import ExperimentStatus, Phase
from gitops_bot.policy.watched import Experiment, Measured, Objective, Reward

LEAST_USERS = 100
"""Of each version: with fewer a mean is not normal enough to be reckoned with."""
_TUNED_FOR = 5_000
"""Users at which the test is sharpest; it holds at any number."""


def judged(experiment: Experiment | None, status: ExperimentStatus) -> ExperimentStatus:
    """The reading with its verdict, where it leaves that to the policy; any other reading as it is."""
    if experiment is None or status.phase is not Phase.COMPLETED:
        return status
    if experiment.objectives:
        phase, why = _met(experiment.objectives, status.metrics)
    elif experiment.reward:
        phase, why = _rewarded(experiment.reward, status)
    else:
        return status
    return replace(status, phase=phase, reason=why, advice=None)


def _met(objectives: Mapping[Measured, Objective], metrics: Mapping[str, float]) -> tuple[Phase, str]:
    absent = [name for name in objectives if name not in metrics]
    found = [(name, metrics[name], one) for name, one in objectives.items() if name in metrics]
    broken = [f"{name} is {value:g}, above {one.max:g}" for name, value, one in found if _above(value, one)]
    broken += [f"{name} is {value:g}, below {one.min:g}" for name, value, one in found if _below(value, one)]
    if broken:
        return Phase.FAILED, "; ".join(broken)
    if absent:
        return Phase.INCONCLUSIVE, f"it has no value of {', '.join(absent)}"
    return Phase.SUCCEEDED, f"it meets its objectives: {', '.join(f'{name} is {value:g}' for name, value, _ in found)}"


def _above(value: float, objective: Objective) -> bool:
    return objective.max is not None and value > objective.max


def _below(value: float, objective: Objective) -> bool:
    return objective.min is not None and value < objective.min


# ---------------------------------------------------------------- the reward


@dataclass(frozen=True, slots=True)
class _Users:
    """One version's users."""

    count: float
    mean: float
    sd: float


def _rewarded(reward: Reward, status: ExperimentStatus) -> tuple[Phase, str]:
    """The candidate's mean against the baseline's, by users: a confidence sequence, which holds whenever it is read."""
    if len(status.candidates) > 1:
        return Phase.INCONCLUSIVE, f"{len(status.candidates)} versions are on trial, and nothing says which git means"
    rows = status.results.get(reward.metric)
    baseline, candidate = (_users(rows, version) for version in (status.baseline_name, status.candidate_name))
    if baseline is None or candidate is None:
        return Phase.INCONCLUSIVE, f"{reward.metric} was not counted of both versions"
    least = min(baseline.count, candidate.count)
    if least < LEAST_USERS:
        return Phase.RUNNING, f"{least:g} users of the {LEAST_USERS} that each version needs"
    variance = baseline.sd**2 / baseline.count + candidate.sd**2 / candidate.count
    apart = candidate.mean - baseline.mean
    half = asymptotic_half_width(least, math.sqrt(variance * least), reward.alpha, _TUNED_FOR)
    said = (
        f"{reward.metric} is {candidate.mean:g} of {candidate.count:g} users, baseline {baseline.mean:g} of "
        f"{baseline.count:g}: {apart:+.4g} ± {half:.4g}"
    )
    gain = apart if reward.better == "higher" else -apart
    if gain > half:
        return Phase.SUCCEEDED, f"{said}, better"
    return (Phase.FAILED, f"{said}, worse") if gain < -half else (Phase.RUNNING, f"{said}, nothing is proven yet")


def _users(rows: object, version: str) -> _Users | None:
    """The row of a version; None unless there is one, with numbers that can be."""
    found = [row for row in rows if str(row.get("Version")) == version] if isinstance(rows, list) else []
    if len(found) != 1:
        return None
    numbers = [found[0].get(name) for name in ("Count", "Mean", "StdDev")]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < 1e100 for one in numbers):
        return None
    count, mean, sd = map(float, numbers)
    return _Users(count, mean, sd) if count > 0 and sd >= 0 else None
