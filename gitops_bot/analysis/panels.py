"""What is drawn of a run: what both versions did, and where the judge says it, the evidence it grew from that."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gitops_bot.analysis.chart import Course, Level, Panel
from gitops_bot.analysis.evidence import UNMEASURED, Arm, Interval
from gitops_bot.analysis.judges import sequential
from gitops_bot.analysis.retrace import Case
from gitops_bot.policy.judges.sequential import Sequential
from gitops_bot.policy.quantities import Limit

_MOST_DECADES = 6.0
"""Evidence beyond a million to one decides nothing more."""


def panels(case: Case) -> tuple[Panel, ...]:
    """The pictures of a case, the measurements first."""
    shown = [_measured(case)]
    if isinstance(case.params, Sequential) and _counted(case.intervals):
        shown.append(_evidence(case.params, case))
    return tuple(shown)


def _counted(intervals: Sequence[Interval]) -> bool:
    return any(arm.total is not None for one in intervals for arm in (one.candidate, one.baseline))


def _measured(case: Case) -> Panel:
    """Ratios in percent where events are counted, else values as they are."""
    bounds = [(word, bound) for word, bound in _bounds(case.params) if isinstance(bound, Limit)]
    counted = _counted(case.intervals) and all(arm.value is None for one in case.intervals for arm in _arms(one))
    unit = "%" if counted else next((bound.unit for _, bound in bounds), "")
    levels = tuple(Level(f"{word} {bound}", bound.value) for word, bound in bounds)
    courses = [Course("candidate", tuple(one.candidate.number for one in case.intervals), levels)]
    if any(one.baseline != UNMEASURED for one in case.intervals):
        courses.append(Course("baseline", tuple(one.baseline.number for one in case.intervals)))
    return Panel("bad events, of all" if counted else "values", tuple(courses), unit)


def _arms(interval: Interval) -> tuple[Arm, Arm]:
    return interval.candidate, interval.baseline


def _bounds(params: object) -> Iterator[tuple[str, object]]:
    """The bounds that a judge has, by the names of its parameters."""
    params = getattr(params, "threshold_range", params)
    for word, names in (("min", ("min", "lower_limit")), ("max", ("max", "upper_limit"))):
        yield from ((word, getattr(params, name)) for name in names if getattr(params, name, None) is not None)


def _evidence(params: Sequential, case: Case) -> Panel:
    """Both processes as powers of ten: so many to one."""
    moments = sequential.evidence(params, case.intervals, history=case.history)
    bounded = (params.max is not None) + (params.min is not None)
    compared = not bounded or any(one.baseline != UNMEASURED for one in case.intervals)
    alpha = params.alpha / params.share_of / max(1, bounded + compared)
    worse = tuple(_decades(one.worse) for one in moments)
    fine = tuple(_decades(one.fine) for one in moments)
    return Panel(
        "evidence, in powers of ten",
        (
            Course("worse", worse, (Level("enough to fail", -math.log10(alpha)),)),
            Course("fine", fine, (Level("enough to pass", -math.log10(params.beta)),)),
        ),
    )


def _decades(log_e: float) -> float:
    return max(0.0, min(_MOST_DECADES, log_e / math.log(10)))
