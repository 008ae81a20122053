"""Built-in metrics against what the peers read: every row is asked as PromQL, candidate and baseline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from gitops_bot.analysis.questions import Role, questions
from gitops_bot.policy.metrics import FLAVOURS
from tests.support.build import promotion, trial

Case = Mapping[str, Any]

OURS: Mapping[str, Sequence[tuple[str, str]]] = {
    "istio": [("istio", "")],
    "linkerd": [("linkerd", "")],
    "ingress-nginx": [("nginx", "")],
    "contour": [("contour", "")],
    "gloo": [("gloo", "")],
    "traefik": [("traefik", "")],
    "knative": [("knative", "envoy")],
    "kubernetes": [("kubernetes", "app"), ("gateway-api", "app")],
    "gateway-api with istio": [("gateway-api", "istio")],
}
"""The provider and flavour that a peer's provider is here."""

ITER8: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "iter8 v0.7 istio samples": ("istio", "", {"reporter": "source"}),
    "iter8 v0.7 linkerd": ("linkerd", "", {"labels": {"tls": "true"}}),
    "iter8 v0.7 knative": ("knative", "opencensus", {"labels": {"service_name": "cart"}}),
    "iter8 0.11-0.13 custommetrics template istio-prom": ("istio", "", {}),
}

CANARY = {"kind": "Canary", "namespace": "shop", "name": "cart"}
NAMES = {"<ns>": "shop", "<revision>": "cart-v2"} | dict.fromkeys(
    ("<target>", "<workload>", "<service>", "<ingress>"), "cart"
)
ERRORS, SLOWEST = "request-error-ratio", "latency-p99"


def asked(metric: Mapping[str, Any]) -> dict[Role, str]:
    policy = promotion(candidate={"experiment": CANARY}, analysis={"metrics": [{"name": "it", "max": 1, **metric}]})
    return dict(questions(policy, policy.spec.analysis.metrics[0], trial(), compare=True))


def builtin(provider: str, flavour: str, measured: str, **more: Any) -> dict[Role, str]:
    given = {provider: measured, **more}
    if flavour:
        given["flavour"] = flavour
    if provider == "knative":
        given["revision"] = "cart-{{ version }}"
    return asked({"builtin": given})


def matchers(query: str) -> set[tuple[str, str, str]]:
    """Label, operator and text; a regular expression that fits one text alone is an equality."""
    inner = re.search(r"\{(.*?[^\\])\}", query)
    found = re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', inner[1] if inner else "")
    return {plain(*one) for one in found}


def plain(label: str, operator: str, text: str) -> tuple[str, str, str]:
    return label, "=" if operator == "=~" and not set(text) & set(".*+[]()|") else operator, text


def selected(case: Case) -> set[tuple[str, str, str]]:
    """What the peer's row selects of the candidate's requests."""
    found = {plain(*one) for one in re.findall(r'(\w+)(=)"([^"]*)"', case["request_total"])}
    for label, told in case["selector"].items():
        text = str(told).replace('!="" for the candidate, ="" for the baseline', "!=")
        for name, value in NAMES.items():
            text = text.replace(name, value)
        operator = next((one for one in ("=~", "!=") if text.startswith(one)), "")
        found.add(plain(label, operator or "=", text.removeprefix(operator)))
    return found


def error_of(case: Case) -> tuple[str, str, str]:
    (found,) = re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', case["error_matcher"])
    return plain(*found)


def written(label: str, operator: str, text: str) -> str:
    return f'{label}{operator}"{text}"'


def served(case: Case) -> Iterator[tuple[str, str]]:
    yield from OURS.get(case["provider"], ())


@pytest.mark.table("builtin_metrics", "flagger")
def test_requests_and_errors_are_those_that_the_peer_counts(case: Case) -> None:
    for provider, flavour in served(case):
        texts = builtin(provider, flavour, ERRORS)
        assert case["request_total"].partition("{")[0] + "{" in texts[Role.TOTAL]
        assert matchers(texts[Role.TOTAL]) == selected(case)
        assert matchers(texts[Role.BAD]) == selected(case) | {error_of(case)}
        assert all("increase(" in text for text in texts.values())


@pytest.mark.table("builtin_metrics", "flagger")
def test_durations_are_read_where_the_peer_reads_them_in_seconds(case: Case) -> None:
    for provider, flavour in served(case):
        mean = case["duration_statistic"] == "mean"
        texts = builtin(provider, flavour, "latency-mean" if mean else SLOWEST)
        name, _, count = case["duration_metric"].partition("/")
        names = (name, name.removesuffix("_sum") + count) if mean else (name,)
        assert all(f"({one}{{" in texts[Role.VALUE] for one in names)
        assert texts[Role.VALUE].endswith(" / 1000") == case["duration_unit"].startswith("ms")
        if not mean:
            quantile = int(re.findall(r"p(\d+)", case["duration_statistic"])[0]) / 100
            assert texts[Role.VALUE].startswith(f"histogram_quantile({quantile:g}, sum by (le) (")


@pytest.mark.table("builtin_metrics", "flagger")
def test_the_baseline_is_asked_the_same_of_other_series(case: Case) -> None:
    for provider, flavour in served(case):
        texts = builtin(provider, flavour, ERRORS)
        assert {Role.BAD, Role.TOTAL, Role.BASELINE_BAD, Role.BASELINE_TOTAL} == set(texts)
        ours, theirs = matchers(texts[Role.TOTAL]), matchers(texts[Role.BASELINE_TOTAL])
        assert {label for label, *_ in ours} == {label for label, *_ in theirs}
        assert ours != theirs
        for text in (texts[Role.BAD], texts[Role.BASELINE_BAD]):
            assert text.endswith(" or on() vector(0)")
        for text in (texts[Role.TOTAL], texts[Role.BASELINE_TOTAL]):
            assert "vector(0)" not in text


@pytest.mark.table("builtin_metrics", "flagger")
def test_what_a_peer_reads_can_be_asked_by_hand_where_it_is_not_built_in(case: Case) -> None:
    selector = ",".join(written(*one) for one in sorted(selected(case))).replace("cart", "{{ workload }}")
    bad = f"{selector},{written(*error_of(case))}"
    name = case["request_total"].partition("{")[0]
    texts = asked(
        {
            "ratio": {
                "bad": f'sum(increase({name}{{{bad},v="{{{{ version }}}}"}}[{{{{ interval }}}}]))',
                "total": f'sum(increase({name}{{{selector},v="{{{{ version }}}}"}}[{{{{ interval }}}}]))',
            }
        }
    )
    assert matchers(texts[Role.TOTAL]) == selected(case) | {("v", "=", "v2")}
    assert matchers(texts[Role.BAD]) == selected(case) | {error_of(case), ("v", "=", "v2")}
    assert ("v", "=", "v1") in matchers(texts[Role.BASELINE_TOTAL])
    if not OURS.get(case["provider"]):
        with pytest.raises(ValidationError):
            builtin(case["provider"], "", ERRORS)


@pytest.mark.table("builtin_metrics", "iter8")
def test_a_set_of_iter8_is_asked_with_its_names_and_labels(case: Case) -> None:
    if case["set"] not in ITER8:  # generated load, or a system without a builtin: asked by hand
        texts = asked({"query": 'x{version="{{ version }}"}'})
        assert set(texts) == {Role.VALUE, Role.BASELINE_VALUE}
        return
    provider, flavour, more = ITER8[case["set"]]
    for measured in (ERRORS, SLOWEST, "latency-p50", "latency-p90", "latency-p95"):
        texts = builtin(provider, flavour, measured, **more)
        for text in texts.values():
            assert set(families(text)) <= named(case) or not named(case)
            assert {label for label, *_ in matchers(text)} >= labels(case)


def families(text: str) -> list[str]:
    return [re.sub("_(sum|count|bucket)$", "", name) for name in re.findall(r"(\w+)\{", text)]


def named(case: Case) -> set[str]:
    """The families of metrics that a set names."""
    words = " ".join(case["metrics"])
    return {re.sub("_(sum|count|bucket|)$", "", name) for name in re.findall(r"[a-z]+(?:_[a-z]*)+", words)}


def labels(case: Case) -> set[str]:
    told = [one for one in case.get("labels", ()) if "for errors" not in one]
    return {re.findall(r"\w+", one)[0] for one in told}


def test_every_generation_of_knatives_metrics_is_served() -> None:
    for flavour in FLAVOURS["knative"]:
        texts = builtin("knative", flavour, ERRORS)
        assert "cart-v2" in texts[Role.TOTAL]
        assert "cart-v1" in texts[Role.BASELINE_TOTAL]
    assert len({builtin("knative", one, ERRORS)[Role.TOTAL] for one in FLAVOURS["knative"]}) == 3


@pytest.mark.parametrize("reporter", ["destination", "source"])
def test_istio_is_asked_by_either_reporter(reporter: str) -> None:
    for measured in (ERRORS, SLOWEST):
        texts = builtin("istio", "", measured, reporter=reporter)
        assert all(("reporter", "=", reporter) in matchers(text) for text in texts.values())
