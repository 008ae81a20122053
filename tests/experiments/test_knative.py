"""Knative: whose failure it is, who has which share, and what is stale."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_bot.experiments.act import act
from gitops_bot.experiments.knative import read, read_revision
from gitops_bot.model import Act, Phase, Version
from tests.experiments.samples import Json, alone, having, holding, lacking, sample, stating


def revision(name: str = "cart-00011", image: str = "registry.example/cart:1.8.3", **status: Any) -> Json:
    return {
        "metadata": {
            "namespace": "shop-prod",
            "name": name,
            "generation": 1,
            "creationTimestamp": "2026-03-02T07:00:00Z",
        },
        "spec": {"containers": [{"name": "user-container", "image": image}]},
        "status": {"observedGeneration": 1, "conditions": [{"type": "Ready", "status": "True"}], **status},
    }


ASLEEP = [
    {"type": "Ready", "status": "True"},
    {"type": "Active", "status": "False", "reason": "NoTraffic", "message": "The target is not receiving traffic."},
]


def test_scaled_to_zero_is_no_failure() -> None:
    tried = revision("cart-00012", "registry.example/cart:1.9.0", conditions=ASLEEP)
    waiting = read(sample("knative/blue-green-tag.yaml"), holding("Revision", tried), None)
    assert (waiting.phase, "scaled to zero" in waiting.reason) == (Phase.PAUSED, True)
    assert read_revision(tried, alone(), None).phase is Phase.SUCCEEDED
    with_its_own = having(sample("knative/stable.yaml"), "status.conditions.0", ASLEEP[1])
    assert read(with_its_own, alone(), None).phase is Phase.IDLE


def test_the_newest_revision_runs_what_the_service_says_and_an_older_one_what_its_revision_says() -> None:
    status = read(sample("knative/rollout-in-progress.yaml"), holding("Revision", revision()), None)
    assert (status.candidate, status.baseline) == (Version("1.9.0"), Version("1.8.3"))
    assert read(sample("knative/rollout-in-progress.yaml"), alone(), None).baseline is None


def test_what_runs_now_was_applied_when_its_revision_was_made() -> None:
    tried = revision("cart-00012")
    status = read(sample("knative/stable.yaml"), holding("Revision", tried), None)
    assert status.applied == datetime(2026, 3, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize("seen", [8, None, "9", True])
def test_a_spec_that_was_not_observed_is_stale(seen: object) -> None:
    status = read(having(sample("knative/stable.yaml"), "status.observedGeneration", seen), alone(), None)
    assert (status.phase, status.weight, status.candidate_name) == (Phase.UNKNOWN, None, "")


def split(*shares: tuple[str, int]) -> Json:
    told = [{"revisionName": name, "percent": percent} for name, percent in shares]
    return having(having(sample("knative/stable.yaml"), "status.traffic", told), "spec.traffic", told)


@pytest.mark.parametrize(
    ("shares", "phase", "baseline", "weight"),
    [
        ([("cart-00011", 90), ("cart-00012", 10)], Phase.PAUSED, "cart-00011", 10),
        ([("cart-00012", 10), ("cart-00011", 90)], Phase.PAUSED, "cart-00011", 10),
        ([("cart-00011", 90), ("cart-00012", 4), ("cart-00012", 6)], Phase.PAUSED, "cart-00011", 10),
        ([("cart-00009", 20), ("cart-00011", 60), ("cart-00012", 20)], Phase.PAUSED, "cart-00011", 20),
        ([("cart-00011", 100)], Phase.PAUSED, "cart-00011", 0),
        ([("cart-00011", 0), ("cart-00012", 100)], Phase.SUCCEEDED, "cart-00012", 100),
        ([("cart-00012", 100)], Phase.IDLE, "cart-00012", 100),
        ([], Phase.PAUSED, "cart-00012", None),
    ],
)
def test_a_share_that_git_holds_waits_until_git_changes_it(
    shares: list[tuple[str, int]], phase: Phase, baseline: str, weight: int | None
) -> None:
    status = read(split(*shares), alone(), None)
    assert (status.phase, status.baseline_name, status.weight) == (phase, baseline, weight)
    assert status.candidate_name == "cart-00012"


def test_the_newest_revision_is_not_the_ready_one_yet() -> None:
    created = having(sample("knative/stable.yaml"), "status.latestCreatedRevisionName", "cart-00013")
    status = read(created, alone(), None)
    assert (status.phase, status.candidate_name, status.weight) == (Phase.RUNNING, "cart-00013", 0)


FAILED = {"status": "False", "reason": "RevisionFailed", "message": "Unable to fetch image."}
NO_READY = {"status": "False", "reason": "RevisionMissing", "message": "does not have any ready Revision."}


@pytest.mark.parametrize(
    ("ready", "configured", "phase", "follows"),
    [
        (FAILED, FAILED, Phase.FAILED, Act.ROLLBACK),
        (NO_READY, FAILED, Phase.FAILED, Act.ROLLBACK),
        (NO_READY, {"status": "True"}, Phase.ERROR, Act.REVERT),
        (FAILED, None, Phase.FAILED, Act.ROLLBACK),
        (NO_READY, None, Phase.ERROR, Act.REVERT),
        ({"status": "False", "reason": "RevisionNameTaken"}, {"status": "True"}, Phase.ERROR, Act.REVERT),
        ({"status": "False", "reason": "IngressNotConfigured"}, {"status": "True"}, Phase.ERROR, Act.HOLD),
        ({"status": "Unknown", "reason": "Deploying"}, {"status": "Unknown"}, Phase.RUNNING, Act.NOTHING),
        ({"status": "Undreamt"}, None, Phase.PENDING, Act.NOTHING),
    ],
)
def test_a_revision_that_does_not_start_failed_and_a_route_that_names_nothing_is_ours(
    ready: Json, configured: Json | None, phase: Phase, follows: Act
) -> None:
    service = stating(sample("knative/revision-failed.yaml"), "Ready", **ready)
    service["status"]["conditions"] = [
        one for one in service["status"]["conditions"] if one["type"] != "ConfigurationsReady"
    ]
    if configured is not None:
        stating(service, "ConfigurationsReady", **configured)
    status = read(service, alone(), None)
    assert (status.phase, act(status)) == (phase, follows)


def test_a_missing_revision_with_most_of_the_traffic_is_not_the_one_on_trial() -> None:
    service = sample("knative/missing-revision.yaml")
    having(service, "spec.traffic.0.percent", 90)
    having(service, "spec.traffic.1.percent", 10)
    assert read(service, alone(), None).candidate_name == "cart-v1"


@pytest.mark.parametrize(
    ("containers", "container", "version"),
    [
        ([{"image": "cart:2"}], "cart", Version("2")),
        ([{"name": "cart", "image": "cart:2"}], "other", None),
        ([{"name": "cart", "image": "cart:2"}, {"name": "proxy", "image": "proxy:7"}], "cart", Version("2")),
        ([{"name": "cart", "image": "cart:2"}, {"name": "proxy", "image": "proxy:7"}], None, None),
        ([], None, None),
    ],
)
def test_the_version_is_the_named_containers_or_the_only_ones(
    containers: list[Json], container: str | None, version: Version | None
) -> None:
    service = having(sample("knative/stable.yaml"), "spec.template.spec.containers", containers)
    assert read(service, alone(), container).candidate == version


@pytest.mark.parametrize(
    ("ready", "phase"),
    [
        ({"status": "True"}, Phase.SUCCEEDED),
        ({"status": "False", "reason": "ContainerMissing"}, Phase.FAILED),
        ({"status": "Unknown"}, Phase.RUNNING),
        ({}, Phase.PENDING),
    ],
)
def test_a_revision_by_itself_starts_or_does_not(ready: Json, phase: Phase) -> None:
    one = stating(revision(conditions=[]), "Ready", **ready)
    assert read_revision(one, alone(), None).phase is phase
    assert read_revision(lacking(one, "status.observedGeneration"), alone(), None).phase is Phase.UNKNOWN
