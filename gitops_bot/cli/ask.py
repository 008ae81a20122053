"""`gitops-bot promote`, `rollback`, `hold`, `resume`, `reopen`: a person's word, in one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gitops_bot.errors import UsageError

if TYPE_CHECKING:
    from gitops_bot.model import AskKind, Version

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def _asking(command: CommandT) -> CommandT:
    """The options of every word."""
    from gitops_bot.cli import _audit, _configured, _github

    for option in (
        click.option("--by", help="Who asks, as people will read it. Default: GITHUB_ACTOR, GITLAB_USER_LOGIN or you."),
        click.option("--reason", default="", help="Why, as people will read it."),
        click.option("--env", "-e", help="An environment of the pipeline that --policy names."),
        click.option("--policy", "-p", required=True, help="A policy, or a pipeline with --env."),
        _github,
        _audit,
        _configured,
    ):
        command = option(command)
    return command


@click.command()
@_asking
@click.option("--version", "named", help="This version and no other: tag, tag@sha256:… or sha256:…")
def promote(named: str | None, **given: Any) -> None:
    """Take the next step now: past windows, soak and what is not known yet, never past a FAIL, a stop or an approval.

    \b
    Example:
      gitops-bot promote --policy checkout --env prod --version 1.4.2
    """
    from gitops_bot.model import AskKind

    _run(AskKind.PROMOTE, version=_version(named), **given)


@click.command()
@_asking
def rollback(**given: Any) -> None:
    """Go back, as after a FAIL: what is on trial ends, or the version that stands gives way to the one before.

    \b
    Example:
      gitops-bot rollback --policy checkout --env prod --reason "orders are lost"
    """
    from gitops_bot.model import AskKind

    _run(AskKind.ROLLBACK, **given)


@click.command()
@_asking
@click.option("--until", metavar="TIME", help="When it ends by itself (RFC 3339). Default: when somebody resumes.")
def hold(until: str | None, **given: Any) -> None:
    """Hold the open promotion by a label: it is neither rewritten nor merged. A rollback goes on.

    \b
    Example:
      gitops-bot hold --policy checkout --env prod --reason "the audit" --until 2026-03-05T09:00:00Z
    """
    from gitops_bot.model import AskKind

    _run(AskKind.HOLD, until=_time(until), **given)


@click.command()
@_asking
def resume(**given: Any) -> None:
    """Let the open promotion go on that is held by a label."""
    from gitops_bot.model import AskKind

    _run(AskKind.RESUME, **given)


@click.command()
@_asking
def reopen(**given: Any) -> None:
    """Take back the no of a person who closed the pull request: the same step is proposed again."""
    from gitops_bot.model import AskKind

    _run(AskKind.REOPEN, **given)


commands = (promote, rollback, hold, resume, reopen)


def _run(kind: AskKind, *, version: Version | None = None, until: datetime | None = None, **given: Any) -> None:
    """One run for one policy with one word in it."""
    from gitops_bot import tick
    from gitops_bot.cli import _all, _done, _options
    from gitops_bot.cli.given import who
    from gitops_bot.model import Ask
    from gitops_bot.policy.pipelines.names import policy_name

    name = given["policy"]
    if given["env"]:
        name = policy_name(name, given["env"])
    word = Ask(kind, given["by"] or who(), version, given["reason"], until)
    options = _options(given["policies"], audit=given["audit"])
    report = _all(given["config"], options, lambda job: tick.run(replace(job, asks={name: (word,)}), name), name)
    _done(report, given["output"], github=given["github"])


def _version(named: str | None) -> Version | None:
    from pydantic import TypeAdapter, ValidationError

    from gitops_bot.model import Version
    from gitops_bot.policy.base import GivenVersion

    if named is None:
        return None
    try:
        return Version.parse(TypeAdapter(GivenVersion).validate_python(named))
    except ValidationError:
        raise UsageError("--version is not a version", remedy="Give a tag, tag@sha256:… or sha256:….") from None


def _time(until: str | None) -> datetime | None:
    from gitops_bot.cli import given
    from gitops_bot.wiring import SystemClock

    if until is None:
        return None
    moment = given.time("--until", until, "2026-03-05T09:00:00Z")
    if moment <= SystemClock().now():
        raise UsageError(f"--until: {until} is over already, and would hold nothing")
    return moment
