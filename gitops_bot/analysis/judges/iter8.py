"""Iter8 v0.7: objectives, rewards, the winner among versions, and how traffic would follow it.

The pure functions below say what Iter8's analytics service says (`iter8_analytics/api/v2/experiment.py`): limits are
inclusive, a missing value does not meet its objective, the best point reward wins without any test of significance.
`judge` asks them once, at the end of a run, and differs in one thing: without a number it says UNKNOWN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitops_bot.analysis.evidence import Finding, Interval
from gitops_bot.analysis.summary import Summary, summary, unfinished
from gitops_bot.model import Figure, Outcome
from gitops_bot.policy.judges.iter8 import Iter8
from gitops_bot.policy.quantities import Limit

Values = Mapping[str, float | None]
"""A metric's value by version; absent and None are both missing."""

Assessments = Mapping[str, Sequence[bool]]
"""By version, whether it meets each objective, in their order; empty where there are no objectives."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric and its inclusive limits."""

    metric: str
    upper: float | None = None
    lower: float | None = None

    def met(self, value: float | None) -> bool:
        """Whether a value keeps both limits; a missing one does not."""
        if value is None or math.isnan(value):
            return False
        return (self.upper is None or value <= self.upper) and (self.lower is None or value >= self.lower)


@dataclass(frozen=True, slots=True)
class Reward:
    """What is to be maximised or minimised."""

    preferred: str | None
    """High or Low; without a direction nothing is better than anything."""
    values: Values


@dataclass(frozen=True, slots=True)
class Winner:
    """Who won, and who would share the traffic."""

    name: str | None
    """None: nobody, or several."""
    best: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightLimits:
    """How far a candidate's traffic may grow, in percent of all."""

    most: float = 100.0
    most_increase: float = 5.0


# ---------------------------------------------------------------- as Iter8 does it


def assessments(objectives: Sequence[Objective], metrics: Mapping[str, Values], versions: Sequence[str]) -> Assessments:
    """Which version meets which objective."""
    if not objectives:
        return {}
    return {
        version: tuple(one.met(metrics.get(one.metric, {}).get(version)) for one in objectives) for version in versions
    }


def winner(pattern: str, versions: Sequence[str], assessed: Assessments, reward: Reward | None = None) -> Winner:
    """Who wins by a testing pattern (Conformance, Canary, BlueGreen, A/B, A/B/N); the baseline is the first version."""
    feasible = [name for name in versions if _feasible(name, assessed)]
    match pattern.casefold():
        case "conformance":
            return _first_of(versions[:1], feasible)
        case "canary" | "bluegreen":
            return _first_of((*versions[1:2], *versions[:1]), feasible)
    best = _best(feasible, reward) if reward else ()
    return Winner(best[0] if len(best) == 1 else None, best)


def weights(
    versions: Sequence[str],
    best: Sequence[str],
    old: Sequence[float] | None = None,
    limits: WeightLimits | None = None,
    exploration: float = 10.0,
) -> tuple[int, ...]:
    """Percent of traffic for each version: most to the best ones, `exploration` percent spread evenly over all.

    What exceeds the limits goes to the baseline. Iter8 rounds at random so that the mean is kept; here the largest
    remainders are rounded up, so that the same evidence always gives the same weights.
    """
    wanted = best or versions[:1]
    spread = exploration / len(versions)
    shares = [spread + ((100 - exploration) / len(wanted) if name in wanted else 0.0) for name in versions]
    if limits:
        before = old or (100.0, *[0.0] * (len(versions) - 1))
        for index in range(1, len(versions)):
            allowed = min(before[index] + limits.most_increase, limits.most)
            excess = max(0.0, shares[index] - allowed)
            shares[index] -= excess
            shares[0] += excess
    return _rounded(shares)


def _feasible(version: str, assessed: Assessments) -> bool:
    return not assessed or all(assessed.get(version, (False,)))


def _first_of(wanted: Sequence[str], feasible: Sequence[str]) -> Winner:
    name = next((one for one in wanted if one in feasible), None)
    return Winner(name, (name,) if name is not None else ())


def _best(feasible: Sequence[str], reward: Reward) -> tuple[str, ...]:
    rewards = {name: value for name in feasible if (value := reward.values.get(name)) is not None}
    rewards = {name: value for name, value in rewards.items() if not math.isnan(value)}
    if not rewards or reward.preferred is None:
        return ()
    top = max(rewards.values()) if reward.preferred.casefold() == "high" else min(rewards.values())
    return tuple(name for name, value in rewards.items() if value == top)


def _rounded(shares: Sequence[float]) -> tuple[int, ...]:
    """Whole percents that add up to 100, by the largest remainder, the earlier version first."""
    exact = [round(share, 9) for share in shares]  # thirds that differ in the last bit are equal
    whole = [math.floor(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda index: round(whole[index] - exact[index], 9))
    for index in order[: 100 - sum(whole)]:
        whole[index] += 1
    return tuple(whole)


# ---------------------------------------------------------------- the judge

_BASELINE, _CANDIDATE = "baseline", "candidate"


def judge(params: Iter8, intervals: Sequence[Interval], length: int) -> Finding:
    """At the end of the run: FAIL when the candidate misses its objective or loses the reward, PASS when it wins."""
    candidate = summary(one.candidate for one in intervals)
    baseline = summary(one.baseline for one in intervals)
    figures = _figures(params, candidate, baseline)
    if len(intervals) < length:
        return unfinished(len(intervals), length, figures)

    def finding(outcome: Outcome, because: str) -> Finding:
        decided = None if outcome is Outcome.UNKNOWN else len(intervals)
        return Finding(outcome, because, figures, decided)

    if lack := candidate.lacks(params.least_intervals, _CANDIDATE):
        itself = "; Iter8 itself counts an objective without a value as not met" if candidate.value is None else ""
        return finding(Outcome.UNKNOWN, lack + itself)
    values = {_BASELINE: baseline.value, _CANDIDATE: candidate.value}
    assessed = assessments([_objective(params)], {"metric": values}, (_BASELINE, _CANDIDATE))
    if not all(assessed[_CANDIDATE]):
        return finding(Outcome.FAIL, _missed(params, candidate, baseline, baseline_missed=not all(assessed[_BASELINE])))
    if params.preferred_direction is None:
        return finding(Outcome.PASS, f"the candidate's {_shown(params, candidate.value)} {_bounds(params)}")
    if lack := baseline.lacks(params.least_intervals, _BASELINE):
        itself = "; Iter8 itself would have named the candidate" if baseline.value is None else ""
        return finding(Outcome.UNKNOWN, lack + itself)
    return finding(*_rewarded(params, values, assessed))


def _rewarded(params: Iter8, values: Values, assessed: Assessments) -> tuple[Outcome, str]:
    reward = Reward(params.preferred_direction, values)
    won = winner("A/B", (_BASELINE, _CANDIDATE), assessed, reward).name
    against = f"{_shown(params, values[_CANDIDATE])} against the baseline's {_shown(params, values[_BASELINE])}"
    preferred = f"{params.preferred_direction} is preferred, no significance is asked for"
    if won is None:
        return Outcome.UNKNOWN, f"{against}: a tie has no winner"
    if won == _CANDIDATE:
        return Outcome.PASS, f"{against}: the candidate wins ({preferred})"
    return Outcome.FAIL, f"{against}: the baseline wins ({preferred})"


def _objective(params: Iter8) -> Objective:
    upper, lower = params.upper_limit, params.lower_limit
    return Objective("metric", upper.value if upper else None, lower.value if lower else None)


def _missed(params: Iter8, candidate: Summary, baseline: Summary, *, baseline_missed: bool) -> str:
    said = f"the candidate's {_shown(params, candidate.value)} is not {_bounds(params).removeprefix('is ')}"
    if baseline.value is None or not baseline_missed:
        return said
    return f"{said}; nor is the baseline's {_shown(params, baseline.value)}, so Iter8 itself would have named no winner"


def _bounds(params: Iter8) -> str:
    parts = [f"at least {params.lower_limit}"] * (params.lower_limit is not None)
    parts += [f"at most {params.upper_limit}"] * (params.upper_limit is not None)
    return "is " + " and ".join(parts)


def _shown(params: Iter8, value: float | None) -> str:
    notation = params.upper_limit or params.lower_limit or Limit(0.0, "")
    return "nothing" if value is None else notation.show(value)


def _figures(params: Iter8, candidate: Summary, baseline: Summary) -> tuple[Figure, ...]:
    shown = [
        Figure(name, _shown(params, one.value))
        for name, one in ((_CANDIDATE, candidate), (_BASELINE, baseline))
        if one.value is not None
    ]
    limits = " … ".join(str(limit) for limit in (params.lower_limit, params.upper_limit) if limit)
    return (*shown, *([Figure("limits", limits)] if limits else ()), Figure("measured", str(candidate.measured)))
