"""Open Cluster Management: phases and packages, commits, clusters and rings."""

from __future__ import annotations

import pytest

from gitops_bot.experiments.ocm import (
    read_placement,
    read_placement_decision,
    read_placement_rule,
    read_subscription,
)
from gitops_bot.model import Phase
from tests.experiments.samples import Json, alone, having, holding, lacking, sample, stating

APPS = "apps.open-cluster-management.io"


def subscription(**status: object) -> Json:
    return having(sample("ocm/subscription-subscribed.yaml"), "status", status)


def packages(*phases: str) -> Json:
    found = {f"Deployment/{index}": {"phase": phase, "reason": "quota"} for index, phase in enumerate(phases)}
    return {"/": {"packages": found}}


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ({"phase": "Propagated"}, Phase.RUNNING),
        ({"phase": "Subscribed"}, Phase.SUCCEEDED),
        ({"phase": "Subscribed", "statuses": packages("Subscribed", "Subscribed")}, Phase.SUCCEEDED),
        ({"phase": "Subscribed", "statuses": packages("Subscribed", "")}, Phase.RUNNING),
        ({"phase": "Subscribed", "statuses": packages("Subscribed", "Failed")}, Phase.FAILED),
        ({"phase": "Propagated", "statuses": packages("Failed")}, Phase.FAILED),
        ({"phase": "Failed"}, Phase.FAILED),
        ({"phase": "PropagationFailed", "reason": "no channel"}, Phase.FAILED),
        ({"phase": "Propagated", "message": "Blocked"}, Phase.PAUSED),
        ({"phase": "Failed", "message": "Blocked"}, Phase.FAILED),
        ({"phase": ""}, Phase.PENDING),
        ({"phase": "Undreamt"}, Phase.UNKNOWN),
    ],
)
def test_only_a_managed_cluster_says_that_it_is_deployed(status: Json, phase: Phase) -> None:
    assert read_subscription(subscription(**status), alone(), None).phase is phase


def test_a_failure_is_given_with_its_reason() -> None:
    status = read_subscription(subscription(phase="Subscribed", statuses=packages("Failed")), alone(), None)
    assert status.reason == "Deployment/0: quota"


@pytest.mark.parametrize(
    ("fields", "subresource", "phase"),
    [
        ({"f:spec": {"f:channel": {}}}, "", Phase.UNKNOWN),
        ({"f:metadata": {"f:annotations": {f"f:{APPS}/git-desired-commit": {}}}}, "", Phase.UNKNOWN),
        ({"f:metadata": {"f:annotations": {f"f:{APPS}/git-current-commit": {}}}}, "", Phase.SUCCEEDED),
        ({"f:status": {}}, "status", Phase.SUCCEEDED),
    ],
)
def test_a_status_from_before_the_last_change_is_stale(fields: Json, subresource: str, phase: Phase) -> None:
    entry = {"time": "2026-03-02T08:05:01Z", "fieldsV1": fields, "subresource": subresource}
    written = having(sample("ocm/subscription-subscribed.yaml"), "metadata.managedFields", [entry])
    assert read_subscription(written, alone(), None).phase is phase
    entry["time"] = "2026-03-02T08:04:59Z"
    assert read_subscription(written, alone(), None).phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("wanted", "current", "phase"),
    [
        ("a1b2c3d", "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678", Phase.SUCCEEDED),
        ("a1b2c3d", "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567", Phase.UNKNOWN),
        ("", "0f1e2d3c4b5a69788796a5b4c3d2e1f001234567", Phase.SUCCEEDED),
    ],
)
def test_another_commit_than_the_one_that_is_asked_for_is_stale(wanted: str, current: str, phase: Phase) -> None:
    annotations = {f"{APPS}/git-desired-commit": wanted, f"{APPS}/git-current-commit": current}
    told = having(sample("ocm/subscription-subscribed.yaml"), "metadata.annotations", annotations)
    status = read_subscription(told, alone(), None)
    assert (status.phase, status.revision) == (phase, current)


@pytest.mark.parametrize(
    ("replicas", "names", "phase"),
    [
        (2, ["eu-west-1", "eu-north-1"], Phase.NONE),
        (3, ["eu-west-1", "eu-north-1"], Phase.ERROR),
        (None, ["eu-west-1"], Phase.NONE),
        (None, [], Phase.UNKNOWN),
    ],
)
def test_a_placement_rule_that_found_too_few_clusters_is_an_error(
    replicas: int | None, names: list[str], phase: Phase
) -> None:
    decisions = [{"clusterName": name, "clusterNamespace": name} for name in names]
    rule = {"spec": {"clusterReplicas": replicas}, "status": {"decisions": decisions}}
    status = read_placement_rule(rule, alone(), None)
    assert (status.phase, status.clusters) == (phase, tuple(sorted(names)))


def test_a_placement_is_satisfied_misconfigured_or_not_decided() -> None:
    assert read_placement(sample("ocm/placement.yaml"), alone(), None).phase is Phase.NONE
    wrong = stating(sample("ocm/placement.yaml"), "PlacementMisconfigured", status="True")
    assert read_placement(wrong, alone(), None).phase is Phase.ERROR
    undecided = lacking(sample("ocm/placement.yaml"), "status.conditions")
    assert read_placement(undecided, alone(), None).phase is Phase.UNKNOWN


def test_a_placement_that_asks_for_more_since_its_decision_is_stale() -> None:
    assert read_placement(having(sample("ocm/placement.yaml"), "spec.numberOfClusters", 4), alone(), None).phase is (
        Phase.UNKNOWN
    )


def decisions() -> tuple[Json, Json]:
    return sample("ocm/placementdecision.yaml", 0), sample("ocm/placementdecision.yaml", 1)


def test_a_placement_has_the_rings_in_their_order_and_the_clusters_of_its_own_decisions() -> None:
    first, second = decisions()
    foreign = having(having(sample("ocm/placementdecision.yaml"), "metadata.name", "x"), "metadata.labels", {})
    placement = sample("ocm/placement.yaml")
    placement["status"]["decisionGroups"].reverse()
    status = read_placement(placement, holding("PlacementDecision", first, second, foreign), None)
    assert status.rings == ("ring0", "")
    assert status.clusters == ("eu-central-1", "eu-north-1", "eu-west-1")


def test_a_decision_by_itself_has_its_own_clusters() -> None:
    _, second = decisions()
    assert read_placement_decision(second, alone(), None).clusters == ("eu-central-1", "eu-north-1")
