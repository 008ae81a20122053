"""Argo Rollouts: conditions, measurements, limits, runs and validation, each case of the tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pytest

from gitops_bot.analysis.argo.condition import holds
from gitops_bot.analysis.argo.limits import Counters, Summary, assess_metric, assess_run
from gitops_bot.analysis.argo.measurement import kayenta_phase, measured
from gitops_bot.analysis.argo.phases import AnalysisPhase, worse
from gitops_bot.analysis.argo.problem import Problem
from gitops_bot.analysis.argo.values import Value
from gitops_bot.policy.judges.argo_analysis import DEFAULT_CONSECUTIVE_ERROR_LIMIT, MetricSpec, metrics_problem

SPECIALS = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}


def value(given: Any, specials: Mapping[str, float] = SPECIALS) -> Value:
    """A result as the tables write it: lists are vectors, and some strings stand for what JSON lacks."""
    if isinstance(given, list):
        return tuple(value(one, specials) for one in given)
    if isinstance(given, dict):
        return {name: value(one, specials) for name, one in given.items()}
    found: Value = specials.get(given, given) if isinstance(given, str) else given
    return found


def spec(given: Mapping[str, Any], dry_runs: tuple[str, ...] = ()) -> MetricSpec:
    provider = given.get("provider", ())
    return MetricSpec(
        name=given.get("name", ""),
        providers=(provider,) if isinstance(provider, str) else tuple(provider or ()),
        count=given.get("count") or 0,
        interval=given.get("interval") or "",
        initial_delay=given.get("initialDelay") or "",
        failure_limit=given.get("failureLimit") or 0,
        inconclusive_limit=given.get("inconclusiveLimit") or 0,
        consecutive_error_limit=given.get("consecutiveErrorLimit", DEFAULT_CONSECUTIVE_ERROR_LIMIT),
        consecutive_success_limit=given.get("consecutiveSuccessLimit") or 0,
        dry_run=given.get("name") in dry_runs,
    )


def counters(given: Mapping[str, Any]) -> Counters:
    last = given.get("lastMeasurementPhase")
    return Counters(
        failed=given.get("failed", 0),
        successful=given.get("successful", 0),
        inconclusive=given.get("inconclusive", 0),
        error=given.get("error", 0),
        count=given.get("count", 0),
        consecutive_error=given.get("consecutiveError", 0),
        consecutive_success=given.get("consecutiveSuccess", 0),
        last=AnalysisPhase(last) if last else None,
        phase=AnalysisPhase(given.get("phase", "Running")),
        message=given.get("message", ""),
    )


# ---------------------------------------------------------------- conditions and measurements


@pytest.mark.table("argo_rollouts_conditions")
def test_condition(case: dict[str, Any]) -> None:
    found = holds(case["input"]["condition"], value(case["input"]["result"], {}))
    expected = case["expected"]
    if expected.get("error") is None:
        assert found is expected["value"]
        return
    assert isinstance(found, Problem)
    if not expected["error"].endswith("error"):  # "any error", "parsing error"
        assert expected["error"] in found.message
    assert found.message


@pytest.mark.table("argo_rollouts_measurement")
def test_measurement(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    found = measured(given["successCondition"], given["failureCondition"], value(given["result"]))
    assert found.phase == expected["phase"]
    assert expected.get("errorContains", "") in found.message
    assert bool(found.message) is (expected["phase"] == "Error")
    assert found.value == expected.get("value", found.value)


@pytest.mark.table("argo_rollouts_measurement", "also_documented")
def test_documented_measurement(case: dict[str, Any]) -> None:
    assert measured(case["cond"], "", value(case["result"])).phase == case["phase"]


@pytest.mark.table("argo_rollouts_kayenta_score")
def test_kayenta_score(case: dict[str, Any]) -> None:
    given = case["input"]
    assert kayenta_phase(given["score"], given["pass_"], given["marginal"]) == case["expected"]["phase"]


# ---------------------------------------------------------------- limits, runs, validation


@pytest.mark.table("argo_rollouts_assess_metric")
def test_limits_of_a_metric(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    found = assess_metric(spec(given["metric"]), counters(given["result"]), given["terminating"])
    assert found.phase == expected["phase"]
    assert found.reason == expected.get("reason", found.reason)


@pytest.mark.table("argo_rollouts_assess_run")
def test_run(case: dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    metrics = [spec(one, tuple(given["dryRun"])) for one in given["metrics"]]
    results = {one["name"]: counters(one) for one in given["metricResults"]}
    found = assess_run(metrics, results, given["terminate"])
    assert (found.phase, found.message) == (expected["phase"], expected["message"])
    for name, summary in (("dryRunSummary", found.dry_run), ("runSummary", found.summary)):
        if name in expected:
            assert summary == Summary(**expected[name])


@pytest.mark.table("argo_rollouts_assess_run", "severity_order_best_to_worst")
def test_severity(case: str) -> None:
    assert AnalysisPhase(case) == case
    assert not worse(AnalysisPhase(case), AnalysisPhase(case))


def test_severity_is_the_order_of_the_phases() -> None:
    order = ["Successful", "Running", "Pending", "Inconclusive", "Error", "Failed"]
    assert list(AnalysisPhase) == order
    for better, phase in combinations(AnalysisPhase, 2):
        assert worse(better, phase)
        assert not worse(phase, better)


@pytest.mark.table("argo_rollouts_validate_metrics")
def test_validation(case: dict[str, Any]) -> None:
    assert metrics_problem([spec(one) for one in case["input"]["metrics"]]) == (case["expected"]["error"] or "")
