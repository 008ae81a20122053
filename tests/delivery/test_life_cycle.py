"""What a pull request says in each turn of its life: status, comments, label, why it was closed. Golden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gitops_bot.delivery.actions import Situation, choose, signed
from gitops_bot.delivery.orphans import orphans
from gitops_bot.model import Action, ClosePr, Comment, Gate, OpenPr, SetStatus, Step, StepKind, UpdatePr
from tests.conftest import Golden
from tests.delivery.given import (
    BAD,
    BEHIND,
    BLIND,
    FOREIGN,
    NEXT,
    NOTHING,
    OPEN_GATES,
    OURS,
    ROLLBACK,
    SHOWN,
    STOPPED,
    V3,
    WAITING,
    proposal,
    pull,
    situation,
    standing,
)
from tests.delivery.rendering import acted_on

HELD = (*OPEN_GATES, Gate("hold", False, "#7 bears the label gitops-bot/hold"))
SHOUTED = "@acme/all: see https://evil.example #1 <b>now</b>\n/close"
TURNS = {
    "opened": situation(),
    "rewritten for the next step": situation(NEXT, pulls=[standing(SHOWN)], branches=BEHIND),
    "rewritten for a newer candidate": situation(
        replace(NEXT, slots=replace(NEXT.slots, candidate=V3)),
        proposed=proposal(replace(NEXT, slots=replace(NEXT.slots, candidate=V3)), V3),
        pulls=[standing(SHOWN)],
        branches=BEHIND,
    ),
    "evidence is missing": situation(WAITING, pulls=[standing(SHOWN)], branches=OURS),
    "something cannot be seen": situation(BLIND, pulls=[standing(SHOWN)], branches=OURS),
    "stopped": situation(gates=STOPPED, pulls=[standing(SHOWN)], branches=OURS),
    "held by a label": situation(gates=HELD, pulls=[standing(SHOWN)], branches=OURS),
    "superseded": situation(NEXT, gates=STOPPED, pulls=[standing(SHOWN)], branches=BEHIND),
    "the evidence turned": situation(NOTHING, BAD, pulls=[standing(SHOWN)], branches=OURS),
    "rolled back": situation(ROLLBACK, BAD, pulls=[standing(SHOWN)], branches=OURS),
    "commits by others": situation(pulls=[standing(SHOWN)], branches=FOREIGN),
    "hostile reason": situation(Step(StepKind.HOLD, NOTHING.slots, SHOUTED), pulls=[standing(SHOWN)], branches=OURS),
}


def told(actions: tuple[Action, ...]) -> Iterator[str]:
    """What people read, action by action."""
    for action in actions:
        match action:
            case OpenPr():
                yield f"open `{action.proposal.title}`; status {action.status.state.value}: {action.status.description}"
            case UpdatePr():
                yield f"update to `{action.proposal.title}`; status {action.status.state.value}"
                yield f"comment: {action.comment}"
            case SetStatus():
                yield f"status {action.status.state.value}: {action.status.description}"
            case Comment():
                yield f"label {action.label}, comment: {action.text}"
            case ClosePr():
                kept = "removed" if action.delete_branch else "kept"
                yield f"close, branch {kept}, comment: {action.comment}"
            case _:
                yield type(action).__name__


def page(turns: dict[str, Situation]) -> str:
    lines = ["What a pull request says in each turn of its life.", ""]
    for turn, given in turns.items():
        lines += [f"## {turn}", "", *(f"- {one}" for one in told(choose(given).actions)), ""]
    gone = orphans(
        [pull(signed(replace(SHOWN, source="bot/env"), "The body."))], set(), "bot/env", "env", {"main": "f" * 40}
    )
    lines += ["## the policy is gone", "", *(f"- {one}" for plan in gone for one in told(plan.actions)), ""]
    return "\n".join(lines)


def test_each_turn_says_what_happened(golden: Golden) -> None:
    golden("life-cycle.md", page(TURNS))


@pytest.mark.parametrize("turn", TURNS)
def test_no_turn_mentions_or_commands_anybody(turn: str) -> None:
    for action in choose(TURNS[turn]).actions:
        for text in (getattr(action, "comment", ""), getattr(action, "text", "")):
            assert acted_on(text) == []
