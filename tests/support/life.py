"""A policy in a repository in memory, a cluster's objects, and a bot that remembers nothing between its ticks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from gitops_bot import observe
from gitops_bot.adapters.recorded import MemoryCluster
from gitops_bot.experiments import SYSTEMS
from gitops_bot.model import Ask, Kind, Plan, PrState
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import Source, load_policies
from gitops_bot.policy.watched import BY_PIPELINE, SELECTABLE
from gitops_bot.ports import Cluster, Console, Registry
from gitops_bot.tick import Job, Loaded, Report, run
from tests.support.controllers import Object, Told
from tests.support.world import BASE, BOT, World

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

OVERLAY = "images:\n  - name: ghcr.io/acme/cart\n    newTag: {version}\n"


def named(kind: str) -> dict[str, Any]:
    """How the policy finds the object."""
    if kind in SELECTABLE:
        return {"selector": {"app": "cart"}}
    return {"name": "verify" if kind in BY_PIPELINE else "cart"}


def spec(kind: str, **candidate: Any) -> dict[str, Any]:
    """What git says staging runs goes to production on that object's word."""
    edits = [
        {"kustomizeImage": {"path": name, "name": "ghcr.io/acme/cart"}, "set": slot}
        for name, slot in (("staging", "candidateVersion"), ("prod", "version"))
    ]
    return {
        "repository": "environments",
        "candidate": {
            "slot": "candidateVersion",
            "experiment": {"kind": kind, "namespace": "shop", **named(kind)},
            **candidate,
        },
        "analysis": {"bake": "10m"},
        "strategy": {"promote": {}},
        "edits": edits,
    }


def in_place(kind: str, **changed: Any) -> dict[str, Any]:
    """The controller works on what git names as the version: nothing to promote, something to go back from."""
    wanted = spec(kind)
    edit = {"kustomizeImage": {"path": "prod", "name": "ghcr.io/acme/cart"}, "set": "version"}
    experiment = {"experiment": wanted["candidate"]["experiment"]}
    return {**wanted, "candidate": experiment, "edits": [edit], **changed}


class Life:
    """A repository, a cluster, a bot that remembers nothing between its ticks."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        head = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "PromotionPolicy", "metadata": {"name": "cart"}}
        self.policy = load_policies([Source("cart.yaml", yaml.safe_dump({**head, "spec": wanted}).encode())])
        self.world = World(START)
        self.objects: list[Object] = []
        self.registries: Mapping[str, Registry] = {}
        self.failures: list[str] = []
        self.consoles: Mapping[tuple[str, str], Console] = {}
        self.selectors: Mapping[str, Mapping[Kind, str]] = {}
        self.source = ""
        self.asks: Mapping[str, tuple[Ask, ...]] = {}
        self.write(staging="1.0.0", prod="1.0.0")

    def write(self, **versions: str) -> str:
        """A person writes versions on base."""
        files = {f"{name}/kustomization.yaml": OVERLAY.format(version=tag).encode() for name, tag in versions.items()}
        return self.world.commit(BASE, files)

    def released(self, version: str = "2.0.0") -> str:
        """An hour later staging gets a version; another hour later the bot looks."""
        self.world.pass_time(60 * MINUTE)
        commit = self.write(staging=version)
        self.world.pass_time(60 * MINUTE)
        return commit

    def lists(self, kind: Kind) -> Sequence[Object]:
        """What the cluster has of a kind, by the names of the API."""
        return [one for one in self.objects if SYSTEMS[one["kind"]].kind == kind]

    def tick(self) -> Plan:
        """One run of the bot."""
        return self.look({"default": MemoryCluster(self.lists)})

    def tick_in(self, clusters: Mapping[str, Sequence[Object]]) -> Plan:
        """One run of the bot on several clusters, each with its objects."""

        def listing(objects: Sequence[Object]) -> MemoryCluster:
            return MemoryCluster(lambda kind: [one for one in objects if SYSTEMS[one["kind"]].kind == kind])

        return self.look({name: listing(objects) for name, objects in clusters.items()})

    def errors(self) -> list[str]:
        """What one run of the bot complains of."""
        return [str(one.error) for one in self._run({"default": MemoryCluster(self.lists)}).failures]

    def look(self, clusters: Mapping[str, Cluster]) -> Plan:
        """One run of the bot that meets these clusters."""
        report = self._run(clusters)
        assert [str(one.error) for one in report.failures] == self.failures
        assert self.world.broken == []
        (plan,) = report.plans
        return plan

    def _run(self, clusters: Mapping[str, Cluster]) -> Report:
        site = observe.Site(
            name="environments",
            base=BASE,
            repo=self.world,
            forge=self.world,
            clusters=clusters,
            metrics={},
            servers={},
            identity=BOT,
            registries=self.registries,
            selectors=self.selectors,
            consoles=self.consoles,
            source=self.source,
            prefix=self.world.prefix,
        )
        return run(Job(site, lambda _sight: Loaded(self.policy, whole=True), Limits(), self.world, asks=self.asks))

    def open(self) -> list[str]:
        """The titles of what is open."""
        return [one.title for one in self.world.pulls.values() if one.state is PrState.OPEN]

    def merge(self) -> None:
        """A person merges what is open."""
        (pull,) = [one for one in self.world.pulls.values() if one.state is PrState.OPEN]
        self.world.person_merges(pull)

    def prod(self) -> str:
        """What production runs by git."""
        return self.world.commits[self.world.refs[BASE]].files["prod/kustomization.yaml"].decode().split()[-1]


def good(life: Life, commit: str, version: str = "2.0.0") -> Told:
    """A controller that began half an hour ago and is content."""
    return Told(version, commit, life.world.now() - 30 * MINUTE)
