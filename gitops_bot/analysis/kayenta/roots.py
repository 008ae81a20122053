"""Where a function of one variable crosses zero, by the very steps that R's `uniroot` takes.

The rank statistic is a staircase, so which of many points is called the root depends on every step on the way; another
root finder would give other intervals.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

_EPSILON = math.ulp(1.0)
_MOST_STEPS = 1001


@dataclass(frozen=True, slots=True)
class Point:
    """A place and the function's value there."""

    x: float
    y: float


def root(function: Callable[[float], float], low: Point, high: Point, tolerance: float) -> float:
    """Brent's zeroin ("Algorithms for Minimization without Derivatives", 1973, chapter 4) between two points.

    The values at low and high have different signs, or one of them is 0.
    """
    if low.y == 0:
        return low.x
    if high.y == 0:
        return high.x
    previous, best, opposite = low, high, low
    for _ in range(_MOST_STEPS):
        last_step = best.x - previous.x
        if abs(opposite.y) < abs(best.y):
            previous, best, opposite = best, opposite, best
        near = 2 * _EPSILON * abs(best.x) + tolerance / 2
        half = (opposite.x - best.x) / 2
        if abs(half) <= near or best.y == 0:
            return best.x
        step = half
        if abs(last_step) >= near and abs(previous.y) > abs(best.y):
            step = _interpolated(previous, best, opposite, near=near, last_step=last_step)
        if abs(step) < near:
            step = near if step > 0 else -near
        x = best.x + step
        previous, best = best, Point(x, function(x))
        if (best.y > 0) == (opposite.y > 0) and best.y != 0 and opposite.y != 0:
            opposite = previous
    return best.x


def _interpolated(previous: Point, best: Point, opposite: Point, *, near: float, last_step: float) -> float:
    """A step by interpolation, linear or inverse quadratic, where it is short enough; else half the interval."""
    width = opposite.x - best.x
    if previous.x == opposite.x:
        t1 = best.y / previous.y
        p, q = width * t1, 1.0 - t1
    else:
        q, t1, t2 = previous.y / opposite.y, best.y / opposite.y, best.y / previous.y
        p = t2 * (width * q * (q - t1) - (best.x - previous.x) * (t1 - 1.0))
        q = (q - 1.0) * (t1 - 1.0) * (t2 - 1.0)
    p, q = (p, -q) if p > 0 else (-p, q)
    if p < 0.75 * width * q - abs(near * q) / 2 and p < abs(last_step * q / 2):
        return p / q
    return width / 2
