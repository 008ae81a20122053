"""statuses and approvals: the pull request is open and waits for what checks and people say of its head."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gitops_bot.delivery.gates import Round, gates
from gitops_bot.model import CommitCheck, Gate, Readings, Review, StatusState, Step
from tests.delivery.given import ADVANCE, HEAD, NOW, OTHER_HEAD, ROLLBACK, policy, pull

BASE = "f" * 40
GREEN, RED = StatusState.SUCCESS, StatusState.FAILURE
OPEN = pull("")
"""Opened two hours ago."""


def gate(spec: dict[str, Any], readings: Readings, *, there: Any = OPEN, step: Step = ADVANCE) -> Gate:
    found = gates(Round(policy(gates=spec), step, NOW, base_commit=BASE, readings=readings, pull=there))
    assert found[-1].name in spec
    assert found[-1].merging
    return found[-1]


# ---------------------------------------------------------------- statuses


@pytest.mark.parametrize(
    ("wanted", "checks", "reason"),
    [
        (["ci/e2e"], {HEAD: (CommitCheck("ci/e2e", GREEN),)}, ""),
        (["ci/e2e"], {HEAD: (CommitCheck("ci/unit", GREEN),)}, "ci/e2e has not reported on head"),
        (["ci/e2e"], {HEAD: (CommitCheck("ci/e2e", StatusState.PENDING),)}, "ci/e2e on head: pending"),
        (["ci/e2e"], {HEAD: (CommitCheck("ci/e2e", RED, "timed_out"),)}, "ci/e2e on head: timed_out"),
        (["e2e"], {HEAD: (CommitCheck("e2e", GREEN), CommitCheck("e2e", RED))}, "e2e on head: failure"),
        (["ci/e2e"], {BASE: (CommitCheck("ci/e2e", GREEN),)}, "ci/e2e: it was not read"),
        (["ci/e2e"], {HEAD: "the token may not"}, "ci/e2e: the token may not"),
        ([{"name": "smoke", "on": "base"}], {BASE: (CommitCheck("smoke", GREEN),)}, ""),
        (["a", "b"], {HEAD: ()}, "a has not reported on head; b has not reported on head"),
    ],
)
def test_every_named_status_must_have_succeeded(wanted: list[Any], checks: Any, reason: str) -> None:
    found = gate({"statuses": wanted}, Readings(checks=checks))
    assert (found.open, found.reason) == (not reason, reason or "all have succeeded")


def test_without_a_pull_request_statuses_wait_for_it() -> None:
    assert gate({"statuses": ["e2e"]}, Readings(), there=None).reason == "e2e: no pull request is open yet"


# ---------------------------------------------------------------- approvals


def review(author: str, approves: bool = True, commit: str = HEAD, hours_ago: float = 1) -> Review:
    return Review(author, approves, commit, NOW - timedelta(hours=hours_ago))


TWO = {"required": 2, "from": ["alice", "team:leads"]}
LEADS = {"team:leads": frozenset({"bob", "carol"})}


@pytest.mark.parametrize(
    ("reviews", "votes"),
    [
        ((), 0),
        ((review("alice"),), 1),
        ((review("Alice"), review("BOB")), 2),
        ((review("bob"), review("carol")), 2),
        ((review("alice"), review("mallory")), 1),
        ((review("alice"), review("bob", commit=OTHER_HEAD)), 1),
    ],
)
def test_reviews_of_this_head_by_those_who_are_named_count(reviews: tuple[Review, ...], votes: int) -> None:
    found = gate({"approvals": TWO}, Readings(reviews=reviews, members=LEADS))
    assert found.open is (votes == 2)
    assert found.reason.startswith(f"{votes} of 2 approvals")


def test_an_approval_from_before_base_changed_is_of_another_step() -> None:
    spec = policy(gates={"approvals": {"from": ["alice"]}})
    readings = Readings(reviews=(review("alice", hours_ago=1),))
    for landed, is_open in ((NOW - timedelta(hours=1), True), (NOW - timedelta(minutes=59), False), (None, True)):
        *_, found = gates(Round(spec, ADVANCE, NOW, readings=readings, pull=OPEN, landed=landed))
        assert found.open is is_open


def test_a_no_of_one_wins_over_the_votes_of_others() -> None:
    found = gate(
        {"approvals": {"from": ["alice", "bob"]}}, Readings(reviews=(review("alice"), review("bob", False, OTHER_HEAD)))
    )
    assert (found.open, found.reason) == (False, "bob asked for changes")


def test_a_no_of_somebody_else_is_theirs() -> None:
    assert gate({"approvals": {"from": ["alice"]}}, Readings(reviews=(review("alice"), review("mallory", False)))).open


@pytest.mark.parametrize(
    ("deadline", "hours_ago", "is_open"), [("90m", 1, True), ("30m", 1, False), ("30m", 1.6, True), ("3h", 0.1, True)]
)
def test_after_the_deadline_nobody_approves(deadline: str, hours_ago: float, is_open: bool) -> None:
    spec = {"approvals": {"from": ["alice"], "deadline": deadline}}
    found = gate(spec, Readings(reviews=(review("alice", hours_ago=hours_ago),)))
    assert found.open is is_open
    if not is_open:
        assert found.reason == "its deadline passed at 2026-01-05 08:00 UTC with 0 of 1 approval"


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        (Readings(reviews="the forge is away"), "the forge is away"),
        (
            Readings(members={"team:leads": "the token may not"}),
            "0 of 2 approvals of its present head by alice, team:leads; team:leads: the token may not",
        ),
    ],
)
def test_what_cannot_be_read_keeps_it_closed(readings: Readings, reason: str) -> None:
    found = gate({"approvals": TWO}, readings)
    assert (found.open, found.reason) == (False, reason)


@pytest.mark.parametrize("spec", [{"statuses": ["e2e"]}, {"approvals": {"from": ["alice"]}}])
def test_a_way_back_waits_for_nobody(spec: dict[str, Any]) -> None:
    assert gate(spec, Readings(), there=None, step=ROLLBACK).open
