# ruff: noqa: E501 - a row of a table stays a row
"""Samples bent until they lie: stale, torn, contradictory, of something else. None is good news, few are bad."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml

from gitops_bot.experiments import DOCUMENTS, SYSTEMS, Lookup, Resource, named
from gitops_bot.experiments.act import act
from gitops_bot.model import Act, ExperimentStatus, Phase
from tests.experiments.samples import SAMPLES, Json, having, lacking

Bend = Callable[[Json], object]


def sets(path: str, value: object) -> Bend:
    return lambda sample: having(sample, path, value)


def drops(path: str) -> Bend:
    return lambda sample: lacking(sample, path)


def name_of(document: Json) -> str:
    group, slash, _ = str(document.get("apiVersion", "")).rpartition("/")
    return named(group if slash else "", str(document.get("kind", "")))


def read(file: str, *bends: Bend, beside: tuple[Json, ...] = (), as_: str = "") -> ExperimentStatus:
    """The reading of the file's first object, bent, among the others of the file and those beside."""
    documents = [one for one in yaml.safe_load_all((SAMPLES / file).read_text(encoding="utf-8")) if one]
    for bend in bends:
        bend(documents[0])
    objects: dict[str, dict[tuple[str, str], Resource]] = {}
    for one in (*documents, *beside):
        metadata: Mapping[str, Any] = one.get("metadata") or {}
        kind = one["kind"] if one.get("kind") in SYSTEMS and not one.get("apiVersion") else name_of(one)
        objects.setdefault(kind, {})[metadata.get("namespace", ""), metadata.get("name", "")] = one
    reader = DOCUMENTS[as_] if as_ else SYSTEMS[name_of(documents[0])].read
    return reader(documents[0], Lookup(lambda kind: objects.get(kind, {})), None)


HEALTHY, ABORTED = "argo-rollouts/canary-healthy.yaml", "argo-rollouts/bluegreen-aborted.yaml"
RUN, FAILED_RUN = "argo-rollouts/analysisrun-successful.yaml", "argo-rollouts/analysisrun-failed.yaml"
SUCCEEDED, FAILED = "flagger/succeeded.yaml", "flagger/failed.yaml"
WINS = "iter8-v2alpha2/succeeded-candidate-wins.yaml"
STABLE, BROKEN = "knative/stable.yaml", "knative/revision-failed.yaml"
DEADLINE = "deployment/deadline.yaml"
DEGRADED, SYNCED = "argo-cd/degraded.yaml", sets("status.health.status", "Healthy")
GREEN = "tekton/pipelinerun-succeeded.yaml"
PLACED = "ocm/placement.yaml"
KEPTN = "keptn/analysis-fail.yaml"

BENT: list[tuple[str, str, tuple[Bend, ...], Phase]] = [
    # Argo Rollouts
    ("an older generation", HEALTHY, (sets("status.observedGeneration", "1"),), Phase.UNKNOWN),
    ("an older generation, as a number", HEALTHY, (sets("status.observedGeneration", 1),), Phase.UNKNOWN),
    ("a failure of an older generation", ABORTED, (sets("status.observedGeneration", "0"),), Phase.UNKNOWN),
    ("healthy, the pods are not stable yet", HEALTHY, (sets("status.stableRS", "other"),), Phase.RUNNING),
    ("healthy, without a pod hash", HEALTHY, (sets("status", {"phase": "Healthy"}),), Phase.RUNNING),
    ("a phase in lower case", HEALTHY, (sets("status.phase", "healthy"),), Phase.PENDING),
    (
        "degraded after the promotion",
        ABORTED,
        (sets("status.stableRS", "x"), sets("status.currentPodHash", "x")),
        Phase.ERROR,
    ),
    (
        "about to unpause",
        "argo-rollouts/canary-paused-step.yaml",
        (sets("status.controllerPause", True), sets("status.pauseConditions", [])),
        Phase.UNKNOWN,
    ),
    ("successful without measurements", RUN, (sets("status.metricResults", []),), Phase.INCONCLUSIVE),
    ("successful, and its results are gone", RUN, (drops("status.metricResults"),), Phase.INCONCLUSIVE),
    ("an error is no failure", FAILED_RUN, (sets("status.phase", "Error"),), Phase.ERROR),
    (
        "an experiment without analyses",
        "argo-rollouts/experiment-running.yaml",
        (sets("status.phase", "Successful"),),
        Phase.INCONCLUSIVE,
    ),
    # Flagger
    ("suspended for ever", SUCCEEDED, (sets("spec.suspend", True),), Phase.UNKNOWN),
    ("a failure, suspended", FAILED, (sets("spec.suspend", True),), Phase.UNKNOWN),
    ("succeeded, another spec was promoted", SUCCEEDED, (sets("status.lastPromotedSpec", "zz"),), Phase.UNKNOWN),
    ("succeeded, nothing was promoted", SUCCEEDED, (drops("status.lastPromotedSpec"),), Phase.UNKNOWN),
    ("succeeded, and nothing else", SUCCEEDED, (sets("status", {"phase": "Succeeded"}),), Phase.UNKNOWN),
    ("succeeded, with traffic on the candidate", SUCCEEDED, (sets("status.canaryWeight", 50),), Phase.UNKNOWN),
    (
        "succeeded, and its condition says Failed",
        SUCCEEDED,
        (sets("status.conditions", [{"type": "Promoted", "status": "False", "reason": "Failed"}]),),
        Phase.UNKNOWN,
    ),
    (
        "failed, and its condition says Progressing",
        FAILED,
        (sets("status.conditions", [{"type": "Promoted", "status": "Unknown", "reason": "Progressing"}]),),
        Phase.UNKNOWN,
    ),
    ("a phase of a later release", FAILED, (sets("status.phase", "Failing"),), Phase.UNKNOWN),
    # Iter8
    ("a winner, not finished", WINS, (sets("status.stage", "Finishing"),), Phase.RUNNING),
    ("a winner that was not found", WINS, (sets("status.analysis.winnerAssessment.data.winnerFound", False),), Phase.INCONCLUSIVE),
    ("a winner, found as text", WINS, (sets("status.analysis.winnerAssessment.data.winnerFound", "true"),), Phase.INCONCLUSIVE),
    ("a winner nobody knows", WINS, (sets("status.analysis.winnerAssessment.data.winner", "nobody"),), Phase.UNKNOWN),
    ("recommended, which falls back", WINS, (drops("status.analysis"),), Phase.INCONCLUSIVE),
    ("completed without the condition", WINS, (sets("status.conditions", []),), Phase.UNKNOWN),
    (
        "completed, and failed",
        WINS,
        (sets("status.conditions", [{"type": one, "status": "True"} for one in ("Completed", "Failed")]),),
        Phase.ERROR,
    ),
    # Knative, Deployment
    ("ready, of an older generation", STABLE, (sets("status.observedGeneration", 1),), Phase.UNKNOWN),
    ("ready, without a generation", STABLE, (drops("status.observedGeneration"),), Phase.UNKNOWN),
    ("ready, and the newest revision is not", STABLE, (sets("status.latestReadyRevisionName", "old"),), Phase.RUNNING),
    ("a failure of an older generation", BROKEN, (sets("status.observedGeneration", 0),), Phase.UNKNOWN),
    ("a deadline of an older generation", DEADLINE, (sets("status.observedGeneration", 1),), Phase.UNKNOWN),
    ("a deadline, scaled to zero", DEADLINE, (sets("spec.replicas", 0),), Phase.IDLE),
    # Argo CD
    ("healthy, a sync failed on another commit", DEGRADED, (SYNCED, sets("status.operationState.phase", "Failed"), sets("status.operationState.syncResult.revision", "0" * 40)), Phase.UNKNOWN),
    ("healthy, out of sync", DEGRADED, (SYNCED, sets("status.sync.status", "OutOfSync")), Phase.UNKNOWN),
    ("healthy, a sync is asked for", DEGRADED, (SYNCED, sets("operation", {"sync": {}})), Phase.RUNNING),
    ("healthy, compared before its sync", DEGRADED, (SYNCED, sets("status.reconciledAt", "2020-01-01T00:00:00Z")), Phase.UNKNOWN),
    ("healthy, of another branch", DEGRADED, (SYNCED, sets("spec.source.targetRevision", "other")), Phase.UNKNOWN),
    ("healthy, of no commit", DEGRADED, (SYNCED, drops("status.sync.revision")), Phase.UNKNOWN),
    ("healthy, compared at no time", DEGRADED, (SYNCED, drops("status.reconciledAt")), Phase.UNKNOWN),
    ("degraded, compared at no time", DEGRADED, (drops("status.reconciledAt"),), Phase.UNKNOWN),
    ("half a status", DEGRADED, (sets("status", {"health": {"status": "Healthy"}, "sync": {"status": "Synced"}}),), Phase.UNKNOWN),
    ("fewer commits than sources", "argo-cd/multi-source.yaml", (sets("status.sync.revisions", ["a" * 40]),), Phase.UNKNOWN),
    # Tekton
    ("green with a red result", GREEN, (sets("status.results", [{"name": "verdict", "value": "fail"}]),), Phase.FAILED),
    ("green with a red result in JSON", GREEN, (sets("status.results", [{"name": "verdict", "value": '{"passed": false}'}]),), Phase.FAILED),
    ("green with results of both kinds", GREEN, (sets("status.results", [{"name": "verdict", "value": ["pass", "fail"]}]),), Phase.INCONCLUSIVE),
    ("green with an empty verdict", GREEN, (sets("status.results", [{"name": "verdict", "value": ""}]),), Phase.INCONCLUSIVE),
    ("green while it stops", GREEN, (sets("status.conditions.0.reason", "PipelineRunStopping"),), Phase.UNKNOWN),
    ("green without an end", GREEN, (drops("status.completionTime"),), Phase.UNKNOWN),
    ("green by a truth value", GREEN, (sets("status.conditions.0.status", True),), Phase.PENDING),
    # Open Cluster Management, Keptn
    ("more clusters than decisions", PLACED, (sets("status.numberOfSelectedClusters", 99),), Phase.NONE),
    ("fewer clusters than asked for", PLACED, (sets("spec.numberOfClusters", 5),), Phase.UNKNOWN),
    ("a failure that still goes on", KEPTN, (sets("status.state", "Progressing"),), Phase.RUNNING),
    ("a pass that warns", KEPTN, (sets("status.pass", True), sets("status.warning", True)), Phase.INCONCLUSIVE),
    ("another time frame", KEPTN, (sets("spec.timeframe", {"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T01:00:00Z"}),), Phase.UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("file", "bends", "phase"), [row[1:] for row in BENT], ids=[row[0] for row in BENT])
def test_what_is_bent_reads_as_what_is_left_of_it(file: str, bends: tuple[Bend, ...], phase: Phase) -> None:
    status = read(file, *bends)
    assert status.phase is phase, status.reason
    assert status.reason
    assert act(status) is not Act.PROCEED
    if phase is Phase.UNKNOWN:
        assert act(status) in (Act.NOTHING, Act.HOLD)
        assert not status.winner


def test_a_canary_that_waits_for_promotion_has_the_routers_weight_not_its_own_zero() -> None:
    told = read("flagger/waiting-promotion.yaml")
    assert (told.phase, told.weight, act(told)) == (Phase.PAUSED, 50, Act.ASK)


def test_a_promotion_that_failed_leaves_traffic_and_asks_for_people() -> None:
    told = read("flagger/failed-promotion.yaml")
    assert (told.phase, told.weight, act(told)) == (Phase.FAILED, 100, Act.ASK)


def decision(owner: str, *clusters: str) -> Json:
    labels = {"cluster.open-cluster-management.io/placement": "prod-eu"}
    owners = [{"kind": "Placement", "name": "prod-eu", "uid": owner}]
    metadata = {"namespace": "shop-prod", "name": f"prod-eu-{owner}", "labels": labels, "ownerReferences": owners}
    return {
        "kind": "PlacementDecision",
        "metadata": metadata,
        "status": {"decisions": [{"clusterName": name} for name in clusters]},
    }


def test_a_placement_counts_its_own_decisions_alone_and_waits_for_all_of_them() -> None:
    (placement,) = [one for one in yaml.safe_load_all((SAMPLES / PLACED).read_text(encoding="utf-8")) if one]
    home = {"namespace": placement["metadata"]["namespace"], "name": placement["metadata"]["name"]}

    def of(owner: str, *clusters: str) -> Json:
        found = decision(owner, *clusters)
        found["metadata"]["namespace"] = home["namespace"]
        found["metadata"]["labels"] = {"cluster.open-cluster-management.io/placement": home["name"]}
        return found

    own = placement["metadata"]["uid"]
    old = of("of-one-that-is-gone", "eu9")
    whole = read(PLACED, beside=(of(own, "eu1", "eu2", "eu3"), old))
    assert (whole.phase, whole.clusters) == (Phase.NONE, ("eu1", "eu2", "eu3"))
    half = read(PLACED, beside=(of(own, "eu1"), old))
    assert half.phase is Phase.UNKNOWN
    assert "3 clusters were chosen, its decisions name 1" in half.reason


def test_a_run_of_other_pods_than_its_rollout_runs_now_says_nothing() -> None:
    (rollout,) = [one for one in yaml.safe_load_all((SAMPLES / HEALTHY).read_text(encoding="utf-8")) if one]
    assert read(RUN, beside=(rollout,)).phase is Phase.SUCCEEDED
    for file in (RUN, FAILED_RUN):
        bent = sets("metadata.labels.rollouts-pod-template-hash", "older")
        assert read(file, bent, beside=(rollout,)).phase is Phase.UNKNOWN
        replaced = {**rollout, "metadata": {**rollout["metadata"], "uid": "another"}}
        assert read(file, beside=(replaced,)).phase is Phase.UNKNOWN
