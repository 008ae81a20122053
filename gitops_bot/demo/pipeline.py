"""`gitops-bot demo --story pipeline`: dev → staging → two regions; a freeze, an approval, a region that fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import click

from gitops_bot import tick
from gitops_bot.cli import show
from gitops_bot.delivery import marker
from gitops_bot.demo.world import CI, MINUTE, REQUESTS_PER_MINUTE, Ground, commit
from gitops_bot.model import Plan
from gitops_bot.wiring import Options, audit_log, opened

REGIONS = ("eu", "us")
ENVIRONMENTS = ("dev", "staging", "prod-eu", "prod-us")
OVERLAY = "apps/checkout/overlays/{}/kustomization.yaml"
RECORDED = timedelta(hours=1)
"""Of a longer pause only this much is measured: nobody asks for more."""


def play(folder: Path) -> None:
    """Play the story in an empty folder, and leave the world there."""
    world = World.create(folder)
    audit = audit_log(folder / "audit.jsonl", world.clock)
    with opened(world.config, Options(world.clock, audit=audit)) as jobs:
        story = Story(world, jobs["environments"])
        _promoted(story)
        _failed_region(story)
        _mended(story)
    for name in ENVIRONMENTS:
        click.echo(f"    {name:8} {story.plans[name].slots.stable}")
    story.leave()
    world.repo.close()


def _promoted(story: Story) -> None:
    story.tell("Monday. checkout 1.7.3 runs everywhere. CI builds 1.8.0 and writes it into dev.")
    story.build("1.8.0")
    story.go()
    story.go(hours=1)
    story.tell(
        "staging has it. Production asks for four hours there: Europe for Rita, America for the end of a freeze."
    )
    story.go(hours=4)
    story.go(minutes=10)
    story.approve()
    story.go(minutes=1)
    story.go(minutes=15)
    story.tell("Tuesday, eight o'clock in New York: the freeze is over.")
    story.go(until=datetime(2026, 3, 3, 13, 0, tzinfo=story.world.clock.now().tzinfo))
    story.go(minutes=15)


def _failed_region(story: Story) -> None:
    story.tell("CI builds 1.9.0. In America, and only there, it breaks.")
    story.world.broken.add(("us", "1.9.0"))
    story.build("1.9.0")
    story.go(hours=1)
    story.go(hours=4)
    for _ in range(2):
        story.go(minutes=3)
    story.tell(
        "America is back on 1.8.0 and will not see 1.9.0 again by itself. Europe is Rita's to decide: she waits."
    )
    story.go(minutes=15)


def _mended(story: Story) -> None:
    story.tell("Wednesday. CI builds 1.9.1, which is mended. It takes the place of 1.9.0 in the open pull request.")
    story.go(until=datetime(2026, 3, 4, 8, 0, tzinfo=story.world.clock.now().tzinfo))
    story.build("1.9.1")
    story.go(hours=1)
    story.go(hours=4)
    story.approve()
    story.go(minutes=1)
    story.go(minutes=15)
    story.tell("1.9.1 runs everywhere, and git says how it came there.")


@dataclass(slots=True)
class World(Ground):
    """The repository, its people, and what the metrics servers of two regions would say."""

    broken: set[tuple[str, str]] = field(default_factory=set)
    """Region and version of what fails there."""
    points: dict[tuple[str, str], list[list[float]]] = field(default_factory=dict)
    """By region and query."""

    @classmethod
    def create(cls, folder: Path) -> World:
        """A new world in an empty folder."""
        servers = {region: (region, f"metrics-{region}.json") for region in REGIONS}
        return cls.lay(folder, servers, "environments", timedelta(days=7))

    def runs(self, environment: str) -> str:
        """The version that main says an environment runs."""
        tree = self.repo.tree(self.repo.refresh()["main"])
        return (tree.read(OVERLAY.format(environment)) or b"").decode().split('newTag: "')[1].split('"')[0]

    def build(self, version: str) -> None:
        """CI writes a version into dev."""
        path = OVERLAY.format("dev")
        before = self.repo.tree(self.repo.refresh()["main"]).read(path) or b""
        after = before.replace(f'"{self.runs("dev")}"'.encode(), f'"{version}"'.encode())
        commit(self.git, self.clock.now(), CI, f"Build checkout {version}", {path: after})

    def pass_time(self, length: timedelta) -> None:
        """Requests are served as git says; both regions write down how."""
        self.clock.pass_time(max(length - RECORDED, timedelta(0)))
        served = {region: self.runs(f"prod-{region}") for region in REGIONS}
        for _ in range(min(length, RECORDED) // MINUTE):
            self.clock.pass_time(MINUTE)
            for region, version in served.items():
                self._record(region, version)
        for region in REGIONS:
            series = [
                {"query": query, "points": points, "every": 60}
                for (where, query), points in self.points.items()
                if where == region
            ]
            (self.folder / f"metrics-{region}.json").write_text(json.dumps({"series": series}), encoding="utf-8")

    def _record(self, region: str, version: str) -> None:
        ratio = 0.06 if (region, version) in self.broken else 0.002
        selector = rf'version="{version.replace(".", "[.]")}"'
        served = {rf"{selector},code=.*": REQUESTS_PER_MINUTE * ratio, rf"{selector}\}}.*": REQUESTS_PER_MINUTE}
        for what, value in served.items():
            query = rf"~>.*http_requests_total\{{.*{what}"
            self.points.setdefault((region, query), []).append([self.clock.now().timestamp(), value])


@dataclass(slots=True)
class Story:
    """Ticks at the moments that matter, told as they are seen."""

    world: World
    job: tick.Job
    plans: dict[str, Plan] = field(default_factory=dict)
    """The newest of each environment."""
    said: dict[str, str] = field(default_factory=dict)

    def tell(self, text: str) -> None:
        """A line of the story."""
        click.echo(f"\n{show.styled('═══ ' + text, bold=True)}\n")

    def build(self, version: str) -> None:
        """By CI."""
        self.world.build(version)

    def approve(self) -> None:
        """Rita looks at what waits for her."""
        for record in self.world.forge.everything():
            if record.state == "open" and "prod-eu" in record.branch:
                self.world.forge.review(record.number, approve=True)
                click.echo(f"{self._now()}  #{record.number} approved by Rita Reviewer")

    def go(self, *, hours: int = 0, minutes: int = 0, until: datetime | None = None) -> None:
        """Time passes, then the bot looks."""
        clock = self.world.clock
        self.world.pass_time(until - clock.now() if until else timedelta(hours=hours, minutes=minutes))
        report = tick.run(self.job)
        if report.failures:
            show.failures(report.failures)
            sys.exit(report.exit_code)
        self.plans = {_short(plan.policy): plan for plan in report.plans}
        self._report(report)

    def _now(self) -> str:
        return f"{self.world.clock.now():%a %H:%M}"

    def _report(self, report: tick.Report) -> None:
        told = [receipt for receipt in report.receipts if receipt.action not in ("delete", "refresh")]
        for receipt in told:
            number, what = receipt.number or 0, f"#{receipt.number} {receipt.action}"
            head = f"{_short(receipt.policy)} {show.styled(what, fg='cyan', bold=True)}"
            click.echo(f"{self._now()}  {head} {receipt.detail}".rstrip())
            if receipt.action in ("open", "update"):
                self._show(number)
        merged = {_short(receipt.policy) for receipt in told if receipt.action == "merge"}
        for name, plan in self.plans.items():
            line = "" if name in merged else _line(plan)
            if line != self.said.get(name) and line:
                click.echo(f"{self._now()}  {name}: {line}")
            self.said[name] = line

    def _show(self, number: int) -> None:
        """Title, path and diff; the whole of it goes into a file."""
        record = next(one for one in self.world.forge.everything() if one.number == number)
        paragraphs = marker.text(record.body).split("\n\n")
        click.echo(f"\n    {show.styled(record.title, bold=True)}\n    {paragraphs[0]}")
        if "### Path" in paragraphs:
            click.echo(f"    {paragraphs[paragraphs.index('### Path') + 1]}")
        click.echo()
        show.diff(self.world.forge.diff(record).rstrip(), indent="    ")
        click.echo()

    def leave(self) -> None:
        """Every pull request in a file of its own, and what to try."""
        self.world.leave_pulls()
        at = self.world.clock.now().isoformat().replace("+00:00", "Z")
        config = self.world.folder / "gitops-bot.yaml"
        click.echo(
            f"\nLeft in {self.world.folder}:\n"
            f"  environments.git    the repository: git -C {self.world.folder}/environments.git log --first-parent\n"
            f"  pull-requests/      every pull request as a reviewer saw it\n"
            f"  audit.jsonl         what the bot intended and did\n"
            f"Try:\n"
            f"  gitops-bot plan --config {config} --at {at}\n"
            f"  gitops-bot explain checkout-prod-us --config {config} --at {at}"
        )


def _short(policy: str) -> str:
    return policy.removeprefix("checkout-")


def _line(plan: Plan) -> str:
    """What an environment waits for; nothing where it has what there is."""
    shut: Sequence[str] = [f"{gate.name}: {gate.reason}" for gate in plan.gates if not gate.open]
    if plan.step.wanted and shut:
        return "waits for " + "; ".join(shut)
    return "; ".join(plan.notes) or ("" if plan.step.reason.startswith("nothing to promote") else plan.step.reason)
