"""Flagger: phases, weights, and the ways by which a status is known to be stale."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_bot.experiments.canary import read
from gitops_bot.model import Phase, Version
from tests.experiments.objects import among, canary, deployment

BOTH = among(deployment("cart:v2"), deployment("cart:v1", name="cart-primary"))
PROMOTED = among(deployment("cart:v2"), deployment("cart:v2", name="cart-primary"))


@pytest.mark.parametrize(
    ("said", "phase"),
    [
        ("Initializing", Phase.PENDING),
        ("Initialized", Phase.IDLE),
        ("Waiting", Phase.PAUSED),
        ("Progressing", Phase.RUNNING),
        ("WaitingPromotion", Phase.PAUSED),
        ("Promoting", Phase.RUNNING),
        ("Finalising", Phase.RUNNING),
        ("Failed", Phase.FAILED),
        ("Terminating", Phase.ERROR),
        ("Terminated", Phase.ERROR),
        ("Undreamt", Phase.UNKNOWN),
        ("", Phase.PENDING),
    ],
)
def test_the_phase_is_flaggers(said: str, phase: Phase) -> None:
    assert read(canary(said), BOTH, None).phase is phase


def test_the_target_runs_the_candidate_and_the_primary_the_baseline() -> None:
    status = read(canary("Progressing"), BOTH, "app")
    assert (status.candidate, status.baseline) == (Version("v2"), Version("v1"))
    assert status.applied == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_workloads_that_are_not_seen_have_no_versions() -> None:
    status = read(canary("Progressing"), among(), None)
    assert (status.candidate, status.baseline, status.applied) == (None, None, None)


def test_succeeded_while_target_and_primary_differ_is_stale() -> None:
    assert read(canary("Succeeded"), BOTH, None).phase is Phase.UNKNOWN
    assert read(canary("Succeeded"), PROMOTED, None).phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("failed_at", "phase"), [(9, Phase.UNKNOWN), (10, Phase.FAILED), (11, Phase.FAILED), (None, Phase.FAILED)]
)
def test_failed_before_the_present_template_was_written_is_stale(failed_at: int | None, phase: Phase) -> None:
    told = canary("Failed", hour=failed_at or 0)
    if failed_at is None:
        del told["status"]["lastTransitionTime"]
    status = read(told, BOTH, None)
    assert status.phase is phase
    assert status.weight is None or phase is Phase.FAILED


def test_a_suspended_canary_is_looked_at_by_nobody() -> None:
    status = read(canary("Succeeded", spec={"suspend": True}, canaryWeight=10), PROMOTED, None)
    assert (status.phase, status.weight) == (Phase.UNKNOWN, None)


@pytest.mark.parametrize(
    ("phase", "analysis", "reported", "weight"),
    [
        ("Progressing", {"maxWeight": 50}, 20, 20),
        ("Failed", {"maxWeight": 50}, 100, 100),
        ("WaitingPromotion", {"maxWeight": 50}, 0, 50),
        ("WaitingPromotion", {"stepWeights": [1, 5, 30]}, 0, 30),
        ("WaitingPromotion", {"stepWeights": [1, "x"], "maxWeight": 50}, 0, 50),
        ("WaitingPromotion", {"stepWeights": [1, True], "maxWeight": 50}, 0, 50),
        ("WaitingPromotion", {"stepWeights": []}, 0, None),
        ("WaitingPromotion", {"iterations": 5, "maxWeight": 50}, 0, None),
        ("WaitingPromotion", {"match": [{"headers": {}}], "maxWeight": 50}, 0, None),
        ("Progressing", {}, "20", None),
    ],
)
def test_a_promotion_that_waits_still_has_the_top_weight(
    phase: str, analysis: dict[str, Any], reported: Any, weight: int | None
) -> None:
    assert read(canary(phase, spec={"analysis": analysis}, canaryWeight=reported), BOTH, None).weight == weight


def test_the_old_name_of_the_analysis_is_read_too() -> None:
    told = canary("WaitingPromotion", spec={"canaryAnalysis": {"maxWeight": 40}})
    assert read(told, BOTH, None).weight == 40


def test_the_reason_is_flaggers_message() -> None:
    conditions = [{"type": "Promoted", "message": "Waiting for approval."}]
    assert read(canary("Waiting", conditions=conditions), BOTH, None).reason == "Waiting for approval."
    assert read(canary("Waiting"), BOTH, None).reason == "Waiting"
