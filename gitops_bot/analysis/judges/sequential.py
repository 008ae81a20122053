"""The judge for live traffic: candidate against baseline, sound however often it looks.

Two processes run side by side. One asks whether the candidate is worse than the baseline and makes it FAIL, the other
whether it stays below the margin and makes it PASS; each may do so at any interval, and until then it is UNKNOWN.
Counts (errors, slow requests of a histogram bucket) are judged by `sequential.claims`, values by `sequential.means`.
Intervals without numbers say nothing for either side, and neither does no traffic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_bot.analysis.evidence import UNMEASURED, Finding, Interval
from gitops_bot.analysis.sequential import means, words
from gitops_bot.analysis.sequential.claims import Claim, claims, no_ratio, proven
from gitops_bot.analysis.sequential.counts import Count, Row, rows
from gitops_bot.analysis.statistics.dispersion import group
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.sequential import Sequential


def judge(
    params: Sequential, intervals: Sequence[Interval], length: int, *, history: Sequence[Interval] = ()
) -> Finding:
    """Judge a run of `length` intervals; `history` is the baseline before it, which shows how much counts vary."""
    if not intervals:
        return Finding(Outcome.UNKNOWN, "nothing has been measured yet")
    if not any(arm.bad is not None for one in intervals for arm in (one.candidate, one.baseline)) and any(
        arm.value is not None for one in intervals for arm in (one.candidate, one.baseline)
    ):
        return _of_values(params, intervals, length)
    if wrong := no_ratio(params):
        return Finding(Outcome.UNKNOWN, f"{wrong} is no limit for a ratio: it must lie between 0 and 1")
    return _of_counts(params, intervals, length, history)


@dataclass(frozen=True, slots=True)
class Moment:
    """How the evidence stood after one interval, as logarithms."""

    worse: float
    """That the candidate is worse than tolerated."""
    fine: float
    """That it is below the margin and the limits."""
    outcome: Outcome
    """The verdict by then."""


def evidence(params: Sequential, intervals: Sequence[Interval], *, history: Sequence[Interval] = ()) -> list[Moment]:
    """The evidence of counts over time, for charts."""
    listed = _listed(params, intervals, history)
    moments = []
    for outcome in _walk(listed, rows(intervals)):
        worse = max((claim.refuting.log_e for claim in listed if claim.refuting), default=0.0)
        fine = min((claim.proving.log_e for claim in listed if claim.refuting), default=0.0)
        moments.append(Moment(worse, fine, outcome))
    return moments


def _of_counts(params: Sequential, intervals: Sequence[Interval], length: int, history: Sequence[Interval]) -> Finding:
    measured = rows(intervals)
    listed = _listed(params, intervals, history)
    outcomes = list(_walk(listed, measured))
    outcome = outcomes[-1]
    figures = words.figures(params, listed, measured)
    if outcome is not Outcome.UNKNOWN:
        because = words.failed(params, listed) if outcome is Outcome.FAIL else words.passed(params, listed)
        return Finding(outcome, because, figures, decided_at=outcomes.index(outcome) + 1)
    left = _left(listed)
    because = words.undecided(params, listed, measured, left=left, remaining=length - len(intervals))
    return Finding(outcome, because, figures, left=left)


def _listed(params: Sequential, intervals: Sequence[Interval], history: Sequence[Interval]) -> tuple[Claim, ...]:
    bounded = params.max is not None or params.min is not None
    before = [row.baseline for row in rows(history)]
    past = group((count.total, count.bad) for count in before if isinstance(count, Count) and count.total)
    return claims(params, past, compared=not bounded or any(one.baseline != UNMEASURED for one in intervals))


def _walk(listed: Sequence[Claim], measured: Sequence[Row]) -> Iterator[Outcome]:
    """The verdict after every interval: a PASS stands until evidence to the contrary, a FAIL for good."""
    outcome = Outcome.UNKNOWN
    for row in measured:
        heard = [claim.hear(row) for claim in listed]
        if any(heard) and any(claim.refuted for claim in listed):
            yield Outcome.FAIL
            return
        if proven(listed):
            outcome = Outcome.PASS
        yield outcome


def _left(listed: Sequence[Claim]) -> int | None:
    """The slowest claim's time."""
    needed = [claim.left() for claim in listed if claim.refuting and claim.pairs and not claim.proving.reached]
    longest = max(needed, default=math.inf)
    return None if math.isinf(longest) else int(longest)


# ---------------------------------------------------------------- values


def _of_values(params: Sequential, intervals: Sequence[Interval], length: int) -> Finding:
    bounded = params.max is not None or params.min is not None
    compared = not bounded or any(one.baseline != UNMEASURED for one in intervals)
    candidate: list[float] = []
    baseline: list[float] = []
    reasons: list[str] = []
    passed_at: int | None = None
    for number, one in enumerate(intervals, 1):
        own, other = means.value(one.candidate), means.value(one.baseline) if compared else 0.0
        if isinstance(own, str) or isinstance(other, str):
            reasons.append(own if isinstance(own, str) else str(other))
            continue
        candidate.append(own)
        baseline.append(other)
        if len(candidate) < params.least_intervals:
            continue
        if refuted := means.refuted(params, candidate, baseline, compared=compared):
            shown = words.values(params, candidate, baseline, len(reasons), compared=compared)
            return Finding(Outcome.FAIL, f"the candidate {refuted}", shown, decided_at=number)
        if passed_at is None and means.proven(params, candidate, baseline, compared=compared):
            passed_at = number
    figures = words.values(params, candidate, baseline, len(reasons), compared=compared)
    if passed_at is not None:
        return Finding(Outcome.PASS, f"the candidate {means.claimed(params, compared=compared)}", figures, passed_at)
    over = length <= len(intervals)
    return Finding(Outcome.UNKNOWN, words.undecided_values(params, candidate, baseline, reasons, over=over), figures)
