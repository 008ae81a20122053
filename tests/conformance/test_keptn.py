"""Keptn, both generations: criteria, comparisons, objectives and scores, each case of the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gitops_bot.analysis.keptn import definition, lighthouse
from gitops_bot.analysis.keptn.criteria import (
    Checked,
    Result,
    Status,
    aggregate,
    check,
    check_sets,
    compare,
    percentile,
)
from gitops_bot.policy.judges.keptn import Bounds, Criterion, parse_criterion

Case = dict[str, Any]

# ---------------------------------------------------------------- v1


@pytest.mark.table("keptn_v1", "parse_criteria")
def test_criterion_is_read(case: Case) -> None:
    found = parse_criterion(case["criteria"])
    assert {name: getattr(found, name) for name in case["expected"]} == case["expected"]


@pytest.mark.table("keptn_v1", "evaluate_value")
def test_value_is_compared(case: Case) -> None:
    given = (case["measured"], case["operator"], case["target"])
    if isinstance(case["expected"], str):
        with pytest.raises(ValueError, match=case["expected"].removeprefix("error: ")):
            compare(*given)
    else:
        assert compare(*given) is case["expected"]


@pytest.mark.table("keptn_v1", "percentile")
def test_percentile(case: Case) -> None:
    assert percentile(case["values"], case["p"]) == pytest.approx(case["expected"])


@pytest.mark.table("keptn_v1", "aggregate")
def test_earlier_values_are_aggregated(case: Case) -> None:
    found = aggregate(results(case["previous"]), case["aggregate_function"])
    assert (found is None) is case["expected_skip"]
    assert (found or 0.0) == pytest.approx(case["expected_value"])


@pytest.mark.table("keptn_v1", "single_criteria")
def test_single_criterion(case: Case) -> None:
    compared = aggregate(results(case["previous"]), case["aggregate_function"])
    assert check(parse_criterion(case["criteria"]), case["value"], compared).violated is not case["expected"]


@pytest.mark.table("keptn_v1", "criteria_sets")
def test_criteria_sets(case: Case) -> None:
    compared = aggregate(results(case["previous"]), case.get("aggregate_function", "avg"))
    met, checked = check_sets(sets(case["criteria_sets"]), case["value"], compared)
    assert met is case["expected"]
    assert shown(checked) == targets(case["targets"])


@pytest.mark.table("keptn_v1", "objectives")
def test_objectives(case: Case) -> None:
    objectives = [
        lighthouse.Objective(
            one["sli"], sets(one.get("pass")), sets(one.get("warning")), one.get("weight", 1), one.get("key_sli", False)
        )
        for one in case["objectives"]
    ]
    values = {name: one["value"] for name, one in (case["values"] or {}).items() if one["success"]}
    previous = {name: results(listed) for name, listed in (case["previous"] or {}).items()}
    found = lighthouse.evaluate(objectives, values, previous, case["aggregate_function"])
    assert [one.status for one in found.objectives] == case["expected_status"]
    assert [one.score for one in found.objectives] == pytest.approx(case["expected_scores"])
    assert found.maximum == case["expected_maximum"]
    assert found.key_failed is case["expected_key_failed"]
    if "targets" in case:
        assert [shown(one.checked) for one in found.objectives] == [targets(one or []) for one in case["targets"]]
    if "expected_result" in case:
        assert lighthouse.total(found, 90, 75).status == case["expected_result"]


@pytest.mark.table("keptn_v1", "score")
def test_total_score(case: Case) -> None:
    found = lighthouse.total_score(
        case["scores_of_scored_objectives"],
        case["maximum"],
        key_failed=case["key_sli_failed"],
        passing=lighthouse.percent(case["pass"]),
        warning=lighthouse.percent(case["warning"]) if case.get("warning") else None,
    )
    assert found.status == case["expected_result"]
    assert found.score == pytest.approx(case["expected_score"])


def results(listed: Sequence[float | Mapping[str, Any]] | None) -> list[Result]:
    return [
        Result(one["value"], one["success"]) if isinstance(one, Mapping) else Result(float(one)) for one in listed or ()
    ]


def sets(listed: Sequence[Sequence[str]] | None) -> list[list[Criterion]]:
    return [[parse_criterion(one) for one in each] for each in listed or ()]


def shown(checked: Sequence[Checked]) -> list[tuple[str, Any, bool]]:
    return [(str(one.criterion), pytest.approx(one.target), one.violated) for one in checked]


def targets(listed: Sequence[Mapping[str, Any]]) -> list[tuple[str, float, bool]]:
    return [(one["criteria"], one["target"], one["violated"]) for one in listed]


# ---------------------------------------------------------------- metrics-operator


@pytest.mark.table("keptn_metrics_operator", "operators")
def test_operator(case: Case) -> None:
    assert definition.fulfilled(bounds(case["operator"]), case["value"]) is case["expected_fulfilled"]


@pytest.mark.table("keptn_metrics_operator", "targets")
def test_target(case: Case) -> None:
    given = [bounds(case[name]) if case[name] is not None else None for name in ("failure", "warning")]
    found = definition.evaluate_target(definition.Target(*given), case["value"])
    assert (found is Status.PASS, found is Status.WARNING) == (case["expected_pass"], case["expected_warning"])


TARGETS = {
    None: definition.Target(),
    "pass": definition.Target(),
    "fail": definition.Target(failure={"greaterThanOrEqual": (0,)}),
    "warning": definition.Target(warning={"greaterThanOrEqual": (0,)}),
}
"""Targets that give each result for the value 20."""
TARGETS["warn"] = TARGETS["warning"]


@pytest.mark.table("keptn_metrics_operator", "objectives")
def test_objective_of_an_analysis(case: Case) -> None:
    value = 20 if case["available"] else None
    found = definition.evaluate_objective("name", value, TARGETS[case["target"]], case["weight"])
    assert found.score == case["expected_score"]
    assert (found.error or None) == case["expected_error"]


@pytest.mark.table("keptn_metrics_operator", "analyses")
def test_analysis(case: Case) -> None:
    listed = [definition.Scored(one["weight"], one["score"], one.get("key", False)) for one in case["objectives"]]
    found = definition.analyse(listed, case["pass_percentage"], case["warning_percentage"])
    assert {
        "total": found.total,
        "maximum": found.maximum,
        "pass": found.status is Status.PASS,
        "warning": found.status is Status.WARNING,
    } == case["expected"]


def bounds(operator: Mapping[str, Any]) -> Bounds:
    return {name: tuple(bound) if isinstance(bound, list) else (bound,) for name, bound in operator.items()}
