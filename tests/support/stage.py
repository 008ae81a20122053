"""A repository, a cluster, a metrics server and a bot that remembers nothing between its ticks, told as a story."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from gitops_bot import observe
from gitops_bot.adapters.recorded import MemoryCluster, MemoryMetrics
from gitops_bot.delivery import marker
from gitops_bot.experiments import SYSTEMS
from gitops_bot.model import Ask, Kind, Plan, PrState, PullRequest
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import Source, load_policies
from gitops_bot.tick import Job, Loaded, Report, run
from tests.support.world import BASE, BOT, World

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

HEAD = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "PromotionPolicy", "metadata": {"name": "cart"}}


class Stage:
    """The world of one policy, and what people do in it."""

    def __init__(self, spec: Mapping[str, Any], files: Mapping[str, str]) -> None:
        self.policies = load_policies([Source("cart.yaml", yaml.safe_dump({**HEAD, "spec": dict(spec)}).encode())])
        self.spec = dict(spec)
        self.world = World(START)
        self.objects: list[dict[str, Any]] = []
        self.levels: dict[str, float | Callable[[datetime], float]] = {}
        """What the metrics say of a version, by a piece of the query; no piece is no data."""
        self.told: list[str] = []
        self.failures: list[str] = []
        self.asks: tuple[Ask, ...] = ()
        self.write(files)

    def write(self, files: Mapping[str, str], **who: str) -> str:
        """A commit by a person on base."""
        return self.world.commit(BASE, {path: text.encode() for path, text in files.items()}, **who)

    def tick(self, after: float = 0) -> Plan:
        """One run of the bot, so many minutes later, and what it decided."""
        report = self._tick(after)
        assert self.failures == []
        (plan,) = report.plans
        return plan

    def refusal(self, after: float = 0) -> str:
        """What one run of the bot complains of, so many minutes later."""
        self._tick(after)
        (said,) = self.failures
        return said

    def _tick(self, after: float) -> Report:
        self.world.pass_time(after * MINUTE)

        def kinds(kind: Kind) -> list[dict[str, Any]]:
            return [one for one in self.objects if SYSTEMS[one["kind"]].kind == kind]

        site = observe.Site(
            name="environments",
            base=BASE,
            repo=self.world,
            forge=self.world,
            clusters={"default": MemoryCluster(kinds)},
            metrics={"default": MemoryMetrics(self._level)},
            servers={},
            identity=BOT,
        )
        report = run(
            Job(site, lambda _sight: Loaded(self.policies, whole=True), Limits(), self.world, asks={"cart": self.asks})
        )
        self.failures = [str(one.error) for one in report.failures]
        assert self.world.broken == []
        return report

    def _level(self, expression: str, at: datetime) -> float | None:
        level = next((level for piece, level in self.levels.items() if piece in expression), None)
        return level(at) if callable(level) else level

    def pull(self) -> PullRequest:
        """What is open."""
        (pull,) = [one for one in self.world.pulls.values() if one.state is PrState.OPEN]
        return pull

    def open(self) -> list[str]:
        """The titles of what is open."""
        return [one.title for one in self.world.pulls.values() if one.state is PrState.OPEN]

    def merge(self) -> str:
        """A person merges what is open; what it changed, as a diff would show it."""
        pull = self.pull()
        before = self.files()
        self.told.append(f"## {pull.title}\n\n{_shown(pull.body)}")
        self.world.person_merges(pull)
        return "\n".join(
            line for path, text in sorted(self.files().items()) for line in _lines(before.get(path, ""), text)
        )

    def files(self) -> dict[str, str]:
        """What base holds."""
        return {path: data.decode() for path, data in self.world.commits[self.world.refs[BASE]].files.items()}

    def story(self) -> str:
        """Every pull request that was merged, as it read."""
        return "\n\n".join(self.told) + "\n"

    def at_rest(self) -> bool:
        """Another look changes nothing."""
        self.tick()  # what served is tidied up
        self.world.writes.clear()
        self.tick()
        return self.world.writes == []


SECTIONS = ("What changes", "Colours", "Variants", "Instead of merging")
"""Of a body: what the strategy decides; evidence and gates are told elsewhere."""


def _shown(body: str) -> str:
    said, *sections = re.split(r"^### ", marker.text(body).partition("<details>")[0], flags=re.MULTILINE)
    kept = "### ".join([said, *(one for one in sections if one.startswith(SECTIONS))]).strip()
    return kept.replace("\u00a0", " ").replace("**", "")  # how it is set is told elsewhere, too


def _lines(before: str, after: str) -> list[str]:
    told = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in told if line[:2] not in ("--", "++", "@@")]
