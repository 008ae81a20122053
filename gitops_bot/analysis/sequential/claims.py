"""What must hold of a candidate's counts: each claim with a process that refutes it and one that proves it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gitops_bot.analysis.sequential import hypotheses
from gitops_bot.analysis.sequential.counts import Count, Row
from gitops_bot.analysis.sequential.hypotheses import Hypothesis, Pair
from gitops_bot.analysis.sequential.process import Process, to_fail, to_pass
from gitops_bot.analysis.statistics.dispersion import Group
from gitops_bot.policy.judges.sequential import Sequential
from gitops_bot.policy.quantities import Limit


@dataclass(slots=True)
class Claim:
    """One thing that must hold, and the intervals that speak of it."""

    about: str
    """`baseline`, `max`, `min` or `negligible`."""
    refuting: Process | None
    """None: never fails a candidate."""
    proving: Process
    tolerated: float = 0.0
    """So much of the baseline's events may be bad besides those that were."""
    pairs: list[Pair] = field(default_factory=list)
    """What the processes heard."""
    seen: list[Pair] = field(default_factory=list)
    """What was measured."""

    def hear(self, row: Row) -> bool:
        """Take in an interval; whether it says anything of this claim."""
        pair = self._pair(row)
        if pair is None:
            return False
        self.seen.append(pair)
        self.pairs.append(self._tolerant(pair))
        if self.refuting:
            self.refuting.hear(self.pairs)
        self.proving.hear(self.pairs)
        return True

    @property
    def refuted(self) -> bool:
        """The candidate fails."""
        return self.refuting is not None and self.refuting.reached

    def left(self) -> float:
        """So many more intervals until it will probably be proven."""
        return self.proving.left(self.pairs)

    def _tolerant(self, pair: Pair) -> Pair:
        """The same with the baseline's bad events that would be tolerated, as whole ones and never too few.

        Events that do not vary only make the e-process smaller in the mean: with s = 1 + t for the baseline's factor,
        each adds log(1 + t) - t to its logarithm, which is never positive.
        """
        if not self.tolerated:
            return pair
        own, other = pair
        before = sum(heard.bad - measured.bad for (_, heard), (_, measured) in zip(self.pairs, self.seen, strict=False))
        total = sum(measured.total for _, measured in self.seen)
        more = math.ceil(self.tolerated * total) - before
        return own, Count(other.total, min(other.total, other.bad + more))

    def _pair(self, row: Row) -> Pair | None:
        if self.about == "baseline":
            return row.pair
        if isinstance(row.candidate, str) or not row.candidate.total:
            return None
        own = row.candidate
        return (Count(own.total, own.total - own.bad) if self.about == "min" else own), own


def claims(params: Sequential, history: Sequence[Group], *, compared: bool) -> tuple[Claim, ...]:
    """Everything that is claimed, with alpha split evenly over what can fail."""
    bounds = [(name, limit) for name, limit in (("max", params.max), ("min", params.min)) if limit is not None]
    alpha = params.alpha / params.share_of / max(1, len(bounds) + compared)
    beta = params.beta / 2 if params.negligible else params.beta

    def claim(about: str, worse: Hypothesis | None, better: Hypothesis, error: float, past: Sequence[Group]) -> Claim:
        least = params.least_intervals
        refuting = Process(worse, to_fail(alpha), True, least, past) if worse else None
        tolerated = params.tolerate.value if params.tolerate and about == "baseline" else 0.0
        return Claim(about, refuting, Process(better, to_pass(error), False, least, past), tolerated)

    def everything() -> Iterator[Claim]:
        if compared:
            worse, better = hypotheses.worse_than(params.tolerated), hypotheses.better_than(params.margin)
            yield claim("baseline", worse, better, beta, history)
        for name, limit in bounds:
            ratio = 1 - limit.value if name == "min" else limit.value
            yield claim(name, hypotheses.above(ratio), hypotheses.below(ratio), params.beta, ())
        if params.negligible and compared:
            yield claim("negligible", None, hypotheses.below(params.negligible.value), beta, ())

    return tuple(everything())


def no_ratio(params: Sequential) -> Limit | None:
    """A limit that cannot be one of a ratio of counts."""
    limits = (params.max, params.min, params.negligible)
    return next(
        (limit for limit in limits if limit is not None and not (0 < limit.value < 1 and limit.unit != "s")), None
    )


def proven(listed: Sequence[Claim]) -> bool:
    """Every claim is proven; a negligible ratio needs no comparison."""
    done = {claim.about: claim.proving.reached for claim in listed}
    negligible = done.pop("negligible", False)
    if negligible:
        done.pop("baseline", None)
    return all(done.values()) and (bool(done) or negligible)
