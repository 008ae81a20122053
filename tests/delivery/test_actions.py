"""Step, open pull request, marker, branch, closed ones, gates and mode → actions: one table a matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gitops_bot.delivery import marker
from gitops_bot.delivery.actions import choose
from gitops_bot.model import (
    Figure,
    Gate,
    OpenPr,
    PrState,
    SetStatus,
    StatusState,
    Step,
    StepKind,
    UpdatePr,
    Verdict,
)
from tests.delivery.given import (
    ADVANCE,
    AT_REST,
    AUTO,
    BACK,
    BAD,
    BEFORE,
    BEHIND,
    BLIND,
    BRANCH,
    CAREFUL,
    FOREIGN,
    GOOD,
    HEAD,
    NEXT,
    NOTHING,
    NOW,
    OPEN_GATES,
    OURS,
    ROLLBACK,
    SHOWN,
    STOPPED,
    UNSURE,
    V3,
    WAITING,
    Branches,
    body_of,
    kinds,
    proposal,
    pull,
    situation,
    standing,
    the,
)

# ---------------------------------------------------------------- nothing open


@pytest.mark.parametrize(
    ("step", "gates", "branches", "opens"),
    [
        (ADVANCE, OPEN_GATES, {}, (None, False)),
        (ROLLBACK, OPEN_GATES, {}, (None, False)),
        (ADVANCE, OPEN_GATES, BEHIND, (HEAD, False)),
        (ADVANCE, OPEN_GATES, OURS, (HEAD, True)),
        (CAREFUL, OPEN_GATES, {}, (None, False)),
        (ADVANCE, STOPPED, {}, None),
        (ADVANCE, STOPPED, OURS, None),
        (ADVANCE, OPEN_GATES, FOREIGN, None),
        (WAITING, OPEN_GATES, {}, None),
        (WAITING, OPEN_GATES, OURS, None),
        (NOTHING, OPEN_GATES, OURS, None),
        (BLIND, OPEN_GATES, OURS, None),
    ],
)
def test_what_is_wanted_permitted_and_not_there_is_opened(
    step: Step, gates: tuple[Gate, ...], branches: Branches, opens: tuple[str | None, bool] | None
) -> None:
    chosen = choose(situation(step, gates=gates, branches=branches))
    assert [(one.expected, one.current) for one in chosen.actions if isinstance(one, OpenPr)] == (
        [opens] if opens else []
    )
    assert len(chosen.actions) == (1 if opens else 0)


def test_what_is_opened_bears_its_marker_and_a_good_status() -> None:
    given = situation()
    action = the(choose(given), OpenPr)
    said = marker.read(action.proposal.body)
    assert said is not None
    assert (said.policy, said.key, said.hour, said.closed) == ("shop", action.proposal.key, "2026-01-05T09", "")
    assert (action.status.context, action.status.state) == ("gitops-bot/shop", StatusState.SUCCESS)
    assert action.status.description == "Advance: all checks passed"


def test_a_closed_gate_is_noted_with_its_reason() -> None:
    assert choose(situation(gates=STOPPED)).notes == ("stop: stop.yaml: freeze",)


def test_a_branch_with_commits_of_others_and_no_pull_request_is_left_and_noted() -> None:
    (note,) = choose(situation(branches=FOREIGN)).notes
    assert BRANCH in note


def test_opened_and_merged_are_never_one_tick() -> None:
    assert kinds(choose(situation(mode=AUTO, branches=OURS))) == ["OpenPr"]


# ---------------------------------------------------------------- closed ones

SAME, ELSE = body_of(situation()), body_of(situation(NEXT))
BY_BOT = marker.remembering(SAME, closed="superseded")
BEFORE_LANDING, AFTER_LANDING = NOW - timedelta(hours=2), NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    ("body", "fields", "is_no"),
    [
        (SAME, {}, True),
        (SAME, {"closed_at": BEFORE_LANDING}, True),
        (SAME, {"created_at": NOW, "closed_at": AFTER_LANDING}, True),  # by a clock that went backwards
        (ELSE, {}, False),
        (BY_BOT, {}, False),
        (SAME, {"state": PrState.MERGED}, False),
        (SAME, {"branch": BACK}, False),
        ("no marker", {}, True),
        ("no marker", {"closed_at": BEFORE_LANDING}, False),
        ("no marker", {"closed_at": None}, True),
        ("no marker", {"state": PrState.MERGED}, False),
        (marker.remembering("no marker", closed="superseded"), {}, False),
    ],
)
def test_a_persons_close_is_a_no_to_its_key(body: str, fields: dict[str, Any], is_no: bool) -> None:
    closed = pull(body, **{"state": PrState.CLOSED, "closed_at": AFTER_LANDING, **fields})
    chosen = choose(situation(pulls=[closed]))
    assert kinds(chosen) == ([] if is_no else ["OpenPr"])
    assert bool(chosen.notes) is is_no


def test_an_unmarked_close_holds_while_it_is_not_known_when_base_moved() -> None:
    closed = pull("no marker", state=PrState.CLOSED, closed_at=BEFORE_LANDING)
    assert kinds(choose(situation(pulls=[closed], landed=None))) == []


def test_a_no_to_a_rollback_holds_the_rollback() -> None:
    closed = pull(body_of(situation(ROLLBACK, BAD)), branch=BACK, state=PrState.CLOSED, closed_at=AFTER_LANDING)
    assert kinds(choose(situation(ROLLBACK, BAD, pulls=[closed]))) == []


def test_a_no_among_many_is_found() -> None:
    closed = [pull(body, number=n, state=PrState.CLOSED, closed_at=NOW) for n, body in enumerate([BY_BOT, ELSE, SAME])]
    (note,) = choose(situation(pulls=closed)).notes
    assert "#2" in note


def test_reopened_by_a_person_it_goes_on() -> None:
    reopened = choose(situation(pulls=[standing(SHOWN)], branches=OURS, mode=AUTO))
    assert kinds(reopened) == ["MergePr"]


# ---------------------------------------------------------------- at rest, refreshed

FIGURES = "Other figures.\n"
LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("step", "changed", "refreshed"),
    [
        (ADVANCE, {}, False),
        (ADVANCE, {"now": LATER}, False),
        (ADVANCE, {"text": FIGURES}, False),
        (ADVANCE, {"text": FIGURES, "now": LATER}, True),
        (ADVANCE, {"gates": STOPPED}, True),
        (ADVANCE, {"verdict": Verdict((*GOOD.checks, replace(GOOD.checks[0], name="new")))}, True),
        (ADVANCE, {"verdict": Verdict((replace(GOOD.checks[0], figures=(Figure("worst", "9"),)),))}, False),
        (ADVANCE, {"verdict": Verdict((replace(GOOD.checks[0], because="0.2 % ≤ 1 %"),))}, False),
        (WAITING, {"verdict": UNSURE}, True),
        (CAREFUL, {}, True),
        (replace(ADVANCE, reason="0.2 % ≤ 1 %"), {}, False),
        (replace(ADVANCE, reason="0.2 % ≤ 1 %"), {"now": LATER}, False),
    ],
)
def test_it_is_refreshed_for_what_matters_at_once_and_for_figures_hourly(
    step: Step, changed: dict[str, Any], refreshed: bool
) -> None:
    given = situation(step, pulls=[standing(situation())], branches=OURS, **changed)
    chosen = choose(given)
    assert kinds(chosen) == (["SetStatus"] if refreshed else [])
    if refreshed:
        written = the(chosen, SetStatus)
        assert (written.head, written.number, written.body) == (HEAD, 7, body_of(given))
        after = replace(given, pulls=[pull(written.body)])
        assert choose(after).actions == AT_REST


def test_a_status_waits_with_the_gates_reason() -> None:
    written = the(choose(situation(gates=STOPPED, pulls=[standing(SHOWN)], branches=OURS)), SetStatus)
    assert (written.status.state, written.status.description) == (StatusState.PENDING, "stop: stop.yaml: freeze")


def test_a_status_waits_with_the_holds_reason_in_one_safe_line() -> None:
    hold = replace(WAITING, reason="@alice #1\n" + "x" * 200)
    written = the(choose(situation(hold, UNSURE, pulls=[standing(SHOWN)], branches=OURS)), SetStatus)
    assert written.status.description.startswith("@\u200balice #\u200b1 xxx")
    assert len(written.status.description) == 140


def test_a_pull_request_the_bot_began_to_close_is_wanted_again() -> None:
    marked = pull(marker.remembering(SAME, closed="superseded"))
    given = situation(pulls=[marked], branches=OURS)
    assert the(choose(given), SetStatus).body == body_of(given)


# ---------------------------------------------------------------- rewritten in place


@pytest.mark.parametrize(
    ("said", "step", "branches", "gates", "expected"),
    [
        (NEXT, ADVANCE, BEHIND, OPEN_GATES, ("UpdatePr", False, True)),
        (NEXT, ADVANCE, OURS, OPEN_GATES, ("UpdatePr", True, True)),
        (ADVANCE, ADVANCE, BEHIND, OPEN_GATES, ("UpdatePr", False, False)),
        (None, ADVANCE, OURS, OPEN_GATES, ("UpdatePr", True, True)),
        (NEXT, ADVANCE, OURS, STOPPED, ("UpdatePr", True, True)),
        (NEXT, WAITING, OURS, OPEN_GATES, ("UpdatePr", True, True)),
        (NEXT, ADVANCE, BEHIND, STOPPED, ("ClosePr",)),
        (NEXT, WAITING, BEHIND, OPEN_GATES, ("ClosePr",)),
        (ADVANCE, ADVANCE, BEHIND, STOPPED, ("SetStatus",)),
        (ADVANCE, WAITING, BEHIND, OPEN_GATES, ("SetStatus",)),
    ],
)
def test_another_key_or_an_outdated_branch_is_rewritten_or_closed(
    said: Step | None, step: Step, branches: Branches, gates: tuple[Gate, ...], expected: tuple[Any, ...]
) -> None:
    body = body_of(situation(said)) if said else "a person's text"
    chosen = choose(situation(step, gates=gates, pulls=[pull(body)], branches=branches, mode=AUTO))
    kind, *details = expected
    assert kinds(chosen) == [kind]
    if kind == "UpdatePr":
        update = the(chosen, UpdatePr)
        assert [update.current, bool(update.comment)] == details
        assert (update.number, update.expected) == (7, HEAD)


def test_a_rewrite_that_is_not_permitted_says_pending() -> None:
    chosen = choose(situation(WAITING, UNSURE, pulls=[pull(ELSE)], branches=OURS))
    assert the(chosen, UpdatePr).status.state is StatusState.PENDING


def test_the_comment_says_what_is_proposed_now_and_nothing_acts() -> None:
    hostile = replace(proposal(), title="x <img src=//e> [c](d) @alice #1 <!--")
    chosen = choose(situation(proposed=hostile, pulls=[pull(ELSE)], branches=BEHIND))
    said = the(chosen, UpdatePr).comment
    assert said.endswith("x &lt;img src=//e&gt; \\[c\\](d) @\u200balice #\u200b1 &lt;!--")


def test_a_newer_candidate_rewrites_the_same_pull_request() -> None:
    start = Step(StepKind.START, replace(BEFORE, candidate=V3), "new")
    chosen = choose(situation(start, proposed=proposal(start, V3), pulls=[pull(SAME)], branches=BEHIND))
    assert the(chosen, UpdatePr).proposal.title == "promote(shop): start 1.4.3 at 5 %"


def test_what_a_crash_left_unsaid_is_said_and_then_rests() -> None:
    given = situation(pulls=[pull(ELSE)], branches=OURS)
    update = the(choose(given), UpdatePr)
    assert update.current
    assert choose(replace(given, pulls=[pull(update.proposal.body)])).actions == AT_REST
