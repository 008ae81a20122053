"""Counts that vary more than chance: how much evidence is left when that is allowed for.

A retry storm or one bad node makes the counts of one version vary from interval to interval more than a Poisson law
allows, and evidence that trusts the law then errs. Here each count is negative binomial around `total · rate`, whose
shape (∞ is Poisson, or a shape in proportion to the mean: clumps) is the same for both versions and estimated together
with the rates; and one interval in twenty may
be a spike that follows no law at all, so that no single interval can decide (Huber's contamination, 1964). What comes
out is a generalised likelihood ratio. Homogeneous counts are themselves evidence against overdispersion, so it costs
little where there is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

SHAPES = (math.inf, 12.0, 4.0, 1.7, 0.7, 0.3)
"""Shapes that are tried, from chance alone to counts that double and halve at every step."""

CLUMPS = (-0.8, -0.2)
"""Shapes in proportion to the mean, written as negative numbers: bad events come in clumps, as retries do."""

SPIKES = 0.05
"""So many intervals may be spikes."""

_LOG_CLEAN, _LOG_SPIKE = math.log1p(-SPIKES), math.log(SPIKES)
_ROUNDS = 2
"""Steps of the fixed point for each shape, which begins where the last shape's ended."""

_HOPELESS = 6.0
"""A shape whose likelihood is below the best by so much ends the search: likelihoods have one peak in the shape."""

_SURE = 15.0
_LEAST_RATE = 1e-12


@dataclass(frozen=True, slots=True)
class Group:
    """Intervals of one version that are alike."""

    total: float
    bad: int
    times: int


Counts = Sequence[Group]


@dataclass(frozen=True, slots=True)
class Ratio:
    """The evidence that the candidate's rate is not `null` times the baseline's."""

    log_ratio: float
    """Logarithm of the generalised likelihood ratio; negative where the candidate's rate lies below the null."""
    clean: float
    """The same where the alternative is not overdispersed, while the null hypothesis may be."""
    shape: float
    """The likeliest shape under the alternative; ∞ is chance alone, negative ones are in proportion to the mean."""
    information: float = 1.0
    """So many events speak of the candidate's rate."""


def group(rows: Iterable[tuple[int, int]]) -> tuple[Group, ...]:
    """Totals and bads as groups: totals within 2 % of each other with the same bad are one."""
    sums: dict[tuple[int, int], list[float]] = {}
    for total, bad in rows:
        one = sums.setdefault((_magnitude(total), bad), [0.0, 0])
        one[0] += total
        one[1] += 1
    return tuple(Group(total / times, bad, int(times)) for (_, bad), (total, times) in sums.items())


@lru_cache(maxsize=4096)
def _magnitude(total: int) -> int:
    return round(math.log(total) / math.log(1.02))


def compare(candidate: Counts, baseline: Counts, null: float, history: Counts = ()) -> Ratio:
    """The candidate's rate against `null` times the baseline's; history lends its dispersion, not its rate."""
    pooled = _rate((candidate, null), (baseline, 1.0))
    arm_a, arm_b, arm_h = (_Arm(arm, _rate((arm, 1.0))) for arm in (candidate, baseline, history))
    arm_a.center(pooled * null)
    arm_b.center(pooled)
    sign = 1 if arm_a.rate > null * arm_b.rate else -1
    best_null = best = clean = -math.inf
    best_shape = math.inf
    for shapes in (SHAPES, CLUMPS):
        top, common = -math.inf, 0.0
        for shape in shapes:
            apart_a, apart_b = arm_a.fit(shape), arm_b.fit(shape)
            own = arm_h.fit(shape)[0] if history else 0.0
            apart = apart_a[0] + apart_b[0] + own
            starts = _distinct(common or pooled, pooled, apart_b[1], apart_a[1] / null)
            together, common = max(_together(arm_a, arm_b, null, shape, start) for start in starts)
            together += own
            best_null = max(best_null, together)
            clean = max(clean, apart) if shape == math.inf else clean
            if apart > best:
                best, best_shape = apart, shape
            top = max(top, together)
            if together < top - _HOPELESS:
                break
    a, b = arm_a.bads, arm_b.bads
    return Ratio(sign * (best - best_null), sign * (clean - best_null), best_shape, a * b / (a + b) if a + b else 1.0)


def against(candidate: Counts, limit: float) -> Ratio:
    """The candidate's rate against a limit."""
    arm = _Arm(candidate, _rate((candidate, 1.0)))
    arm.center(limit)
    sign = 1 if arm.rate > limit else -1
    best_null = best = clean = -math.inf
    best_shape = math.inf
    for shapes in (SHAPES, CLUMPS):
        top = -math.inf
        for shape in shapes:
            apart, _ = arm.fit(shape)
            best_null = max(best_null, arm.at(limit, shape)[0])
            clean = max(clean, apart) if shape == math.inf else clean
            if apart > best:
                best, best_shape = apart, shape
            top = max(top, apart)
            if apart < top - _HOPELESS:
                break
    return Ratio(sign * max(0.0, best - best_null), sign * (clean - best_null), best_shape, arm.bads)


def _rate(*arms: tuple[Counts, float]) -> float:
    bad = sum(one.bad * one.times for arm, _ in arms for one in arm)
    total = sum(one.total * one.times * factor for arm, factor in arms for one in arm)
    return (bad + 0.25) / total if total else _LEAST_RATE


def _distinct(*rates: float) -> list[float]:
    """Those that differ enough for a search to end elsewhere: spikes make more than one peak."""
    found: list[float] = []
    for rate in rates:
        if all(abs(rate - other) > 0.1 * other for other in found):
            found.append(rate)
    return found


def _together(candidate: _Arm, baseline: _Arm, null: float, shape: float, rate: float) -> tuple[float, float]:
    """The greatest likelihood of one common rate, from where the search starts, and that rate."""
    best = (-math.inf, rate)
    for _ in range(_ROUNDS):
        log_a, bad_a, total_a = candidate.at(null * rate, shape)
        log_b, bad_b, total_b = baseline.at(rate, shape)
        best = max(best, (log_a + log_b, rate))
        rate = max(_LEAST_RATE, (bad_a + bad_b) / (null * total_a + total_b)) if total_a + total_b else rate
    return best


class _Arm:
    """One version's counts and the likelihood of a rate and a shape."""

    def __init__(self, counts: Counts, rate: float) -> None:
        self._counts, self.rate = counts, rate
        self.bads = sum(one.bad * one.times for one in counts)
        self._groups: list[tuple[float, int, int, float, float]] = []
        self._known: dict[float, list[float]] = {}
        self._start = rate
        self.center(rate)

    def center(self, rate: float) -> None:
        """Spikes are heavy-tailed around what this rate would give: u(y) = m/((y+m)(y+m+1)), which sums to one."""
        self._groups = []
        for one in self._counts:
            m = max(1.0, one.total * rate)
            spike = _LOG_SPIKE + math.log(m / ((one.bad + m) * (one.bad + m + 1)))
            self._groups.append((one.total, one.bad, one.times, spike, math.log(one.total)))

    def fit(self, shape: float) -> tuple[float, float]:
        """The greatest likelihood of a rate of its own, and that rate; starts where the last search ended."""
        rate, best = self._start, (-math.inf, self._start)
        for _ in range(_ROUNDS):
            log_likelihood, bad, total = self.at(rate, shape)
            best = max(best, (log_likelihood, rate))
            rate = max(_LEAST_RATE, bad / total) if total else rate
        self._start = best[1]
        return best

    def at(self, rate: float, shape: float) -> tuple[float, float, float]:
        """The log likelihood, and the bads and totals that the next step of the fixed point weighs."""
        log, exp, lgamma = math.log, math.exp, math.lgamma
        log_rate, chance = log(rate), shape == math.inf
        log_shape = 0.0 if chance else log(shape) if shape > 0 else log(shape / (shape - 1))
        likelihood = bads = totals = 0.0
        for (total, bad, times, spike, log_total), constant in zip(self._groups, self._constants(shape), strict=True):
            mean, weight = total * rate, 1.0
            if chance:
                one = bad * (log_total + log_rate) - mean - constant
            elif shape > 0:
                log_both = log(shape + mean)
                one = shape * (log_shape - log_both) + bad * (log_total + log_rate - log_both) - constant
                weight = shape / (shape + mean)
            else:
                own = -shape * mean
                one = lgamma(bad + own) - lgamma(own) + own * log_shape - constant
            lead = spike - one
            if lead > _SURE:
                one, weight = spike, 0.0
            elif lead > -_SURE:
                odds = exp(lead)
                weight /= 1 + odds
                one += log(1 + odds)
            likelihood += times * one
            bads += times * weight * bad
            totals += times * weight * total
        return likelihood, bads, totals

    def _constants(self, shape: float) -> list[float]:
        """What the likelihoods hold besides the mean, with the sign turned."""
        if shape not in self._known:
            listed = [_ways(one.bad, shape) - _LOG_CLEAN for one in self._counts]
            extra = math.log(1 - shape) if shape < 0 else 0.0
            self._known[shape] = [value + one.bad * extra for value, one in zip(listed, self._counts, strict=True)]
        return self._known[shape]


@lru_cache(maxsize=1 << 16)
def _ways(bad: int, shape: float) -> float:
    """What the likelihood of a count holds besides its mean, with the sign turned."""
    if shape == math.inf or shape < 0:
        return math.lgamma(bad + 1)
    return math.lgamma(bad + 1) + math.lgamma(shape) - math.lgamma(bad + shape)
