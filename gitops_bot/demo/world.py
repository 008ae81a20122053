"""The world of the demonstration: a bare repository, people who commit and merge, a cluster and its metrics, recorded.

The bot meets it through the same adapters as anywhere: local forge, recorded metrics, recorded objects.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Self

from gitops_bot import edits
from gitops_bot.adapters.git import Git, GitRepository
from gitops_bot.adapters.local import LocalForge
from gitops_bot.cli import pulls
from gitops_bot.model import Slots, Version
from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.loading import Source, load_config, load_policies
from gitops_bot.wiring import local_forge

BEGINS = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REQUESTS_PER_MINUTE = 6000
CI = "Acme CI <ci@acme.example>"
REVIEWER = "Rita Reviewer <rita@acme.example>"

_CONFIG = """\
# Made by gitops-bot demo: the same configuration as in production, with recorded adapters.
apiVersion: gitops-bot.dev/v1alpha1
kind: BotConfig
metadata: {{name: demo}}
spec:
  repositories:
    environments:
      url: {folder}/environments.git
      forge: local
      base: main
      policies: policies/
      automation: [ci@acme.example]
  clusters:
{clusters}  metrics:
{metrics}  cache: {folder}/cache
"""


class Behaviour(Enum):
    """How a release turns out."""

    SOUND = "sound"
    BREAKS_UNDER_LOAD = "breaks under load"
    UNREACHED = "unreached"


class SimulatedClock:
    """A clock that goes when the story says so."""

    def __init__(self) -> None:
        self._now = BEGINS

    def now(self) -> datetime:
        """Where the story is."""
        return self._now

    def pass_minute(self) -> None:
        """One minute later."""
        self.pass_time(MINUTE)

    def pass_time(self, length: timedelta) -> None:
        """So much later."""
        self._now += length


@dataclass(slots=True)
class Ground:
    """What every story stands on: a bare repository and its people, a forge, clusters and metrics that are recorded."""

    folder: Path
    clock: SimulatedClock
    config: BotConfig
    git: Git
    repo: GitRepository
    forge: LocalForge

    @classmethod
    def lay(cls, folder: Path, servers: Mapping[str, tuple[str, str]], environment: str, age: timedelta) -> Self:
        """In an empty folder.

        servers: by cluster its metrics server and the file of that; environment: base's first files, age: how old.
        """
        bare, clock = folder / "environments.git", SimulatedClock()
        git = Git(bare)
        git("init", "--quiet", "--bare", "--initial-branch=main", "--", str(bare))
        text = _CONFIG.format(
            folder=folder,
            clusters="".join(
                f"    {name}: {{recorded: {folder}/cluster, metrics: {server}}}\n"
                for name, (server, _) in servers.items()
            ),
            metrics="".join(
                f"    {server}: {{recorded: {{file: {folder}/{file}}}}}\n" for server, file in servers.values()
            ),
        )
        (folder / "gitops-bot.yaml").write_text(text, encoding="utf-8")
        (folder / "cluster").mkdir()
        config = load_config(Source("gitops-bot.yaml", text.encode()))
        commit(git, clock.now() - age, CI, "Bring environments into git", files(environment))
        repo = GitRepository(
            str(bare), cache=folder / "people", base="main", identity=("nobody", "nobody@acme.example")
        )
        forge = local_forge(config.spec.repositories["environments"], clock, who=REVIEWER)
        return cls(folder, clock, config, git, repo, forge)

    def leave_pulls(self) -> None:
        """Every pull request in a file of its own."""
        folder = self.folder / "pull-requests"
        folder.mkdir()
        for record in self.forge.everything():
            text = pulls.review(self.forge, record)
            (folder / f"{record.number:04d}.md").write_text(text + "\n", encoding="utf-8")


@dataclass(slots=True)
class World(Ground):
    """Everything outside the bot, kept in one folder."""

    behaviour: dict[str, Behaviour] = field(default_factory=dict)
    live: Slots = field(default_factory=Slots)
    """What the cluster runs: git, one sync later."""
    points: dict[str, list[list[float]]] = field(default_factory=dict)
    applied: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def create(cls, folder: Path) -> World:
        """A new world in an empty folder."""
        world = cls.lay(folder, {"prod": ("prom", "metrics.json")}, "environment", timedelta(days=1))
        world.live = world.slots()
        world.behaviour[str(world.live.stable)] = Behaviour.SOUND
        world.record()
        return world

    def slots(self) -> Slots:
        """What main says now."""
        tree = self.repo.tree(self.repo.refresh()["main"])
        (loaded,) = load_policies([Source("policy", tree.read("policies/checkout-canary.yaml") or b"")])
        return edits.read(loaded.policy.spec.edits, tree)

    def release(self, version: str, behaviour: Behaviour) -> None:
        """CI writes a new candidate into git."""
        path = "apps/checkout/overlays/prod/canary/kustomization.yaml"
        before = self.repo.tree(self.repo.refresh()["main"]).read(path) or b""
        old = str(self.slots().candidate)
        after = before.replace(f'"{old}"'.encode(), f'"{version}"'.encode())
        self.behaviour[version] = behaviour
        commit(self.git, self.clock.now(), CI, f"Build checkout {version}", {path: after})

    def pass_minute(self) -> None:
        """Requests are served as the cluster is; then the cluster follows git."""
        self.clock.pass_minute()
        self.record()
        self.live = self.slots()

    # ------------------------------------------------------------ what Prometheus and the cluster would say

    def record(self) -> None:
        """Write down what this minute's metrics and objects say."""
        weight = self.live.weight or 0
        self._serve(self.live.stable, 100 - weight, stable=True)
        if self.live.candidate != self.live.stable:
            self._serve(self.live.candidate, weight, stable=False)
        series = [{"query": query, "points": points, "every": 60} for query, points in self.points.items()]
        (self.folder / "metrics.json").write_text(json.dumps({"series": series}), encoding="utf-8")
        for name, version in (("checkout", self.live.stable), ("checkout-canary", self.live.candidate)):
            self._deploy(name, version)

    def _serve(self, version: Version | None, weight: int, *, stable: bool) -> None:
        behaviour = self.behaviour[str(version)]
        served = 0 if behaviour is Behaviour.UNREACHED and not stable else REQUESTS_PER_MINUTE * weight // 100
        broken = behaviour is Behaviour.BREAKS_UNDER_LOAD and weight >= 25 and not stable
        ratio, p99 = (0.06, 0.9) if broken else (0.002, 0.21)
        selector = rf'version="{str(version).replace(".", "[.]")}"'
        self._note(rf"~>.*http_requests_total\{{.*{selector},code=.*", round(served * ratio, 3))
        self._note(rf"~>.*http_requests_total\{{.*{selector}\}}.*", served)
        if served:
            self._note(rf"~>.*duration_seconds_bucket.*{selector}.*", p99)

    def _note(self, query: str, value: float) -> None:
        self.points.setdefault(query, []).append([self.clock.now().timestamp(), value])

    def _deploy(self, name: str, version: Version | None) -> None:
        known = self.applied.setdefault(f"{name}:{version}", self.clock.now())
        manifest = _deployment(name, str(version), 10 if name == "checkout" else 3, known)
        (self.folder / "cluster" / f"{name}.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _deployment(name: str, version: str, replicas: int, applied: datetime) -> Mapping[str, Any]:
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"), replicas)
    fields: Mapping[str, Any] = {"f:spec": {"f:template": {}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "generation": 1,
            "managedFields": [{"manager": "argocd-controller", "time": applied.isoformat(), "fieldsV1": fields}],
        },
        "spec": {
            "replicas": replicas,
            "template": {"spec": {"containers": [{"name": "app", "image": f"ghcr.io/acme/checkout:{version}"}]}},
        },
        "status": {"observedGeneration": 1, **counts},
    }


# ---------------------------------------------------------------- people's commits


def files(folder: str) -> Mapping[str, bytes]:
    """The files of an environment repository, as they are shipped."""
    found: dict[str, bytes] = {}

    def walk(folder: Traversable, prefix: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                walk(entry, f"{prefix}{entry.name}/")
            else:
                found[f"{prefix}{entry.name}"] = entry.read_bytes()

    walk(resources.files("gitops_bot.demo") / folder, "")
    return found


def commit(git: Git, at: datetime, who: str, message: str, files: Mapping[str, bytes]) -> None:
    """One commit on main, as anybody with git would make it: through an index."""
    name, _, email = who.rstrip(">").partition(" <")
    stamp = f"{int(at.timestamp())} +0000"
    env = {"GIT_INDEX_FILE": git("rev-parse", "--absolute-git-dir").decode().strip() + "/people.index"}
    for role in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": email, f"GIT_{role}_DATE": stamp}
    parents = git("for-each-ref", "--format=%(objectname)", "refs/heads/main").decode().split()
    git("read-tree", *(parents or ["--empty"]), env=env)
    entries = b"".join(
        b"100644 %s\t%s\0" % (git("hash-object", "-w", "--stdin", stdin=data).strip(), path.encode())
        for path, data in sorted(files.items())
    )
    git("update-index", "-z", "--index-info", stdin=entries, env=env)
    tree = git("write-tree", env=env).decode().strip()
    flags = [flag for parent in parents for flag in ("-p", parent)]
    commit = git("commit-tree", tree, *flags, stdin=f"{message}\n".encode(), env=env).decode().strip()
    git("update-ref", "refs/heads/main", commit)
