# ruff: noqa: E501 - a row of a table stays a row
"""The ownership check on a cluster: what live objects say, and what a tick makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gitops_bot import observe, tick
from gitops_bot.adapters.recorded import MemoryCluster
from gitops_bot.edits import live
from gitops_bot.edits.owners import Field, Subject
from gitops_bot.errors import ClusterDenied, EditRefused, ObjectAbsent
from gitops_bot.model import Kind, Missing, PrState, Query, Reading, Sample
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import LoadedPolicy, Source, load_policies
from gitops_bot.policy.places import Target
from tests.edits.trees import Files, edit, value
from tests.support.environment import CANARY, KUSTOMIZATION, LADDER, STABLE, policy
from tests.support.world import BASE, BOT, World

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
Objects = Mapping[str, Sequence[Mapping[str, Any]] | Exception]

ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  http:
  - name: primary
    route:
    - {destination: {host: shop, subset: stable}, weight: 100}
    - {destination: {host: shop, subset: canary}, weight: 0}
"""
WEIGHTS = Subject("VirtualService", "shop", "shop", Field.WEIGHT)
REPLICAS = Subject("Deployment", "shop", "shop", Field.REPLICAS)
SCALE: Mapping[str, Any] = {"f:spec": {"f:replicas": {}}}


def named(namespace: str = "shop", **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "shop", "namespace": namespace, **metadata}}


def written(*entries: tuple[str, str, str, Mapping[str, Any]]) -> dict[str, Any]:
    fields = [dict(zip(("manager", "subresource", "time", "fieldsV1"), entry, strict=True)) for entry in entries]
    return named(managedFields=fields)


ROLLOUT = {
    **named(),
    "spec": {"strategy": {"canary": {"trafficRouting": {"istio": {"virtualService": {"name": "shop"}}}}}},
}
FLAGGER = {**named(), "spec": {"targetRef": {"kind": "Deployment", "name": "shop"}, "provider": "istio"}}
AUTOSCALER = {**named(), "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "shop"}}}

SAID = {
    "a Rollout": (WEIGHTS, "Rollout", ROLLOUT, "Argo Rollouts by the Rollout shop"),
    "a Canary": (WEIGHTS, "Canary", FLAGGER, "Flagger by the Canary shop"),
    "a Canary's target": (REPLICAS, "Canary", FLAGGER, "Flagger by the Canary shop"),
    "an autoscaler": (REPLICAS, "HorizontalPodAutoscaler", AUTOSCALER, "Kubernetes by the HorizontalPodAutoscaler shop"),
    "an autoscaler elsewhere": (
        REPLICAS, "HorizontalPodAutoscaler", {**AUTOSCALER, **named("test")}, ""),
    "KEDA": (REPLICAS, "ScaledObject", {**named(), "spec": {"scaleTargetRef": {"name": "shop"}}}, "KEDA by the ScaledObject shop"),
    "an annotation": (
        WEIGHTS, "VirtualService", named(annotations={"argo-rollouts.argoproj.io/managed-by-rollouts": "shop"}), "Argo Rollouts"),
    "an owner": (
        WEIGHTS, "VirtualService",
        named(ownerReferences=[{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "shop"}]), "Flagger"),
    "an owner of another group": (
        WEIGHTS, "VirtualService", named(ownerReferences=[{"apiVersion": "acme/v1", "kind": "Canary", "name": "shop"}]), ""),
    "the writer of the weights": (
        WEIGHTS, "VirtualService", written(("rollouts-controller", "", "2026-03-02T08:00:00Z", {"f:spec": {"f:http": {}}})),
        "Argo Rollouts"),
    "the autoscaler as the last writer": (
        REPLICAS, "Deployment",
        written(("argocd", "", "2026-03-01T08:00:00Z", SCALE),
                ("kube-controller-manager", "scale", "2026-03-02T08:00:00Z", SCALE)), "a HorizontalPodAutoscaler"),
    "an autoscaler that wrote before git": (
        REPLICAS, "Deployment",
        written(("kube-controller-manager", "scale", "2026-03-01T08:00:00Z", SCALE),
                ("argocd", "", "2026-03-02T08:00:00Z", SCALE)), ""),
    "a person who scaled": (
        REPLICAS, "Deployment", written(("kubectl", "scale", "2026-03-01T08:00:00Z", SCALE)), ""),
    "the writer of another field": (
        REPLICAS, "Deployment", written(("flagger", "", "2026-03-01T08:00:00Z", {"f:spec": {"f:paused": {}}})), ""),
    "the writer of the status": (
        REPLICAS, "Deployment", written(("flagger", "status", "2026-03-01T08:00:00Z", SCALE)), ""),
    "an object of that name elsewhere": (
        WEIGHTS, "VirtualService", named("test", annotations={"argo-rollouts.argoproj.io/managed-by-rollouts": "shop"}), ""),
    "garbage": (REPLICAS, "Deployment", {"metadata": [], "spec": 5}, ""),
    "garbage in the managed fields": (REPLICAS, "Deployment", named(managedFields=[5, {"fieldsV1": []}, {"time": 7}]), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_a_live_object_tells_who_writes_a_field(name: str) -> None:
    subject, kind_name, resource, said = SAID[name]
    (kind,) = (kind for kind in live.kinds(subject) if kind.name == kind_name)
    found = live.owner(subject, kind, [{}, resource])
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_edits_of_other_fields_ask_for_no_objects() -> None:
    tree = Files({"f.yaml": ROUTE.encode(), "kustomization.yaml": b"images: [{name: a, newTag: v1}]\n"})
    edits = (
        value("spec.http[0].name"),
        edit(kustomizeImage={"path": ".", "name": "a"}, set="stableVersion"),
        value("spec.http[0].route[1].weight", "weight"),
        value("spec.http[0].route[1].weight", "weight", file="absent.yaml"),
    )
    assert live.subjects(edits, tree) == {2: WEIGHTS}


def test_a_field_that_a_patch_sets_is_looked_for_on_its_object() -> None:
    target = {"kind": "Deployment", "name": "shop", "namespace": "shop"}
    patch = {"path": "kustomization.yaml", "target": target, "field": "spec.replicas"}
    assert live.subjects((Target.model_validate({"kustomizePatch": patch}),), Files({})) == {0: REPLICAS}


# ---------------------------------------------------------------- a tick


class Good:
    """Metrics that are always well."""

    def range(self, query: Query) -> tuple[Reading, ...]:
        return tuple(Sample(0.001, at) if at > START else Missing("no data", at) for at in query.instants())


def loaded(**changed: Any) -> LoadedPolicy:
    weight = "spec.http[name=primary].route[destination.subset=canary].weight"
    edits = [*LADDER["edits"][:2], {"yaml": {"file": "route.yaml", "path": weight}, "set": "weight"}]
    (one,) = load_policies([Source("shop.yaml", policy(edits=edits, clusters=["prod"], **changed).encode())])
    return one


def cluster(objects: Objects) -> MemoryCluster:
    """What is not said is not installed."""

    def listed(kind: Kind) -> Sequence[Mapping[str, Any]]:
        found = objects.get(kind.name, ObjectAbsent(f"the kind {kind.name} is not installed"))
        if isinstance(found, Exception):
            raise found
        return found

    return MemoryCluster(listed)


def ticked(objects: Objects | None, *, candidate: str = "2.0.0") -> tuple[World, tick.Report]:
    """One tick that begins a ladder."""
    world = World(START)
    files = {
        STABLE: KUSTOMIZATION.format(tag="1.0.0"),
        CANARY: KUSTOMIZATION.format(tag=candidate),
        "route.yaml": ROUTE,
    }
    world.commit(BASE, {path: text.encode() for path, text in files.items()})
    world.now_ += timedelta(minutes=30)
    site = observe.Site(
        name="environments",
        base=BASE,
        repo=world,
        forge=world,
        clusters={} if objects is None else {"prod": cluster(objects)},
        metrics={"prom": Good()},
        servers={"prod": "prom"},
        identity=BOT,
    )
    one = loaded(pullRequest={"merge": "auto"})
    return world, tick.run(tick.Job(site, lambda _sight: tick.Loaded([one], whole=True), Limits(), world))


def test_a_ladder_begins_where_no_controller_writes_the_weights() -> None:
    world, report = ticked({"Rollout": [], "VirtualService": [named()]})
    assert report.failures == []
    assert len(world.pulls) == 1
    (plan,) = report.plans
    assert plan.step.cautions == ()


def test_a_bot_without_a_cluster_asks_none() -> None:
    world, report = ticked(None)
    assert report.failures == []
    assert len(world.pulls) == 1


@pytest.mark.parametrize(("kind", "resource"), [("Rollout", ROLLOUT), ("Canary", FLAGGER)])
def test_a_step_over_weights_that_a_controller_writes_is_refused(kind: str, resource: Mapping[str, Any]) -> None:
    world, report = ticked({kind: [resource]})
    assert world.pulls == {}
    ((_, error),) = ((one.subject, one.error) for one in report.failures)
    assert isinstance(error, EditRefused)
    assert f"by the {kind} shop in the cluster prod writes the traffic weights of the VirtualService shop" in error.what
    assert error.where.startswith("route.yaml: spec.http")
    assert "RespectIgnoreDifferences" in error.remedy


def test_what_may_not_be_listed_is_said_and_left_to_people() -> None:
    world, report = ticked({"Rollout": ClusterDenied("the bot may not list rollouts.argoproj.io")})
    assert report.failures == []
    (pull,) = world.pulls.values()
    assert pull.state is PrState.OPEN
    assert "may not list rollouts.argoproj.io" in pull.body
    (plan,) = report.plans
    assert any("may not list rollouts" in caution for caution in plan.step.cautions)


def test_an_owner_does_not_disturb_a_policy_that_rests() -> None:
    world, report = ticked({"Rollout": [ROLLOUT]}, candidate="1.0.0")
    assert report.failures == []
    assert world.pulls == {}
