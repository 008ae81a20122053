"""Gates that hold back the merge alone, and the label by which people hold a pull request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gitops_bot.delivery.actions import choose
from gitops_bot.model import Gate, OpenPr, SetStatus, StatusState
from tests.delivery.given import (
    AT_REST,
    AUTO,
    BAD,
    BEHIND,
    NEXT,
    NOTHING,
    NOW,
    OPEN_GATES,
    OURS,
    SHOWN,
    kinds,
    proposal,
    situation,
    standing,
    the,
)

FREEZE = (*OPEN_GATES, Gate("windows", False, "year end", NOW + timedelta(days=9), merging=True))
HELD = (*OPEN_GATES, Gate("hold", False, "#7 bears the label gitops-bot/hold"))
LABELLED = standing(SHOWN, labels=("gitops-bot/hold",))


def test_it_is_opened_and_waits() -> None:
    opened = the(choose(situation(gates=FREEZE, mode=AUTO)), OpenPr)
    assert (opened.status.state, opened.status.description) == (
        StatusState.PENDING,
        "windows: year end (until 2026-01-14 09:30 UTC)",
    )


def test_it_is_rewritten_and_waits() -> None:
    assert kinds(choose(situation(NEXT, gates=FREEZE, mode=AUTO, pulls=[standing(SHOWN)], branches=BEHIND))) == [
        "UpdatePr"
    ]


def test_it_is_merged_when_the_gate_opens() -> None:
    closed = situation(gates=FREEZE, mode=AUTO, now=NOW - timedelta(hours=2))
    there = [standing(closed)]
    assert choose(situation(gates=FREEZE, mode=AUTO, pulls=there, branches=OURS)).actions == AT_REST
    assert kinds(choose(situation(mode=AUTO, pulls=there, branches=OURS))) == ["SetStatus", "MergePr"]


def test_what_is_held_by_a_label_is_neither_merged_nor_rewritten_nor_closed() -> None:
    for step, branches in ((NEXT, OURS), (NEXT, BEHIND), (situation().step, OURS)):
        held = situation(step, gates=HELD, mode=AUTO, pulls=[LABELLED], branches=branches, proposed=proposal(step))
        chosen = choose(held)
        assert kinds(chosen) == ["SetStatus"]
        assert the(chosen, SetStatus).status.state is StatusState.PENDING
        told = replace(LABELLED, body=the(chosen, SetStatus).body)
        assert choose(replace(held, pulls=[told])).actions == AT_REST


def test_what_failed_is_closed_though_it_is_held() -> None:
    failed = situation(NOTHING, BAD, gates=HELD, pulls=[LABELLED], branches=OURS)
    assert kinds(choose(failed)) == ["ClosePr"]
