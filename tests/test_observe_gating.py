"""What is read for the gates: live objects at our commit in every cluster, and the histories of other environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from gitops_bot.errors import ClusterUnreachable, ObjectAbsent
from gitops_bot.model import ExperimentStatus, History, Kind, Phase, Readings, Unseen
from gitops_bot.observe.gating import readings
from gitops_bot.observe.git import history
from gitops_bot.observe.sight import Sight, Site
from gitops_bot.policy.schema import PromotionPolicy
from tests.support.build import START, ladder, promotion
from tests.support.world import BASE, World

EDITS: list[Any] = [
    {"yaml": {"file": "app.yaml", "path": "stable"}, "set": "stableVersion"},
    {"yaml": {"file": "app.yaml", "path": "candidate"}, "set": "candidateVersion"},
    {"yaml": {"file": "app.yaml", "path": "weight"}, "set": "weight"},
]
VALUES = b"stable: shop:v1\ncandidate: shop:v2\nweight: 5\n"


@dataclass
class Live:
    """A cluster of a few objects."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    away: bool = False

    def list(self, kind: Kind) -> Sequence[Mapping[str, Any]]:
        if self.away:
            raise ClusterUnreachable("no route to host")
        found = [one for one in self.objects if one["kind"] == kind.name]
        if not found and kind.name == "Rollout":
            raise ObjectAbsent("not installed")
        return found


@dataclass
class Place:
    """A world with a commit of ours and one before it, and the time a minute after."""

    world: World = field(default_factory=lambda: World(START))
    clusters: dict[str, Live] = field(default_factory=lambda: {"default": Live()})
    before: str = ""
    ours: str = ""
    after: str = ""

    def __post_init__(self) -> None:
        self.before = self.world.commit(BASE, {"app.yaml": VALUES.replace(b"5", b"0")})
        self.world.pass_time(timedelta(hours=1))
        self.ours = self.world.commit(BASE, {"app.yaml": VALUES})
        self.world.pass_time(timedelta(minutes=1))
        self.after = self.world.commit(BASE, {"other.yaml": b"by somebody else\n"})

    def read(self, policy: PromotionPolicy, **policies: PromotionPolicy) -> Readings:
        site = Site("env", BASE, self.world, self.world, self.clusters, {}, {}, "bot")
        sight = Sight(site, self.world.now(), self.world.refresh(), (), policies=policies)
        return readings(sight, policy, history(sight, policy), ())


def waiting(sync: Any, **spec: Any) -> PromotionPolicy:
    return ladder(edits=EDITS, gates={"sync": sync}, **spec)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def application(
    *revisions: str, at: datetime = START + timedelta(hours=2), namespace: str = "argocd"
) -> dict[str, Any]:
    """Synced and Healthy at the commits, one a source."""
    sources = [
        {"repoURL": f"https://git.example/{n}.git", "path": "apps", "targetRevision": "main"}
        for n, _ in enumerate(revisions)
    ]
    several = len(revisions) > 1
    spec: dict[str, Any] = {"sources": sources} if several else {"source": sources[0]}
    compared: dict[str, Any] = {"revisions": [*revisions]} if several else {"revision": revisions[0]}
    return {
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": namespace},
        "spec": spec,
        "status": {
            "reconciledAt": stamp(at),
            "sync": {"status": "Synced", "comparedTo": spec, **compared},
            "health": {"status": "Healthy"},
            "operationState": {
                "phase": "Succeeded",
                "finishedAt": stamp(at - timedelta(seconds=5)),
                "syncResult": compared,
            },
        },
    }


def kustomization(revision: str) -> dict[str, Any]:
    ready = {"type": "Ready", "status": "True", "reason": "ReconciliationSucceeded", "observedGeneration": 1}
    told = {"observedGeneration": 1, "conditions": [ready], "lastAppliedRevision": f"main@sha1:{revision}"}
    told["lastAttemptedRevision"] = told["lastAppliedRevision"]
    return {
        "kind": "Kustomization",
        "metadata": {"name": "shop", "namespace": "flux-system", "generation": 1},
        "status": told,
    }


def subscription(revision: str) -> dict[str, Any]:
    named = {"apps.open-cluster-management.io/git-current-commit": revision}
    told = {"phase": "Subscribed", "lastUpdateTime": stamp(START + timedelta(hours=2))}
    return {
        "kind": "Subscription",
        "metadata": {"name": "shop", "namespace": "shop", "annotations": named},
        "status": told,
    }


def run(revision: str, status: str = "True") -> dict[str, Any]:
    end = {"type": "Succeeded", "status": status, "reason": "Succeeded" if status == "True" else "Failed"}
    labels = {"tekton.dev/pipeline": "deploy"}
    metadata = {
        "name": f"deploy-{revision[:5]}",
        "namespace": "ci",
        "labels": labels,
        "creationTimestamp": stamp(START),
    }
    return {
        "kind": "PipelineRun",
        "metadata": metadata,
        "spec": {"params": [{"name": "revision", "value": revision}]},
        "status": {"conditions": [end], "completionTime": "2026-03-02T08:00:00Z"},
    }


ARGO = {"argoCD": {"application": "shop"}}
FLUX = {"flux": {"kustomization": "shop"}}
OCM = {"ocm": {"subscription": "shop", "namespace": "shop"}}
TEKTON = {"tekton": {"pipeline": "deploy", "namespace": "ci"}}


@pytest.mark.parametrize(
    ("sync", "made"),
    [(ARGO, application), (FLUX, kustomization), (OCM, subscription), (TEKTON, run)],
    ids=["Argo CD", "Flux", "OCM", "Tekton"],
)
def test_what_is_live_at_our_commit_or_later_is_well_and_what_is_older_is_not(sync: Any, made: Any) -> None:
    place = Place()
    for commit, well in ((place.ours, True), (place.after, True), (place.before, False), ("f" * 40, False)):
        place.clusters["default"].objects = [made(commit)]
        ((_, seen),) = place.read(waiting(sync)).syncs
        assert (isinstance(seen, ExperimentStatus) and seen.phase is Phase.SUCCEEDED) is well, commit


def test_compared_before_the_merge_does_not_count() -> None:
    place = Place()
    place.clusters["default"].objects = [application(place.ours, at=START + timedelta(minutes=59))]
    ((_, seen),) = place.read(waiting(ARGO)).syncs
    assert seen.reason == "last compared before the merge"


@pytest.mark.parametrize(("second", "well"), [("ours", True), ("after", True), ("before", False), ("", True)])
def test_with_several_sources_those_of_this_repository_count(second: str, well: bool) -> None:
    place = Place()
    place.clusters["default"].objects = [application("e" * 40, place.ours, getattr(place, second, "d" * 40))]
    ((_, seen),) = place.read(waiting(ARGO)).syncs
    assert isinstance(seen, ExperimentStatus)
    assert (seen.phase is Phase.SUCCEEDED) is well


def test_the_application_may_lie_in_any_namespace_and_in_another_cluster() -> None:
    place = Place()
    place.clusters["hub"] = Live([application(place.ours, namespace="team")])
    elsewhere = {"argoCD": {"application": "shop", "namespace": "team"}, "cluster": "hub"}
    ((cluster, seen),) = place.read(waiting(elsewhere)).syncs
    assert cluster == "hub"
    assert isinstance(seen, ExperimentStatus)
    assert seen.phase is Phase.SUCCEEDED


def test_every_cluster_is_asked_and_one_that_is_away_is_no_good_news() -> None:
    place = Place()
    place.clusters = {"eu": Live([application(place.ours)]), "us": Live(away=True), "asia": Live()}
    found = dict(place.read(waiting(ARGO, clusters=["eu", "us", "asia"])).syncs)
    assert isinstance(found["eu"], ExperimentStatus)
    assert isinstance(found["us"], Unseen)
    assert "no route to host" in found["us"].reason
    assert isinstance(found["asia"], Unseen)
    assert "there is no Application argocd/shop" in found["asia"].reason


def test_a_pipeline_that_failed_or_never_ran_at_our_commit_is_no_good_news() -> None:
    place = Place()
    place.clusters["default"].objects = [run(place.ours, status="False")]
    ((_, failed),) = place.read(waiting(TEKTON)).syncs
    assert isinstance(failed, ExperimentStatus)
    assert failed.phase is Phase.FAILED
    place.clusters["default"].objects = []
    ((_, absent),) = place.read(waiting(TEKTON)).syncs
    assert absent.reason == f"no run of it bears the commit {place.ours[:12]}"


# ---------------------------------------------------------------- live

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  replicas: 2
  template: {spec: {containers: [{name: app, image: "shop:v2"}]}}
"""


def in_place(**spec: Any) -> PromotionPolicy:
    edit = {"yaml": {"file": "deploy.yaml", "path": "spec.template.spec.containers[0].image"}, "set": "version"}
    given = {"experiment": None, "version": "v2"}
    return promotion(candidate=given, edits=[edit], gates={"sync": {"live": True}}, **spec)


def deployed(replicas: int = 2) -> dict[str, Any]:
    containers = [{"name": "app", "image": "shop:v2", "imagePullPolicy": "Always"}]
    return {
        "kind": "Deployment",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": containers}}},
    }


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ([deployed()], "as git says"),
        ([deployed(3)], "spec.replicas is 3 in the cluster, 2 in git"),
    ],
)
def test_the_objects_of_the_edited_manifests_are_compared_with_git(objects: list[dict[str, Any]], reason: str) -> None:
    place = Place()
    place.world.commit(BASE, {"deploy.yaml": DEPLOYMENT.replace("v2", "v1").encode()})
    place.world.commit(BASE, {"deploy.yaml": DEPLOYMENT.encode()})
    place.clusters["default"].objects = objects
    ((_, seen),) = place.read(in_place()).syncs
    assert seen.reason == reason


def test_where_nothing_can_be_compared_it_says_so() -> None:
    ((_, seen),) = Place().read(waiting({"live": True}, baseline={}, candidate={"slot": "candidateVersion"})).syncs
    assert seen.reason == "no edited file describes an object, and the policy names no workload"


# ---------------------------------------------------------------- other environments


def test_the_history_of_another_environment_is_read_by_its_policy() -> None:
    place = Place()
    found = place.read(
        ladder(edits=EDITS, gates={"soak": {"for": "1h", "environments": ["dev", "qa"]}}), dev=ladder(edits=EDITS)
    ).histories
    assert isinstance(found["dev"], History)
    assert len(found["dev"].moments) == 2
    assert found["qa"] == "no policy of that name is known in this repository"


def test_what_no_gate_asks_for_is_not_read() -> None:
    place = Place()
    place.clusters["default"].away = True
    assert place.read(ladder(edits=EDITS)) == Readings()
