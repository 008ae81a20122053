"""What comes from other environments: the newest version that all of them held, by git's history alone."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.model import History, Readings, Unproven
from gitops_bot.strategy import environments
from tests.support.build import Row, at, history, only, policy, version

DAY = 24 * 60
SPEC: dict[str, Any] = {
    "repository": "environments",
    "candidate": {"environments": ["dev", "staging"]},
    "strategy": {"promote": {}},
    "gates": {"soak": "24h"},
    "edits": [{"kustomizeImage": {"path": "prod", "name": "cart"}, "set": "version"}],
}


def held(*rows: tuple[float, str] | tuple[float, str, str]) -> History:
    told: list[Row] = [(row[0], only(row[1]), *row[2:]) for row in rows]
    return history(*told)


def offer(dev: History | str, staging: History | str, *, now: float, stands: str | None = "v1", **more: Any) -> str:
    """What comes next, as text; a reason in brackets where nothing does."""
    read = Readings(histories={"dev": dev, "staging": staging}, **more)
    found = environments.offered(policy(SPEC).spec, read, only(stands), at(now))
    return f"({found.because})" if isinstance(found, Unproven) else str(found)


V1 = (-2 * DAY, "v1")


@pytest.mark.parametrize(
    ("dev", "staging", "now", "expected"),
    [
        # every one of them, for the whole soak
        ([V1, (10, "v2")], [V1, (20, "v2")], 20 + DAY, "v2"),
        ([V1, (10, "v2")], [V1, (20, "v2")], 19 + DAY, "v1"),
        ([V1, (10, "v2")], [V1], 10 + 2 * DAY, "v1"),
        # even if they have moved on since
        ([V1, (10, "v2"), (10 + DAY, "v3")], [V1, (20, "v2"), (20 + DAY, "v3")], 30 + DAY, "v2"),
        ([V1, (10, "v2"), (20, "v3")], [V1, (30, "v3")], 30 + DAY, "v3"),
        # what was left too early never counts
        ([V1, (10, "v2"), (20, "v3")], [V1, (15, "v2"), (25, "v3")], 24 + DAY, "v1"),
        # turned away: it went back to what was there before
        ([V1, (10, "v2")], [V1, (20, "v2"), (20 + DAY, "v1")], 30 + DAY, "v1"),
        ([V1, (10, "v2"), (10 + DAY, "v1")], [V1, (20, "v2")], 30 + DAY, "v1"),
        # and lifted by a person
        ([V1, (10, "v2")], [V1, (20, "v2"), (30, "v1"), (40, "v2", "ada")], 40 + DAY, "v2"),
        ([V1, (10, "v2")], [V1, (20, "v2"), (30, "v1"), (40, "v2")], 40 + DAY,
         "(no version stood in all of dev, staging yet)"),
        # a version that only one of them knows is nobody's
        ([(0, "a")], [(0, "b")], DAY, "(no version stood in all of dev, staging yet)"),
        ([(0, "v1")], [(0, "v1")], 60, "(v1 is on its way: dev has held v1 since 2026-03-02 12:00 UTC, 1d are asked "
         "for; staging has held v1 since 2026-03-02 12:00 UTC, 1d are asked for)"),
    ],
)  # fmt: skip
def test_the_newest_version_that_all_held_for_the_soak(dev: Any, staging: Any, now: float, expected: str) -> None:
    assert offer(held(*dev), held(*staging), now=now) == expected


def test_what_cannot_be_seen_is_told_and_gives_nothing() -> None:
    assert offer("no policy of that name is known", held(V1), now=DAY) == "dev: no policy of that name is known"


def test_what_an_open_rollback_would_take_back_is_not_proven() -> None:
    both = held(V1, (10, "v2"))
    assert offer(both, both, now=20 + DAY) == "v2"
    assert offer(both, both, now=20 + DAY, going_back={"staging": 7}) == "v1"


def test_a_lower_version_is_never_written_over_a_higher_one() -> None:
    low = held((0, "1.8.0"))
    assert offer(low, low, now=DAY, stands="1.9.0") == "(1.8.0, which dev, staging held, is older than 1.9.0 here)"
    assert offer(low, low, now=DAY, stands="2026-02") == "1.8.0"


def test_the_way_is_shown_by_rows_of_what_waits_for_what() -> None:
    both, later = held(V1, (10, "v2")), held(V1, (70, "v2"), (80, "v1"))
    read = Readings(
        histories={"dev": both, "eu": both, "us": later},
        before={"dev": (), "eu": ("dev",), "us": ("dev",)},
    )
    wanted = version("v2")
    assert wanted
    rows = environments.path(["eu", "us"], read, wanted, at(190.5))
    told = [[(hop.environment, hop.held or hop.trouble) for hop in row] for row in rows]
    assert told == [
        [("dev", "v2 for 3h")],
        [("eu", "v2 for 3h"), ("us", "the stable version went back to v1 in c2 by bot")],
    ]


def test_a_circle_of_policies_is_shown_once() -> None:
    both = held(V1)
    read = Readings(histories={"a": both, "b": both}, before={"a": ("b",), "b": ("a",)})
    wanted = version("v1")
    assert wanted
    assert sorted(hop.environment for row in environments.path(["a"], read, wanted, at(1)) for hop in row) == ["a", "b"]
