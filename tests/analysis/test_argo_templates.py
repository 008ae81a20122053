"""AnalysisTemplates of Argo Rollouts, read to metrics; what is not served is refused by its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.analysis.argo.template import metrics_of
from gitops_bot.policy.templates import TemplateProblem

RATE = {
    "name": "success-rate",
    "interval": "1m",
    "count": 5,
    "failureLimit": 1,
    "successCondition": "result[0] >= {{args.least}}",
    "provider": {"prometheus": {"address": "http://elsewhere:9090", "query": 'rate({app="{{ args.service }}"}[1m])'}},
}
LATENCY = {
    "name": "latency-p99",
    "failureCondition": "result[0] > 500",
    "provider": {"prometheus": {"query": "latency"}},
}
ARGS = [{"name": "service"}, {"name": "least", "value": "0.95"}]


def template(*metrics: Mapping[str, Any], kind: str = "AnalysisTemplate", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": kind,
        "spec": {"args": ARGS, "metrics": list(metrics), **spec},
    }


def refusal(document: Mapping[str, Any], **args: str) -> str:
    with pytest.raises(TemplateProblem) as refused:
        metrics_of(document, {"service": "cart", **args})
    return str(refused.value)


@pytest.mark.parametrize("kind", ["AnalysisTemplate", "ClusterAnalysisTemplate"])
def test_a_template_is_filled_in_with_its_arguments(kind: str) -> None:
    rate, latency = metrics_of(template(RATE, LATENCY, kind=kind), {"service": "cart"})
    assert (rate.name, rate.query) == ("success-rate", 'rate({app="cart"}[1m])')
    assert rate.params.success_condition == "result[0] >= 0.95"
    assert (rate.params.count, rate.params.interval, rate.params.failure_limit) == (5, timedelta(minutes=1), 1)
    assert rate.params.consecutive_error_limit == 4
    # without an interval there is one measurement
    assert (latency.query, latency.params.count, latency.params.interval) == ("latency", 1, None)


def test_a_given_argument_wins_over_the_templates_own() -> None:
    (rate,) = metrics_of(template(RATE), {"service": "cart", "least": "0.5"})
    assert rate.params.success_condition == "result[0] >= 0.5"


def test_numbers_may_be_written_as_arguments() -> None:
    metric = {**RATE, "count": "{{args.least}}", "failureLimit": "0", "initialDelay": "90s"}
    (rate,) = metrics_of(template(metric), {"service": "cart", "least": "7"})
    assert (rate.params.count, rate.params.initial_delay) == (7, timedelta(seconds=90))


@pytest.mark.parametrize(
    ("pattern", "dry"),
    [("latency-p99", [False, True]), ("latency-.*", [False, True]), (".*", [True, True]), ("-rate$", [True, False])],
)
def test_dry_runs_are_matched_by_pattern(pattern: str, dry: list[bool]) -> None:
    found = metrics_of(template(RATE, LATENCY, dryRun=[{"metricName": pattern}]), {"service": "cart"})
    assert [one.params.dry_run for one in found] == dry


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ({**RATE, "provider": {}}, "spec.metrics[0]: no provider specified"),
        (
            {**RATE, "provider": {"web": {"url": "x"}}},
            "success-rate: the provider web is not served here, only prometheus",
        ),
        ({**RATE, "provider": {"web": {}, "prometheus": {}}}, "spec.metrics[0]: multiple providers specified"),
        ({**RATE, "provider": {"prometheus": {}}}, "spec.metrics[0] success-rate: has no query"),
        ({**RATE, "provider": {"prometheus": {"query": "up", "rangeQuery": {}}}}, "rangeQuery is not served here"),
        ({**RATE, "successCondition": "result[0] >"}, "success-rate: successCondition: the condition ends where"),
        ({**RATE, "failureCondition": "median(result) > 1"}, "failureCondition: median at character 1"),
        ({**RATE, "successCondition": "resutl > 1"}, "successCondition: unknown name resutl"),
        ({**RATE, "successCondition": ""}, "needs successCondition or failureCondition"),
        ({**RATE, "count": 1, "failureLimit": 2}, "spec.metrics[0]: count (1) must be >= failureLimit"),
        ({**RATE, "count": "many"}, "spec.metrics[0].count: 'many' is not a whole number"),
        ({**RATE, "count": True}, "spec.metrics[0].count: is not a text"),
        ({**RATE, "interval": "1 minute"}, "spec.metrics[0]: invalid interval string"),
        ({**RATE, "provider": []}, "spec.metrics[0].provider: is not a mapping"),
        ({**RATE, "name": "{{args.nmae}}"}, "spec.metrics[0]: failed to resolve {{args.nmae}}"),
        ({**RATE, "name": "{{inputs.x}}"}, "failed to resolve {{inputs.x}}"),
    ],
)
def test_a_metric_that_cannot_be_served_is_refused_with_its_place(metric: dict[str, Any], told: str) -> None:
    assert told in refusal(template(metric))


@pytest.mark.parametrize(
    ("document", "args", "told"),
    [
        ({"kind": "ConfigMap"}, {}, "is no AnalysisTemplate or ClusterAnalysisTemplate of argoproj.io, but ConfigMap"),
        ({}, {}, "but none"),
        (template(), {}, "no metrics specified"),
        (template(RATE, RATE), {}, "spec.metrics[1]: duplicate name 'success-rate'"),
        (template(RATE, templates=[{"templateName": "other"}]), {}, "spec.templates: refers to other"),
        (template(RATE), {"servic": "cart"}, "has no argument servic (did you mean service?)"),
        (template(RATE, args=[{"name": "least"}]), {}, "spec.args[0] least: has no value; give it in args"),
        (template(RATE, args=[{"name": "least", "valueFrom": {}}]), {}, "least: valueFrom is not read here"),
        (template(RATE, metrics="x"), {}, "spec.metrics: is not a list"),
        (template(RATE, dryRun=[{"metricName": "gone"}]), {}, "spec.dryRun[0]: 'gone' matches no metric"),
        (template(RATE, dryRun=[{"metricName": "(a+)+$"}]), {}, "is more of a pattern than is served here"),
    ],
)
def test_a_template_that_cannot_be_served_is_refused(document: dict[str, Any], args: dict[str, str], told: str) -> None:
    assert told in refusal(document, **args)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just("{{args.service}}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from([*RATE, "failureCondition", "initialDelay", "inconclusiveLimit", "consecutiveSuccessLimit"])


@given(st.dictionaries(FIELDS, JSON), st.dictionaries(st.sampled_from(["args", "dryRun", "templates"]), JSON))
def test_any_document_is_read_or_refused(metric: dict[str, Any], spec: dict[str, Any]) -> None:
    try:
        found = metrics_of(template({**RATE, **metric}, **spec), {"service": "cart"})
    except TemplateProblem:
        return
    assert len(found) == 1
