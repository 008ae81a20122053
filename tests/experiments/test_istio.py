"""Istio: relative weights, the route that counts, and what istiod says against it."""

from __future__ import annotations

import pytest

from gitops_bot.experiments.istio import read_destination_rule, read_virtual_service
from gitops_bot.model import ExperimentStatus, Phase, Version
from tests.experiments.samples import Json, alone, having, sample

CANARY = "istio/virtualservice-canary.yaml"


def target(name: str, weight: int | None = None, host: str = "cart") -> Json:
    return {
        "destination": {"host": host, **({"subset": name} if name else {})},
        **({} if weight is None else {"weight": weight}),
    }


def routes(*rules: Json, kind: str = "http") -> ExperimentStatus:
    service = having(sample(CANARY), "spec", {"hosts": ["cart"], kind: list(rules)})
    return read_virtual_service(service, alone(), None)


def rule(*targets: Json, header: str = "", uri: str = "") -> Json:
    match = {
        **({"headers": {header: {"exact": "always"}}} if header else {}),
        **({"uri": {"prefix": uri}} if uri else {}),
    }
    return {"route": list(targets), **({"match": [match]} if match else {})}


@pytest.mark.parametrize(
    ("targets", "weight", "candidate"),
    [
        ((target("stable", 90), target("canary", 10)), 10, "canary"),
        ((target("canary", 10), target("stable", 90)), 10, "canary"),
        ((target("stable", 2), target("canary", 1)), 33.33, "canary"),
        ((target("v1", 75), target("v2", 25)), 25, "v2"),
        ((target("primary", 75), target("green", 25)), 25, "green"),
        ((target("green", 25), target("primary", 75)), 25, "green"),
        ((target("stable", 100), target("canary", 0)), 0, "canary"),
        ((target("stable", 100), target("canary")), 0, "canary"),
        ((target("stable", 0), target("canary", 0)), None, "canary"),
        ((target("stable", 80), target("canary", 10), target("legacy", 10)), 10, "canary"),
        ((target("a", 80), target("b", 10), target("c", 10)), None, ""),
        ((target("canary"),), 100, "canary"),
        ((target("canary", 7),), 100, "canary"),
        ((target("stable"),), 0, ""),
        ((target("", 80, "cart-primary"), target("", 20, "cart-canary")), 20, "cart-canary"),
        ((target("v1", 80, "cart-primary"), target("v1", 20, "cart-canary")), 20, "cart-canary/v1"),
        ((), None, ""),
    ],
)
def test_weights_are_relative_and_a_lone_target_takes_everything(
    targets: tuple[Json, ...], weight: float | None, candidate: str
) -> None:
    status = routes(rule(*targets))
    assert (status.phase, status.weight, status.candidate_name) == (Phase.NONE, weight, candidate)


@pytest.mark.parametrize("kind", ["http", "tls", "tcp"])
def test_every_protocol_has_routes(kind: str) -> None:
    assert routes(rule(target("stable", 3), target("canary", 1)), kind=kind).weight == 25


def test_the_route_for_everybody_counts_not_the_one_for_chosen_requests() -> None:
    insiders = rule(target("stable", 0), target("canary", 100), header="x-canary")
    assert routes(insiders, rule(target("stable", 95), target("canary", 5))).weight == 5
    assert routes(rule(target("canary"), header="x-canary"), rule(target("stable"))).weight == 0
    assert routes(insiders).weight == 100


def test_routes_that_disagree_leave_the_share_open() -> None:
    status = routes(
        rule(target("stable", 90), target("canary", 10), uri="/a"), rule(target("stable", 50), target("canary", 50))
    )
    assert (status.phase, status.weight) == (Phase.UNKNOWN, None)
    assert "10 %, 50 %" in status.reason
    same = rule(target("stable", 90), target("canary", 10))
    assert routes({**same, "match": [{"uri": {"prefix": "/a"}}]}, same).weight == 10


def test_a_mirror_gets_no_traffic() -> None:
    mirrored = {**rule(target("stable", 90), target("canary", 10)), "mirror": {"host": "cart", "subset": "shadow"}}
    assert routes(mirrored).weight == 10


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ({}, Phase.NONE),
        ({"validationMessages": [{"level": "ERROR", "type": {"code": "IST0101"}}]}, Phase.ERROR),
        ({"validationMessages": [{"level": 3, "type": {"code": "IST0101"}}]}, Phase.ERROR),
        ({"validationMessages": [{"level": "WARNING"}, {"level": "INFO"}, {"level": True}]}, Phase.NONE),
        ({"conditions": [{"type": "Reconciled", "status": "True", "observedGeneration": 5}]}, Phase.NONE),
        ({"conditions": [{"type": "Reconciled", "status": "True", "observedGeneration": 4}]}, Phase.UNKNOWN),
        ({"conditions": [{"type": "Reconciled", "status": "True", "observedGeneration": "4"}]}, Phase.UNKNOWN),
        ({"conditions": [{"type": "Reconciled", "status": "False", "message": "3/10 proxies"}]}, Phase.UNKNOWN),
        ({"observedGeneration": 4}, Phase.UNKNOWN),
        ({"observedGeneration": "5"}, Phase.NONE),
        ({"observedGeneration": 4, "conditions": [{"type": "Reconciled", "observedGeneration": 5}]}, Phase.NONE),
    ],
)
def test_a_status_counts_where_istiod_writes_one(status: Json, phase: Phase) -> None:
    service = read_virtual_service(having(sample(CANARY), "status", status), alone(), None)
    rule = read_destination_rule(
        having(having(sample("istio/destinationrule.yaml"), "metadata.generation", 5), "status", status), alone(), None
    )
    assert (service.phase, rule.phase, service.weight) == (phase, phase, 10)


def subsets(*given: tuple[str, Json]) -> ExperimentStatus:
    found = [{"name": name, "labels": labels} for name, labels in given]
    return read_destination_rule(having(sample("istio/destinationrule.yaml"), "spec.subsets", found), alone(), None)


def test_subsets_bind_versions_to_names() -> None:
    turned = subsets(("candidate", {"version": "2"}), ("stable", {"version": "1"}))
    assert (turned.baseline_name, turned.baseline, turned.candidate) == ("stable", Version("1"), Version("2"))
    hashed = {"rollouts-pod-template-hash": "5f7cb8d9c"}
    assert subsets(("stable", {}), ("canary", hashed)).candidate == Version("5f7cb8d9c")
    single = subsets(("stable", {"version": "1"}))
    assert (single.baseline, single.candidate) == (Version("1"), None)
    many = subsets(("legacy", {"version": "0"}), ("stable", {"version": "1"}), ("canary", {"version": "2"}))
    assert (many.baseline, many.candidate) == (Version("1"), Version("2"))
    unknown = subsets(("a", {"version": "0"}), ("b", {"version": "1"}), ("c", {"version": "2"}))
    assert (unknown.baseline, unknown.candidate) == (None, None)
