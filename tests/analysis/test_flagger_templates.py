"""Canaries and MetricTemplates of Flagger, read to metrics; what is not served is refused by its place."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.analysis.flagger.template import metrics_of, rendered
from gitops_bot.policy.templates import TemplateProblem

ERRORS = {"name": "errors", "templateRef": {"name": "errors"}, "thresholdRange": {"max": 1}}
QUERY = 'sum(rate(http_errors{app="{{ target }}",ns="{{namespace}}"}[{{ interval }}]))'


def canary(*metrics: Mapping[str, Any], **analysis: Any) -> dict[str, Any]:
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {"name": "shop", "namespace": "prod"},
        "spec": {"targetRef": {"name": "cart"}, "analysis": {"metrics": list(metrics), **analysis}},
    }


def template(query: str = QUERY, provider: str = "prometheus") -> dict[str, Any]:
    spec = {"provider": {"type": provider, "address": "http://elsewhere:9090"}, "query": query}
    return {"apiVersion": "flagger.app/v1beta1", "kind": "MetricTemplate", "spec": spec}


def templates(query: str = QUERY, provider: str = "prometheus") -> dict[tuple[str, str], dict[str, Any]]:
    return {("prod", "errors"): template(query, provider), ("flagger-system", "errors"): template("up")}


def refusal(document: Mapping[str, Any], known: Mapping[tuple[str, str], Mapping[str, object]] | None = None) -> str:
    with pytest.raises(TemplateProblem) as refused:
        metrics_of(document, templates() if known is None else known)
    return str(refused.value)


def test_a_template_is_filled_in_from_its_canary() -> None:
    (found,) = metrics_of(canary({**ERRORS, "interval": "2m"}, threshold=5), templates())
    assert found.query == 'sum(rate(http_errors{app="cart",ns="prod"}[2m]))'
    assert (found.name, found.interval, found.built_in) == ("errors", "2m", False)
    assert found.params.model_dump(by_alias=True) == {
        "thresholdRange": {"min": None, "max": 1.0},
        "threshold": 5,
        "metric": "custom",
    }


def test_a_template_may_be_in_another_namespace() -> None:
    elsewhere = {**ERRORS, "templateRef": {"name": "errors", "namespace": "flagger-system"}}
    assert metrics_of(canary(elsewhere), templates())[0].query == "up"


def test_built_in_metrics_have_no_query() -> None:
    rate = {"name": "request-success-rate", "thresholdRange": {"min": 99}, "interval": "1m"}
    slow = {"name": "request-duration", "threshold": 500}
    found = metrics_of(canary(rate, slow), {})
    assert [(one.built_in, one.params.metric, one.interval) for one in found] == [
        (True, "request-success-rate", "1m"),
        (True, "request-duration", "1m"),
    ]
    assert found[1].params.threshold_range.max is not None
    assert found[1].params.threshold_range.max.value == 500


@pytest.mark.parametrize(
    ("metric", "bounds"),
    [
        ({"name": "request-success-rate", "threshold": 99}, (99, None)),
        ({"name": "request-success-rate"}, (0, None)),
        ({"name": "mine", "query": "up", "threshold": 3}, (None, 3)),
        ({"name": "mine", "query": "up"}, (None, 0)),
    ],
)
def test_the_deprecated_threshold_is_least_for_the_success_rate_and_most_for_the_rest(
    metric: dict[str, Any], bounds: tuple[float | None, float | None]
) -> None:
    kept = metrics_of(canary(metric), {})[0].params.threshold_range
    assert (kept.min and kept.min.value, kept.max and kept.max.value) == bounds


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("{{ name }}/{{ service }}/{{ ingress }}/{{ route }}", "shop/cart/cart/cart"),
        ("{{ variables.code }} {{ (variables).code }}", "5.. 5.."),
        ('{{ index variables "code" }}', "5.."),
        ("a {{- name -}} b", "ashopb"),
        ("a {{ name -}} b", "a shopb"),
        ("up{{/* why */}}", "up"),
        ("{{target}}", "cart"),
    ],
)
def test_go_templates_are_filled_in(query: str, found: str) -> None:
    metric = {**ERRORS, "templateVariables": {"code": "5.."}}
    assert metrics_of(canary(metric), templates(query))[0].query == found


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("{{ targt }}", "unknown name 'targt' (did you mean target?)"),
        ("{{ variables.cod }}", "unknown variable 'cod' (did you mean code?)"),
        ("{{ if true }}up{{ end }}", "{{ if true }} is more of a template than is served here; write {{ name }}"),
        ("{{ .Name }}", "is more of a template"),
        ("{{ printf `%s` name }}", "is more of a template"),
        ("{{ name }", "a {{ has no }}"),
        ("{{ variables.evil }}", "the variable evil holds characters that do not go into a query"),
        ("   ", "has no query"),
        ("x" * 70_000, "longer than"),
    ],
)
def test_what_flagger_would_not_fill_in_is_refused_with_its_place(query: str, told: str) -> None:
    metric = {**ERRORS, "templateVariables": {"code": "5..", "evil": '"} or up{"'}}
    message = refusal(canary(metric), templates(query))
    assert told in message
    assert "MetricTemplate prod/errors" in message


@pytest.mark.parametrize(
    ("metric", "told"),
    [
        ({"query": "up"}, "spec.analysis.metrics[0]: has no name"),
        ({"name": "mine"}, "spec.analysis.metrics[0] mine: is not built in"),
        ({**ERRORS, "templateRef": {"name": "gone"}}, "there is no MetricTemplate prod/gone"),
        ({**ERRORS, "name": "request-duration"}, "Flagger checks it twice"),
        ({**ERRORS, "interval": "soon"}, "interval: 'soon' is not a duration"),
        ({**ERRORS, "thresholdRange": {}}, "min or max is needed"),
        ({**ERRORS, "thresholdRange": {"min": "NaN"}}, "thresholdRange.min"),
        ({**ERRORS, "thresholdRange": {"min": "many"}}, "thresholdRange.min: 'many' is not a number"),
        ({**ERRORS, "thresholdRange": {"least": 1}}, "Extra inputs"),
        ({**ERRORS, "thresholdRange": [1]}, "thresholdRange: is not a mapping"),
    ],
)
def test_a_metric_that_cannot_be_read_is_refused_with_its_place(metric: dict[str, Any], told: str) -> None:
    assert told in refusal(canary(metric))


def test_documents_of_another_kind_are_refused() -> None:
    assert "is no Canary of flagger.app, but Rollout of argoproj.io" in refusal(
        {"kind": "Rollout", "apiVersion": "argoproj.io/v1alpha1"}
    )
    assert "is no Canary of flagger.app, but nothing of no group" in refusal({})
    assert "the provider datadog is not served here" in refusal(canary(ERRORS), templates(provider="datadog"))
    assert "is no MetricTemplate" in refusal(canary(ERRORS), {("prod", "errors"): {"kind": "ConfigMap"}})
    assert "there are none" in refusal(canary())
    assert "more than 100" in refusal(canary(*[ERRORS] * 101))


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def filled(query: str) -> str:
    """A query with what this Canary knows, or why it cannot be."""
    try:
        return rendered(query, {"name": "n"}, {"a": "b"}, "here")
    except TemplateProblem as problem:
        return str(problem)


KEYS = st.sampled_from(["name", "interval", "query", "threshold", "thresholdRange", "templateRef", "templateVariables"])


@given(st.dictionaries(KEYS, JSON))
def test_any_metric_is_read_or_refused(metric: dict[str, Any]) -> None:
    try:
        found = metrics_of(canary(metric), templates())
    except TemplateProblem:
        return
    assert [one.name for one in found] == [str(metric["name"])]


@given(st.lists(st.sampled_from(["{{", "}}", " ", "-", "name", "variables.a", "/*", "*/", "\n"])).map("".join))
def test_any_query_is_filled_in_or_refused(query: str) -> None:
    found = filled(query)
    assert "{{" not in found or found.startswith("here: ")
    if "{{" not in query:
        assert found == query


@pytest.mark.parametrize("query", ["{{" * 30_000, " " * 60_000, "{{name}}" * 8000, "{{ - " * 10_000 + "}}"])
def test_a_query_cannot_keep_the_bot_busy(query: str) -> None:
    started = time.process_time()
    assert filled(query)
    assert time.process_time() - started < 1
