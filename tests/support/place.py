"""A small environment on a hosted forge over a git in memory, with bots that can be started in it at any moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from gitops_bot import observe, tick
from gitops_bot.adapters.recorded import MemoryMetrics
from gitops_bot.model import PrState, PullRequest
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import LoadedPolicy, Source, load_policies
from tests.support.environment import CANARY, KUSTOMIZATION, LADDER, policy, tree
from tests.support.hosted import Hosted
from tests.support.memory_git import BASE, BOT

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PAGES = {"stable": "apps/pages/stable", "canary": "apps/pages/canary", "weight": "charts/pages/values.yaml"}


class Place:
    """A world in which a story begins, and bots that can be started in it."""

    def __init__(self, world: Hosted, story: Story) -> None:
        self.world, self.errors = world, 0.0
        self.policies = [*map(written, story.policies)]
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
            (
                (one.number, one.branch, one.state, one.title, one.labels, self.world.shown(one.number).reviewers),
                *map(_words, self.world.comments(one.number)),
            )
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


def written(given: Mapping[str, Any]) -> str:
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
