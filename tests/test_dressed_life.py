"""Labels and reviewers are set once, also by a bot that comes after one that was killed; then they are people's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gitops_bot.delivery import marker
from tests.support.hosted import FORGES, Hosted, Killed
from tests.support.place import START, Place, Story

DRESSED = {"pullRequest": {"labels": ["promotion", "shop"], "reviewers": ["alice"]}}
PATHS = {
    "github": (r"/labels$", r"/requested_reviewers$"),
    "gitlab": (r"/merge_requests/\d+$", r"/merge_requests/\d+$"),
}


@pytest.fixture(params=FORGES)
def world(request: pytest.FixtureRequest) -> Iterator[Hosted]:
    with FORGES[request.param](START) as world:
        yield world


def begun(world: Hosted) -> Place:
    return Place(world, Story(lambda _place: None, DRESSED))


def dress(place: Place) -> tuple[list[str], list[str]]:
    shown = place.world.shown(1)
    return sorted(shown.labels), shown.reviewers


def opened_and_killed(place: Place) -> None:
    """At the first effect after the pull request is there."""

    def dies(_number: int) -> None:
        if place.world.pulls:
            raise Killed

    place.world.at_boundary = dies
    with pytest.raises(Killed):
        place.tick()
    place.world.at_boundary = lambda _: None
    assert dress(place) == ([], [])


def test_a_bot_that_comes_after_sets_them(world: Hosted) -> None:
    place = begun(world)
    opened_and_killed(place)
    place.settle()
    assert dress(place) == (["promotion", "shop"], ["alice"])
    world.writes.clear()
    place.tick()
    assert world.writes == []


def relabelled(place: Place) -> None:
    place.world.person_labels(place.open[0], "promotion", on=False)


def unasked(place: Place) -> None:
    place.world.shown(1).reviewers.clear()


@pytest.mark.parametrize("away", [relabelled, unasked])
def test_what_a_person_takes_away_does_not_come_back(world: Hosted, away: Callable[[Place], None]) -> None:
    place = begun(world)
    place.settle()
    away(place)
    expected = dress(place)
    world.writes.clear()
    place.tick()
    place.builds("2.0.1")
    place.settle()
    assert dress(place) == expected


def test_what_a_forge_refuses_is_said_and_not_asked_for_again(world: Hosted) -> None:
    place = begun(world)
    kind = next(name for name in FORGES if name in type(world.fake).__name__.lower())
    verb = "POST" if kind == "github" else "PUT"
    for path in PATHS[kind]:
        world.fake.fail_next(verb, path, 422, {"message": "no such"})
    (receipt,) = [one for one in place.tick().receipts if one.action == "open"]
    assert "no such" in receipt.detail
    assert dress(place) == ([], [])
    world.writes.clear()
    place.tick()
    assert world.writes == []


def test_a_pull_request_without_them_is_written_once(world: Hosted) -> None:
    place = Place(world, Story(lambda _place: None))
    place.tick()
    assert [one for one in world.writes if not one.startswith(("POST", "push"))] == []
    said = marker.read(place.open[0].body)
    assert said
    assert said.owes == ""


def test_a_body_that_a_person_wrote_over_owes_nothing(world: Hosted) -> None:
    place = begun(world)
    opened_and_killed(place)
    world.shown(1).body = "Mine."
    place.tick()
    place.tick()
    assert dress(place) == ([], [])
