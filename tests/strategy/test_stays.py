"""How long a version stood in a slot without a break."""

from __future__ import annotations

import pytest

from gitops_bot.model import History, SlotName, Stay, Stays, Version
from gitops_bot.strategy import stays
from tests.support.build import Row, at, history, only, slots

V1, V2 = only("v1"), only("v2")
V2_ITSELF = Version("v2")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(0, V1), (5, V2)], (Stay(at(5)),)),
        ([(0, V1)], ()),
        ([(0, V2)], (Stay(at(0)),)),
        ([(0, V1), (5, V2), (9, only("v3"))], (Stay(at(5), at(9)),)),
        ([(0, V1), (5, V2), (6, V2), (7, None), (8, V2)], (Stay(at(5)),)),
        ([(0, V1), (5, V2), (6, None), (9, only("v3"))], (Stay(at(5), at(6)),)),
        ([(0, V1), (2, None), (5, V2)], (Stay(at(5)),)),
        ([(0, V1), (5, V2), (7, only("v3")), (8, V2, "alice")], (Stay(at(8)), Stay(at(5), at(7)))),
    ],
)
def test_each_stay_has_its_beginning_and_its_end(rows: list[Row], found: tuple[Stay, ...]) -> None:
    told = stays("staging", history(*rows), V2_ITSELF, SlotName.STABLE)
    assert told == Stays("staging", found)


def test_what_begins_before_history_is_read_is_not_whole() -> None:
    told = stays("staging", history((3, V2), complete=False), V2_ITSELF, SlotName.STABLE)
    assert told.stays == (Stay(at(3), whole=False),)


@pytest.mark.parametrize(
    ("told", "trouble"),
    [
        (history((0, V1), (5, V2), (9, V1)), "the stable version went back to v1 in c2 by bot"),
        (history((0, V1), (5, V2), (9, None)), "what it holds cannot be read"),
        ("no policy of that name", "no policy of that name"),
    ],
)
def test_what_was_turned_away_or_is_not_known_does_not_count(told: History | str, trouble: str) -> None:
    found = stays("staging", told, V2_ITSELF, SlotName.STABLE)
    assert (found.stays, found.trouble) == ((), trouble)


def test_the_candidate_slot_counts_through_all_its_weights() -> None:
    told = history((0, slots("v1", "v1", 0)), (5, slots("v1", "v2", 5)), (9, slots("v1", "v2", 25)))
    assert stays("here", told, V2_ITSELF, SlotName.CANDIDATE).stays == (Stay(at(5)),)
