"""Many promotions at once in a large repository: `python -m benchmarks.delivery [--write]`.

200 policies of a repository of 45,000 files want their first step: one tick of the bot on a forge in a process of its
own, beside what a script does for each of them: clone, `kustomize edit set image`, commit, push. What counts is the CPU
time of the process and its children, not the forge's. Ends with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

from benchmarks.page import PAGE, write
from gitops_bot import observe, tick
from gitops_bot.adapters import gitlab
from gitops_bot.adapters.git import REFS_AT_ONCE, GitRepository
from gitops_bot.adapters.github import GitHubForge, Token
from gitops_bot.adapters.gitlab import GitLabForge
from gitops_bot.adapters.recorded import MemoryMetrics
from gitops_bot.model import Receipt
from gitops_bot.policy.config import Limits
from gitops_bot.policy.loading import LoadedPolicy
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.wiring import FixedClock
from tests.support.environment import KUSTOMIZATION
from tests.support.github import FakeGitHub
from tests.support.gitlab import FakeGitLab
from tests.support.servers import tools
from tests.support.servers.git_http import GitHttp

FILES, PROMOTIONS, LOOPS = 45_000, 200, 3
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
IMAGE = "ghcr.io/acme/shop"
MOST_BYTES, MOST_WRITES, FEWEST_TIMES = 2048, 1.1, 50


@dataclass(frozen=True)
class Delivery:
    """What one tick cost."""

    forge: str
    requests: Mapping[str, int]
    pushes: int
    sent: int
    """Bytes of packs."""
    cpu_s: float
    paced_s: float
    """How long the pauses between writes would have lasted."""

    @property
    def writes(self) -> int:
        """Requests that change something."""
        return sum(count for kind, count in self.requests.items() if not kind.startswith(("GET", "ask")))


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], input=stdin, capture_output=True, env=env, check=True
    ).stdout


def repository(folder: Path) -> Path:
    """A bare repository of that many files, which keeps each pushed pack and counts pushes."""
    path = folder / "environments.git"
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", str(path)], check=True)
    lines = [
        f"commit refs/heads/main\ncommitter CI <ci@acme.example> {int(NOW.timestamp()) - 86400} +0000\ndata 5\nBegin\n"
    ]
    texts = {f"apps/a{n}/kustomization.yaml": KUSTOMIZATION.format(tag="1.0.0") for n in range(PROMOTIONS)}
    others = {
        f"teams/t{n % 300}/s{n}/deployment.yaml": f"kind: Deployment\nmetadata:\n  name: s{n}\n"
        for n in range(FILES - PROMOTIONS)
    }
    lines += [f"M 100644 inline {name}\ndata {len(text)}\n{text}\n" for name, text in {**texts, **others}.items()]
    _git(path, "fast-import", "--quiet", stdin="".join(lines).encode())
    _git(path, "config", "receive.unpackLimit", "1")
    _git(path, "config", "uploadpack.allowFilter", "true")
    _git(path, "config", "receive.autogc", "false")  # forges tidy up when nobody waits
    hook = path / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nwc -l >>{path}.pushes\n")
    hook.chmod(0o755)
    return path


def _packs(path: Path) -> int:
    return sum(pack.stat().st_size for pack in path.glob("objects/pack/*.pack"))


def policies() -> list[LoadedPolicy]:
    """One for each application."""
    found: list[LoadedPolicy] = []
    for n in range(PROMOTIONS):
        edit = {"kustomizeImage": {"path": f"apps/a{n}", "name": IMAGE}, "set": "version"}
        spec = {
            "repository": "environments",
            "candidate": {"version": "2.0.0"},
            "strategy": {"promote": {}},
            "edits": [edit],
        }
        document = {
            "apiVersion": "gitops-bot.dev/v1alpha1",
            "kind": "PromotionPolicy",
            "metadata": {"name": f"a{n}"},
            "spec": spec,
        }
        found.append(LoadedPolicy(PromotionPolicy.model_validate_json(json.dumps(document)), f"a{n}.yaml", 1))
    return found


class Patience:
    """A clock that moves only when the adapter waits, as it does to keep within the forge's budget."""

    def __init__(self) -> None:
        self.at = NOW + timedelta(hours=1)

    def now(self) -> datetime:
        """The time."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Later."""
        self.at += timedelta(seconds=max(seconds, 0.001))


def _serve(kind: str, path: Path, line: Connection) -> None:
    """A forge in a process of its own: its addresses, then, when asked, its requests."""
    made: Any = FakeGitHub(path, judged=False) if kind == "github" else FakeGitLab(path)
    with made as fake, GitHttp(path.parent) as git:
        fake.world.now = NOW
        line.send((git.url_of(path.stem), fake.api_url if kind == "github" else fake.url, fake.token))
        line.recv()
        line.send([f"{_verb(one)} {_route(one.path)}" for one in fake.requests])


def _verb(request: Any) -> str:
    asks = request.path == "/graphql" and not request.body["query"].startswith("mutation")
    return "ask" if asks else str(request.method)


def _route(path: str) -> str:
    return "/".join("N" if part.isdigit() or len(part) == 40 else part for part in path.split("/")[2:])


@contextmanager
def served(kind: str, path: Path) -> Iterator[tuple[Connection, str, str, str]]:
    """That process, its addresses for git and for the API, and a token."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(kind, path, theirs))
    process.start()
    try:
        yield (ours, *ours.recv())
    finally:
        process.join()


def adapter(kind: str, url: str, token: str, clock: Patience) -> GitHubForge | GitLabForge:
    """The real adapter; its pauses pass on that clock."""
    settings: dict[str, Any] = {"sleep": clock.sleep, "now": clock.now, "timeout_s": 300}
    if kind == "github":
        return GitHubForge("acme/environments", auth=Token(token), api_url=url, **settings)
    return GitLabForge("acme/platform/environments", auth=gitlab.Token(token), url=url, **settings)


def deliver(kind: str, folder: Path) -> Delivery:
    """One tick that opens them all."""
    path = repository(folder)
    at_once = 3 if kind == "gitlab" else REFS_AT_ONCE
    identity = ("gitops-bot", "bot@acme.example")
    before = _packs(path)
    loaded = policies()
    patience = Patience()
    with served(kind, path) as (line, git_url, url, token), adapter(kind, url, token, patience) as forge:
        repo = GitRepository(git_url, cache=folder / "cache", base="main", identity=identity, refs_at_once=at_once)
        site = observe.Site(
            "environments",
            "main",
            repo,
            forge,
            {},
            {"prom": MemoryMetrics(lambda _q, _at: 0.0)},
            {},
            "gitops-bot <bot@acme.example>",
        )
        limits = Limits.model_validate({"openPullRequests": 1000, "perHour": 1000})
        job = tick.Job(
            site, lambda _sight: tick.Loaded(loaded, whole=True), limits, FixedClock(NOW + timedelta(hours=1))
        )
        cpu = time.process_time() + _children()
        report = tick.run(job)
        repo.close()
        cpu_s = time.process_time() + _children() - cpu
        line.send(None)
        requests = Counter(line.recv())
    assert [str(one.error) for one in report.failures] == []
    assert sum(_opened(one) for one in report.receipts) == PROMOTIONS, report.plans[0].notes
    pushes = len(Path(f"{path}.pushes").read_text().splitlines())
    return Delivery(kind, requests, pushes, _packs(path) - before, cpu_s, (patience.at - Patience().at).total_seconds())


def _opened(receipt: Receipt) -> bool:
    return receipt.action == "open"


def _children() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def loop(folder: Path) -> float:
    """CPU seconds of one promotion by a script."""
    path, tool = repository(folder), tools.find(tools.KUSTOMIZE)
    with served("github", path) as (line, git_url, _, _):
        before = _children()
        for n in range(LOOPS):
            work = folder / f"work{n}"
            subprocess.run(["git", "clone", "-q", git_url, str(work)], check=True)
            _git(work, "switch", "-q", "-c", f"promote/a{n}")
            subprocess.run([tool, "edit", "set", "image", f"{IMAGE}:2.0.0"], cwd=work / "apps" / f"a{n}", check=True)
            _git(work, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qam", "Promote")
            _git(work, "push", "-q", "origin", f"promote/a{n}")
        used = _children() - before
        line.send(None)
        line.recv()
    return used / LOOPS


def page(found: list[Delivery], script_s: float) -> str:
    """The figures as Markdown."""
    rows = [
        f"| {one.forge} | {sum(one.requests.values())} | {one.writes / PROMOTIONS:.2f} | {one.pushes} "
        f"| {one.sent / PROMOTIONS:.0f} | {one.cpu_s:.1f} | 1/{script_s * PROMOTIONS / one.cpu_s:.0f} "
        f"| {one.paced_s / 60:.1f} |"
        for one in found
    ]
    return "\n".join(
        [
            f"{PROMOTIONS} new promotions at once in a repository of {FILES:,} files: one tick of the bot. A script",
            "that clones, runs `kustomize edit set image`, commits and pushes for each of them takes",
            f"{script_s:.1f} CPU seconds a promotion, {script_s * PROMOTIONS:.0f} for all ({LOOPS} were run).",
            "",
            "| forge | requests | writes a pull request | pushes | bytes a branch | CPU s | of the script's | paced |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            "Writes are a commit status for each pull request, and a request for ten of them, which counts as ten in",
            "the bot's pace; the minutes that this takes are in the last column, and not waited for here. Pushes hold",
            f"as many branches as the forge wants at once: {REFS_AT_ONCE} on GitHub, 3 on GitLab.",
            f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores.",
        ]
    )


def missed(found: list[Delivery], script_s: float) -> list[str]:
    """Goals that were not reached."""
    told: list[str] = []
    for one in found:
        if one.sent / PROMOTIONS > MOST_BYTES:
            told.append(f"{one.forge}: {one.sent / PROMOTIONS:.0f} bytes a branch")
        if one.writes > MOST_WRITES * PROMOTIONS + 1:
            told.append(f"{one.forge}: {one.writes / PROMOTIONS:.2f} writes a pull request")
        if script_s * PROMOTIONS / one.cpu_s < FEWEST_TIMES:
            told.append(f"{one.forge}: {script_s * PROMOTIONS / one.cpu_s:.0f} times less than the script")
    return told


def main() -> int:
    """Measure, print, and write the page if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write the figures into {PAGE.name}")
    asked = parser.parse_args()
    found: list[Delivery] = []
    for kind in ("github", "gitlab"):
        with tempfile.TemporaryDirectory() as folder:
            found.append(deliver(kind, Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        script_s = loop(Path(folder))
    text = page(found, script_s)
    sys.stdout.write(f"{text}\n")
    if asked.write:
        write("Delivery", text)
    goals = missed(found, script_s)
    sys.stderr.write("".join(f"missed: {one}\n" for one in goals))
    return 1 if goals else 0


if __name__ == "__main__":
    sys.exit(main())
