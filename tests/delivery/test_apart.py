"""Policies that get in each other's way, and pull requests whose policy is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_bot.delivery import actions, marker
from gitops_bot.delivery.orphans import REASON, orphans
from gitops_bot.delivery.overlap import overlapping
from gitops_bot.model import Change, ClosePr, Plan, PrState, PullRequest, Verdict
from tests.delivery.given import ADVANCE, BACK, BEFORE, HEAD, V2, proposal, pull, situation


def plan(name: str, before: bytes, after: bytes, path: str = "app.yaml") -> Plan:
    proposed = replace(proposal(), changes=(Change(path, before, after, ()),))
    return Plan(name, "environments", "main", "f" * 40, BEFORE, V2, None, Verdict(), ADVANCE, proposal=proposed)


FILE = b"a: 1\nb: {x: 10, y: 20}\n"


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (b"a: 2\nb: {x: 10, y: 20}\n", b"a: 3\nb: {x: 10, y: 20}\n", True),
        (b"a: 2\nb: {x: 10, y: 20}\n", b"a: 2\nb: {x: 10, y: 20}\n", True),
        (b"a: 2\nb: {x: 10, y: 20}\n", b"a: 1\nb: {x: 11, y: 20}\n", False),
        (b"a: 1\nb: {x: 11, y: 20}\n", b"a: 1\nb: {x: 10, y: 21}\n", False),
        (b"a: 1\nb: {x: 11, y: 20}\n", b"a: 1\nb: {x: 77, y: 20}\n", True),
        (b"a: 12\nb: {x: 10, y: 20}\n", b"a: 13\nb: {x: 10, y: 20}\n", True),
    ],
)
def test_two_policies_may_not_write_the_same_bytes(one: bytes, other: bytes, clash: bool) -> None:
    found = overlapping([plan("a", FILE, one), plan("b", FILE, other)])
    assert found == ([("a", "b", "app.yaml")] if clash else [])


def test_different_files_and_waiting_policies_do_not_meet() -> None:
    plans = [plan("a", FILE, b"a: 2\n"), plan("b", FILE, b"a: 2\n", "other.yaml")]
    assert overlapping([*plans, replace(plans[0], policy="c", proposal=None)]) == []


@pytest.mark.parametrize(
    ("given", "closed"),
    [
        (pull(""), True),
        (pull("", branch=BACK), True),
        (pull("", ours=False), False),
        (pull("", state=PrState.CLOSED), False),
        (pull("", branch="gitops-bot/cart/promote"), False),
        (pull("", branch="gitops-bot/stray"), False),
        (pull("", branch="gitops-bot//promote"), False),
        (pull("", branch="else/shop/promoted"), False),
    ],
)
def test_only_our_open_ones_without_a_policy_are_orphans(given: PullRequest, closed: bool) -> None:
    assert len(orphans([given], {"cart"}, "", "environments", {"main": "f" * 40})) == closed


def test_an_orphan_is_closed_with_the_reason_and_keeps_its_branch() -> None:
    mine = replace(situation(), source="bot/environments/policies")
    given = pull(actions.signed(mine, "text"))
    (found,) = orphans([given], set(), "bot/environments/policies", "environments", {"main": "f" * 40})
    (action,) = found.actions
    assert isinstance(action, ClosePr)
    assert (found.policy, action.number, action.head, action.delete_branch) == ("shop", 7, HEAD, "")
    said = marker.read(action.body)
    assert said is not None
    assert (said.closed, said.key) == (REASON, proposal().key)


def test_what_another_source_opened_is_not_an_orphan_here() -> None:
    theirs = pull(actions.signed(replace(situation(), source="other/environments/policies"), "text"))
    assert orphans([theirs], set(), "bot/environments/policies", "environments", {"main": "f" * 40}) == ()
