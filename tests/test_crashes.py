"""The bot killed at every boundary between two effects, and two bots at once, on both hosted forges."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from gitops_bot import observe, tick
from gitops_bot.adapters.recorded import MemoryMetrics
from gitops_bot.model import PrState, PullRequest
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import LoadedPolicy, Source, load_policies
from tests.support.environment import CANARY, KUSTOMIZATION, LADDER, STABLE, policy, tree
from tests.support.hosted import FORGES, Hosted, Killed
from tests.support.memory_git import BASE, BOT

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROMOTE = "gitops-bot/shop/promote"
PAGES = {"stable": "apps/pages/stable", "canary": "apps/pages/canary", "weight": "charts/pages/values.yaml"}


class Place:
    """A world in which a story begins, and bots that can be started in it."""

    def __init__(self, world: Hosted, story: Story) -> None:
        self.world, self.errors = world, 0.0
        self.policies = [*map(_policy, story.policies)]
        files = {**tree(weight=story.weight), **_pages()}
        world.commit(BASE, {path: text.encode() for path, text in files.items()}, who="Acme CI <ci@acme.example>")
        story.before(self)
        world.boundaries = 0

    def bot(self) -> tick.Job:
        """One as it starts: it remembers nothing."""
        site = observe.Site(
            name="environments",
            base=BASE,
            repo=self.world,
            forge=self.world.forge(),
            clusters={},
            metrics={"prom": MemoryMetrics(lambda _query, _at: self.errors)},
            servers={"prod": "prom"},
            identity=BOT,
            automation=("ci@acme.example",),
        )
        loaded = [_loaded(text) for text in self.policies]
        return tick.Job(site, lambda _sight: tick.Loaded(loaded, whole=True), Limits(), self.world)

    def tick(self, minutes: int = 0) -> tick.Report:
        """A bot's only tick."""
        self.world.pass_time(minutes * MINUTE)
        return tick.run(self.bot())

    def builds(self, tag: str) -> None:
        """A new candidate."""
        self.world.person_pushes(BASE, {CANARY: KUSTOMIZATION.format(tag=tag).encode()}, "Acme CI <ci@acme.example>")

    @property
    def open(self) -> list[PullRequest]:
        """The open ones."""
        return [one for one in self.world.pulls.values() if one.state is PrState.OPEN]

    def seen(self) -> object:
        """What people see, without object names and times."""
        pulls = [
            (one.number, one.branch, one.state, one.title, one.labels, *map(_words, self.world.comments(one.number)))
            for one in self.world.pulls.values()
        ]
        files = {name: self.world.commits[oid].files for name, oid in self.world.refs.items()}
        statuses = {one.branch: self.world.status(one.head) for one in self.open}
        return pulls, files, statuses

    def settle(self) -> None:
        """Ticks of new bots, until one writes nothing."""
        for _ in range(4):
            self.world.writes.clear()
            assert [str(one.error) for one in self.tick().failures] == []
            if not self.world.writes:
                return
        raise AssertionError(f"it does not rest: {self.world.writes}")


@cache
def _loaded(text: str) -> LoadedPolicy:
    (loaded,) = load_policies([Source("policy.yaml", text.encode())])
    return loaded


def _policy(given: Mapping[str, Any]) -> str:
    return policy(**{"analysis": {**LADDER["analysis"], "bake": "3m"}, **given})


def _pages() -> dict[str, str]:
    stable, canary, values = tree().values()
    return {
        f"{PAGES['stable']}/kustomization.yaml": stable,
        f"{PAGES['canary']}/kustomization.yaml": canary,
        PAGES["weight"]: values,
    }


def _words(text: str) -> str:
    return re.sub(r"\d+", "n", text.partition("<!--")[0])


class Story:
    """How the world is when the tick begins that is killed."""

    def __init__(
        self, before: Callable[[Place], None], *policies: Mapping[str, Any], weight: int = 0, minutes: int = 0
    ) -> None:
        self.before, self.policies, self.weight, self.minutes = before, policies or ({},), weight, minutes


AUTO: Mapping[str, Any] = {"pullRequest": {"merge": "auto"}, "rollback": {"merge": "auto"}}
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
    place.policies = [_policy(OTHER)]


def _opened_and_left(place: Place) -> None:
    _opened(place)
    _left(place)


STORIES = {
    "open": Story(_nothing),
    "open two": Story(_nothing, {}, OTHER),
    "open and merge": Story(_nothing, AUTO),
    "open and merge two": Story(_nothing, AUTO, {**OTHER, **AUTO}),
    "rewrite": Story(_opened_and_rebuilt),
    "roll back": Story(_turned, {"rollback": {"merge": "auto"}}, weight=5, minutes=5),
    "propose to roll back": Story(_turned, weight=5, minutes=5),
    "close": Story(_decided_by_hand),
    "close an orphan": Story(_opened_and_left),
    "somebody else's commit": Story(_taken_over),
    "roll back past somebody else's commit": Story(_taken_over_and_turned, weight=5, minutes=5),
}


BUSY = ("open", "open and merge", "rewrite", "roll back", "close", "somebody else's commit")
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
