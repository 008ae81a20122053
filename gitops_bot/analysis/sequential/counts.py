"""Counts as they come from a metrics server, made fit for tests, or refused with the reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitops_bot.analysis.evidence import Arm, Interval

_MANY = 1e15
"""Above this a float no longer counts by ones."""


@dataclass(frozen=True, slots=True)
class Count:
    """Whole events of one version in one interval."""

    total: int
    bad: int


@dataclass(frozen=True, slots=True)
class Row:
    """One interval: what each version did, or why that is not known."""

    candidate: Count | str
    baseline: Count | str

    @property
    def pair(self) -> tuple[Count, Count] | None:
        """Both counts, where both versions had traffic."""
        if isinstance(self.candidate, str) or isinstance(self.baseline, str):
            return None
        return (self.candidate, self.baseline) if self.candidate.total and self.baseline.total else None

    @property
    def silent(self) -> bool:
        """The candidate served nothing while the baseline did."""
        served = isinstance(self.baseline, Count) and self.baseline.total > 0
        return served and isinstance(self.candidate, Count) and self.candidate.total == 0


def rows(intervals: Iterable[Interval]) -> list[Row]:
    """Every interval, in order."""
    return [Row(count(one.candidate), count(one.baseline)) for one in intervals]


def count(arm: Arm) -> Count | str:
    """Rounded, because `increase()` extrapolates; or why these are no counts."""
    if arm.missing:
        return arm.missing
    if arm.bad is None or arm.total is None:
        return "no count"
    if not (math.isfinite(arm.bad) and math.isfinite(arm.total)):
        return "a count is not a number"
    if arm.bad < 0 or arm.total < 0:
        return "a count is negative (a counter was reset)"
    if arm.total > _MANY:
        return "a count is too large to be one"
    total, bad = round(arm.total), round(arm.bad)
    if bad > total:
        return "more bad events than events"
    return Count(total, bad)


def commonest(reasons: Sequence[str]) -> str:
    """The commonest reason, the first of equals."""
    return max(dict.fromkeys(reasons), key=reasons.count, default="nothing was measured")
