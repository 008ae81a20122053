"""How far one series is shifted against another: Hodges–Lehmann estimate and interval by the Mann–Whitney statistic.

Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the other", Annals of
Mathematical Statistics 18 (1947); Hodges and Lehmann, "Estimates of location based on rank tests", the same 34 (1963).
Normal approximation with correction for ties and continuity, as R's `wilcox.test(exact = FALSE, conf.int = TRUE)` and
Kayenta compute it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from gitops_bot.analysis.kayenta.roots import Point, root

_TOLERANCE = 1e-4
"""R's and Kayenta's, and absolute: shifts smaller than this are found only roughly."""


@dataclass(frozen=True, slots=True)
class Shift:
    """By how much the experiment is above the control."""

    lower: float
    upper: float
    estimate: float
    confidence: float


@dataclass(frozen=True, slots=True)
class _Ranks:
    """Two series in order."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def statistic(self, by: float) -> float:
        """Mann–Whitney's U of x less `by` against y, standardised; it falls as `by` rises."""
        m, n = len(self.x), len(self.y)
        shifted = [value - by for value in self.x]
        wins = sum(bisect_left(self.y, value) + bisect_right(self.y, value) for value in shifted) / 2
        excess = wins - m * n / 2
        tied = Counter(shifted)
        tied.update(self.y)
        ties = sum(count**3 - count for count in tied.values()) if len(tied) < m + n else 0
        spread = math.sqrt((m * n / 12) * ((m + n + 1) - ties / ((m + n) * (m + n - 1))))
        if excess == 0 or spread == 0:
            return 0.0
        return (excess - math.copysign(0.5, excess)) / spread


def shift(experiment: Sequence[float], control: Sequence[float], confidence: float) -> Shift:
    """The shift of two series that hold at least one finite number each.

    Two constant series have no rank statistic. Kayenta adds random noise of a hundred-thousandth of their values then;
    this is what it comes to as the noise vanishes.
    """
    ranks = _Ranks(tuple(sorted(experiment)), tuple(sorted(control)))
    low, high = ranks.x[0] - ranks.y[-1], ranks.x[-1] - ranks.y[0]
    if low == high:
        return Shift(low, high, low, confidence)
    ends = Point(low, ranks.statistic(low)), Point(high, ranks.statistic(high))
    quantile = NormalDist().inv_cdf((1 - confidence) / 2)
    estimate = root(ranks.statistic, *ends, _TOLERANCE)
    return Shift(_bound(ranks, ends, -quantile), _bound(ranks, ends, quantile), estimate, confidence)


def _bound(ranks: _Ranks, ends: tuple[Point, Point], quantile: float) -> float:
    """The shift at which the statistic is the quantile; the nearer end where it nowhere is."""
    low, high = (Point(end.x, end.y - quantile) for end in ends)
    if low.y <= 0:
        return low.x
    if high.y >= 0:
        return high.x
    return root(lambda by: ranks.statistic(by) - quantile, low, high, _TOLERANCE)
