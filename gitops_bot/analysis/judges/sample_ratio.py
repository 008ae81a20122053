"""The check of the traffic's division: does the candidate get the share that was configured?

Ignored weights, stale routers, sticky sessions and stray headers all show as a wrong share before they mislead a
comparison. Requests of one session stay together, so shares vary more than chance: each interval's share is one
observation, whose spread is learned from the run itself. A mismatch must be shown twice over, by the binomial
e-process and by the t-test's e-process of the shares; both may be read after every interval. `tolerance` is what harms
nothing: a share within it is never a mismatch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gitops_bot.analysis.evidence import LEAST_INTERVALS, Finding, Interval
from gitops_bot.analysis.sequential.counts import Count, commonest, count
from gitops_bot.analysis.statistics.eprocess import asymptotic_half_width, bernoulli_slo, student
from gitops_bot.model import Figure, Outcome
from gitops_bot.policy.judges.sample_ratio import SampleRatio

Pair = tuple[int, int]

_TUNED_FOR = 20
_HOPELESS = 10_000
"""So many intervals are as good as never."""
_GROSS = 2.0
"""A share so many times too great or too small is what ignored weights and stale routers make."""
_FACTORS = (1.02, 1.05, 1.1, 1.25, 1.5, 2.0, 4.0, 10.0)
"""By how much the odds may be too great."""


@dataclass(frozen=True, slots=True)
class _Check:
    """What is asked."""

    share: float
    """Percent."""
    alpha: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class _Side:
    """One way to be out of tolerance."""

    bound: float
    """The share at the edge of it."""
    rises: bool


def judge(params: SampleRatio, intervals: Sequence[Interval], length: int) -> Finding:
    """Judge a run of `length` intervals by the totals of both versions.

    PASS as soon as the share is known to be within tolerance, or at the end when it is known not to be grossly wrong.
    """
    if params.share is None:
        return Finding(Outcome.UNKNOWN, "no share is configured to compare with")
    return _judge(_Check(params.share, params.alpha, params.tolerance), intervals, length)


def _judge(params: _Check, intervals: Sequence[Interval], length: int) -> Finding:
    pairs: list[Pair] = []
    reasons: list[str] = []
    outcome, decided = Outcome.UNKNOWN, None
    for number, one in enumerate(intervals, 1):
        a, b = _total(one, candidate=True), _total(one, candidate=False)
        if isinstance(a, str) or isinstance(b, str):
            reasons.append(a if isinstance(a, str) else str(b))
        elif a + b:
            pairs.append((a, b))
            now = _verdict(params, pairs)
            if now is not Outcome.UNKNOWN and now is not outcome:
                outcome, decided = now, number
        if outcome is Outcome.FAIL:
            break
    if outcome is Outcome.UNKNOWN and length <= len(intervals) and _roughly(params, pairs):
        outcome, decided = Outcome.PASS, len(intervals)
    figures = _figures(params, pairs, len(reasons))
    if outcome is Outcome.UNKNOWN:
        return Finding(outcome, _undecided(params, pairs, reasons), figures, left=_left(params, pairs))
    return Finding(outcome, _because(params, pairs, outcome), figures, decided_at=decided)


def _total(interval: Interval, *, candidate: bool) -> int | str:
    """All requests of a version; a `value` is taken for them where nothing is counted."""
    arm = interval.candidate if candidate else interval.baseline
    if arm.missing:
        return arm.missing
    total = arm.total if arm.total is not None else arm.value
    read = count(type(arm)(bad=0, total=total))
    return read.total if isinstance(read, Count) else read


def _edges(params: _Check) -> tuple[float, float]:
    """The least and the greatest share that harm nothing."""
    share, width = params.share / 100, params.tolerance
    most = 1 - (1 - share) * (1 - width) if share > 0.5 else share * (1 + width)
    least = 1 - (1 - share) * (1 + width) if share > 0.5 else share * (1 - width)
    return least, most


def _verdict(params: _Check, pairs: Sequence[Pair]) -> Outcome:
    if len(pairs) < LEAST_INTERVALS:
        return Outcome.UNKNOWN
    least, most = _edges(params)
    enough = math.log(2 / params.alpha)
    if any(_beyond(pairs, side, enough) >= enough for side in _sides(params)):
        return Outcome.FAIL
    seen, scale = _share(pairs)
    chance = _half_width(params, len(pairs), _chance(seen, scale))
    if seen - chance < least or seen + chance > most:  # most intervals end here, before any loop over all of them
        return Outcome.UNKNOWN
    half = _accuracy(params, pairs)
    return Outcome.PASS if least <= seen - half and seen + half <= most else Outcome.UNKNOWN


def _sides(params: _Check) -> tuple[_Side, _Side]:
    least, most = _edges(params)
    return _Side(most, rises=True), _Side(least, rises=False)


def _roughly(params: _Check, pairs: Sequence[Pair]) -> bool:
    """At the end of a run: whether a share of half or twice the configured one is ruled out, and the right one is not.

    Sticky sessions make a share too uncertain for any tolerance, but not for the faults that are looked for.
    """
    if len(pairs) < LEAST_INTERVALS:
        return False
    seen, half = _share(pairs)[0], _accuracy(params, pairs)
    least, most = _edges(params)
    share = min(params.share, 100 - params.share) / 100
    minor = seen if params.share <= 50 else 1 - seen
    if not (seen - half <= most and seen + half >= least):
        return False
    return share / _GROSS < minor - half and minor + half < share * _GROSS


def _beyond(pairs: Sequence[Pair], side: _Side, enough: float) -> float:
    """The log evidence that the share lies beyond an edge: the lesser of the counts' and of the intervals'."""
    bound = side.bound if side.rises else 1 - side.bound
    rows = pairs if side.rises else [(b, a) for a, b in pairs]
    own, both = sum(a for a, _ in rows), sum(a + b for a, b in rows)
    if own <= bound * both:
        return 0.0
    grid = tuple(odds / (1 + odds) for odds in (factor * bound / (1 - bound) for factor in _FACTORS))
    counted = max(0.0, bernoulli_slo([(both, own)], bound, grid))
    if counted < enough:
        return counted
    scale = both / len(rows)
    return min(counted, max(0.0, student([(a - bound * (a + b)) / scale for a, b in rows])))


def _share(pairs: Sequence[Pair]) -> tuple[float, float]:
    """The candidate's share of all requests, and the requests of an interval."""
    both = sum(a + b for a, b in pairs)
    return sum(a for a, _ in pairs) / both, both / len(pairs)


def _accuracy(params: _Check, pairs: Sequence[Pair]) -> float:
    """Half the width of the share's confidence sequence: the wider of chance's and of the intervals' own."""
    seen, scale = _share(pairs)
    size = len(pairs)
    if size < LEAST_INTERVALS:
        return math.inf
    sd = math.sqrt(math.fsum(((a - seen * (a + b)) / scale) ** 2 for a, b in pairs) / (size - 1))
    return _half_width(params, size, max(sd, _chance(seen, scale)))


def _chance(seen: float, scale: float) -> float:
    return math.sqrt(max(seen * (1 - seen), 1e-9) / scale)


def _half_width(params: _Check, size: int, sd: float) -> float:
    """Wider for few intervals, whose spread is little known."""
    return (1 + 4 / size) * asymptotic_half_width(size, sd, params.alpha, _TUNED_FOR)


def _left(params: _Check, pairs: Sequence[Pair]) -> int | None:
    """So many more intervals until the share is known well enough, if it stays as it is."""
    if not pairs:
        return None
    if len(pairs) < LEAST_INTERVALS:
        return LEAST_INTERVALS - len(pairs)
    least, most = _edges(params)
    seen = _share(pairs)[0]
    room = min(abs(seen - least), abs(most - seen))
    needed = len(pairs) * (_accuracy(params, pairs) / room) ** 2 if room > 0 else math.inf
    return max(1, math.ceil(needed - len(pairs))) if needed < _HOPELESS else None


# ---------------------------------------------------------------- words


def _seen(pairs: Sequence[Pair]) -> str:
    a, both = sum(a for a, _ in pairs), sum(a + b for a, b in pairs)
    return f"{100 * a / both:.3g}% of {both} requests"


def _because(params: _Check, pairs: Sequence[Pair], outcome: Outcome) -> str:
    if outcome is Outcome.PASS:
        accuracy = f"known to ±{100 * _accuracy(params, pairs):.2g} points"
        return f"the candidate gets its share: {_seen(pairs)} ({accuracy}), {params.share:g}% are configured"
    if sum(a for a, _ in pairs) == 0:
        return f"the candidate gets none of {sum(b for _, b in pairs)} requests, {params.share:g}% are configured"
    return (
        f"the candidate gets {_seen(pairs)}, but {params.share:g}% are configured:"
        " weights are ignored, a router is stale, or sessions stick"
    )


def _undecided(params: _Check, pairs: Sequence[Pair], reasons: Sequence[str]) -> str:
    if not pairs:
        return f"no interval has both totals: {commonest(reasons)}" if reasons else "no traffic"
    if len(pairs) < LEAST_INTERVALS:
        return f"{len(pairs)} of at least {LEAST_INTERVALS} intervals have traffic"
    left = _left(params, pairs)
    when = f"; about {left} more {'interval is' if left == 1 else 'intervals are'} needed" if left else ""
    return f"not decided: the candidate gets {_seen(pairs)}, {params.share:g}% are configured{when}"


def _figures(params: _Check, pairs: Sequence[Pair], holes: int) -> tuple[Figure, ...]:
    shown = [Figure("configured share", f"{params.share:g}%")]
    if pairs:
        enough = math.log(2 / params.alpha)
        worst = max(_beyond(pairs, side, enough) for side in _sides(params))
        shown.append(Figure("observed share", _seen(pairs)))
        if len(pairs) >= LEAST_INTERVALS:
            shown.append(Figure("evidence of a mismatch", f"{_e(worst)} of {_e(enough)}"))
    return (*shown, Figure("without a number", str(holes))) if holes else tuple(shown)


def _e(log_e: float) -> str:
    return f"{math.exp(log_e):.3g}" if abs(log_e) < 20 else f"10^{log_e / math.log(10):.0f}"
