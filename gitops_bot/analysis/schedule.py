"""When measurements are taken: at `since + k·interval`, in runs of fixed length, so that every observer agrees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gitops_bot.analysis.evidence import LEAST_INTERVALS
from gitops_bot.policy.metrics import Analysis

SCRAPE_DELAY = timedelta(seconds=30)
"""A window is asked for only this long after its end: what was scraped last must have arrived."""

PATIENCE = 6
"""So many times `bake` a patient judge may take for one run."""

MOST_POINTS = 11_000
"""What Prometheus gives in one range query."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of analysis, as far as it can be measured now."""

    first: datetime
    """The first measurement's instant; its window begins one interval earlier."""
    count: int
    """Measurements that can be taken now; at least one."""
    length: int
    """Measurements of the whole run."""

    @property
    def finished(self) -> bool:
        """Nothing is left to be measured."""
        return self.count == self.length

    def last(self, interval: timedelta) -> datetime:
        """The last instant that can be measured now."""
        return self.first + (self.count - 1) * interval


def length(analysis: Analysis) -> int:
    """Measurements of one run: `bake`, and at least three."""
    return max(LEAST_INTERVALS, -(-analysis.bake // analysis.interval))


def longest(analysis: Analysis) -> int:
    """Measurements of one run of a patient judge: six times as many, and what one query may give."""
    return max(length(analysis), min(PATIENCE * length(analysis), MOST_POINTS))


def runs(analysis: Analysis, since: datetime, now: datetime, size: int | None = None) -> tuple[Run, ...]:
    """The last finished run and the one under way, oldest first; empty while nothing can be measured.

    `size`: measurements of a run; default: `length`.
    """
    size = size or length(analysis)
    skipped = -(-analysis.warmup // analysis.interval)
    taken = (now - SCRAPE_DELAY - since) // analysis.interval - skipped
    if taken <= 0:
        return ()
    whole, partial = divmod(taken, size)
    origin = since + (skipped + 1) * analysis.interval

    def run(index: int, count: int) -> Run:
        return Run(origin + index * size * analysis.interval, count, size)

    finished = (run(whole - 1, size),) if whole else ()
    under_way = (run(whole, partial),) if partial else ()
    return finished + under_way
