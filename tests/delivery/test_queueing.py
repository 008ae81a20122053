"""Who merges, and what leaves the forge's queue again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_bot.delivery.actions import Situation, choose
from gitops_bot.delivery.queueing import UNJUDGED, unjudged
from gitops_bot.model import DequeuePr, EnqueuePr, Gate, MergeMode, PrState, Queued, SetStatus, StatusState, Vouch
from tests.delivery.given import (
    AT_REST,
    BAD,
    BEHIND,
    CAREFUL,
    FOREIGN,
    HEAD,
    NEXT,
    NOTHING,
    OPEN_GATES,
    OURS,
    SHOWN,
    STOPPED,
    WAITING,
    kinds,
    situation,
    standing,
    the,
)

QUEUE = MergeMode.QUEUE
BY_BOT, BY_PERSON = Queued(ours=True), Queued(ours=False)
GROUP = Queued(ours=True, commit="c" * 40)
WINDOW = (*OPEN_GATES, Gate("windows", False, "year end", merging=True))


def with_queue(queued: Queued | None, mode: MergeMode = QUEUE, **given: object) -> Situation:
    made = situation(**{"mode": mode, "branches": OURS, **given})  # type: ignore[arg-type]  # as a test names them
    return replace(made, pulls=[standing(SHOWN, queued=queued)])


def test_it_is_queued_at_the_head_that_was_judged_and_once() -> None:
    assert the(choose(with_queue(None)), EnqueuePr).head == HEAD
    assert choose(with_queue(BY_BOT)).actions == AT_REST
    assert choose(with_queue(BY_PERSON)).actions == AT_REST


def test_it_is_not_queued_where_our_status_binds_nobody() -> None:
    chosen = choose(replace(with_queue(None), unbound="main does not require it"))
    assert (chosen.actions, chosen.notes) == (AT_REST, ("merge: queue is refused: main does not require it",))
    assert kinds(choose(replace(with_queue(BY_BOT), unbound="main does not require it"))) == ["DequeuePr"]
    assert choose(replace(with_queue(BY_PERSON), unbound="main does not require it")).actions == AT_REST


def test_the_queues_commit_gets_our_word_once() -> None:
    vouch = the(choose(with_queue(GROUP)), Vouch)
    assert (vouch.commit, vouch.status.context) == ("c" * 40, "gitops-bot/shop")
    assert vouch.status.state is StatusState.SUCCESS
    assert choose(with_queue(replace(GROUP, passed=frozenset({"gitops-bot/shop"})))).actions == AT_REST


TURNS: dict[str, dict[str, object]] = {
    "evidence is missing": {"step": WAITING},
    "evidence is bad": {"step": NOTHING, "verdict": BAD},
    "a window shuts": {"gates": WINDOW},
    "somebody stops it": {"gates": STOPPED},
    "another step is next": {"step": NEXT},
    "base changed": {"branches": BEHIND},
}


@pytest.mark.parametrize("queued", [BY_BOT, BY_PERSON, GROUP], ids=["bot", "person", "group"])
@pytest.mark.parametrize("turn", TURNS)
def test_what_would_not_be_merged_leaves_first(turn: str, queued: Queued) -> None:
    for mode in MergeMode:
        assert kinds(choose(with_queue(queued, mode, **TURNS[turn])))[0] == "DequeuePr"


def test_what_is_a_persons_they_may_queue() -> None:
    assert "DequeuePr" not in kinds(choose(with_queue(BY_PERSON, branches=FOREIGN)))
    assert kinds(choose(with_queue(BY_BOT, branches=FOREIGN)))[0] == "DequeuePr"


def test_what_a_person_must_look_at_is_not_queued_by_the_bot() -> None:
    assert "EnqueuePr" not in kinds(choose(with_queue(None, step=CAREFUL)))
    assert "DequeuePr" in kinds(choose(with_queue(BY_BOT, step=CAREFUL)))
    assert "DequeuePr" not in kinds(choose(with_queue(BY_PERSON, step=CAREFUL)))


def test_a_pull_request_of_others_is_theirs() -> None:
    given = with_queue(None)
    theirs = replace(given, pulls=[standing(SHOWN, queued=BY_PERSON, ours=False)], step=NOTHING)
    assert choose(theirs).actions == AT_REST


def test_what_was_not_judged_is_taken_out() -> None:
    pulls = [
        standing(SHOWN, number=1, queued=BY_BOT),
        standing(SHOWN, number=2, queued=BY_PERSON),
        standing(SHOWN, number=3),
        standing(SHOWN, number=4, queued=BY_BOT, state=PrState.MERGED),
    ]
    (plan,) = unjudged(pulls, set(), "env", {"main": "f" * 40})
    off, told = plan.actions
    assert (plan.policy, off, plan.step.reason) == ("shop", DequeuePr(1), UNJUDGED)
    assert isinstance(told, SetStatus)
    assert (told.head, told.status.state) == (HEAD, StatusState.PENDING)
    assert unjudged(pulls, {"shop"}, "env", {"main": "f" * 40}) == ()
