"""One test on counts, asked again after every interval: an e-process that must also survive overdispersion.

The e-process alone keeps its error for any common rate and any traffic, but not where one version's counts vary more
than chance. So when it reaches its threshold, a likelihood ratio whose null hypothesis allows for overdispersion,
clumps and spikes must agree, or, from `LEAST_DIFFERENCES` intervals on, the asymptotic confidence sequence of the
intervals' differences. What is demanded of the ratio was set by simulation: `benchmarks/judge_study.py` measures what
it costs and what it saves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from gitops_bot.analysis.sequential.hypotheses import Hypothesis, Pair
from gitops_bot.analysis.statistics.dispersion import Group, Ratio
from gitops_bot.analysis.statistics.eprocess import asymptotic_half_width, mixed

LEAST_DIFFERENCES = 20
"""Fewer differences say too little about their own variance."""
_TUNED_FOR = 40

_FAR = 3.0
"""Evidence that falls so short is not looked at again soon."""
_LATEST = (6, 12)
"""So many of the latest intervals may speak for themselves."""
_BREAK = 3.0
"""What they must show in addition, because there are many latest intervals in a run."""
_TELLING = 2.7
"""With more events than this an interval, dispersion hides in few intervals what chance would not."""


@dataclass(frozen=True, slots=True)
class Demand:
    """How much evidence decides, in logarithms."""

    error: float
    """Probability of a wrong decision, over the whole run."""
    first: float
    """Added to log(1/error) for the ratio of a clean alternative, at the first look."""
    later: float
    """The same at a later look."""
    early: float
    """As much more at a later look, over the number of intervals: dispersion shows only with time."""
    over: float
    """The same where the alternative is overdispersed as well, and has therefore more ways to fit."""

    @property
    def needed(self) -> float:
        """The e-process's threshold."""
        return math.log(1 / self.error)

    def clean(self, count: int, *, first: bool) -> float:
        """Demanded of the ratio of an alternative that varies by chance alone, after so many intervals."""
        return self.needed + (self.first if first else self.later + self.early / count)

    def overdispersed(self, count: int) -> float:
        """Demanded of the ratio of any alternative; a t-test asks for as much more of few values."""
        return (self.needed + self.over) * (1 + 2 / count)


def to_fail(alpha: float) -> Demand:
    """The first look is worth the most, because a failure must not wait; all the later ones share the rest."""
    return Demand(alpha, first=-0.95, later=-0.2, early=10.0, over=2.0)


def to_pass(beta: float) -> Demand:
    """Passing is not urgent."""
    return Demand(beta, first=1.0, later=-0.8, early=4.0, over=0.7)


@dataclass(slots=True)
class Process:
    """One null hypothesis, and the evidence against it so far."""

    hypothesis: Hypothesis
    demand: Demand
    rises: bool
    """The alternatives lie above the null."""
    least: int
    history: Sequence[Group] = ()
    logs: list[float] = field(default_factory=list)
    reached: bool = False
    by: str = ""
    """What agreed with the e-process."""
    allowed: Ratio | None = None
    """What was left of the evidence when it was last looked at with overdispersion allowed for."""
    _again: int = 0
    _far: bool = False

    @property
    def log_e(self) -> float:
        """The e-process."""
        return mixed(self.logs, self.hypothesis.weights) if self.logs else 0.0

    def hear(self, pairs: Sequence[Pair]) -> bool:
        """Take in the last of these intervals; whether the null is refuted, now or before."""
        steps = self.hypothesis.steps(pairs[-1])
        self.logs = [log + step for log, step in zip(self.logs, steps, strict=True)] if self.logs else steps
        if not self.reached and len(pairs) >= max(self.least, self._again) and self._enough():
            count = len(pairs)
            self.reached = self._agreed(pairs)
            self._again = count + min(
                _LATEST[0], max(1, count // (2 if self._far else 6))
            )  # each look is dear, and a chance to err
        return self.reached

    def left(self, pairs: Sequence[Pair]) -> float:
        """So many more intervals until the null is refuted, if the candidate goes on as it should; at least one."""
        gain = max(self.hypothesis.expected(pairs))
        missing = max(self.demand.needed - self.log_e, 0.0)
        return max(1, self.least - len(pairs), math.ceil(missing / gain)) if gain > 0 else math.inf

    def _enough(self) -> bool:
        """A mean is at most the greatest, which is cheaper."""
        return max(self.logs) >= self.demand.needed and self.log_e >= self.demand.needed

    def _agreed(self, pairs: Sequence[Pair]) -> bool:
        ratio = self.allowed = self.hypothesis.allowing(pairs, self.history)
        count, sign = len(pairs), 1 if self.rises else -1
        known = self._known(ratio, count)
        self._far = sign * ratio.log_ratio < self.demand.needed - _FAR
        if sign * ratio.clean >= self.demand.clean(count, first=count == self.least) + known:
            self.by = "likelihood"
        elif sign * ratio.log_ratio >= self.demand.overdispersed(count) + known:
            self.by = "overdispersed likelihood"
        elif count >= LEAST_DIFFERENCES and self._differ(pairs):
            self.by = "interval differences"
        elif self.rises and self._broke(pairs):
            self.by = "latest intervals"
        return bool(self.by)

    def _broke(self, pairs: Sequence[Pair]) -> bool:
        """Whether a candidate that was sound is no longer: the latest intervals alone, at a higher price."""
        for length in _LATEST:
            latest = pairs[-length:]
            gains = [math.fsum(column) for column in zip(*map(self.hypothesis.steps, latest), strict=True)]
            needed = self.demand.clean(length, first=False) + _BREAK
            if len(pairs) > length and max(gains) >= needed:
                ratio = self.hypothesis.allowing(latest, self.history)
                if ratio.clean >= needed + self._known(ratio, length):
                    return True
        return False

    def _known(self, ratio: Ratio, count: int) -> float:
        return math.log(max(1.0, ratio.information / count / _TELLING))

    def _differ(self, pairs: Sequence[Pair]) -> bool:
        """Whether the confidence sequence of the intervals' differences leaves zero on the alternatives' side."""
        departures = [self.hypothesis.departure(pair) for pair in pairs]
        count = len(departures)
        mean = math.fsum(departures) / count
        sd = math.sqrt(math.fsum((one - mean) ** 2 for one in departures) / count)
        bound = asymptotic_half_width(count, sd, self.demand.error, _TUNED_FOR)
        return mean > bound if self.rises else mean < -bound
