"""Keel: votes, deadlines, and what annotations ask for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gitops_bot.experiments.act import act
from gitops_bot.experiments.keel import read_approval, read_approval_at, read_deployment
from gitops_bot.model import Act, ObjectRef, Phase, Version
from tests.experiments.samples import Json, alone, having, sample

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("change", "phase", "follows"),
    [
        ({"votesReceived": 1}, Phase.PAUSED, Act.NOTHING),
        ({"votesReceived": 2}, Phase.SUCCEEDED, Act.PROCEED),
        ({"votesReceived": 3, "archived": True}, Phase.SUCCEEDED, Act.PROCEED),
        ({"votesReceived": 2, "rejected": True}, Phase.FAILED, Act.HOLD),
        ({"votesReceived": 2, "deadline": "2026-03-02T08:30:00Z"}, Phase.SUCCEEDED, Act.PROCEED),
        ({"deadline": "2026-03-02T08:30:00Z"}, Phase.INCONCLUSIVE, Act.HOLD),
        ({"archived": True}, Phase.INCONCLUSIVE, Act.HOLD),
        ({"votesRequired": 0, "votesReceived": 0}, Phase.UNKNOWN, Act.NOTHING),
        ({"votesRequired": None, "votesReceived": 5}, Phase.UNKNOWN, Act.NOTHING),
        ({"votesReceived": "2"}, Phase.PAUSED, Act.NOTHING),
        ({"deadline": "soon"}, Phase.PAUSED, Act.NOTHING),
    ],
)
def test_votes_approve_a_rejection_wins_and_a_deadline_ends_it(change: Json, phase: Phase, follows: Act) -> None:
    status = read_approval({**sample("keel/approval-pending.yaml"), **change}, alone(), None)
    assert (status.phase, act(status)) == (phase, follows)


@pytest.mark.parametrize(("hour", "phase"), [(7, Phase.PAUSED), (8, Phase.INCONCLUSIVE), (9, Phase.INCONCLUSIVE)])
def test_a_deadline_passes_with_time(hour: int, phase: Phase) -> None:
    now = datetime(2026, 3, 3, hour, tzinfo=UTC)
    assert read_approval_at(sample("keel/approval-pending.yaml"), now).phase is phase


def test_an_approval_names_both_versions_and_the_workload() -> None:
    status = read_approval(sample("keel/approval-pending.yaml"), alone(), None)
    assert (status.baseline, status.candidate) == (Version("1.8.3"), Version("1.9.0", DIGEST))
    assert status.ref == ObjectRef("Deployment", "shop-prod", "cart")


@pytest.mark.parametrize(
    ("identifier", "ref"),
    [
        ("statefulset/shop/db:2", ObjectRef("StatefulSet", "shop", "db")),
        ("shop/cart:2", ObjectRef("", "shop", "cart")),
        ("cart", ObjectRef("", "", "cart")),
        ("", ObjectRef("", "", "")),
    ],
)
def test_the_workload_of_an_identifier(identifier: str, ref: ObjectRef) -> None:
    assert read_approval({"identifier": identifier}, alone(), None).ref == ref


@pytest.mark.parametrize(
    ("annotations", "labels", "wanted", "said"),
    [
        ({"keel.sh/policy": "minor", "keel.sh/approvals": "2"}, {}, 2, "by the policy minor, with 2 approvals"),
        ({}, {"keel.sh/policy": "minor", "keel.sh/approvals": "1"}, 1, "by the policy minor, with 1 approval"),
        ({"keel.sh/policy": "minor"}, {}, None, "by the policy minor"),
        ({"keel.sh/policy": "minor", "keel.sh/approvals": 2}, {}, None, "by the policy minor"),
        ({"keel.sh/policy": "never"}, {}, None, "does not update it"),
        ({}, {}, None, "does not update it"),
    ],
)
def test_annotations_ask_for_approvals(annotations: Json, labels: Json, wanted: int | None, said: str) -> None:
    deployment = having(sample("keel/deployment.yaml"), "metadata.annotations", annotations)
    status = read_deployment(having(deployment, "metadata.labels", labels), alone(), None)
    assert (status.phase, status.approvals_required) == (Phase.NONE, wanted)
    assert status.reason.endswith(said)


def test_a_deployment_that_was_not_observed_is_stale() -> None:
    stale = having(sample("keel/deployment.yaml"), "status.observedGeneration", 4)
    assert read_deployment(stale, alone(), None).phase is Phase.UNKNOWN
