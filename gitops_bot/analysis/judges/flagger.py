"""The judge `flagger`: failed checks add up over the run, a check that passes takes none of them back.

Each interval is one check, as Flagger does it; it skips the tick before the candidate has traffic, which is no interval
of a run here. Outside, the house's rules hold: where Flagger takes missing values for failed checks they count against
a PASS, but no FAIL rests on them; there is none before three intervals with a number, and no PASS before the run's end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from gitops_bot.analysis.evidence import LEAST_INTERVALS, Arm, Finding, Interval
from gitops_bot.analysis.flagger.checks import DURATION, Bounds, Check, check
from gitops_bot.model import Figure, Outcome
from gitops_bot.policy.judges.flagger import Flagger
from gitops_bot.policy.quantities import Limit


def judge(params: Flagger, intervals: Sequence[Interval], length: int) -> Finding:
    """FAIL at once when enough measured values leave the range; PASS at the end when fewer checks failed than that."""
    tally = _Tally(params)
    for interval in intervals:
        tally.count(interval.candidate)
    figures, left = _figures(params, tally, length), max(0, length - tally.taken)
    if tally.failed_at is not None:
        because = f"{tally.left_range} of {len(tally.values)} values are {_outside(params)}{_threshold(params)}"
        return Finding(Outcome.FAIL, because, figures, tally.failed_at)
    if tally.failed >= params.least_failed:
        return Finding(Outcome.UNKNOWN, _only_in_flagger(params, tally), figures)
    if left:
        because = f"{tally.taken} of {length} checks are made, {tally.failed} failed{_threshold(params)}"
        return Finding(Outcome.UNKNOWN, because, figures, left=left)
    if len(tally.values) < LEAST_INTERVALS:
        return Finding(Outcome.UNKNOWN, _few(tally), figures)
    tolerated = f", {tally.failed} failed{_threshold(params)}" if tally.failed else ""
    silent = f", {tally.without} of them without a value: {tally.missing}" if tally.without else ""
    because = f"{tally.taken - tally.failed} of {tally.taken} checks passed{tolerated}{silent}"
    return Finding(Outcome.PASS, because, figures, length)


@dataclass(slots=True)
class _Tally:
    """What was checked so far."""

    params: Flagger
    taken: int = 0
    failed: int = 0
    """As Flagger counts them."""
    left_range: int = 0
    """Failed checks with a number."""
    without: int = 0
    """Intervals without a number."""
    missing: str = ""
    """Why the last of them had none."""
    values: list[float] = field(default_factory=list)
    failed_at: int | None = None
    """The first interval, from 1, at which enough values had left the range."""

    def count(self, arm: Arm) -> None:
        self.taken += 1
        value = arm.number
        found = checked(self.params, value)
        self.failed += found.failed
        if value is None or not math.isfinite(value):
            self.without += 1
            self.missing = arm.missing or ("no traffic" if value is None and arm.total == 0 else "no number")
            return
        self.values.append(value)
        self.left_range += found.failed
        enough = self.left_range >= self.params.least_failed and len(self.values) >= LEAST_INTERVALS
        if enough and self.failed_at is None:
            self.failed_at = self.taken


def checked(params: Flagger, value: float | None) -> Check:
    """The check of one value; request-duration is brought to milliseconds, where it loses its fraction."""
    low, high = params.threshold_range.min, params.threshold_range.max
    factor = 1000 if params.metric == DURATION and any(one and one.unit == "s" for one in (low, high)) else 1
    bounds = Bounds(_scaled(low.value if low else None, factor), _scaled(high.value if high else None, factor))
    return check(params.metric, bounds, _scaled(value, factor))


def _scaled(value: float | None, factor: int) -> float | None:
    """In milliseconds where that is asked for; what is whole but for the last bits of a float is whole."""
    return value if value is None or factor == 1 else round(value * factor, 6)


# ---------------------------------------------------------------- words


def _only_in_flagger(params: Flagger, tally: _Tally) -> str:
    said = f"Flagger would roll back: {tally.failed} checks failed{_threshold(params)}"
    if tally.left_range >= params.least_failed:
        return f"{said}, but {_few(tally)}"
    without = tally.failed - tally.left_range
    return f"{said}, but {without} of them for want of a value ({tally.missing}), which is no evidence"


def _few(tally: _Tally) -> str:
    why = f": {tally.missing}" if tally.missing else ""
    return f"{len(tally.values)} of at least {LEAST_INTERVALS} intervals have a value{why}"


def _threshold(params: Flagger) -> str:
    return f" (threshold {params.least_failed})"


def _outside(params: Flagger) -> str:
    given = params.threshold_range
    return " or ".join(f"{word} {bound}" for word, bound in (("below", given.min), ("above", given.max)) if bound)


def _figures(params: Flagger, tally: _Tally, length: int) -> tuple[Figure, ...]:
    given = params.threshold_range
    limit = given.max or given.min or Limit(0.0, "")
    shown = [Figure("limit", " … ".join(str(bound) for bound in (given.min, given.max) if bound))]
    if tally.values:
        worst = max(tally.values) if given.max is not None else min(tally.values)
        shown += [Figure("last", limit.show(tally.values[-1])), Figure("worst", limit.show(worst))]
    shown.append(Figure("measured", f"{len(tally.values)}/{length}"))
    shown += [Figure("failed checks", f"{tally.failed}/{params.least_failed}")] if tally.failed else []
    shown += [Figure("without a number", str(tally.without))] if tally.without else []
    return tuple(shown)
