"""Templates of Argo Rollouts and Flagger as metrics of a policy."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.analysis.borrowed import borrowed
from gitops_bot.analysis.document import Fields
from gitops_bot.policy.metrics import Borrowed, Metric
from gitops_bot.policy.templates import TemplateProblem
from tests.support.build import promotion, watched_ladder

SUCCESS_RATE: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AnalysisTemplate",
    "metadata": {"name": "success-rate"},
    "spec": {
        "args": [{"name": "service"}, {"name": "version", "value": "any"}],
        "dryRun": [{"metricName": "slow"}],
        "metrics": [
            {
                "name": "success rate",
                "interval": "5m",
                "successCondition": "result[0] >= 0.95",
                "failureLimit": 3,
                "provider": {
                    "prometheus": {
                        "address": "http://prometheus.example:9090",
                        "query": 'ok{service="{{args.service}}",version="{{args.version}}"}',
                    }
                },
            },
            {"name": "slow", "failureCondition": "result[0] > 1", "provider": {"prometheus": {"query": "slow"}}},
        ],
    },
}

NOT_FOUND: dict[str, Any] = {
    "apiVersion": "flagger.app/v1beta1",
    "kind": "MetricTemplate",
    "metadata": {"name": "not-found", "namespace": "shop"},
    "spec": {
        "provider": {"type": "prometheus", "address": "http://prometheus.example:9090"},
        "query": 'rate(nf{ns="{{ namespace }}",app="{{ target }}",dir="{{ variables.direction }}"}[{{ interval }}])',
    },
}


def argo(**args: str) -> tuple[Metric, ...]:
    one = Borrowed.model_validate({"analysisTemplate": "success-rate", "args": args})
    return borrowed(one, SUCCESS_RATE, promotion().spec)


def flagger(document: dict[str, Any] = NOT_FOUND, **args: str) -> Metric:
    told = {"metricTemplate": "not-found", "args": args, "thresholdRange": {"max": 5}, "threshold": 3}
    (metric,) = borrowed(Borrowed.model_validate(told), document, watched_ladder().spec)
    return metric


def test_an_analysis_template_s_metrics_are_asked_and_judged_as_it_says() -> None:
    rate, slow = argo(service="cart", version="{{ version }}")
    assert (rate.name, rate.query) == ("success-rate", 'ok{service="cart",version="{{ version }}"}')
    assert rate.judge
    assert rate.judge.argo_analysis
    assert (rate.judge.argo_analysis.success_condition, rate.judge.argo_analysis.failure_limit) == (
        "result[0] >= 0.95",
        3,
    )
    assert (rate.critical, slow.critical) == (True, False)


def test_a_metric_template_s_query_is_filled_in_from_the_candidate_and_the_variables() -> None:
    metric = flagger(direction="inbound")
    assert metric.query == 'rate(nf{ns="shop",app="cart-canary",dir="inbound"}[1m])'
    assert metric.judge
    assert metric.judge.given[0] == "flagger"


@pytest.mark.parametrize(
    ("args", "message"),
    [({}, "service: has no value; give it in args"), ({"servcie": "cart"}, "service: has no value")],
)
def test_an_argument_that_is_missing_is_named(args: dict[str, str], message: str) -> None:
    with pytest.raises(TemplateProblem, match=message):
        argo(**args)


def test_what_could_leave_a_query_s_string_is_refused() -> None:
    with pytest.raises(TemplateProblem, match="characters that do not go into a query"):
        flagger(direction='"} or vector(0) #')


def test_a_document_of_another_kind_is_refused() -> None:
    with pytest.raises(TemplateProblem, match=r"is no MetricTemplate of flagger\.app, but AnalysisTemplate"):
        flagger(SUCCESS_RATE)


def test_aliases_upon_aliases_do_not_grow() -> None:
    level: list[Any] = ["{{args.service}}"]
    for _ in range(40):
        level = [level, level]
    (changed,) = Fields({"deep": level}, "").mapped(str.upper).content.values()
    for _ in range(40):
        assert isinstance(changed, list)
        changed = changed[0]
    assert changed == ["{{ARGS.SERVICE}}"]
