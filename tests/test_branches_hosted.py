"""A branch for each environment on both hosted forges: bots that are killed, and people who do what they like."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import pytest

from gitops_bot import observe, tick
from gitops_bot.model import PrState, PullRequest
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import LoadedPolicy, Source, load_policies
from tests.support.hosted import FORGES, Hosted, Killed
from tests.support.memory_git import BASE, BOT
from tests.support.place import START, _words
from tests.test_branches_life import FILE, NEVER, STAGES, app, pipeline

CI = "Acme CI <ci@acme.example>"
SOAK = timedelta(hours=2)
MINUTE = timedelta(minutes=1)


@cache
def _loaded(text: str) -> tuple[LoadedPolicy, ...]:
    return load_policies([Source("policies/shop.yaml", text.encode())])


@dataclass
class Branches:
    """An environment repository with a branch for each environment on a hosted forge."""

    world: Hosted
    text: str

    def __post_init__(self) -> None:
        first = self.world.commit(BASE, {FILE: app("1").encode()}, who=CI)
        self.world.refs |= {f"env/{name}": first for name in STAGES}
        self.world.pass_time(3 * SOAK)

    def write(self, stage: str, version: str, who: str = CI) -> None:
        self.world.commit(f"env/{stage}", {FILE: app(version).encode()}, who=who)

    def bot(self) -> tick.Job:
        """One as it starts: it remembers nothing."""
        site = observe.Site(
            name="environments",
            base=BASE,
            repo=self.world,
            forge=self.world.forge(),
            clusters={},
            metrics={},
            servers={},
            identity=BOT,
            source="test/environments/policies",
            automation=("ci@acme.example",),
        )
        loaded = tick.Loaded(_loaded(self.text), whole=True)
        return tick.Job(site, lambda _sight: loaded, Limits(), self.world)

    def tick(self, minutes: int = 0) -> None:
        self.world.pass_time(minutes * MINUTE)
        assert [str(one.error) for one in tick.run(self.bot()).failures] == []

    def settle(self) -> None:
        """Ticks of new bots, until one writes nothing."""
        for _ in range(4):
            self.world.writes.clear()
            self.tick()
            if not self.world.writes:
                return
        raise AssertionError(f"it does not rest: {self.world.writes}")

    def version(self, commit: str) -> str:
        return self.world.commits[commit].files[FILE].decode().split('"')[1]

    def versions(self) -> dict[str, str]:
        return {name: self.version(self.world.refs[f"env/{name}"]) for name in STAGES}

    def seen(self) -> object:
        """What people see, without object names and times."""
        pulls = [
            (one.number, one.branch, one.base, one.state, one.title, *map(_words, self.world.comments(one.number)))
            for one in self.world.pulls.values()
        ]
        return (
            pulls,
            sorted(self.world.refs),
            self.versions(),
            {one.branch: self.world.status(one.head) for one in self.open},
        )

    @property
    def open(self) -> list[PullRequest]:
        return [one for one in self.world.pulls.values() if one.state is PrState.OPEN]


def _newer(branches: Branches) -> None:
    branches.tick()
    branches.write("dev", "3")
    branches.world.pass_time(SOAK)


STORIES: dict[str, tuple[str, Callable[[Branches], None]]] = {
    "open and merge": (pipeline("branch"), lambda _: None),
    "open": (pipeline("branch", staging=NEVER), lambda _: None),
    "rewrite": (pipeline("branch", staging=NEVER), _newer),
    "by slots": (pipeline("slots"), lambda _: None),
}


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("name", STORIES)
def test_wherever_the_bot_is_killed_the_next_one_carries_on(forge: str, name: str) -> None:
    text, before = STORIES[name]

    def begun(world: Hosted) -> Branches:
        branches = Branches(world, text)
        branches.write("dev", "2")
        world.pass_time(SOAK)
        before(branches)
        world.boundaries = 0
        return branches

    with FORGES[forge](START) as world:
        smooth = begun(world)
        smooth.tick()
        boundaries = world.boundaries
        smooth.settle()
        seen = smooth.seen()
    assert boundaries
    for number in (1, *range(2, boundaries + 1, 2)):
        with FORGES[forge](START) as world:
            branches = begun(world)

            def dies(at: int, wanted: int = number) -> None:
                if at == wanted:
                    raise Killed

            world.at_boundary = dies
            with pytest.raises(Killed):
                branches.tick()
            world.at_boundary = lambda _: None
            branches.settle()
            assert world.broken == []
            assert branches.seen() == seen, f"killed at boundary {number} of {boundaries}"


# ---------------------------------------------------------------- people do what they like


SOURCE = {"staging": "dev", "prod": "staging"}


@dataclass
class Walk:
    """A random history of an environment repository, with a bot in it."""

    branches: Branches
    dice: random.Random
    newest: int = 1

    def step(self) -> None:
        self.branches.world.pass_time(self.dice.choice((5, 40, 150)) * MINUTE)
        self.dice.choice((self.builds, self.builds, self.hurries, self.merges, self.closes, self.pushes, self.notes))()
        self.tick()

    def builds(self) -> None:
        self.newest += 1
        self.branches.write("dev", str(self.newest))

    def hurries(self) -> None:
        """A person writes a version where it has not been proven."""
        self.branches.write(
            self.dice.choice(("staging", "prod")), str(self.dice.randint(1, self.newest)), "Bob <b@acme.example>"
        )

    def merges(self) -> None:
        for pull in self.branches.open:
            self.branches.world.person_merges(pull)

    def closes(self) -> None:
        for pull in self.branches.open[:1]:
            self.branches.world.person_closes(pull)

    def pushes(self) -> None:
        for pull in self.branches.open[:1]:
            self.branches.world.person_pushes(pull.branch, {"mine.txt": str(self.newest).encode()})

    def notes(self) -> None:
        stage = self.dice.choice(tuple(STAGES))
        self.branches.world.commit(f"env/{stage}", {f"{stage}.txt": str(self.branches.world.now()).encode()})

    def tick(self) -> None:
        """A bot's tick brings nothing that the environment before did not hold for the soak."""
        world, before = self.branches.world, dict(self.branches.world.refs)
        self.branches.tick()
        for stage, source in SOURCE.items():
            old, new = before[f"env/{stage}"], world.refs[f"env/{stage}"]
            if self.branches.version(old) != self.branches.version(new):
                held = self.stays(source, before)
                assert held.get(self.branches.version(new), timedelta()) >= SOAK, (
                    stage,
                    self.branches.version(new),
                    held,
                )
            pointer = f"gitops-bot/shop-{stage}/promote"
            if pointer in world.refs and world.refs[pointer] != before.get(pointer):
                assert world.on_line(world.refs[pointer], world.refs[f"env/{source}"])
        assert world.broken == []

    def stays(self, stage: str, refs: dict[str, str]) -> dict[str, timedelta]:
        """The longest stay of each version on a branch."""
        world = self.branches.world
        found: dict[str, timedelta] = {}
        line = [world.commits[refs[f"env/{stage}"]]]
        while line[-1].commit_.parents:
            line.append(world.commits[line[-1].commit_.parents[0]])
        ends = begins = world.now()
        for newer, one in zip([line[0], *line], line, strict=False):
            version = self.branches.version(one.commit)
            if version != self.branches.version(newer.commit):
                ends = begins
            begins = one.commit_.at
            found[version] = max(found.get(version, timedelta()), ends - begins)
        return found


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize("seed", range(6))
def test_a_version_comes_only_after_the_environment_before_has_held_it(forge: str, seed: int) -> None:
    with FORGES[forge](START) as world:
        walk = Walk(Branches(world, pipeline("branch", prod=NEVER if seed % 2 else {})), random.Random(seed))
        for _ in range(25):
            walk.step()
        walk.branches.settle()
