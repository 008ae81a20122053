"""Where a difference lies, as people read it: both ends, and how sure that is at any time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitops_bot.analysis.sequential import means
from gitops_bot.analysis.sequential.counts import Count
from gitops_bot.model import Figure

LEAST_EVENTS = 10
"""Fewer events of one kind than this are too skewed for an interval of their ratio."""


def telling(bad: float, total: float) -> bool:
    """Whether there are enough events of both kinds."""
    return min(bad, total - bad) >= LEAST_EVENTS


def of_values(name: str, values: Sequence[float], error: float, unit: str = "") -> Iterator[Figure]:
    """A figure, where the values say enough; `error` is that of each end. Units `%` and `pp` are for ratios."""
    if ends := means.interval(values, error):
        low, high = (100 * end if unit else end for end in ends)
        yield Figure(name, f"[{low:.3g}, {high:.3g}]{f' {unit}' if unit else ''} at {100 * (1 - 2 * error):.4g}%")


def of_counts(own: Sequence[Count], other: Sequence[Count], error: float) -> Iterator[Figure]:
    """Of the difference of two ratios, interval by interval, or of the one ratio where there is no other."""
    if not all(telling(sum(one.bad for one in side), sum(one.total for one in side)) for side in (own, other) if side):
        return
    if other:
        apart = [one.bad / one.total - two.bad / two.total for one, two in zip(own, other, strict=True)]
        yield from of_values("difference", apart, error, "pp")
    else:
        yield from of_values("interval", [one.bad / one.total for one in own], error, "%")
