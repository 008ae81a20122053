"""What Kayenta computes of series before and after it compares them: percentiles, outliers, gaps, effect sizes.

A series is a sequence of numbers in which NaN is a gap.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

Numbers = Sequence[float]
Mask = Sequence[bool]
"""True where a number is an outlier."""


def percentile(data: Numbers, p: float) -> float:
    """The p-th percentile (0 to 100), interpolated as R's type 7; NaN for no data."""
    if not data:
        return math.nan
    ordered = sorted(data)
    position = 1 + p / 100 * (len(ordered) - 1)
    below = math.floor(position)
    lower, upper = ordered[below - 1], ordered[min(below, len(ordered) - 1)]
    return lower + (position - below) * (upper - lower)


def mean(data: Numbers) -> float:
    """The arithmetic mean, in two passes against rounding; NaN for no data."""
    if not data:
        return math.nan
    rough = sum(data) / len(data)
    return rough + sum(value - rough for value in data) / len(data)


# ---------------------------------------------------------------- gaps and outliers


def without_gaps(data: Numbers) -> list[float]:
    """The numbers without the gaps."""
    return [value for value in data if not math.isnan(value)]


def zero_for_gaps(data: Numbers) -> list[float]:
    """The numbers, 0 in each gap."""
    return [0.0 if math.isnan(value) else value for value in data]


def iqr_outliers(data: Numbers, factor: float = 1.5, *, gently: bool = False) -> list[bool]:
    """What lies outside Tukey's fences, `factor` interquartile ranges beyond the quartiles.

    `gently` moves the fences out to the 1st and 99th percentile at least, as Kayenta's judge does.
    """
    first, third = percentile(data, 25), percentile(data, 75)
    low, high = first - factor * (third - first), third + factor * (third - first)
    if gently:
        low, high = min(low, percentile(data, 1)), max(high, percentile(data, 99))
    return [value > high or value < low for value in data]


def sigma_outliers(data: Numbers, k: float = 3.0) -> list[bool]:
    """What lies more than k standard deviations (of the population) from the mean."""
    centre = mean(data)
    deviation = math.sqrt(mean([(value - centre) * (value - centre) for value in data]))
    return [abs(value - centre) > k * deviation for value in data]


def without(data: Numbers, outliers: Mask) -> list[float]:
    """The numbers that are no outliers."""
    return [value for value, out in zip(data, outliers, strict=True) if not out]


# ---------------------------------------------------------------- effect sizes


def mean_ratio(experiment: Numbers, control: Numbers) -> float:
    """The experiment's mean by the control's; NaN when either is 0."""
    above, below = mean(experiment), mean(control)
    return math.nan if 0.0 in (above, below) else above / below


def cles(experiment: Numbers, control: Numbers) -> float:
    """How often a value of the experiment is above one of the control, ties counting half.

    The common language effect size after Vargha and Delaney, "A critique and improvement of the CL common language
    effect size statistics of McGraw and Wong", Journal of Educational and Behavioral Statistics 25 (2000).
    """
    ordered = sorted(control)
    above = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in experiment) / 2
    return above / (len(experiment) * len(control))


def cohen_d(experiment: Numbers, control: Numbers) -> float:
    """How far apart the means are, in pooled standard deviations (of the samples)."""
    freedom = len(experiment) + len(control) - 2
    return abs(mean(experiment) - mean(control)) / math.sqrt((_squares(experiment) + _squares(control)) / freedom)


def _squares(data: Numbers) -> float:
    centre = mean(data)
    return sum((value - centre) * (value - centre) for value in data)
