"""Gateway API: default weights, rules, and what each gateway says of the present spec."""

from __future__ import annotations

import pytest

from gitops_bot.experiments.act import act
from gitops_bot.experiments.gateway_api import read_grpc_route, read_http_route
from gitops_bot.model import Act, ExperimentStatus, Phase
from tests.experiments.samples import Json, alone, having, lacking, sample

CANARY = "gateway-api/httproute-canary.yaml"


def read(route: Json) -> ExperimentStatus:
    return read_http_route(route, alone(), None)


def backend(name: str, weight: object = None) -> Json:
    return {"name": name, "port": 80, **({} if weight is None else {"weight": weight})}


def rules(*given: Json) -> ExperimentStatus:
    return read(having(sample(CANARY), "spec.rules", list(given)))


@pytest.mark.parametrize(
    ("backends", "weight", "candidate"),
    [
        ([backend("cart-stable"), backend("cart-canary")], 50, "cart-canary"),
        ([backend("cart-canary", 1), backend("cart-stable")], 50, "cart-canary"),
        ([backend("cart-stable", 999_999), backend("cart-canary", 1)], 0, "cart-canary"),
        ([backend("cart-stable", 0), backend("cart-canary", 0)], None, "cart-canary"),
        ([backend("cart-v1", 3), backend("cart-v2", 1)], 25, "cart-v2"),
        ([backend("cart-canary", 0)], 100, "cart-canary"),
        ([backend("cart-stable", 1)], 0, ""),
        ([], None, ""),
    ],
)
def test_an_absent_weight_is_one_and_weights_are_relative(
    backends: list[Json], weight: float | None, candidate: str
) -> None:
    status = rules({"backendRefs": backends})
    assert (status.phase, status.weight, status.candidate_name) == (Phase.NONE, weight, candidate)


def test_the_rule_for_everybody_counts_and_rules_that_disagree_leave_it_open() -> None:
    split = {"backendRefs": [backend("cart-stable", 9), backend("cart-canary", 1)]}
    even = {"backendRefs": [backend("cart-stable"), backend("cart-canary")]}
    chosen = [{"headers": [{"name": "x-canary", "value": "always"}]}]
    assert rules({**even, "matches": chosen}, split).weight == 10
    assert rules({"matches": chosen, "backendRefs": [backend("cart-canary")]}, split).weight == 10
    paths = rules({**even, "matches": [{"path": {"value": "/a"}}]}, split)
    assert (paths.phase, paths.weight) == (Phase.UNKNOWN, None)


def said(kind: str, status: str, **more: object) -> Json:
    return {"type": kind, "status": status, "observedGeneration": 6, "message": f"{kind} is {status}", **more}


GOOD = [said("Accepted", "True"), said("ResolvedRefs", "True")]


@pytest.mark.parametrize(
    ("conditions", "phase", "follows"),
    [
        (GOOD, Phase.NONE, Act.NOTHING),
        ([said("Accepted", "False"), GOOD[1]], Phase.ERROR, Act.REVERT),
        ([GOOD[0], said("ResolvedRefs", "False")], Phase.ERROR, Act.REVERT),
        ([GOOD[0]], Phase.UNKNOWN, Act.NOTHING),
        ([], Phase.UNKNOWN, Act.NOTHING),
        ([said("Accepted", "Unknown"), GOOD[1]], Phase.UNKNOWN, Act.NOTHING),
        ([said("Accepted", "True", observedGeneration=5), GOOD[1]], Phase.UNKNOWN, Act.NOTHING),
        ([GOOD[0], said("ResolvedRefs", "True", observedGeneration=None)], Phase.UNKNOWN, Act.NOTHING),
        ([said("Accepted", "False", observedGeneration=5), GOOD[1]], Phase.UNKNOWN, Act.NOTHING),
    ],
)
def test_a_gateway_accepts_the_present_spec_or_it_counts_for_nothing(
    conditions: list[Json], phase: Phase, follows: Act
) -> None:
    status = read(having(sample(CANARY), "status.parents.0.conditions", conditions))
    assert (status.phase, act(status), status.weight) == (phase, follows, 10)


def test_every_gateway_that_is_named_must_answer() -> None:
    route = sample(CANARY)
    route["spec"]["parentRefs"].append({"name": "internal", "namespace": "infra"})
    assert (read(route).phase, read(route).reason) == (Phase.UNKNOWN, "gateway internal has not answered yet")
    assert read(lacking(sample(CANARY), "status.parents")).phase is Phase.UNKNOWN
    assert read(lacking(sample(CANARY), "status")).phase is Phase.UNKNOWN


def test_a_gateway_without_a_namespace_is_in_the_routes_own() -> None:
    route = having(sample(CANARY), "spec.parentRefs", [{"name": "public"}])
    having(route, "status.parents.0.parentRef.namespace", "shop-prod")
    assert read(route).phase is Phase.NONE


def test_a_stale_gateway_outweighs_one_that_refuses() -> None:
    route = sample("gateway-api/httproute-one-parent-stale.yaml")
    having(route, "status.parents.0.conditions.0.status", "False")
    assert read(route).phase is Phase.UNKNOWN


def test_rules_that_were_left_out_are_a_warning() -> None:
    partly = [*GOOD, said("PartiallyInvalid", "True")]
    status = read(having(sample(CANARY), "status.parents.0.conditions", partly))
    assert (status.phase, status.warnings) == (Phase.NONE, ("PartiallyInvalid is True",))


def test_a_grpc_route_is_read_alike() -> None:
    route = sample("gateway-api/grpcroute-canary.yaml")
    assert read_grpc_route(route, alone(), None).weight == 25
    assert read_grpc_route(having(route, "metadata.generation", 7), alone(), None).phase is Phase.UNKNOWN
