"""Built-in metrics: every row against the table of what the peers read, every name of every provider as PromQL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from gitops_bot.analysis.builtins import SOURCES, source_of
from gitops_bot.analysis.questions import Role, questions
from gitops_bot.model import Trial
from gitops_bot.policy import templates
from gitops_bot.policy.metrics import FLAVOURS, NEEDED, PROVIDERS, Builtin, Measured
from gitops_bot.policy.templates import TemplateProblem
from tests.support.build import promotion, trial, watched_ladder

TABLE = Path(__file__).parents[1] / "conformance" / "data" / "cases" / "builtin_metrics.json"
PEERS = {one["provider"]: one for one in json.loads(TABLE.read_text(encoding="utf-8"))["flagger"]}
SAME = {
    ("istio", ""): "istio",
    ("linkerd", ""): "linkerd",
    ("nginx", ""): "ingress-nginx",
    ("contour", ""): "contour",
    ("gloo", ""): "gloo",
    ("traefik", ""): "traefik",
    ("knative", "envoy"): "knative",
    ("kubernetes", "app"): "kubernetes",
    ("gateway_api", "app"): "kubernetes",
    ("gateway_api", "istio"): "gateway-api with istio",
}
"""Our rows, and the peers' row that each must agree with."""

CANARY = {"kind": "Canary", "namespace": "shop", "name": "cart"}
NAMES = {"<ns>": "shop", "<target>": "cart", "<workload>": "cart", "<service>": "cart", "<ingress>": "cart"}


def builtin(provider: str, flavour: str, measured: str = "request-error-ratio", **more: Any) -> dict[str, Any]:
    shown = "gateway-api" if provider == "gateway_api" else provider
    given = {shown: measured, **more}
    if flavour:
        given["flavour"] = flavour
    if measured == "slow-request-ratio":
        given["slowerThan"] = "500ms"
    return given | ({"revision": "cart-{{ version }}"} if provider == "knative" else {})


def asked(given: Mapping[str, Any], *, compare: bool = False, tried: Trial | None = None) -> dict[Role, str]:
    """What is asked where Flagger's Canary `cart` is watched."""
    metric = {"name": "it", "max": 1, "builtin": given}
    policy = promotion(candidate={"experiment": CANARY}, analysis={"metrics": [metric]})
    return dict(questions(policy, policy.spec.analysis.metrics[0], tried or trial(), compare=compare))


def matchers(query: str) -> set[str]:
    """The label matchers of a query, an equality also where a regular expression fits one text alone."""
    (inner,) = re.findall(r"\{(.*?[^\\])\}", query)
    return {plain(*one) for one in re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', inner)}


def plain(label: str, operator: str, text: str) -> str:
    return f"{label}{'=' if operator == '=~' and not set(text) & set('.*+[]()|') else operator}{text}"


def of_the_peer(row: Mapping[str, Any]) -> set[str]:
    """The matchers of the peer's requests."""
    found = set()
    for label, told in {**row["selector"], **NGINX.get(row["provider"], {})}.items():
        text = told.replace("<revision>", "cart-v2")
        for name, value in NAMES.items():
            text = text.replace(name, value)
        operator = next((one for one in ("=~", "!=") if text.startswith(one)), "")
        found.add(plain(label, operator or "=", text.removeprefix(operator)))
    extra = re.findall(r'(\w+)="([^"]*)"', row["request_total"])
    return found | {plain(label, "=", text) for label, text in extra}


NGINX = {"ingress-nginx": {"canary": "!="}}
"""What the table says in words: not empty for the candidate."""


@pytest.mark.parametrize("row", SAME, ids=str)
def test_requests_are_counted_as_the_peers_count_them(row: tuple[str, str]) -> None:
    peer = PEERS[SAME[row]]
    total = asked(builtin(*row))[Role.TOTAL]
    assert matchers(total) == of_the_peer(peer)
    assert peer["request_total"].partition("{")[0] in total


@pytest.mark.parametrize("row", SAME, ids=str)
def test_a_request_is_bad_where_it_is_for_the_peers(row: tuple[str, str]) -> None:
    peer = PEERS[SAME[row]]
    texts = asked(builtin(*row))
    (label, operator, text) = re.findall(r'(\w+)(=~|=)"([^"]*)"', peer["error_matcher"])[0]
    assert matchers(texts[Role.BAD]) == matchers(texts[Role.TOTAL]) | {plain(label, operator, text)}


@pytest.mark.parametrize("row", SAME, ids=str)
def test_durations_are_read_where_the_peers_read_them(row: tuple[str, str]) -> None:
    peer, source = PEERS[SAME[row]], SOURCES[row]
    if peer["duration_statistic"] == "mean":
        assert peer["duration_metric"] == f"{source.mean}_sum/_count"
    else:
        assert (peer["duration_metric"], source.mean) == (source.buckets, "")
    assert peer["duration_unit"].startswith("ms" if source.per_second == 1000 else "s ")


def test_rows_that_no_peer_has_are_these() -> None:
    assert SOURCES.keys() - SAME.keys() == {
        ("knative", "opencensus"),
        ("knative", "opentelemetry"),
        ("gateway_api", "pod"),
        ("kubernetes", "pod"),
    }


def test_every_provider_and_flavour_has_a_row() -> None:
    named = {(provider, flavour) for provider in PROVIDERS for flavour in FLAVOURS.get(provider, ("",))}
    assert named == SOURCES.keys()


@pytest.mark.parametrize("row", SOURCES, ids=str)
def test_the_names_a_row_needs_are_those_that_a_policy_must_give(row: tuple[str, str]) -> None:
    known = ("namespace", "workload", "service", "ingress", "revision", "reporter")
    used = {
        name for text in SOURCES[row].selector.values() for name in templates.check(re.sub("^(=~|!=)", "", text), known)
    }
    assert used - {"reporter"} == set(NEEDED[row[0]])


def every_metric() -> Iterator[Any]:
    for provider, flavour in SOURCES:
        names = [*get_args(Measured), *(["latency-mean"] if provider == "nginx" else [])]
        yield from (pytest.param(provider, flavour, name, id=f"{provider} {flavour} {name}") for name in names)


@pytest.mark.parametrize(("provider", "flavour", "measured"), list(every_metric()))
def test_the_baseline_is_asked_the_same_of_other_series(provider: str, flavour: str, measured: str) -> None:
    texts = asked(builtin(provider, flavour, measured), compare=True)
    candidate = {role: text for role, text in texts.items() if not role.value.startswith("baseline")}
    assert {f"baseline {role.value}" for role in candidate} == {role.value for role in texts.keys() - candidate.keys()}
    assert len(set(texts.values())) == len(texts)
    assert not [text for text in texts.values() if "{{" in text]


@pytest.mark.parametrize(
    ("provider", "candidate", "baseline"),
    [
        ("istio", 'destination_workload="cart"', 'destination_workload="cart-primary"'),
        ("nginx", 'canary!=""', 'canary=""'),
        ("contour", '"shop_cart-canary_[0-9a-zA-Z-]+"', '"shop_cart-primary_[0-9a-zA-Z-]+"'),
        ("knative", '"shop/cart-v2"', '"shop/cart-v1"'),
    ],
)
def test_flaggers_names_tell_the_versions_apart(provider: str, candidate: str, baseline: str) -> None:
    flavour = "envoy" if provider == "knative" else ""
    texts = asked(builtin(provider, flavour), compare=True)
    assert candidate in texts[Role.TOTAL]
    assert baseline in texts[Role.BASELINE_TOTAL]


def test_the_baselines_workload_and_names_of_its_own_go_first() -> None:
    metric = {"name": "it", "max": 1, "builtin": {"linkerd": "latency-p50"}}
    policy = watched_ladder(analysis={"metrics": [metric]})
    texts = questions(policy, policy.spec.analysis.metrics[0], trial(), compare=True)
    assert 'deployment="cart-canary"' in texts[Role.VALUE]
    assert 'deployment="cart-stable"' in texts[Role.BASELINE_VALUE]
    named = {**metric["builtin"], "baseline": {"workload": "other", "namespace": "edge"}}  # type: ignore[dict-item]
    policy = watched_ladder(analysis={"metrics": [{**metric, "builtin": named}]})
    texts = questions(policy, policy.spec.analysis.metrics[0], trial(), compare=True)
    assert 'namespace="edge",deployment="other"' in texts[Role.BASELINE_VALUE]


def test_versions_that_nothing_tells_apart_are_not_compared() -> None:
    metric = {"name": "it", "max": 1, "builtin": {"istio": "request-error-ratio"}}
    policy = promotion(analysis={"metrics": [metric]})
    with pytest.raises(TemplateProblem, match="asks the same of the baseline"):
        questions(policy, policy.spec.analysis.metrics[0], trial(), compare=True)


def test_a_label_that_holds_the_version_tells_them_apart() -> None:
    labels = {"destination_version": "{{ version }}"}
    metric = {"name": "it", "max": 1, "builtin": {"istio": "request-error-ratio", "labels": labels}}
    policy = promotion(analysis={"metrics": [metric]})
    texts = questions(policy, policy.spec.analysis.metrics[0], trial(), compare=True)
    assert 'destination_version="v2"' in texts[Role.BAD]
    assert 'destination_version="v1"' in texts[Role.BASELINE_BAD]


def test_a_first_release_is_compared_with_nothing() -> None:
    assert set(asked(builtin("istio", ""), compare=True, tried=trial(baseline=None))) == {Role.BAD, Role.TOTAL}


def test_a_query_of_ones_own_asks_for_the_baselines_version() -> None:
    text = 'rate(x{version="{{ version }}",workload="{{ workload }}",other="{{ baseline }}"}[{{ interval }}])'
    policy = watched_ladder(analysis={"metrics": [{"name": "it", "max": 1, "query": text}]})
    assert questions(policy, policy.spec.analysis.metrics[0], trial(), compare=True) == {
        Role.VALUE: 'rate(x{version="v2",workload="cart-canary",other="v1"}[1m])',
        Role.BASELINE_VALUE: 'rate(x{version="v1",workload="cart-stable",other="v1"}[1m])',
    }


def test_only_numerators_are_zero_when_absent() -> None:
    for given in (builtin(*row) for row in SOURCES):
        for role, text in asked(given, compare=True).items():
            assert ("vector(0)" in text) == (role in (Role.BAD, Role.BASELINE_BAD))
    slow = asked(builtin("istio", "", "slow-request-ratio"))
    assert not [text for text in slow.values() if "vector(0)" in text]


@pytest.mark.parametrize(
    ("provider", "slower_than", "boundary"),
    [("istio", "500ms", "500([.]0)?"), ("traefik", "500ms", "0[.]5"), ("traefik", "1s", "1([.]0)?")],
)
def test_slow_requests_are_those_beyond_a_boundary_in_the_histograms_units(
    provider: str, slower_than: str, boundary: str
) -> None:
    given = {**builtin(provider, "", "slow-request-ratio"), "slowerThan": slower_than}
    texts = asked(given)
    buckets = source_of(Builtin.model_validate(given)).buckets
    assert texts[Role.TOTAL].startswith(f"sum(increase({buckets}{{")
    assert 'le="+Inf"' in texts[Role.TOTAL]
    assert texts[Role.BAD].startswith(f"{texts[Role.TOTAL]} - sum(increase({buckets}{{")
    assert texts[Role.BAD].endswith(f',le=~"{boundary}"}}[1m]))')


def test_nginx_has_a_mean_by_name() -> None:
    selector = '{namespace="shop",ingress="cart",canary!=""}[1m]'
    name = "nginx_ingress_controller_response_duration_seconds"
    assert asked(builtin("nginx", "", "latency-mean")) == {
        Role.VALUE: f"sum(increase({name}_sum{selector})) / sum(increase({name}_count{selector}))"
    }


def test_knatives_second_generation_is_queue_proxys() -> None:
    selector = 'container_name="queue-proxy",k8s_namespace_name="shop",kn_revision_name="cart-v2"'
    assert asked(builtin("knative", "opentelemetry"))[Role.BAD] == (
        f"(sum(increase(http_server_request_duration_seconds_count{{{selector},"
        'http_response_status_code=~"5.*"}[1m]))) or on() vector(0)'
    )


def test_a_label_takes_the_place_of_the_bots_own() -> None:
    given = {**builtin("traefik", ""), "labels": {"service": "shop-cart-80@kubernetes"}}
    assert asked(given)[Role.TOTAL].count("service") == 2  # the metric's name, and the one matcher
    assert 'service="shop-cart-80@kubernetes"' in asked(given)[Role.TOTAL]


@pytest.mark.parametrize("label", ["response_code", "le", "__name__"])
def test_a_label_that_would_change_what_is_counted_is_refused(label: str) -> None:
    with pytest.raises(TemplateProblem, match="the bot's own"):
        asked({**builtin("istio", ""), "labels": {label: "x"}})
