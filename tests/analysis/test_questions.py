"""The PromQL that is asked, word by word."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.analysis.questions import Role, questions
from gitops_bot.model import Trial, Version
from gitops_bot.policy.templates import TemplateProblem
from tests.support.build import at, ladder, promotion, trial, watched_ladder

SELECTOR = 'reporter="destination",destination_workload_namespace="shop",destination_workload="cart-canary"'


def asked(metric: dict[str, Any], tried: Trial | None = None, **spec: Any) -> dict[str, str]:
    policy = watched_ladder(analysis={"metrics": [{"name": "it", "max": 1, **metric}]}, **spec)
    texts = questions(policy, policy.spec.analysis.metrics[0], tried or trial())
    return {role.value: text for role, text in texts.items()}


def test_istios_error_ratio_counts_bad_as_zero_when_absent_and_the_total_never() -> None:
    assert asked({"builtin": {"istio": "request-error-ratio"}}) == {
        "bad": f'(sum(increase(istio_requests_total{{{SELECTOR},response_code=~"5.*"}}[1m]))) or on() vector(0)',
        "total": f"sum(increase(istio_requests_total{{{SELECTOR}}}[1m]))",
    }


@pytest.mark.parametrize(("name", "quantile"), [("p50", "0.5"), ("p90", "0.9"), ("p95", "0.95"), ("p99", "0.99")])
def test_istios_latency_is_a_quantile_in_seconds(name: str, quantile: str) -> None:
    buckets = f"sum by (le) (rate(istio_request_duration_milliseconds_bucket{{{SELECTOR}}}[1m]))"
    assert asked({"builtin": {"istio": f"latency-{name}"}}) == {
        "value": f"histogram_quantile({quantile}, {buckets}) / 1000"
    }


def test_a_builtin_may_name_another_workload_reporter_and_more_labels() -> None:
    builtin = {
        "istio": "request-error-ratio",
        "namespace": "edge",
        "workload": "gateway",
        "reporter": "source",
        "labels": {"destination_version": "{{ version }}", "odd": 'a"b\\c\nd'},
    }
    assert asked({"builtin": builtin})["total"] == (
        'sum(increase(istio_requests_total{reporter="source",destination_workload_namespace="edge",'
        'destination_workload="gateway",destination_version="v2",odd="a\\"b\\\\c\\nd"}[1m]))'
    )


def test_an_experiment_names_the_workload_too() -> None:
    metric = {"name": "it", "max": 1, "builtin": {"istio": "request-error-ratio"}}
    policy = promotion(analysis={"metrics": [metric], "interval": "30s"})
    total = questions(policy, policy.spec.analysis.metrics[0], trial())[Role.TOTAL]
    assert 'destination_workload_namespace="shop",destination_workload="cart"' in total
    assert total.endswith("[30s]))")


def test_a_ratio_of_ones_own_treats_bad_and_total_alike_with_a_builtin() -> None:
    ratio = {"bad": 'bad{v="{{ version }}"}', "total": 'all{v="{{ version }}"}[{{ interval }}]'}
    assert asked({"ratio": ratio}) == {
        "bad": '(bad{v="v2"}) or on() vector(0)',
        "total": 'all{v="v2"}[1m]',
    }


def test_a_query_is_the_users_with_its_variables_filled_in() -> None:
    text = "f({{ version }}, {{ baseline }}, {{ namespace }}, {{ workload }}, {{ policy }}, {{ interval }})"
    assert asked({"query": text}) == {"value": "f(v2, v1, shop, cart-canary, cart, 1m)"}


def test_without_a_baseline_or_a_workload_the_variables_are_empty() -> None:
    policy = ladder(
        analysis={"metrics": [{"name": "it", "max": 1, "query": "[{{ baseline }}{{ workload }}{{ namespace }}]"}]}
    )
    assert questions(policy, policy.spec.analysis.metrics[0], trial(baseline=None)) == {Role.VALUE: "[]"}


def test_a_digest_stands_for_a_version_without_a_tag() -> None:
    digest = "sha256:" + "0" * 64
    assert asked({"query": "{{ version }}"}, trial(candidate=digest)) == {"value": digest}


@pytest.mark.parametrize("evil", ['v"', "v'", "v`", "v}", "v\\", "v\n", "v{", "v,", "v|v"])
def test_a_version_that_could_leave_its_quotes_is_refused(evil: str) -> None:
    tried = Trial(at(0), Version(evil), None, 5)
    with pytest.raises(TemplateProblem, match="do not go into a query"):
        asked({"query": "up"}, tried)


@pytest.mark.parametrize(
    ("tag", "matcher"),
    [("1.4.2", "1[.]4[.]2"), ("v2", "v2"), ("1.0-rc.1", "1[.]0-rc[.]1"), ("1.0_a", "1[.]0_a")],
)
def test_a_version_in_a_regular_expression_means_itself_whatever_the_quotes(tag: str, matcher: str) -> None:
    """PromQL refuses `\\.` in a string: there, a backslash escapes for the string and not for the expression."""
    tried = Trial(at(0), Version(tag), None, 5)
    assert asked({"query": 'up{v=~"{{ version | regex }}"}'}, tried) == {"value": f'up{{v=~"{matcher}"}}'}
