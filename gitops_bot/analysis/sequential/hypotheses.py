"""Hypotheses on counts: the candidate's rate against the baseline's, or against a limit.

Each says what an interval adds to the evidence for every alternative of a grid, what is left of the evidence once
overdispersion is allowed for, and how far an interval departs from the null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gitops_bot.analysis.sequential.counts import Count
from gitops_bot.analysis.statistics.dispersion import Group, Ratio, against, compare, group
from gitops_bot.analysis.statistics.eprocess import slo_steps, split_steps

Pair = tuple[Count, Count]

WORSE = ((1.9, 0.4), (3.5, 0.6))
"""Alternatives above the null, as factors, with their weights: most of it where a canary should be stopped soon."""
BETTER = ((0.25, 0.05), (0.5, 0.1), (0.75, 0.15), (1.0, 0.6), (1.25, 0.1))
"""Relative risks below a margin of 2, with their weights: most of it on equal versions."""
BELOW = ((0.1, 0.1), (0.25, 0.2), (0.5, 0.4), (0.75, 0.3))
"""Alternatives below a limit, as factors of its odds."""


class Hypothesis(Protocol):
    """A null hypothesis with a grid of alternatives on one side of it."""

    @property
    def weights(self) -> tuple[float, ...]:
        """How much each alternative counts."""
        ...

    def steps(self, pair: Pair) -> list[float]:
        """What the interval adds to the log evidence for each alternative."""
        ...

    def expected(self, pairs: Sequence[Pair]) -> list[float]:
        """What an interval will add if the candidate goes on as it should."""
        ...

    def allowing(self, pairs: Sequence[Pair], history: Sequence[Group]) -> Ratio:
        """The evidence with overdispersion allowed for."""
        ...

    def departure(self, pair: Pair) -> float:
        """How far an interval is above the null; below zero it is below."""
        ...


@dataclass(frozen=True, slots=True)
class Relative:
    """The candidate's rate is `null` times the baseline's."""

    null: float
    grid: tuple[float, ...]
    weights: tuple[float, ...]

    def steps(self, pair: Pair) -> list[float]:
        """By the split of the interval's errors between the versions."""
        a, b = pair
        return [a.bad * one + b.bad * two for one, two in split_steps(a.total, b.total, self.null, self.grid)]

    def expected(self, pairs: Sequence[Pair]) -> list[float]:
        """If both versions have the rate that they have together; half an error more, because none is no rate."""
        total_a, total_b = sum(a.total for a, _ in pairs), sum(b.total for _, b in pairs)
        bad = (sum(a.bad + b.bad for a, b in pairs) + 0.5) / len(pairs)
        share = total_a / (total_a + total_b)
        each = split_steps(total_a, total_b, self.null, self.grid)
        return [bad * (share * one + (1 - share) * two) for one, two in each]

    def allowing(self, pairs: Sequence[Pair], history: Sequence[Group]) -> Ratio:
        """With one shape for both versions and for the baseline's history."""
        candidate = group((a.total, a.bad) for a, _ in pairs)
        baseline = group((b.total, b.bad) for _, b in pairs)
        return compare(candidate, baseline, self.null, history)

    def departure(self, pair: Pair) -> float:
        """The difference of the ratios."""
        a, b = pair
        return a.bad / a.total - self.null * b.bad / b.total


@dataclass(frozen=True, slots=True)
class Absolute:
    """The candidate's rate is `null`, whatever the baseline's is."""

    null: float
    grid: tuple[float, ...]
    weights: tuple[float, ...]

    def steps(self, pair: Pair) -> list[float]:
        """By the candidate's own counts."""
        a = pair[0]
        return [a.bad * up + (a.total - a.bad) * down for up, down in slo_steps(self.null, self.grid)]

    def expected(self, pairs: Sequence[Pair]) -> list[float]:
        """If the candidate keeps its rate."""
        total, bad = sum(a.total for a, _ in pairs) / len(pairs), sum(a.bad for a, _ in pairs) / len(pairs)
        return [bad * up + (total - bad) * down for up, down in slo_steps(self.null, self.grid)]

    def allowing(self, pairs: Sequence[Pair], history: Sequence[Group]) -> Ratio:  # noqa: ARG002 - another version's
        """With a shape of the candidate's own."""
        return against(group((a.total, a.bad) for a, _ in pairs), self.null)

    def departure(self, pair: Pair) -> float:
        """The ratio's distance from the limit."""
        a = pair[0]
        return a.bad / a.total - self.null


def worse_than(null: float) -> Relative:
    """The null of a candidate at most `null` times as bad as the baseline."""
    return Relative(null, tuple(null * factor for factor, _ in WORSE), tuple(weight for _, weight in WORSE))


def better_than(margin: float) -> Relative:
    """The null of a candidate at least `margin` times as bad as the baseline."""
    grid = tuple(margin ** (1 / 3) if risk > 1 else risk for risk, _ in BETTER)
    return Relative(margin, grid, tuple(weight for _, weight in BETTER))


def above(limit: float) -> Absolute:
    """The null of a rate up to the limit."""
    return Absolute(limit, tuple(_odds(limit, factor) for factor, _ in WORSE), tuple(weight for _, weight in WORSE))


def below(limit: float) -> Absolute:
    """The null of a rate from the limit up."""
    return Absolute(limit, tuple(_odds(limit, factor) for factor, _ in BELOW), tuple(weight for _, weight in BELOW))


def _odds(ratio: float, factor: float) -> float:
    odds = factor * ratio / (1 - ratio)
    return odds / (1 + odds)
