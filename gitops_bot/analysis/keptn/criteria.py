"""Criteria of a Keptn v1 SLO against a value and earlier results, as lighthouse-service evaluates them.

Keptn's own: `lighthouse-service/event_handler/evaluate_sli_handler.go`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gitops_bot.policy.judges.keptn import Criterion


class Status(StrEnum):
    """Keptn's word for an objective and for a whole evaluation."""

    PASS = "pass"  # noqa: S105 - a status, not a password
    WARNING = "warning"
    FAIL = "fail"
    INFO = "info"
    """Of an objective without pass criteria: reported, not scored."""


@dataclass(frozen=True, slots=True)
class Result:
    """One earlier value of the metric, and what was said of it."""

    value: float
    success: bool = True
    """False: there was no value."""
    status: Status = Status.PASS


@dataclass(frozen=True, slots=True)
class Checked:
    """A criterion with the number it came to."""

    criterion: Criterion
    target: float
    violated: bool
    compared: float | None = None
    """What the earlier results came to; None for a fixed bound, and where there are none."""

    @property
    def blind(self) -> bool:
        """It had nothing to compare with, and passed for that."""
        return self.criterion.comparison and self.compared is None


CriteriaSets = Sequence[Sequence[Criterion]]
"""Inside a set all must hold, and one set is enough."""

_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}

_SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95}

_INCLUDED = {
    "all": frozenset(Status),
    "pass_or_warn": frozenset((Status.PASS, Status.WARNING)),
    "pass": frozenset((Status.PASS,)),
}


def compare(measured: float, sign: str, target: float) -> bool:
    """`measured sign target`. Errors: ValueError for a sign that is none."""
    if sign not in _OPERATORS:
        raise ValueError("no operator set")
    return _OPERATORS[sign](measured, target)


def percentile(values: Sequence[float], share: float) -> float:
    """The value at position share·(n + 1), interpolated, within the smallest and the largest; 0 for none."""
    if not values:
        return 0.0
    ordered, position = sorted(values), share * (len(values) + 1)
    if position < 1:
        return ordered[0]
    if position >= len(ordered):
        return ordered[-1]
    below = math.floor(position)
    return ordered[below - 1] + (position - below) * (ordered[below] - ordered[below - 1])


def aggregate(previous: Sequence[Result], function: str) -> float | None:
    """What avg, p50, p90 or p95 makes of the successful results; None without one. Unknown functions come to 0."""
    values = [one.value for one in previous if one.success]
    if not values:
        return None
    if function == "avg":
        return sum(values) / len(values)
    return percentile(values, _SHARES[function]) if function in _SHARES else 0.0


def included(evaluations: Sequence[Result], most: int, score: str) -> tuple[Result, ...]:
    """The newest of earlier evaluations, oldest first, whose result is wanted: all, pass_or_warn or pass."""
    wanted = _INCLUDED.get(score.casefold(), _INCLUDED["all"])
    return tuple([one for one in evaluations if one.status in wanted][-most:]) if most > 0 else ()


def check(criterion: Criterion, value: float, compared: float | None) -> Checked:
    """One criterion, given what the earlier results came to; a comparison with nothing holds, with target 0."""
    if not criterion.comparison:
        return Checked(criterion, criterion.value, not compare(value, criterion.operator, criterion.value))
    if compared is None:
        return Checked(criterion, 0.0, violated=False)
    target = _target(criterion, compared)
    return Checked(criterion, target, not compare(value, criterion.operator, target), compared)


def check_sets(sets: CriteriaSets, value: float, compared: float | None) -> tuple[bool, tuple[Checked, ...]]:
    """Whether one set holds, and every criterion of all sets."""
    checked = [[check(one, value, compared) for one in each] for each in sets]
    met = any(not any(one.violated for one in each) for each in checked)
    return met, tuple(one for each in checked for one in each)


def _target(criterion: Criterion, compared: float) -> float:
    by = criterion.value if criterion.increase else -criterion.value
    return compared * (100.0 + by) / 100.0 if criterion.percentage else compared + by
