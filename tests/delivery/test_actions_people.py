"""What is closed, what belongs to other people, what is merged, what stays while the bot is blind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitops_bot.delivery import marker
from gitops_bot.delivery.actions import FOREIGN_LABEL, choose
from gitops_bot.model import (
    ClosePr,
    Comment,
    Direction,
    MergeMode,
    MergePr,
    OpenPr,
    SetStatus,
    StatusState,
    Step,
    StepKind,
    Verdict,
)
from tests.delivery.given import (
    ADVANCE,
    AT_REST,
    AUTO,
    BACK,
    BAD,
    BEHIND,
    BLIND,
    BRANCH,
    CAREFUL,
    FOREIGN,
    HEAD,
    HELD_CAREFUL,
    NEXT,
    NOTHING,
    OTHER_HEAD,
    OURS,
    ROLLBACK,
    SHOWN,
    STOPPED,
    UNSURE,
    WAITING,
    Branches,
    body_of,
    foreign,
    kinds,
    ours,
    proposal,
    pull,
    situation,
    standing,
    the,
)

SAME, ELSE = body_of(situation()), body_of(situation(NEXT))


# ---------------------------------------------------------------- closing


@pytest.mark.parametrize(
    ("step", "branches", "kept"),
    [(NOTHING, OURS, False), (NOTHING, BEHIND, False), (ROLLBACK, OURS, False), (ROLLBACK, FOREIGN, True),
     (ROLLBACK, {}, True)],
)  # fmt: skip
def test_what_nothing_wants_is_closed_with_the_reason(step: Step, branches: Branches, kept: bool) -> None:
    chosen = choose(situation(step, pulls=[standing(SHOWN)], branches=branches))
    closing = the(chosen, ClosePr)
    said = marker.read(closing.body)
    assert said is not None
    assert (closing.number, closing.reason, said.closed) == (7, step.reason, step.reason)
    assert said.key == proposal().key
    assert closing.delete_branch == ("" if kept else BRANCH)
    assert closing.head == HEAD
    assert marker.text(closing.body) == marker.text(body_of(SHOWN))


def test_a_reason_is_one_line_of_bounded_length() -> None:
    chosen = choose(situation(replace(NOTHING, reason="a\n@b " * 200), pulls=[standing(SHOWN)], branches=OURS))
    reason = the(chosen, ClosePr).reason
    assert (len(reason), "\n" in reason, "@b" in reason) == (300, False, False)


def test_a_rollback_first_closes_the_promotion_then_opens() -> None:
    chosen = choose(situation(ROLLBACK, BAD, pulls=[standing(SHOWN)], branches=OURS))
    assert kinds(chosen) == ["ClosePr", "OpenPr"]
    assert the(chosen, OpenPr).proposal.branch == BACK


def test_a_rollback_that_is_over_is_closed_before_the_promotion_opens() -> None:
    back = pull(body_of(situation(ROLLBACK, BAD)), number=8, branch=BACK, head=OTHER_HEAD)
    chosen = choose(situation(pulls=[back], branches={Direction.ROLLBACK: ours(oid=OTHER_HEAD)}))
    assert kinds(chosen) == ["ClosePr", "OpenPr"]
    assert the(chosen, ClosePr).delete_branch == BACK


# ---------------------------------------------------------------- other people


@pytest.mark.parametrize("step", [ADVANCE, NEXT, WAITING, NOTHING])
@pytest.mark.parametrize("mode", MergeMode)
def test_commits_of_others_are_answered_once_and_left_alone(step: Step, mode: MergeMode) -> None:
    given = situation(step, pulls=[standing(SHOWN)], branches=FOREIGN, mode=mode)
    chosen = choose(given)
    said = the(chosen, Comment)
    assert kinds(chosen) == ["Comment", "SetStatus"]
    told = the(chosen, SetStatus)
    assert (told.head, told.status.state) == (HEAD, StatusState.PENDING)
    assert (said.number, said.label, said.key) == (7, FOREIGN_LABEL, f"foreign-{HEAD[:12]}")
    assert len(chosen.notes) == 1
    again = choose(replace(given, pulls=[pull(told.body, labels=(FOREIGN_LABEL,))]))
    assert (again.actions, again.notes) == (AT_REST, chosen.notes)


@pytest.mark.parametrize("step", [ADVANCE, NEXT, WAITING, NOTHING, BLIND, ROLLBACK])
def test_a_pull_request_of_somebody_else_is_never_touched(step: Step) -> None:
    chosen = choose(situation(step, pulls=[pull("By hand", ours=False)], branches=OURS, mode=AUTO))
    assert not [one for one in chosen.actions if not isinstance(one, OpenPr)]
    assert not [one for one in chosen.actions if isinstance(one, OpenPr) and one.proposal.branch == BRANCH]


@pytest.mark.parametrize("step", [ADVANCE, NEXT, WAITING, NOTHING])
@pytest.mark.parametrize("branches", [{Direction.PROMOTE: ours(oid=OTHER_HEAD)}, {}])
def test_while_the_forge_and_git_disagree_on_the_head_nothing_is_done(step: Step, branches: Branches) -> None:
    chosen = choose(situation(step, pulls=[standing(SHOWN)], branches=branches, mode=AUTO))
    assert chosen.actions == AT_REST
    assert "head" in chosen.notes[0]


def test_commits_of_others_are_such_even_before_the_forge_shows_them() -> None:
    given = situation(pulls=[standing(SHOWN)], branches={Direction.PROMOTE: foreign(OTHER_HEAD)}, mode=AUTO)
    assert kinds(choose(given)) == ["Comment", "SetStatus"]


# ---------------------------------------------------------------- merging


@pytest.mark.parametrize(
    ("step", "given", "fields", "merged"),
    [
        (ADVANCE, {}, {}, True),
        (ROLLBACK, {}, {}, True),
        (ADVANCE, {"mode": MergeMode.NEVER}, {}, False),
        (ADVANCE, {"gates": STOPPED}, {}, False),
        (WAITING, {}, {}, False),
        (CAREFUL, {}, {}, False),
        (HELD_CAREFUL, {}, {}, False),
        (ADVANCE, {"branches": BEHIND}, {}, False),
        (ADVANCE, {"branches": FOREIGN}, {}, False),
        (ADVANCE, {"branches": {}}, {}, False),
        (ADVANCE, {}, {"draft": True}, False),
        (ADVANCE, {}, {"head": OTHER_HEAD}, False),
        (ADVANCE, {}, {"ours": False}, False),
        (ADVANCE, {}, {"body": "a person's text"}, False),
        (ADVANCE, {}, {"body": ELSE}, False),
    ],
)
def test_only_what_this_very_tick_would_let_pass_is_merged(
    step: Step, given: dict[str, Any], fields: dict[str, Any], merged: bool
) -> None:
    back = step.kind is StepKind.ROLLBACK
    direction, branch = (Direction.ROLLBACK, BACK) if back else (Direction.PROMOTE, BRANCH)
    there = standing(situation(step), branch=branch)
    chosen = choose(
        situation(step, **{"mode": AUTO, "branches": {direction: ours()}, "pulls": [replace(there, **fields)], **given})
    )
    merges = [one for one in chosen.actions if isinstance(one, MergePr)]
    assert merges == ([MergePr(7, HEAD, proposal(step).title, branch)] if merged else [])


def test_what_is_shown_anew_is_shown_before_it_is_merged() -> None:
    waited = standing(situation(WAITING, UNSURE))
    assert kinds(choose(situation(pulls=[waited], branches=OURS, mode=AUTO))) == ["SetStatus", "MergePr"]


# ---------------------------------------------------------------- blind


@pytest.mark.parametrize("branches", [OURS, BEHIND, FOREIGN, {}])
def test_while_something_cannot_be_seen_what_is_open_stays_pending(branches: Branches) -> None:
    given = situation(BLIND, Verdict(), pulls=[standing(SHOWN)], branches=branches, mode=AUTO)
    chosen = choose(given)
    assert kinds(chosen) == ["SetStatus"]
    written = the(chosen, SetStatus)
    assert (written.head, written.status.state, written.status.description) == (HEAD, StatusState.PENDING, BLIND.reason)
    assert marker.text(written.body) == marker.text(body_of(SHOWN))
    assert choose(replace(given, pulls=[pull(written.body)])).actions == AT_REST


def test_sight_regained_is_shown() -> None:
    blind = the(choose(situation(BLIND, Verdict(), pulls=[standing(SHOWN)], branches=OURS)), SetStatus)
    given = situation(pulls=[pull(blind.body)], branches=OURS)
    assert the(choose(given), SetStatus).status.state is StatusState.SUCCESS


def test_a_close_that_was_begun_and_then_kept_counts_as_open() -> None:
    """Else a person's later close would look like the bot's own."""
    begun = pull(marker.remembering(SAME, closed="superseded"))
    written = the(choose(situation(BLIND, Verdict(), pulls=[begun], branches=OURS)), SetStatus)
    said = marker.read(written.body)
    assert said is not None
    assert said.closed == ""
