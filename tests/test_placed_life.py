"""Whole ticks of a policy whose clusters are what a hub of Open Cluster Management chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot.adapters.recorded import MemoryCluster
from gitops_bot.errors import ClusterDenied, PolicyInvalid
from gitops_bot.experiments import SYSTEMS
from gitops_bot.model import Ask, AskKind, Kind, Outcome, StatusState, StepKind
from gitops_bot.observe.placements import placed
from gitops_bot.observe.sight import Sight, Site
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.ports import Cluster
from tests.support.build import policy
from tests.support.controllers import CONTROLLERS, Object, Told
from tests.support.life import MINUTE, Life, in_place, spec
from tests.support.world import BASE, BOT, World

GROUP = "cluster.open-cluster-management.io"
PLACEMENT = {"hub": "hub", "namespace": "shop", "name": "cart"}
Fleet = dict[str, list[Object]]


def chosen(**placement: Any) -> dict[str, Any]:
    return {"placement": {**PLACEMENT, **placement}}


def decision(number: int, *clusters: str, group: tuple[int, str] = (0, ""), of: str = "cart") -> Object:
    labels = {
        f"{GROUP}/placement": of,
        f"{GROUP}/decision-group-index": str(group[0]),
        f"{GROUP}/decision-group-name": group[1],
    }
    return {
        "kind": "PlacementDecision",
        "metadata": {"namespace": "shop", "name": f"{of}-decision-{number}", "labels": labels},
        "status": {"decisions": [{"clusterName": name, "reason": ""} for name in clusters]},
    }


def placement(count: int, *groups: tuple[int, str, int], satisfied: str = "True", generation: int = 1) -> Object:
    told = [{"decisionGroupIndex": n, "decisionGroupName": name, "clusterCount": size} for n, name, size in groups]
    condition = {"type": "PlacementSatisfied", "status": satisfied, "message": "as it is", "observedGeneration": 1}
    return {
        "kind": "Placement",
        "metadata": {"namespace": "shop", "name": "cart", "generation": generation},
        "spec": {},
        "status": {"numberOfSelectedClusters": count, "decisionGroups": told, "conditions": [condition]},
    }


WHOLE: list[Object] = [
    placement(3, (0, "canary", 1), (1, "", 2)),
    decision(1, "eu-1", group=(0, "canary")),
    decision(2, "eu-2", group=(1, "")),
    decision(3, "us-1", group=(1, "")),  # a group may have several slices
]


# ---------------------------------------------------------------- which clusters


class Denied:
    """A hub that lists placements, and keeps their decisions to itself."""

    def list(self, kind: Kind) -> Sequence[Mapping[str, Any]]:
        """Of a kind."""
        if kind.name == "PlacementDecision":
            raise ClusterDenied("may not list placementdecisions")
        return [one for one in WHOLE if SYSTEMS[one["kind"]].kind == kind]


def hub(objects: Sequence[Object]) -> MemoryCluster:
    return MemoryCluster(lambda kind: [one for one in objects if SYSTEMS[one["kind"]].kind == kind])


def read(at_hub: Cluster, group: str | int | None = None, **given: Any) -> tuple[PromotionPolicy, Sight]:
    """The policy with its clusters, where the bot knows eu-1, eu-2 and us-1."""
    world = World(START)
    known = dict.fromkeys(("eu-1", "eu-2", "us-1"), hub([]))
    site = Site("environments", BASE, world, world, {"hub": at_hub, **known}, {}, {}, BOT)
    sight = Sight(site, START, {BASE: "0" * 40}, ())
    return placed(sight, policy(spec("Deployment"), clusters=chosen(group=group, **given))), sight


START = Life(spec("Deployment")).world.now()


@pytest.mark.parametrize(
    ("group", "clusters"),
    [(None, ("eu-1", "eu-2", "us-1")), ("canary", ("eu-1",)), (0, ("eu-1",)), (1, ("eu-2", "us-1"))],
)
def test_a_group_has_the_clusters_of_all_of_its_slices(group: str | int | None, clusters: tuple[str, ...]) -> None:
    found, sight = read(hub(WHOLE), group)
    assert (found.spec.clusters, found.spec.unknown_clusters, sight.troubles) == (clusters, "", {})


def test_groups_of_one_name_are_one_ring() -> None:
    objects = [
        placement(3, (0, "canary", 1), (1, "canary", 1), (2, "", 1)),
        decision(1, "eu-1", group=(0, "canary")),
        decision(2, "eu-2", group=(1, "canary")),
        decision(3, "us-1", group=(2, "")),
    ]
    assert read(hub(objects), "canary")[0].spec.clusters == ("eu-1", "eu-2")


def test_a_placement_rule_names_its_clusters_itself() -> None:
    rule = {
        "kind": "PlacementRule",
        "metadata": {"namespace": "shop", "name": "cart"},
        "spec": {"clusterReplicas": 2},
        "status": {"decisions": [{"clusterName": "us-1"}, {"clusterName": "eu-1"}]},
    }
    found, _ = read(hub([rule]), kind="PlacementRule")
    assert (found.spec.clusters, found.spec.unknown_clusters) == (("eu-1", "us-1"), "")
    rule["spec"] = {"clusterReplicas": 3}
    assert read(hub([rule]), kind="PlacementRule")[0].spec.unknown_clusters.endswith(
        "2 clusters were chosen, 3 are asked for"
    )


def without(*names: str) -> list[Object]:
    return [one for one in WHOLE if one["metadata"]["name"] not in names]


@pytest.mark.parametrize(
    ("objects", "group", "clusters", "why"),
    [
        ([], None, (), "there is no Placement shop/cart"),
        (WHOLE[:1], None, (), "3 clusters were chosen, its decisions name 0: waiting for them"),
        (WHOLE[:1], "canary", (), "1 clusters were chosen, its decisions name 0: waiting for them"),
        (without("cart-decision-3"), None, ("eu-1", "eu-2"), "3 clusters were chosen, its decisions name 2"),
        (without("cart-decision-3"), 1, ("eu-2",), "2 clusters were chosen, its decisions name 1"),
        (WHOLE, "beta", (), "it has no decision group beta, only canary, 1"),
        (WHOLE, 7, (), "it has no decision group 7, only canary, 1"),
        (WHOLE, -1, (), "it has no decision group -1, only canary, 1"),
        ([placement(0)], None, (), "no cluster has been chosen"),
        ([placement(1, (0, "", 0)), decision(1, "eu-1")], 0, ("eu-1",), "no cluster has been chosen"),
        ([placement(1), decision(1, "eu-1")], 0, (), "it has no decision group 0, only none"),
        ([placement(3, satisfied="False"), *WHOLE[1:]], None, ("eu-1", "eu-2", "us-1"), "as it is"),
        ([placement(3, satisfied="Unknown"), *WHOLE[1:]], None, ("eu-1", "eu-2", "us-1"), "no decision has been"),
        ([placement(3, generation=2), *WHOLE[1:]], None, ("eu-1", "eu-2", "us-1"), "from before its last change"),
        ([placement(2), decision(1, "eu-1", "")], None, ("eu-1",), "2 clusters were chosen, its decisions name 1"),
        ([placement(1), decision(1, "eu-1", of="other")], None, (), "its decisions name 0"),
        ([placement(1), {**decision(1), "status": "broken"}], None, (), "its decisions name 0"),
        ([{**placement(1), "status": []}, decision(1, "eu-1")], None, ("eu-1",), "no decision has been reported"),
    ],
)
def test_what_is_not_there_whole_is_not_all_known(
    objects: list[Object], group: str | int | None, clusters: tuple[str, ...], why: str
) -> None:
    found, _ = read(hub(objects), group)
    assert found.spec.clusters == clusters
    assert why in found.spec.unknown_clusters
    assert found.spec.unknown_clusters.startswith("Placement shop/cart")


def test_decisions_that_may_not_be_read_are_said_and_are_a_failure() -> None:
    found, sight = read(Denied())
    assert (found.spec.clusters, found.spec.unknown_clusters) == (
        (),
        "Placement shop/cart in hub: may not list placementdecisions",
    )
    assert isinstance(sight.troubles["cart"], ClusterDenied)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("ap-1",), "ap-1"),
        (("ap\n[x](y)",), "a name that no cluster can have"),
        (tuple(f"ap-{n}" for n in range(8)), "ap-0, ap-1, ap-2, ap-3, ap-4 and 3 more"),
    ],
)
def test_a_cluster_that_nobody_configured_is_named_and_never_asked(names: tuple[str, ...], shown: str) -> None:
    found, sight = read(hub([placement(1 + len(names)), decision(1, "eu-1", *names)]))
    assert found.spec.clusters == ("eu-1",)
    assert found.spec.unknown_clusters.endswith(f"it chose {shown}, which the bot configuration does not know")
    error = sight.troubles["cart"]
    assert isinstance(error, PolicyInvalid)
    assert "Name each at spec.clusters of the bot configuration, as the hub calls it." in str(error)


NAMES = ("eu-1", "eu-2", "us-1", "ap-1")


@settings(max_examples=60, deadline=None)
@given(
    slices=st.lists(st.lists(st.sampled_from(NAMES), max_size=3), max_size=3),
    count=st.integers(-1, 5),
    satisfied=st.sampled_from(["True", "False", "Unknown"]),
    generation=st.integers(1, 2),
    group=st.sampled_from([None, 0, "canary"]),
)
def test_clusters_are_all_known_only_where_the_hub_named_and_counted_them_and_the_bot_knows_them(
    slices: list[list[str]], count: int, satisfied: str, generation: int, group: str | int | None
) -> None:
    decisions = [decision(n, *clusters, group=(0, "canary")) for n, clusters in enumerate(slices)]
    told = placement(count, (0, "canary", count), satisfied=satisfied, generation=generation)
    found, _ = read(hub([told, *decisions]), group)
    named = {name for clusters in slices for name in clusters}
    whole = bool(named) and len(named) == count and satisfied == "True" and generation == 1 and "ap-1" not in named
    assert set(found.spec.clusters) == named - {"ap-1"}
    assert (found.spec.unknown_clusters == "") is whole


def test_until_it_was_read_no_cluster_is_known() -> None:
    loaded = policy(spec("Deployment"), clusters=chosen())
    assert (loaded.spec.clusters, loaded.spec.unknown_clusters) == (
        (),
        "Placement shop/cart in hub: its decisions were not read",
    )


# ---------------------------------------------------------------- what follows


def ring(**changed: Any) -> dict[str, Any]:
    """What staging runs goes to production once it is well in each cluster of the placement."""
    return {**spec("Deployment"), "clusters": chosen(), **changed}


def running(life: Life, commit: str, *, good: bool = True, minutes: int = 30) -> list[Object]:
    told = Told("2.0.0", commit, life.world.now() - minutes * MINUTE, good=good)
    return CONTROLLERS["Deployment"](told)


def fleet(life: Life, commit: str, at_hub: Sequence[Object], **changed: list[Object]) -> Fleet:
    well = dict.fromkeys(("eu-1", "eu-2", "us-1"), running(life, commit))
    return {"hub": [*at_hub], **well, **{name.replace("_", "-"): one for name, one in changed.items()}}


def test_a_ring_is_promoted_when_all_of_its_clusters_are_well() -> None:
    life = Life(ring())
    commit = life.released()
    plan = life.tick_in(fleet(life, commit, WHOLE))
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.PROMOTE, Outcome.PASS)
    assert {check.name for check in plan.verdict.checks} == {f"experiment ({one})" for one in ("eu-1", "eu-2", "us-1")}
    (gate,) = [one for one in plan.gates if one.name == "clusters"]
    assert (gate.open, gate.reason) == (True, "Placement shop/cart in hub chose eu-1, eu-2, us-1")
    (pull,) = life.world.pulls.values()
    assert "Clusters: `eu-1`, `eu-2`, `us-1`, chosen by `Placement shop/cart in hub`" in pull.body


@pytest.mark.parametrize(
    "at_hub",
    [
        WHOLE[:1],
        without("cart-decision-3"),
        [placement(3, satisfied="False"), *WHOLE[1:]],
        [placement(0)],
    ],
)
@pytest.mark.parametrize("candidate", [{}, {"experiment": None}])
def test_while_its_clusters_are_not_all_known_nothing_is_promoted(
    at_hub: list[Object], candidate: Mapping[str, Any]
) -> None:
    wanted = ring()
    wanted["candidate"] = {key: one for key, one in {**wanted["candidate"], **candidate}.items() if one}
    if candidate:  # given by hand: nothing else would be waited for
        wanted["candidate"] = {"version": "2.0.0"}
        wanted["edits"] = wanted["edits"][1:]
    life = Life(wanted)
    plan = life.tick_in(fleet(life, life.released(), at_hub))
    assert (plan.step.kind, plan.verdict.outcome, life.open()) == (StepKind.HOLD, Outcome.UNKNOWN, [])
    (check,) = [one for one in plan.verdict.checks if one.name == "clusters"]
    assert check.because.startswith("Placement shop/cart in hub: ")


def test_a_first_release_waits_for_its_clusters_though_for_no_verdict() -> None:
    wanted = ring(candidate={"version": "2.0.0"})
    wanted["edits"] = [{"kustomizeImage": {"path": "fresh", "name": "ghcr.io/acme/cart"}, "set": "version"}]
    life = Life(wanted)
    life.world.commit(BASE, {"fresh/kustomization.yaml": b"images:\n  - name: ghcr.io/acme/cart\n"})
    plan = life.tick_in(fleet(life, "", [placement(0)]))
    (gate,) = [one for one in plan.gates if one.name == "clusters"]
    assert (gate.open, life.open()) == (False, [])
    assert life.tick_in(fleet(life, "", WHOLE)).step.kind is StepKind.PROMOTE
    assert len(life.open()) == 1


def test_what_failed_in_a_known_cluster_goes_back_though_others_are_not_known() -> None:
    wanted = in_place("Deployment", clusters=chosen())
    life = Life({**wanted, "candidate": {"slot": "stableVersion", **wanted["candidate"]}})
    life.world.pass_time(60 * MINUTE)
    commit = life.write(prod="2.0.0")
    life.world.pass_time(5 * MINUTE)
    bad = running(life, commit, good=False, minutes=4)
    there = fleet(life, commit, without("cart-decision-3"), eu_1=bad)
    life.tick_in(there)
    life.world.pass_time(2 * MINUTE)
    plan = life.tick_in(there)
    assert (plan.verdict.outcome, plan.step.kind) == (Outcome.FAIL, StepKind.ROLLBACK)


def test_an_open_promotion_stays_and_waits_while_a_cluster_joins_that_nobody_knows() -> None:
    life = Life(ring())
    commit = life.released()
    life.tick_in(fleet(life, commit, WHOLE))
    joined = [placement(4, (0, "canary", 1), (1, "", 3)), *WHOLE[1:], decision(4, "ap-1", group=(1, ""))]
    life.failures = [
        "policy cart, Placement shop/cart in hub: it chose ap-1, which the bot configuration does not know. "
        "Name each at spec.clusters of the bot configuration, as the hub calls it."
    ]
    plan = life.tick_in(fleet(life, commit, joined))
    assert (plan.step.kind, len(life.open())) == (StepKind.HOLD, 1)
    (status,) = life.world.statuses.values()
    assert (status.state, "it chose ap-1" in status.description) == (StatusState.PENDING, True)


def test_a_ring_is_judged_from_when_its_clusters_were_chosen() -> None:
    life = Life(ring())
    commit = life.released()
    wrote = {"subresource": "status", "fieldsV1": {"f:status": {"f:decisions": {}}}}
    late = (life.world.now() - 2 * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
    one = decision(1, "eu-1", group=(0, "canary"))
    one["metadata"]["managedFields"] = [{**wrote, "time": late}]
    plan = life.tick_in(fleet(life, commit, [WHOLE[0], one, *WHOLE[2:]]))
    assert (plan.step.kind, "for 2m of 10m" in plan.step.reason) == (StepKind.HOLD, True)


def test_a_person_promotes_past_a_hub_that_does_not_answer() -> None:
    wanted = ring(candidate={"version": "2.0.0"})
    wanted["edits"] = wanted["edits"][1:]
    life = Life(wanted)
    commit = life.released()
    there = fleet(life, commit, [placement(0)])
    assert life.tick_in(there).step.kind is StepKind.HOLD
    life.asks = {"cart": (Ask(AskKind.PROMOTE, "ada"),)}
    plan = life.tick_in(there)
    (gate,) = [one for one in plan.gates if one.name == "clusters"]
    assert (plan.step.kind, gate.open) == (StepKind.PROMOTE, True)
    assert gate.reason == "ada asks for it now; Placement shop/cart in hub: no cluster has been chosen"
