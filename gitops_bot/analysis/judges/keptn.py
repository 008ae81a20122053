"""Keptn's objective for one metric, once, at the end of a run; `lighthouse` and `definition` score several.

They say what Keptn says. The judge differs where data is missing: Keptn fails an objective without a value and passes
a comparison without earlier results; here both are UNKNOWN, and the reason says so. A warning decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gitops_bot.analysis.evidence import Finding, Interval
from gitops_bot.analysis.keptn import definition
from gitops_bot.analysis.keptn.criteria import Checked, CriteriaSets, Result, Status, aggregate, included
from gitops_bot.analysis.keptn.lighthouse import Evaluated, Objective, evaluate_objective
from gitops_bot.analysis.summary import summary, unfinished
from gitops_bot.model import Figure, Outcome
from gitops_bot.policy.judges.keptn import Bounds, Criteria, Keptn, Target

_CANDIDATE, _BASELINE = "candidate", "baseline"
_OUTCOMES = {Status.PASS: Outcome.PASS, Status.FAIL: Outcome.FAIL}


def judge(params: Keptn, intervals: Sequence[Interval], length: int, *, history: Sequence[Interval] = ()) -> Finding:
    """At the end of the run: FAIL and PASS as Keptn says them; UNKNOWN for a warning, and for want of data.

    `history` is what the baseline did before the run: Keptn's earlier results, where they are asked for.
    """
    candidate = summary(one.candidate for one in intervals)
    earlier = _earlier(params, intervals, length, history)
    figures = _figures(params, candidate.value, candidate.measured, earlier)
    if len(intervals) < length:
        return unfinished(len(intervals), length, figures)
    if (lack := candidate.lacks(params.least_intervals, _CANDIDATE)) or candidate.value is None:
        itself = "; Keptn itself fails an objective without a value" if candidate.value is None else ""
        return Finding(Outcome.UNKNOWN, lack + itself, figures)
    if params.target:
        status, because = _by_target(params.target, candidate.value)
    else:
        status, because = _by_criteria(params, candidate.value, earlier)
    outcome = _OUTCOMES.get(status, Outcome.UNKNOWN)
    return Finding(outcome, because, figures, None if outcome is Outcome.UNKNOWN else len(intervals))


def objective(params: Keptn, name: str = "") -> Objective:
    """The parameters as an objective of an SLO."""
    return Objective(name, _sets(params.pass_), _sets(params.warning), params.weight, params.key_sli)


def compares(params: Keptn) -> bool:
    """Whether any criterion looks at the baseline, now or before."""
    return any(one.comparison for each in (*params.pass_, *params.warning) for one in each.criteria)


def recalls(params: Keptn, length: int) -> int:
    """So many intervals of the baseline before the run are earlier results."""
    number = {"single_result": 1, "several_results": params.comparison.number_of_comparison_results}
    return number.get(params.comparison.compare_with, 0) * length if compares(params) else 0


def target(given: Target) -> definition.Target:
    """The parameters as a target of an AnalysisDefinition."""
    failure, warning = given.failure, given.warning
    return definition.Target(failure.bounds if failure else None, warning.bounds if warning else None)


# ---------------------------------------------------------------- earlier results


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What `<=+10%` compares with."""

    results: tuple[Result, ...] = ()
    function: str = "avg"
    lack: str = ""
    """Why there are none."""

    @property
    def compared(self) -> float | None:
        return aggregate(self.results, self.function)


def _earlier(params: Keptn, intervals: Sequence[Interval], length: int, history: Sequence[Interval]) -> _Earlier:
    comparison = params.comparison
    if not compares(params):
        return _Earlier()
    if comparison.compare_with == "baseline":
        baseline = summary(one.baseline for one in intervals)
        if (lack := baseline.lacks(params.least_intervals, _BASELINE)) or baseline.value is None:
            return _Earlier(lack=lack)
        return _Earlier((Result(baseline.value),))
    most = 1 if comparison.compare_with == "single_result" else comparison.number_of_comparison_results
    evaluated = _evaluated(params, length, history, most)
    chosen = included(evaluated, most, comparison.include_result_with_score)
    if not chosen:
        return _Earlier(lack=f"{len(history)} intervals before the run hold no earlier evaluation that counts")
    return _Earlier(chosen, comparison.aggregate_function)


def _evaluated(params: Keptn, length: int, history: Sequence[Interval], most: int) -> list[Result]:
    """The history as evaluations of the run's length, oldest first, each compared with those before it."""
    wanted, function = objective(params), params.comparison.aggregate_function
    found: list[Result] = []
    if length <= 0:
        return found
    for start in range(len(history) % length, len(history), length):
        block = summary(one.baseline for one in history[start : start + length])
        if block.value is None or block.lacks(params.least_intervals, _BASELINE):
            continue
        before = included(found, most, params.comparison.include_result_with_score)
        found.append(Result(block.value, True, evaluate_objective(wanted, block.value, before, function).status))
    return found


# ---------------------------------------------------------------- the verdict and its reason


def _by_criteria(params: Keptn, value: float, earlier: _Earlier) -> tuple[Status, str]:
    wanted = objective(params)
    found = evaluate_objective(wanted, value, earlier.results, earlier.function)
    told = f"{found.status.value}: {_told(params, value, found)}"
    if not earlier.lack:
        return found.status, told
    # nothing compares with NaN, so this is what stands without the comparisons that had nothing to compare with
    sure = evaluate_objective(wanted, value, (Result(math.nan),), "avg").status
    if sure is found.status:
        return found.status, told
    return Status.INFO, f"nothing to compare with: {earlier.lack}; Keptn itself lets such a comparison hold ({told})"


def _told(params: Keptn, value: float, found: Evaluated) -> str:
    grouped = _grouped([*params.pass_, *params.warning], found.checked)
    of_pass, of_warning = grouped[: len(params.pass_)], grouped[len(params.pass_) :]
    shown = f"the candidate's {_shown(value)}"
    if found.status is Status.PASS:
        return f"{shown} keeps {_kept(of_pass)}"
    missed = f"{shown} misses {_missed(of_pass)}"
    if found.status is Status.WARNING:
        return f"{missed}, but keeps {_kept(of_warning)}"
    return f"{missed}{f', and of the warning {_missed(of_warning)}' if of_warning else ''}"


def _grouped(sets: Sequence[Criteria], checked: Sequence[Checked]) -> list[list[Checked]]:
    rest = iter(checked)
    return [[next(rest) for _ in each.criteria] for each in sets]


def _kept(sets: Sequence[Sequence[Checked]]) -> str:
    held = next(each for each in sets if not any(one.violated for one in each))
    return " and ".join(_criterion(one) for one in held)


def _missed(sets: Sequence[Sequence[Checked]]) -> str:
    return ", ".join(dict.fromkeys(_criterion(one) for each in sets for one in each if one.violated))


def _criterion(one: Checked) -> str:
    if not one.criterion.comparison:
        return str(one.criterion)
    if one.compared is None:
        return f"{one.criterion} (of nothing)"
    return f"{one.criterion} of {_shown(one.compared)} ({_shown(one.target)})"


def _by_target(given: Target, value: float) -> tuple[Status, str]:
    wanted = target(given)
    status = definition.evaluate_target(wanted, value)
    shown = f"{status.value}: the candidate's {_shown(value)} is"
    if status is Status.FAIL:
        return status, f"{shown} {_bounds(wanted.failure)}"
    if status is Status.WARNING:
        return status, f"{shown} {_bounds(wanted.warning)}, which only warns"
    return status, f"{shown} not {' nor '.join(_bounds(one) for one in (wanted.failure, wanted.warning) if one)}"


def _bounds(bounds: Bounds | None) -> str:
    return ", ".join(f"{name} {' to '.join(map(_shown, numbers))}" for name, numbers in (bounds or {}).items())


def _figures(params: Keptn, value: float | None, measured: int, earlier: _Earlier) -> tuple[Figure, ...]:
    figures = [Figure(_CANDIDATE, _shown(value))] if value is not None else []
    if earlier.compared is not None:
        figures.append(Figure("compared with", _shown(earlier.compared)))
    if params.target:
        wanted = target(params.target)
        listed = [("failure", _bounds(wanted.failure)), ("warning", _bounds(wanted.warning))]
    else:
        listed = [("pass", _written(params.pass_)), ("warning", _written(params.warning))]
    figures += [Figure(name, text) for name, text in listed if text]
    return (*figures, Figure("measured", str(measured)))


def _written(sets: Sequence[Criteria]) -> str:
    return " or ".join(" and ".join(map(str, each.criteria)) for each in sets)


def _sets(sets: Sequence[Criteria]) -> CriteriaSets:
    return tuple(each.criteria for each in sets)


def _shown(value: float) -> str:
    return f"{value:.6g}"
