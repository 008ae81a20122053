"""soak and sync: held back until environments and clusters have what they must have."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from gitops_bot.delivery.gates import Round, gates
from gitops_bot.model import (
    ExperimentStatus,
    Gate,
    ObjectRef,
    Phase,
    Readings,
    Stay,
    Stays,
    Step,
    StepKind,
    Unseen,
    Version,
)
from tests.delivery.given import ADVANCE, BEFORE, NOW, ROLLBACK, V2, policy

PROMOTE = Step(StepKind.PROMOTE, replace(BEFORE, stable=V2), "held 50 %")
SOAK = {"for": "24h", "environments": ["dev", "staging"]}


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def soak(*stays: Stays, step: Step = PROMOTE, said: Any = SOAK, candidate: Version | None = V2) -> Gate:
    *_, gate = gates(Round(policy(gates={"soak": said}), step, NOW, stays=stays, candidate=candidate))
    assert gate.name == "soak"
    return gate


DEV = Stays("dev", (Stay(ago(30)),))


@pytest.mark.parametrize(
    ("staging", "is_open", "until"),
    [
        (Stays("staging", (Stay(ago(24)),)), True, None),
        (Stays("staging", (Stay(ago(23)),)), False, NOW + timedelta(hours=1)),
        (Stays("staging", (Stay(ago(48), ago(20)),)), True, None),
        (Stays("staging", (Stay(ago(40), ago(20)),)), False, None),
        (Stays("staging", (Stay(ago(1)), Stay(ago(60), ago(30)))), True, None),
        (Stays("staging", (Stay(ago(20)), Stay(ago(30), ago(21)))), False, NOW + timedelta(hours=4)),
        (Stays("staging", (Stay(ago(20), whole=False),)), False, None),
        (Stays("staging", (Stay(ago(30), whole=False),)), True, None),
        (Stays("staging"), False, None),
        (Stays("staging", trouble="the stable version went back"), False, None),
    ],
)
def test_every_environment_must_have_held_it_long_enough(staging: Stays, is_open: bool, until: datetime | None) -> None:
    found = soak(DEV, staging)
    assert (found.open, found.until) == (is_open, until)


def test_it_says_where_and_since_when() -> None:
    found = soak(DEV, Stays("staging", (Stay(ago(1)),)), Stays("qa", trouble="no policy of that name"))
    assert (
        found.reason
        == "staging has held 1.4.2 since 2026-01-05 08:30 UTC, 1d are asked for; qa: no policy of that name"
    )
    assert found.until is None


def test_a_way_back_waits_for_no_soak() -> None:
    assert soak(Stays("staging"), step=ROLLBACK).open


def test_here_it_is_asked_before_the_promotion_alone() -> None:
    here = Stays("this environment", (Stay(ago(1)),))
    assert soak(here, said="24h", step=ADVANCE).open
    assert not soak(here, said="24h", step=PROMOTE).open


def test_what_is_not_known_keeps_it_closed() -> None:
    assert not soak(candidate=None).open
    assert not soak().open


# ---------------------------------------------------------------- sync

APP = ObjectRef("Application", "argocd", "shop")


def status(phase: Phase, reason: str = "synced, Healthy") -> ExperimentStatus:
    return ExperimentStatus(APP, phase, reason)


def sync(readings: Readings, step: Step = ADVANCE) -> Gate:
    given = policy(gates={"sync": {"argoCD": {"application": "shop"}}})
    *_, gate = gates(Round(given, step, NOW, readings=readings))
    assert gate.name == "sync"
    return gate


@pytest.mark.parametrize(
    ("readings", "is_open", "reason"),
    [
        (Readings((("eu", status(Phase.SUCCEEDED)),)), True, "what was merged is live and well"),
        (
            Readings((("eu", status(Phase.SUCCEEDED)), ("us", status(Phase.UNKNOWN, "at an older commit")))),
            False,
            "Application argocd/shop in us: unknown: at an older commit",
        ),
        (
            Readings((("eu", status(Phase.RUNNING, "a sync is under way")),)),
            False,
            "in eu: running: a sync is under way",
        ),
        (Readings((("eu", status(Phase.FAILED, "Degraded")),)), False, "failed: Degraded"),
        (Readings((("eu", Unseen(APP, "there is none")),)), False, "Application argocd/shop in eu: there is none"),
        (Readings(), False, "no cluster was asked"),
        (Readings(no_landing="history ends"), False, "history ends"),
    ],
)
def test_every_cluster_must_have_what_was_merged(readings: Readings, is_open: bool, reason: str) -> None:
    found = sync(readings)
    assert found.open is is_open
    assert found.reason.endswith(reason)
    assert not found.merging


def test_a_way_back_waits_for_no_sync() -> None:
    assert sync(Readings(no_landing="history ends"), ROLLBACK).open
