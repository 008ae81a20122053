"""`gitops-bot demo`: three releases, real ticks, a simulated clock. The bot's part is the production code, whole."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click

from gitops_bot import tick
from gitops_bot.cli import show
from gitops_bot.delivery import marker
from gitops_bot.demo.world import Behaviour, World
from gitops_bot.errors import InternalError, UsageError
from gitops_bot.model import Plan
from gitops_bot.wiring import Options, audit_log, opened

LONGEST = 180
"""Simulated minutes that one release may take."""


def play(folder: Path | None, story: str = "releases") -> None:
    """Play a story, print what a reviewer would see, leave the world to look at."""
    if story == "pipeline":
        from gitops_bot.demo import pipeline

        pipeline.play(_empty(folder))
        return
    _releases(_empty(folder))


def _releases(folder: Path) -> None:
    story = Story(World.create(folder))
    show_world = story.world.folder
    story.tell("checkout 1.7.3 serves every customer of shop.example. CI builds 1.8.0.")
    story.release("1.8.0", Behaviour.SOUND, until=lambda one: _idle(one) and str(one.slots.stable) == "1.8.0")
    story.tell("1.8.0 is promoted. CI builds 1.9.0, which breaks under load.")
    story.release("1.9.0", Behaviour.BREAKS_UNDER_LOAD, until=lambda one: _idle(one) and one.slots.weight == 0)
    story.tell("1.9.0 is rolled back and will not come again by itself. CI builds 1.9.1; nothing calls it.")
    minutes = iter(range(12))
    story.release("1.9.1", Behaviour.UNREACHED, until=lambda one: one.slots.weight == 5 and next(minutes, None) is None)
    story.tell("No traffic is neither good news nor bad news: 1.9.1 is held, and the bot says why.")
    show.prose(story.last)
    story.world.leave_pulls()
    story.world.repo.close()
    at = story.world.clock.now().isoformat().replace("+00:00", "Z")
    config = show_world / "gitops-bot.yaml"
    click.echo(
        f"\nLeft in {show_world}:\n"
        f"  environments.git    the repository: git -C {show_world}/environments.git log --first-parent --stat main\n"
        f"  pull-requests/      every pull request as a reviewer saw it\n"
        f"  audit.jsonl         what the bot intended and did\n"
        f"Try:\n"
        f"  gitops-bot plan --config {config} --at {at}\n"
        f"  gitops-bot explain checkout-canary --config {config} --at {at}\n"
        f"  gitops-bot pr list --all --config {config}"
    )


def _empty(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="gitops-bot-demo-")).resolve()
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", remedy="Give --keep a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _idle(plan: Plan) -> bool:
    return plan.slots.stable == plan.slots.candidate and plan.step.held is None and not plan.slots.weight


@dataclass(slots=True)
class Story:
    """Ticks once a simulated minute; a reviewer merges what the bot opened the minute before."""

    world: World
    last: Plan = field(init=False)
    said: str = ""
    seen: set[tuple[int, str]] = field(default_factory=set)
    reviewed: list[int] = field(default_factory=list)

    def tell(self, text: str) -> None:
        """A line of the story."""
        click.echo(f"\n{show.styled('═══ ' + text, bold=True)}\n")

    def release(self, version: str, behaviour: Behaviour, *, until: Callable[[Plan], bool]) -> None:
        """One release, from CI's commit to its end. Errors: InternalError when it does not end."""
        self.world.release(version, behaviour)
        with opened(self.world.config, self._options()) as jobs:
            (job,) = jobs.values()
            self._play(job, version, until)

    def _play(self, job: tick.Job, version: str, until: Callable[[Plan], bool]) -> None:
        for _ in range(LONGEST):
            self.world.pass_minute()
            report = tick.run(job)
            if report.failures:
                show.failures(report.failures)
                sys.exit(report.exit_code)
            (self.last,) = report.plans
            self._report(report)
            if until(self.last):
                return
            self._review()
        raise InternalError(f"the story of {version} does not end")

    def _options(self) -> Options:
        clock = self.world.clock
        return Options(clock, audit=audit_log(self.world.folder / "audit.jsonl", clock))

    def _report(self, report: tick.Report) -> None:
        now = f"{self.world.clock.now():%H:%M}"
        told = [receipt for receipt in report.receipts if receipt.action != "delete"]  # branches that have served
        for receipt in told:
            number = receipt.number or 0
            click.echo(f"{now}  {show.styled(f'#{number} {receipt.action}', fg='cyan', bold=True)} {receipt.detail}")
            if receipt.action in ("open", "update") and (number, receipt.facts["proposal"]) not in self.seen:
                self.seen.add((number, receipt.facts["proposal"]))
                self._show(number)
        step = self.last.step
        line = f"{step.kind.value}: {step.reason}"
        if line != self.said and not told:
            click.echo(f"{now}  {line}")
        self.said = line

    def _show(self, number: int) -> None:
        """Title, verdict and diff; the whole of it goes into a file."""
        record = next(one for one in self.world.forge.everything() if one.number == number)
        headline = marker.text(record.body).split("\n\n", 1)[0]
        click.echo(f"\n    {show.styled(record.title, bold=True)}\n    {headline}\n")
        show.diff(self.world.forge.diff(record).rstrip(), indent="    ")
        click.echo()

    def _review(self) -> None:
        """Merge what was open a minute ago already."""
        records = [one for one in self.world.forge.everything() if one.state == "open"]
        for record in records:
            if record.number in self.reviewed:
                self.world.forge.merge(record.number, head=record.head, title=record.title)
                click.echo(f"{self.world.clock.now():%H:%M}  #{record.number} merged by Rita Reviewer")
        self.reviewed = [record.number for record in records]
