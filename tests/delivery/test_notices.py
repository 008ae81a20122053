"""Which changes of state people are told of, and which they are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gitops_bot.delivery import actions, marker
from gitops_bot.delivery.actions import Situation, choose
from gitops_bot.delivery.notices import notices
from gitops_bot.model import CheckResult, Notify, Outcome, PrState, PullRequest, Verdict
from tests.delivery.given import (
    BEHIND,
    FOREIGN,
    NEXT,
    NOTHING,
    NOW,
    OURS,
    ROLLBACK,
    SHOWN,
    WAITING,
    body_of,
    pull,
    situation,
    standing,
)

LATE = Verdict((CheckResult("deadline", Outcome.UNKNOWN, "still undecided after 2h", critical=False),))


def told(given: Situation) -> list[tuple[str, str, str]]:
    """Event, after which action, about which pull request."""
    found = notices(given, choose(given).actions, ("payments",))
    return [(one.event, one.after, str(one.number or "")) for one in found]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (situation(), [("opened", "open", "")]),
        (situation(ROLLBACK), [("rollback", "open", "")]),
        (situation(pulls=[standing(SHOWN)], branches=OURS), []),
        (situation(NEXT, pulls=[standing(SHOWN)], branches=BEHIND), [("rewritten", "update", "7")]),
        (situation(pulls=[standing(SHOWN)], branches=BEHIND), []),
        (situation(NOTHING, pulls=[standing(SHOWN)], branches=OURS), [("closed", "close", "7")]),
        (situation(pulls=[standing(SHOWN)], branches=FOREIGN), [("foreign", "comment", "7")]),
        (
            situation(pulls=[standing(SHOWN, labels=(actions.FOREIGN_LABEL,))], branches=FOREIGN),
            [],
        ),
        (situation(WAITING, LATE, pulls=[standing(SHOWN)], branches=OURS), [("deadline", "refresh", "7")]),
        (situation(pulls=[standing(SHOWN)], branches=OURS, gates=()), []),
    ],
)
def test_what_the_bot_does_is_told_after_it_was_done(given: Situation, expected: list[tuple[str, str, str]]) -> None:
    assert told(given) == expected


def test_a_deadline_is_told_once() -> None:
    late = situation(WAITING, LATE)
    shown = standing(late)
    assert told(situation(WAITING, replace(LATE), pulls=[shown], branches=OURS, gates=())) == []


def ended(**fields: Any) -> PullRequest:
    merged = pull(body_of(SHOWN), state=PrState.MERGED, closed_at=NOW - timedelta(minutes=5))
    return replace(merged, **fields)


@pytest.mark.parametrize(
    ("fields", "events"),
    [
        ({}, ["merged"]),
        ({"state": PrState.CLOSED}, ["closed"]),
        ({"state": PrState.OPEN, "closed_at": None}, []),
        ({"ours": False}, []),
        ({"body": "no marker"}, []),
        ({"closed_at": NOW - timedelta(hours=25)}, []),
        ({"body": marker.telling(body_of(SHOWN), "merged")}, []),
        ({"body": marker.telling(body_of(SHOWN), "closed")}, ["merged"]),
        ({"state": PrState.CLOSED, "body": marker.remembering(body_of(SHOWN), closed="superseded")}, []),
    ],
)
def test_how_a_pull_request_ended_is_told_until_its_marker_says_so(fields: dict[str, Any], events: list[str]) -> None:
    given = situation(NOTHING, pulls=[ended(**fields)])
    found = notices(given, (), ("payments",))
    assert [one.event for one in found] == events
    for one in found:
        said = marker.read(one.body)
        assert said is not None
        assert (said.told, said.key) == (one.event, marker.read(body_of(SHOWN)).key)  # type: ignore[union-attr]


def test_nobody_is_told_where_the_policy_names_nobody() -> None:
    given = situation(pulls=[ended()])
    assert notices(given, choose(given).actions, ()) == ()


def test_a_message_holds_no_mention_and_no_second_line() -> None:
    step = replace(ROLLBACK, reason="@here\n<!channel> failed #1")
    given = situation(step)
    (one,) = notices(given, choose(given).actions, ("payments",))
    assert isinstance(one, Notify)
    assert one.text == "@\u200bhere <!channel> failed #\u200b1"
