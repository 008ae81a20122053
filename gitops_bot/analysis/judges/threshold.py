"""The threshold judge: every measurement of a run against min and max, with limits on how many may miss.

The limits are Argo Rollouts' and exclusive as there (`failed > failureLimit`; analysis/analysis.go); what differs is
this project's rule for evidence: no FAIL before three measurements with a number, no PASS before the run is over, and
what has no number is never good or bad. A streak of good measurements therefore ends the run, it does not shorten it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gitops_bot.analysis.evidence import LEAST_INTERVALS, Arm, Finding, Interval
from gitops_bot.analysis.summary import number
from gitops_bot.model import Figure, Outcome
from gitops_bot.policy.judges.threshold import Threshold
from gitops_bot.policy.metrics import Metric
from gitops_bot.policy.quantities import Limit


def judge(params: Threshold, intervals: Sequence[Interval], length: int) -> Finding:
    """FAIL at once when too many measurements miss the bounds; PASS only at the end of a run that was seen whole."""
    tally = _Tally(params)
    for interval in intervals:
        tally.count(interval.candidate)
    figures = _figures(params, tally, length)
    if tally.failed_at is not None:
        because = f"{tally.failed} of {len(tally.values)} measurements {_bounds(params)}{_allowed(params)}"
        return Finding(Outcome.FAIL, because, figures, tally.failed_at)
    if blind := _blind(params, tally):
        return Finding(Outcome.UNKNOWN, blind, figures)
    if tally.taken < length:
        because = f"{tally.taken} of {length} measurements are taken"
        return Finding(Outcome.UNKNOWN, because, figures, left=length - tally.taken)
    if few := _few(params, tally):
        return Finding(Outcome.UNKNOWN, few, figures)
    if tally.successes < params.consecutive_success_limit:
        return _without_streak(params, tally, figures)
    good = len(tally.values) - tally.failed
    tolerated = f", {tally.failed} tolerated" if tally.failed else ""
    because = f"{good} of {len(tally.values)} measurements {_held(params)}{tolerated}"
    return Finding(Outcome.PASS, because, figures, length)


def within(params: Threshold, value: float) -> bool:
    """Whether a value keeps both bounds."""
    low, high = params.min, params.max
    if params.inclusive:
        return (low is None or value >= low.value) and (high is None or value <= high.value)
    return (low is None or value > low.value) and (high is None or value < high.value)


def of(metric: Metric) -> Threshold:
    """What a metric of a policy says of its bounds and limits."""
    return Threshold.model_construct(
        min=metric.min,
        max=metric.max,
        failure_limit=metric.failure_limit,
        inconclusive_limit=metric.inconclusive_limit,
        min_samples=metric.min_samples,
    )


# ---------------------------------------------------------------- counting


@dataclass(slots=True)
class _Tally:
    """What was measured so far."""

    params: Threshold
    taken: int = 0
    values: list[float] = field(default_factory=list)
    failed: int = 0
    successes: int = 0
    """In a row, up to now."""
    observations: float = 0.0
    counts: bool = False
    """Some measurement counts events."""
    missing: list[str] = field(default_factory=list)
    """Why measurements that were taken have no number."""
    errors: list[str] = field(default_factory=list)
    """Why measurements could not be taken, where they have a limit of their own."""
    in_error: int = 0
    """In a row, up to now."""
    most_in_error: int = 0
    """In a row, at any time."""
    failed_at: int | None = None
    """The first measurement, from 1, after which too many had failed."""

    def count(self, arm: Arm) -> None:
        self.taken += 1
        self.counts = self.counts or arm.total is not None
        value = number(arm)
        if value is None:
            self._without_number(arm)
            return
        good = within(self.params, value)
        self.values.append(value)
        self.failed += not good
        self.successes = self.successes + 1 if good else 0
        self.in_error = 0
        self.observations += arm.total if arm.value is None and arm.total is not None else 1.0
        if self.failed_at is None and self._too_many():
            self.failed_at = self.taken

    def _without_number(self, arm: Arm) -> None:
        self.successes = 0
        if arm.answered or self.params.consecutive_error_limit is None:
            self.in_error = 0
            self.missing.append(_reason(arm))
            return
        self.in_error += 1
        self.most_in_error = max(self.most_in_error, self.in_error)
        self.errors.append(_reason(arm))

    def _too_many(self) -> bool:
        params = self.params
        failed = 0 <= params.failure_limit < self.failed
        return failed and len(self.values) >= LEAST_INTERVALS and self.observations >= params.min_samples


def _reason(arm: Arm) -> str:
    if arm.missing:
        return arm.missing
    if arm.value is not None:
        return "no number"
    return "no data" if arm.bad is None or arm.total is None else "no traffic"


# ---------------------------------------------------------------- why it is undecided


def _blind(params: Threshold, tally: _Tally) -> str:
    """Too much could not be seen, whatever comes."""
    if not tally.taken:
        return "nothing has been measured yet"
    if params.consecutive_error_limit is not None and tally.most_in_error > params.consecutive_error_limit:
        return f"{tally.most_in_error} measurements in a row could not be taken: {_commonest(tally.errors)}"
    if len(tally.missing) > params.inconclusive_limit or not tally.values:
        missing = [*tally.missing, *([] if tally.values else tally.errors)]
        return f"{len(missing)} of {tally.taken} measurements have no number: {_commonest(missing)}"
    return ""


def _few(params: Threshold, tally: _Tally) -> str:
    """Too little was seen for a run that is over."""
    if tally.observations < params.min_samples:
        return f"{tally.observations:.0f} samples, of {params.min_samples} needed"
    if len(tally.values) < LEAST_INTERVALS:
        return f"{len(tally.values)} of at least {LEAST_INTERVALS} measurements have a number"
    return ""


def _without_streak(params: Threshold, tally: _Tally, figures: tuple[Figure, ...]) -> Finding:
    """A run that is over and does not end well: Failed in Argo where nothing else could fail it, else Inconclusive."""
    needed = params.consecutive_success_limit
    because = f"the last {tally.successes} measurements in a row {_held(params)}, of {needed} needed"
    if params.failure_limit < 0 and tally.failed and not tally.missing and not tally.errors:
        return Finding(Outcome.FAIL, because, figures, tally.taken)
    return Finding(Outcome.UNKNOWN, because, figures)


def _commonest(reasons: Sequence[str]) -> str:
    """The commonest reason, the first of equals."""
    return max(dict.fromkeys(reasons), key=reasons.count)


# ---------------------------------------------------------------- words

_MISSES = {True: ("below {}", "above {}"), False: ("not above {}", "not below {}")}
_KEEPS = {True: ("at least {}", "at most {}"), False: ("above {}", "below {}")}


def _bounds(params: Threshold) -> str:
    return "are " + " or ".join(_said(params, _MISSES[params.inclusive]))


def _held(params: Threshold) -> str:
    return "are " + " and ".join(_said(params, _KEEPS[params.inclusive]))


def _said(params: Threshold, words: tuple[str, str]) -> list[str]:
    return [word.format(bound) for word, bound in zip(words, (params.min, params.max), strict=True) if bound]


def _allowed(params: Threshold) -> str:
    return f" ({params.failure_limit} allowed)" if params.failure_limit else ""


def _figures(params: Threshold, tally: _Tally, length: int) -> tuple[Figure, ...]:
    limit = params.max or params.min or Limit(0.0, "")
    shown = [Figure("limit", " … ".join(str(bound) for bound in (params.min, params.max) if bound))]
    if tally.values:
        worst = max(tally.values) if params.max is not None else min(tally.values)
        shown += [Figure("last", limit.show(tally.values[-1])), Figure("worst", limit.show(worst))]
    shown.append(Figure("measured", f"{len(tally.values)}/{length}"))
    without = len(tally.missing) + len(tally.errors)
    shown += [Figure("failed", str(tally.failed))] if tally.failed else []
    shown += [Figure("without a number", str(without))] if without else []
    shown += [Figure("samples", f"{tally.observations:.0f}")] if tally.counts or params.min_samples else []
    return tuple(shown)
