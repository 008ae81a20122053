"""A Keptn v1 SLO: its objectives one by one, and their total score, as lighthouse-service evaluates them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitops_bot.analysis.keptn.criteria import Checked, CriteriaSets, Result, Status, aggregate, check_sets

_WITHOUT_OBJECTIVES = 100.0


@dataclass(frozen=True, slots=True)
class Objective:
    """What is wanted of one metric."""

    sli: str
    passing: CriteriaSets = ()
    """Without any it is reported, not scored."""
    warning: CriteriaSets = ()
    weight: float = 1.0
    key: bool = False
    """Failing, it fails the whole evaluation."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of one objective."""

    status: Status
    score: float
    """The weight, half of it for a warning, or 0."""
    checked: tuple[Checked, ...] = ()
    """Pass criteria first, then those of the warning."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of several objectives."""

    objectives: tuple[Evaluated, ...]
    maximum: float
    """The weights of all that have pass criteria; 100 where there are no objectives."""
    key_failed: bool


@dataclass(frozen=True, slots=True)
class Total:
    """The score of an evaluation, in percent, and what it means."""

    score: float
    status: Status


def evaluate_objective(
    objective: Objective, value: float | None, previous: Sequence[Result], function: str
) -> Evaluated:
    """One objective; a missing value fails it."""
    if value is None:
        return Evaluated(Status.FAIL, 0.0)
    if not objective.passing:
        return Evaluated(Status.INFO, 0.0)
    compared = aggregate(previous, function)
    passes, of_pass = check_sets(objective.passing, value, compared)
    warns, of_warning = check_sets(objective.warning, value, compared)
    status = Status.PASS if passes else Status.WARNING if warns else Status.FAIL
    return Evaluated(status, _PARTS[status] * objective.weight, (*of_pass, *of_warning))


def evaluate(
    objectives: Sequence[Objective],
    values: Mapping[str, float],
    previous: Mapping[str, Sequence[Result]],
    function: str = "avg",
) -> Evaluation:
    """Every objective against the values that there are."""
    found = tuple(
        evaluate_objective(one, values.get(one.sli), previous.get(one.sli, ()), function) for one in objectives
    )
    key_failed = any(one.key and each.status is Status.FAIL for one, each in zip(objectives, found, strict=True))
    maximum = sum(one.weight for one in objectives if one.passing) if objectives else _WITHOUT_OBJECTIVES
    return Evaluation(found, maximum, key_failed)


def total(evaluation: Evaluation, passing: float, warning: float | None) -> Total:
    """The total score against the percentages that pass and that warn; without anything to score, it passes."""
    return total_score(
        [one.score for one in evaluation.objectives],
        evaluation.maximum,
        key_failed=evaluation.key_failed,
        passing=passing,
        warning=warning,
    )


def total_score(
    scores: Sequence[float], maximum: float, *, key_failed: bool, passing: float, warning: float | None
) -> Total:
    """The same from the scores alone."""
    if maximum == 0:
        return Total(100.0, Status.PASS)
    score = 100.0 * (sum(scores) / maximum)
    if key_failed:
        return Total(score, Status.FAIL)
    if score >= passing:
        return Total(score, Status.PASS)
    warns = warning is not None and score >= warning
    return Total(score, Status.WARNING if warns else Status.FAIL)


def percent(text: str) -> float:
    """`90%` or `90` as in total_score of an slo.yaml. Errors: ValueError."""
    found = float(text.strip().removesuffix("%"))
    if not math.isfinite(found):
        raise ValueError(f"{text!r} is no percentage")
    return found


_PARTS = {Status.PASS: 1.0, Status.WARNING: 0.5, Status.FAIL: 0.0}
