"""Whole ticks on a Knative Service whose revisions have the names that Knative gives them: those are the versions."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.model import StepKind
from tests.support.stage import Stage

SERVICE = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  template:
    spec:
      containers:
        - image: ghcr.io/acme/cart:1.8.0
  traffic:
    - {tag: stable, revisionName: cart-00001, percent: 100}
    - {tag: canary, revisionName: cart-00001, percent: 0}
"""
BUILT = SERVICE.replace("1.8.0", "1.9.0").replace(
    "canary, revisionName: cart-00001", "canary, revisionName: cart-00002"
)
CART = {"file": "cart.yaml", "name": "cart"}
WORKLOAD = {"kind": "KnativeService", "namespace": "shop", "name": "cart"}


def spec() -> dict[str, Any]:
    metric = {"name": "errors", "query": 'errors{revision="{{ version }}"}', "max": "1%"}
    return {
        "repository": "environments",
        "candidate": {"slot": "candidateVersion", "workload": WORKLOAD, "traffic": WORKLOAD},
        "baseline": {"workload": WORKLOAD},
        "analysis": {"bake": "10m", "metrics": [metric]},
        "strategy": {"canary": {"weights": [20, 60]}},
        "edits": [
            {"knativeService": {**CART, "field": "revisionName", "tag": "stable"}, "set": "stableVersion"},
            {"knativeService": {**CART, "field": "revisionName", "tag": "canary"}, "set": "candidateVersion"},
            {"knativeService": {**CART, "tag": "canary"}, "set": "weight"},
        ],
    }


def serving(newest: str, **percents: int) -> dict[str, Any]:
    """What Knative says of the Service: its newest revision is ready."""
    shares = [{"revisionName": name.replace("_", "-"), "percent": percent} for name, percent in percents.items()]
    return {
        "kind": "KnativeService",
        "metadata": {"name": "cart", "namespace": "shop", "generation": 2},
        "spec": {"template": {"spec": {"containers": [{"image": "ghcr.io/acme/cart:1.9.0"}]}}},
        "status": {
            "observedGeneration": 2,
            "latestCreatedRevisionName": newest,
            "latestReadyRevisionName": newest,
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "ConfigurationsReady", "status": "True"}],
            "traffic": shares,
        },
    }


@pytest.fixture
def life() -> Stage:
    """CI has changed the template, and git names the revision that came of it."""
    one = Stage(spec(), {"cart.yaml": SERVICE})
    one.levels = {"cart-00001": 0.0, "cart-00002": 0.0}
    one.objects = [serving("cart-00002", cart_00001=100, cart_00002=0)]
    one.write({"cart.yaml": BUILT})
    assert one.tick(1).step.kind is StepKind.START
    assert one.merge().endswith("percent: 20}")
    one.objects = [serving("cart-00002", cart_00001=80, cart_00002=20)]
    return one


def test_the_names_climb_and_are_promoted(life: Stage) -> None:
    assert life.tick(15).step.kind is StepKind.ADVANCE
    life.merge()
    life.objects = [serving("cart-00002", cart_00001=40, cart_00002=60)]
    assert life.tick(15).step.kind is StepKind.PROMOTE
    assert "+    - {tag: stable, revisionName: cart-00002, percent: 40}" in life.merge()
    life.objects = [serving("cart-00002", cart_00002=100)]
    assert life.tick(5).step.kind is StepKind.FINISH
    life.merge()
    assert life.tick(60).step.reason == "nothing to promote: cart-00002 is stable"
    assert life.at_rest()


def test_a_way_back_moves_the_traffic_and_leaves_the_template(life: Stage) -> None:
    life.levels["cart-00002"] = 0.2
    assert life.tick(6).step.kind is StepKind.ROLLBACK
    life.merge()
    assert life.files()["cart.yaml"] == SERVICE.replace("1.8.0", "1.9.0")
    after = life.tick(30)
    assert (after.step.kind, life.open()) == (StepKind.HOLD, [])


def test_a_revision_that_is_not_the_newest_is_not_judged(life: Stage) -> None:
    life.objects = [serving("cart-00003", cart_00001=80, cart_00002=20)]
    plan = life.tick(15)
    assert (plan.step.kind, plan.since) == (StepKind.HOLD, None)
    assert "it runs 1.9.0, git says cart-00002" in plan.step.reason
