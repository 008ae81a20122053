"""A weight made of pods: two numbers of replicas that always add up, wherever they are written."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gitops_bot import edits
from gitops_bot.errors import EditError, EditRefused
from gitops_bot.model import Slots
from gitops_bot.policy.schema import Edit
from tests.edits.trees import Files, edit

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {count} # pods
  template: {{}}
"""
BOTH = {"stable": {"deployment": {"file": "stable.yaml"}}, "canary": {"deployment": {"file": "canary.yaml"}}}


def ratio(**spec: Any) -> Edit:
    return edit(replicaRatio={**BOTH, **spec}, set="weight")


def pods(stable: object, canary: object) -> Files:
    texts = {"stable.yaml": ("cart", stable), "canary.yaml": ("cart-canary", canary)}
    return Files({file: DEPLOYMENT.format(name=name, count=count).encode() for file, (name, count) in texts.items()})


def shifted(tree: Files, one: Edit, weight: int) -> Files:
    """The tree after a weight, which reads back; a second time changes nothing."""
    slots = edits.read([one], tree), Slots(weight=weight)
    after = tree.changed(edits.render([one], tree, *slots))
    assert edits.read([one], after) == slots[1]
    assert edits.render([one], after, *slots) == ()
    return after


@pytest.mark.parametrize("weight", [5, 25, 50, 95, 100, 0])
def test_the_pods_of_both_always_add_up(weight: int) -> None:
    before = pods(20, 0)
    after = shifted(before, ratio(total=20), weight)
    assert after.files == pods(20 - weight // 5, weight // 5).files
    assert shifted(after, ratio(), 0 if weight else 50).files == pods(*((20, 0) if weight else (10, 10))).files


def test_the_numbers_may_be_in_a_kustomization_or_in_values() -> None:
    files = {
        "prod/kustomization.yaml": "replicas:\n  - {name: cart, count: 9}\n  - {name: cart-canary, count: 1}\n",
        "values.yaml": "canary: {replicaCount: 1}\n",
    }
    tree = Files({path: text.encode() for path, text in files.items()})
    entry = {"kustomizeReplicas": {"path": "prod", "name": "cart"}}
    own = ratio(stable=entry, canary={"kustomizeReplicas": {"path": "prod", "name": "cart-canary"}})
    assert b"{name: cart, count: 5}\n  - {name: cart-canary, count: 5}" in (
        shifted(tree, own, 50).read("prod/kustomization.yaml") or b""
    )
    mixed = ratio(stable=entry, canary={"helmValue": {"file": "values.yaml", "key": "canary.replicaCount"}}, total=10)
    after = shifted(tree, mixed, 30)
    assert after.read("values.yaml") == b"canary: {replicaCount: 3}\n"
    assert b"{name: cart, count: 7}" in (after.read("prod/kustomization.yaml") or b"")
    assert edits.candidates([mixed])[-1] == "values.yaml"


def test_a_workload_that_does_not_say_its_number_has_one_pod() -> None:
    silent = DEPLOYMENT.format(name="cart-canary", count=1).replace("  replicas: 1 # pods\n", "")
    tree = Files({**pods(3, 1).files, "canary.yaml": silent.encode()})
    assert edits.read([ratio()], tree).weight == 25
    assert b"replicas: 2" in (shifted(tree, ratio(), 50).read("canary.yaml") or b"")


@pytest.mark.parametrize(
    ("tree", "spec", "message"),
    [
        (pods(8, 0), {"total": 10}, "the stable workload has 8 replicas and the canary 0, together 8, not 10"),
        (pods(2, 1), {}, "together 3: no whole percent"),
        (pods(0, 0), {}, "neither of the two has replicas"),
        (pods("many", 1), {}, "'many'"),
        (pods(-1, 1), {}, "'-1'"),
    ],
)
def test_pods_that_are_no_percent_are_refused(tree: Files, spec: dict[str, Any], message: str) -> None:
    with pytest.raises(EditError) as refused:
        edits.read([ratio(**spec)], tree)
    assert message in refused.value.what


def test_a_percent_that_is_no_number_of_pods_is_refused() -> None:
    with pytest.raises(EditRefused, match="5 % of 10 replicas is no whole number of pods"):
        shifted(pods(10, 0), ratio(), 5)


def test_pods_that_an_autoscaler_counts_are_not_counted_here() -> None:
    scaler = (
        "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: cart}\n"
        "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}}\n"
    )
    files = pods(10, 0).files
    tree = Files({**files, "stable.yaml": files["stable.yaml"] + scaler.encode()})
    with pytest.raises(EditRefused, match="HorizontalPodAutoscaler"):
        shifted(tree, ratio(), 50)


def test_each_number_has_one_place() -> None:
    with pytest.raises(ValidationError, match="needs exactly one of deployment, kustomizeReplicas, helmValue"):
        ratio(stable={})
