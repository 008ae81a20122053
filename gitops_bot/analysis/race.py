"""Rewards side by side: which variant is proven better than the stable version, and than every other. Pure.

Each comparison asks whether the mean of the intervals' differences is above zero, by a confidence sequence that may be
read after every interval; all of them share the error that `confidence` leaves. Intervals are the unit, because users
come back and counts vary more than chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_bot.analysis.evidence import LEAST_INTERVALS, Arm, Interval
from gitops_bot.analysis.sequential import means, ranges
from gitops_bot.model import Figure, Outcome
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.strategies import AbTest


@dataclass(frozen=True, slots=True)
class Standing:
    """How one variant stands."""

    outcome: Outcome
    """PASS: it is the winner."""
    because: str
    """Empty while nothing is proven."""


@dataclass(frozen=True, slots=True)
class Race:
    """The rewards of all variants over the same intervals, the stable version's beside each."""

    test: AbTest
    arms: Mapping[str, Sequence[Interval]]

    @property
    def _alpha(self) -> float:
        """The error of one comparison: every variant against the stable one, and against each other one."""
        return (1 - self.test.confidence.value) / len(self.test.variants) ** 2

    def standings(self) -> Mapping[str, Standing]:
        """The winner beats the stable version by the lift, and every other variant."""
        better = self._better()
        return {variant: self._standing(variant, better) for variant in self.arms}

    def _standing(self, variant: str, better: Sequence[str]) -> Standing:
        if variant not in better:
            return Standing(Outcome.UNKNOWN, "")
        said = f"beats the stable version{self._by}"
        level = [other for other in self.arms if other != variant and not self._beats(variant, other)]
        if level:
            return Standing(Outcome.UNKNOWN, f"{said}, and cannot be told apart from {', '.join(level)}")
        others = f" and {', '.join(one for one in self.arms if one != variant)}" if len(self.arms) > 1 else ""
        return Standing(Outcome.PASS, f"{said}{others}")

    def kept(self) -> str:
        """Why the stable version stays at the end."""
        better, length = self._better(), format_duration(self.test.duration)
        if not better:
            return f"no variant was found better{self._by} in {length}: the stable version stays"
        if len(better) == 1:
            others = ", ".join(one for one in self.arms if one not in better)
            return f"{better[0]} is better and cannot be told apart from {others} in {length}: the stable version stays"
        return f"{' and '.join(better)} are better and cannot be told apart in {length}: the stable version stays"

    @property
    def _by(self) -> str:
        return f" by at least {self.test.minimum_lift}" if self.test.minimum_lift.value else ""

    def _better(self) -> Sequence[str]:
        return [one for one, listed in self.arms.items() if self._proven(listed, 1 + self.test.minimum_lift.value)]

    def _beats(self, one: str, other: str) -> bool:
        pairs = zip(self.arms[one], self.arms[other], strict=True)
        return self._proven([Interval(mine.candidate, theirs.candidate, mine.at) for mine, theirs in pairs], 1.0)

    def _proven(self, intervals: Sequence[Interval], factor: float) -> bool:
        """Whether the first of both was ever better by the factor, read after every interval."""
        pairs = list(_pairs(intervals))
        if self.test.better == "lower":
            pairs = [(theirs, mine) for mine, theirs in pairs]
        if factor > 1 and any(math.fsum(side) < 0 for side in zip(*pairs, strict=True)):
            return False  # so many percent of less than nothing mean nothing
        apart = [more - factor * less for more, less in pairs]
        return any(means.positive(apart[:count], self._alpha) for count in range(LEAST_INTERVALS, len(apart) + 1))

    @property
    def measured(self) -> bool:
        """There is something to compare of every variant."""
        return all(len(list(_pairs(listed))) >= LEAST_INTERVALS for listed in self.arms.values())

    def figures(self, variant: str) -> tuple[Figure, ...]:
        """The mean of each, how far apart they are, and how much was seen."""
        own, other = _sides(self.arms[variant])
        mine, theirs = _mean(own), _mean(other)
        shown = [("reward", mine), ("stable", theirs)]
        listed = [Figure(name, f"{value:.4g}") for name, value in shown if value is not None]
        if mine is not None and theirs:
            listed.append(Figure("lift", f"{100 * (mine / theirs - 1):+.1f}%"))
        listed += self._difference(variant)
        return (*listed, Figure("samples", f"{_samples(own):g}"))

    def _difference(self, variant: str) -> Iterator[Figure]:
        """Where it lies, as one comparison sees it; of ratios, where there are events enough."""
        counted = [[arm for arm in side if arm.counted] for side in _sides(self.arms[variant])]
        events = [(math.fsum(arm.bad or 0 for arm in side), _samples(side)) for side in counted if side]
        if all(ranges.telling(*one) for one in events):
            apart = [mine - theirs for mine, theirs in _pairs(self.arms[variant])]
            yield from ranges.of_values("difference", apart, self._alpha, "pp" if events else "")


def _pairs(intervals: Sequence[Interval]) -> Iterator[tuple[float, float]]:
    """The rewards of both in each interval in which both are known: counts as their ratio."""
    for one in intervals:
        mine, theirs = (_reward(arm) for arm in (one.candidate, one.baseline))
        if mine is not None and theirs is not None:
            yield mine, theirs


def _reward(arm: Arm) -> float | None:
    if arm.counted:
        return arm.number
    value = means.value(arm)
    return value if isinstance(value, float) else None


def _sides(intervals: Sequence[Interval]) -> tuple[list[Arm], list[Arm]]:
    return [one.candidate for one in intervals], [one.baseline for one in intervals]


def _mean(arms: Sequence[Arm]) -> float | None:
    """Of counts all events together, of values each interval alike; None without any."""
    counted = [arm for arm in arms if arm.counted]
    if counted:
        return math.fsum(arm.bad or 0 for arm in counted) / math.fsum(arm.total or 0 for arm in counted)
    values = [arm.value for arm in arms if arm.value is not None]
    return math.fsum(values) / len(values) if values else None


def _samples(arms: Sequence[Arm]) -> float:
    return math.fsum(_seen(arms))


def _seen(arms: Sequence[Arm]) -> Iterator[float]:
    return ((arm.total or 0) if arm.total is not None else float(arm.value is not None) for arm in arms)
