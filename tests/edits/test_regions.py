"""Rings in git: a number of clusters, or switches of regions that are turned on one after the other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gitops_bot import edits
from gitops_bot.errors import EditRefused
from gitops_bot.model import Slots
from gitops_bot.policy.schema import Edit
from tests.edits.trees import Files, edit

VALUES = "regions:\n  eu: {canary: true} # first\n  us: {canary: false}\n  asia: {}\n"
LATE = "regions:\n  eu: {canary: false}\n  us: {canary: true}\n"
PLACEMENT = """\
apiVersion: cluster.open-cluster-management.io/v1beta1
kind: Placement
metadata: {name: shop}
spec:
  numberOfClusters: 1 # rings
  predicates:
    - requiredClusterSelector:
        labelSelector:
          matchExpressions:
            - {key: region, operator: In, values: [eu]}
"""


def value(region: str, **more: Any) -> dict[str, Any]:
    return {"helmValue": {"file": "values.yaml", "key": f"regions.{region}.canary", **more}}


def member(region: str) -> dict[str, Any]:
    named = {"kind": "Placement", "field": "selector", "key": "region", "member": region}
    return {"placementRule": {"file": "placement.yaml", **named}}


def regions(**each: Any) -> Edit:
    return edit(regions={"each": each}, set="ring")


THREE = regions(eu=value("eu"), us=value("us"), asia=value("asia", create=True))
MEMBERS = regions(eu=member("eu"), us=member("us"), asia=member("asia"))
COUNT = edit(
    placementRule={"file": "placement.yaml", "kind": "Placement", "field": "clusterReplicas"},
    set="ring",
)


def tree(values: str = VALUES) -> Files:
    return Files({"values.yaml": values.encode(), "placement.yaml": PLACEMENT.encode()})


def ring(one: Edit, files: Files) -> int | None:
    return edits.read([one], files).weight


def widened(one: Edit, files: Files, to: int) -> Files:
    """The tree with another ring, which reads back; a second time changes nothing."""
    slots = edits.read([one], files), Slots(weight=to)
    after = files.changed(edits.render([one], files, *slots))
    assert ring(one, after) == to
    assert edits.render([one], after, *slots) == ()
    return after


def test_regions_are_switched_on_in_their_order_and_no_other_byte() -> None:
    assert ring(THREE, tree()) == 1
    two = widened(THREE, tree(), 2)
    assert two.read("values.yaml") == VALUES.replace("false", "true").encode()
    three = widened(THREE, two, 3)
    assert (three.read("values.yaml") or b"").endswith(b"  asia:\n    canary: true\n")
    none = widened(THREE, three, 0)
    assert (none.read("values.yaml") or b"").count(b"canary: false") == 3


def test_regions_are_members_of_a_selector() -> None:
    assert ring(MEMBERS, tree()) == 1
    after = widened(MEMBERS, tree(), 3)
    assert b"values: [eu, us, asia]" in (after.read("placement.yaml") or b"")
    assert widened(MEMBERS, after, 1).files == tree().files
    with pytest.raises(EditRefused, match="a selector needs at least one value"):
        widened(MEMBERS, tree(), 0)


def test_a_ring_is_a_number_of_clusters() -> None:
    assert ring(COUNT, tree()) == 1
    after = widened(COUNT, tree(), 250)
    assert after.read("placement.yaml") == PLACEMENT.replace("numberOfClusters: 1", "numberOfClusters: 250").encode()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (LATE, "us has the candidate, and eu, which comes before it, has not"),
        (VALUES.replace("true", "some"), "the switch of eu is 'some', neither true nor false"),
    ],
)  # fmt: skip
def test_switches_that_are_no_ring_are_refused(values: str, message: str) -> None:
    with pytest.raises(EditRefused, match=message):
        ring(THREE, tree(values))


def test_there_is_no_ring_beyond_the_last_region() -> None:
    with pytest.raises(EditRefused, match="there are 3 regions, and 4 of them"):
        widened(THREE, tree(), 4)


@pytest.mark.parametrize("switch", [{}, {**value("eu"), **member("eu")}, {"placementRule": {"file": "p.yaml"}}])
def test_each_region_has_one_switch(switch: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="needs"):
        regions(eu=switch)
