"""Caps on what is opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gitops_bot.delivery.actions import status
from gitops_bot.delivery.budget import within
from gitops_bot.model import (
    Action,
    ClosePr,
    OpenPr,
    Plan,
    PrState,
    PullRequest,
    Step,
    UpdatePr,
    Verdict,
)
from gitops_bot.policy.config import Limits
from tests.delivery.given import ADVANCE, BACK, BEFORE, HEAD, NOW, ROLLBACK, V2, proposal, pull, situation

OPENING = OpenPr(proposal(), None, False, status(situation()))
UPDATE = UpdatePr(7, proposal(), HEAD, False, status(situation()))
CLOSING = ClosePr(7, "", "superseded", "Closing: superseded")


def plan(name: str, *actions: Action, step: Step = ADVANCE) -> Plan:
    return Plan(name, "environments", "main", "f" * 40, BEFORE, V2, None, Verdict(), step, actions=actions)


def opened(
    plans: Sequence[Plan], pulls: Sequence[PullRequest] = (), *, at_once: int = 10, hourly: int = 20
) -> list[str]:
    limits = Limits(openPullRequests=at_once, perHour=hourly)
    kept = within(plans, pulls, limits, NOW)
    assert [one.policy for one in kept] == [one.policy for one in plans]
    assert all(bool(one.notes) == (one.actions != whole.actions) for one, whole in zip(kept, plans, strict=True))
    return [one.policy for one in kept if any(isinstance(action, OpenPr) for action in one.actions)]


PLANS = [plan(name, OPENING) for name in "abcd"]


def test_the_first_ones_are_opened_up_to_the_cap() -> None:
    assert opened(PLANS, at_once=2) == ["a", "b"]
    assert opened(PLANS, hourly=3) == ["a", "b", "c"]
    assert opened(PLANS) == ["a", "b", "c", "d"]


def test_open_ones_of_ours_take_room() -> None:
    assert opened(PLANS, [pull(""), pull("")], at_once=3) == ["a"]
    assert opened(PLANS, [pull("")] * 9, at_once=3) == []


def test_what_others_opened_takes_none() -> None:
    assert opened(PLANS, [pull("", ours=False, created_at=NOW)] * 9, at_once=4, hourly=4) == ["a", "b", "c", "d"]


def test_what_was_opened_in_the_last_hour_counts_open_or_not() -> None:
    lately = pull("", state=PrState.CLOSED, created_at=NOW - timedelta(minutes=59))
    before = pull("", state=PrState.MERGED, created_at=NOW - timedelta(minutes=60))
    assert opened(PLANS, [lately, lately, before, before], hourly=3) == ["a"]


def test_rollbacks_pass_every_cap_and_take_no_room() -> None:
    urgent = plan("z", OPENING, step=ROLLBACK)
    assert opened([urgent, *PLANS], [pull("")] * 3, at_once=3) == ["z"]
    assert opened([urgent, *PLANS], at_once=1) == ["z", "a"]
    standing = [pull("", branch=BACK, created_at=NOW)] * 9
    assert opened(PLANS, standing, at_once=4, hourly=4) == ["a", "b", "c", "d"]


def test_only_openings_wait() -> None:
    (kept,) = within([plan("a", CLOSING, UPDATE, OPENING)], [pull("")], Limits(openPullRequests=1), NOW)
    assert kept.actions == (CLOSING, UPDATE)
    assert kept.notes == ("the caps on pull requests are reached (1 open, 0 in the last hour)",)
