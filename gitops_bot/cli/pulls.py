"""`gitops-bot pr`: the local forge's pull requests, for people."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_bot.errors import ForgeRefused, UsageError

if TYPE_CHECKING:
    from gitops_bot.adapters.local import LocalForge
    from gitops_bot.adapters.local.store import Record

_config = click.option(
    "--config", "-c", type=click.Path(exists=True, dir_okay=False, path_type=Path), default="gitops-bot.yaml"
)
_repository = click.option("--repository", "-r", help="A repository of the configuration; needed when it has several.")
_output = click.option("--output", "-o", type=click.Choice(["table", "json", "yaml"]), default="table")


@click.group("pr")
def group() -> None:
    """List, show, merge and close the pull requests of the local forge.

    \b
    Example:
      gitops-bot pr list
      gitops-bot pr merge 3
    """


def _forge(config: Path, repository: str | None) -> LocalForge:
    from gitops_bot.cli import load
    from gitops_bot.cli.given import machine
    from gitops_bot.wiring import SystemClock, local_forge

    local = {name: one for name, one in load(config).spec.repositories.items() if one.forge == "local"}
    if repository is None and len(local) == 1:
        repository = next(iter(local))
    if repository not in local:
        raise UsageError("name a repository with forge: local", remedy=f"--repository {' | '.join(local) or '(none)'}")
    user = machine()
    return local_forge(local[repository], SystemClock(), who=f"{user} <{user}@localhost>")


def _one(forge: LocalForge, number: int) -> Record:
    for record in forge.everything():
        if record.number == number:
            return record
    raise ForgeRefused(f"there is no pull request #{number}")


@group.command("list")
@_config
@_repository
@_output
@click.option("--all", "everything", is_flag=True, help="Closed and merged ones too.")
def listing(config: Path, repository: str | None, output: str, *, everything: bool) -> None:
    """List pull requests."""
    from gitops_bot.cli import show

    records = [one for one in _forge(config, repository).everything() if everything or one.state == "open"]
    if output != "table":
        show.result(records, output)
        return
    show.table(
        ("#", "STATE", "TITLE", "BRANCH"), [(str(one.number), one.state, one.title, one.branch) for one in records]
    )


@group.command()
@click.argument("number", type=int)
@_config
@_repository
@_output
def show(number: int, config: Path, repository: str | None, output: str) -> None:
    """Show one as a reviewer sees it: title, statuses, body, diff."""
    from gitops_bot.cli import show as shown

    forge = _forge(config, repository)
    record = _one(forge, number)
    if output != "table":
        shown.result(record, output)
        return
    click.echo("\n".join(shown.clean(line) for line in review(forge, record).split("\n")))


def review(forge: LocalForge, record: Record) -> str:
    """A pull request as text: title, state, statuses, body, comments, diff."""
    from gitops_bot.delivery import marker

    lines = [f"#{record.number} {record.title}", f"{record.state} · {record.branch} → {record.base}"]
    lines += [f"{name}: {one['state']} ({one['description']})" for name, one in forge.statuses(record.head).items()]
    lines += ["", marker.text(record.body)]
    lines += [f"{one['author']}: {one['text'].partition('<!--')[0].strip()}" for one in record.comments]
    return "\n".join([*lines, forge.diff(record).rstrip()])


@group.command()
@click.argument("number", type=int)
@_config
@_repository
def merge(number: int, config: Path, repository: str | None) -> None:
    """Merge one, at the head it has now."""
    from gitops_bot.ports import Merged

    forge = _forge(config, repository)
    record = _one(forge, number)
    result = forge.merge(number, head=record.head, title=record.title)
    if isinstance(result, Merged):
        click.echo(f"merged #{number} as {result.commit[:12]}")
        return
    click.echo(f"error: #{number} cannot be merged: {result.reason}", err=True)
    sys.exit(ForgeRefused.exit_code)


@group.command()
@click.argument("number", type=int)
@_config
@_repository
def close(number: int, config: Path, repository: str | None) -> None:
    """Close one: a no to what it proposes."""
    forge = _forge(config, repository)
    record = _one(forge, number)
    if record.state == "merged":
        raise ForgeRefused(f"#{number} is merged already")
    forge.close(number)
    click.echo(f"closed #{number}; the same step is not proposed again")


@group.command()
@click.argument("number", type=int)
@click.argument("text")
@_config
@_repository
def comment(number: int, text: str, config: Path, repository: str | None) -> None:
    """Say something; a line that begins with /gitops-bot asks the bot for it.

    \b
    Example:
      gitops-bot pr comment 3 "/gitops-bot hold the audit"
    """
    forge = _forge(config, repository)
    _one(forge, number)
    forge.say(number, text)
    click.echo(f"commented on #{number}")
