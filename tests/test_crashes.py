"""The bot killed at every boundary between two effects, and two bots at once, on both hosted forges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.environment import KUSTOMIZATION, STABLE
from tests.support.gitlab import FakeGitLab
from tests.support.hosted import FORGES, Killed
from tests.support.memory_git import BASE
from tests.support.place import PAGES, START, Place, Story, written

PROMOTE = "gitops-bot/shop/promote"
AUTO: Mapping[str, Any] = {"pullRequest": {"merge": "auto"}, "rollback": {"merge": "auto"}}
DRESSED: Mapping[str, Any] = {"pullRequest": {"labels": ["promotion", "shop"], "reviewers": ["alice", "bob"]}}
OTHER: Mapping[str, Any] = {
    "name": "pages",
    "edits": [
        {"kustomizeImage": {"path": PAGES["stable"], "name": "ghcr.io/acme/shop"}, "set": "stableVersion"},
        {"kustomizeImage": {"path": PAGES["canary"], "name": "ghcr.io/acme/shop"}, "set": "candidateVersion"},
        {"helmValue": {"file": PAGES["weight"], "key": "canary.weight"}, "set": "weight"},
    ],
}


def _nothing(_place: Place) -> None: ...


def _opened(place: Place) -> None:
    place.tick()
    assert len(place.open) == 1


def _behind_pipelines(place: Place) -> None:
    """On GitLab merge requests wait for pipelines that begin when they are there."""
    if isinstance(place.world.fake, FakeGitLab):
        place.world.fake.world.pipelines.kinds = ("branch", "merged")


def _opened_and_rebuilt(place: Place) -> None:
    _opened(place)
    place.builds("2.0.1")


def _turned(place: Place) -> None:
    place.tick(5)
    assert [one.branch for one in place.open] == [PROMOTE]
    place.errors = 0.5


def _decided_by_hand(place: Place) -> None:
    _opened(place)
    place.world.person_pushes(BASE, {STABLE: KUSTOMIZATION.format(tag="2.0.0").encode()})


def _taken_over(place: Place) -> None:
    _opened(place)
    place.world.person_pushes(PROMOTE, {"note.txt": b"mine"})


def _taken_over_and_turned(place: Place) -> None:
    _turned(place)
    place.world.person_pushes(PROMOTE, {"note.txt": b"mine"})


def _left(place: Place) -> None:
    place.policies = [written(OTHER)]


def _opened_and_left(place: Place) -> None:
    _opened(place)
    _left(place)


STORIES = {
    "open": Story(_nothing),
    "open two": Story(_nothing, {}, OTHER),
    "open and merge": Story(_nothing, AUTO),
    "open and merge two": Story(_nothing, AUTO, {**OTHER, **AUTO}),
    "rewrite": Story(_opened_and_rebuilt),
    "open with labels and reviewers": Story(_nothing, DRESSED),
    "open two with labels and reviewers": Story(_nothing, DRESSED, {**OTHER, **DRESSED}),
    "open behind pipelines": Story(_behind_pipelines),
    "roll back": Story(_turned, {"rollback": {"merge": "auto"}}, weight=5, minutes=5),
    "propose to roll back": Story(_turned, weight=5, minutes=5),
    "close": Story(_decided_by_hand),
    "close an orphan": Story(_opened_and_left),
    "somebody else's commit": Story(_taken_over),
    "roll back past somebody else's commit": Story(_taken_over_and_turned, weight=5, minutes=5),
}


BUSY = (
    "open",
    "open behind pipelines",
    "open two",
    "open and merge",
    "rewrite",
    "roll back",
    "close",
    "somebody else's commit",
)
"""What two bots meet over."""


def _at(wanted: int, act: Callable[[], object]) -> Callable[[int], None]:
    def perhaps(number: int) -> None:
        if number == wanted:
            act()

    return perhaps


def _dies() -> None:
    raise Killed


@dataclass(frozen=True)
class Smooth:
    """A story as it goes when nothing comes between."""

    boundaries: int
    """Before and after each effect."""
    seen: object


def _smooth(forge: str, story: Story) -> Smooth:
    with FORGES[forge](START) as world:
        place = Place(world, story)
        place.tick(story.minutes)
        boundaries = world.boundaries
        place.settle()
        return Smooth(boundaries, place.seen())


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("name", STORIES)
def test_wherever_the_bot_is_killed_the_next_one_carries_on(forge: str, name: str) -> None:
    smooth = _smooth(forge, STORIES[name])
    assert smooth.boundaries
    for number in (1, *range(2, smooth.boundaries + 1, 2)):  # after one effect is before the next
        with FORGES[forge](START) as world:
            place = Place(world, STORIES[name])
            world.at_boundary = _at(number, _dies)
            with pytest.raises(Killed):
                place.tick(STORIES[name].minutes)
            world.at_boundary = lambda _: None
            place.settle()
            assert world.broken == []
            assert place.seen() == smooth.seen, f"killed at boundary {number} of {smooth.boundaries}"


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("name", BUSY)
def test_a_second_bot_in_between_doubles_and_loses_nothing(forge: str, name: str) -> None:
    smooth = _smooth(forge, STORIES[name])
    for number in range(1, smooth.boundaries + 1, 2):  # between a look and the effect that follows from it
        with FORGES[forge](START) as world:
            place = Place(world, STORIES[name])
            world.at_boundary = _at(number, place.tick)
            place.tick(STORIES[name].minutes)
            place.settle()
            assert world.broken == []
            assert place.seen() == smooth.seen, f"another bot at boundary {number} of {smooth.boundaries}"
