"""The command line: commands, output, exit codes. What a command does not need is not imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gitops_bot import __version__
from gitops_bot.errors import EXIT_CHANGES, EXIT_FAIL, EXIT_UNKNOWN, BotError, UsageError

if TYPE_CHECKING:
    from gitops_bot.policy.config import BotConfig
    from gitops_bot.tick import Job, Report
    from gitops_bot.wiring import Options

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

EXIT_CODES = """\b
Exit codes:
  0 done, or nothing to do     1 plan --exit-code, set --dry-run: something would change
  2 usage; set, get: refused   3 evaluate, judge: UNKNOWN   4 evaluate, judge: FAIL
  10 not YAML   11 not a policy   12 two policies write the same place
  20 file absent   21 key absent   22 edit refused
  30 cluster object absent   31 cluster access denied   32 cluster unreachable
  40 repository unreachable   41 repository access denied   42 push rejected
  50 forge unreachable   51 forge access denied   52 rate limit   53 forge refused
  60 registry unreachable   61 registry access denied, or no such image
  70 several different failures   71 a defect of gitops-bot"""


@click.group(
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "GITOPS_BOT",
        "max_content_width": 100,
    },
    epilog=EXIT_CODES,
)
@click.version_option(__version__, prog_name="gitops-bot")
def cli() -> None:
    """Opens, updates, merges and closes the pull requests that promote a release, on evidence.

    \b
    Try:
      gitops-bot demo
      gitops-bot validate policies/
      gitops-bot plan --config gitops-bot.yaml
    """


_output = click.option(
    "--output", "-o", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True
)
_at = click.option("--at", metavar="TIME", help="Decide as of this time (RFC 3339), with the same measurements.")
_audit = click.option(
    "--audit", type=click.Path(dir_okay=False, path_type=Path), help="Append what is done to this file."
)
_github = click.option("--github", is_flag=True, help="Write step outputs and the job summary of GitHub Actions.")
_policies = click.option(
    "--policies",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="Policy files or folders, instead of those on base. Repeatable.",
)
_config = click.option(
    "--config",
    "-c",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default="gitops-bot.yaml",
    show_default=True,
    help="The bot's configuration.",
)


def _configured(command: CommandT) -> CommandT:
    """The options of every command that looks at the world."""
    for option in (_output, _policies, _config):
        command = option(command)
    return command


def _clock(at: str | None) -> Any:
    from gitops_bot.cli import given
    from gitops_bot.wiring import FixedClock, SystemClock

    return SystemClock() if at is None else FixedClock(given.time("--at", at, "2026-03-02T08:30:00Z"))


def load(config: Path) -> BotConfig:
    """The bot's configuration from a file. Errors: PolicyError."""
    from gitops_bot.policy.loading import load_config
    from gitops_bot.sources import files

    return load_config(files([config])[0])


def _options(policies: tuple[Path, ...], at: str | None = None, audit: Path | None = None) -> Options:
    from gitops_bot.wiring import Options, audit_log

    clock = _clock(at)
    return Options(clock, policies, audit_log(audit, clock))


def _all(config: Path, options: Options, act: Callable[[Job], Report], policy: str | None) -> Report:
    """The reports of all repositories as one. Errors: UsageError for a policy that nobody knows."""
    from gitops_bot.tick import Report
    from gitops_bot.wiring import opened

    if policy == "":  # a variable of a pipeline that is not set
        raise UsageError("the policy's name is empty")
    with opened(load(config), options) as jobs:
        whole = Report(", ".join(jobs))
        for job in jobs.values():
            one = act(job)
            whole.plans += one.plans
            whole.receipts += one.receipts
            whole.failures += one.failures
    if policy and not whole.plans and not whole.failures:
        raise UsageError(f"no policy is named {policy}")
    return whole


def _finish(report: Report, code: int = 0) -> None:
    from gitops_bot.cli import show

    show.failures(report.failures)
    sys.exit(report.exit_code or code)


def _done(report: Report, output: str, *, github: bool) -> None:
    """Show what a run decided and did, and exit."""
    from gitops_bot import serialise
    from gitops_bot.cli import show

    with ExitStack() as stack:
        if github:
            from gitops_bot.cli import github as actions

            actions.write(report)
            stack.enter_context(actions.obeying_nothing())
        if output == "table":
            show.plans(report)
            if report.plans:
                click.echo()
            show.receipts(report)
        else:
            show.result(serialise.report(report), output)
        _finish(report)


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@_output
def validate(paths: tuple[Path, ...], output: str) -> None:
    """Check policies and bot configurations, without a cluster, a token or a network.

    \b
    Example:
      gitops-bot validate policies/ gitops-bot.yaml
    """
    from gitops_bot.cli import show
    from gitops_bot.cli.validate import check

    found = check(paths)
    if output != "table":
        show.result({"checked": found.checked, "problems": found.problems}, output)
    else:
        for problem in found.problems:
            click.echo(problem["text"], err=True)
        if not found.problems:
            click.echo(f"{found.checked} documents are right.")
    sys.exit(found.exit_code)


@cli.command()
@click.argument("policy", required=False)
@_configured
@_at
def evaluate(policy: str | None, config: Path, policies: tuple[Path, ...], output: str, at: str | None) -> None:
    """Measure and say the verdict; nothing is planned or changed.

    With --at, base is read as it was then, and measured is what the metrics server says of that time.

    Exits 0 for PASS, 3 for UNKNOWN, 4 for FAIL: the worst of the policies that are on trial.

    \b
    Example:
      gitops-bot evaluate checkout-canary --at 2026-03-02T08:30:00Z
    """
    from gitops_bot import tick
    from gitops_bot.cli import past, show
    from gitops_bot.model import Outcome

    options = _options(policies, at)

    def act(job: Job) -> Report:
        then = job if at is None else past.going_back(job, options.clock.now(), show.note)
        return tick.plan(then, policy)

    report = _all(config, options, act, policy)
    if output == "table":
        show.checks(report)
    else:
        show.result(
            [{"policy": one.policy, "since": one.since, "verdict": one.verdict} for one in report.plans], output
        )
    outcomes = {one.verdict.outcome for one in report.plans if one.verdict.checks}
    _finish(report, EXIT_FAIL if Outcome.FAIL in outcomes else EXIT_UNKNOWN if Outcome.UNKNOWN in outcomes else 0)


@cli.command()
@click.argument("policy", required=False)
@_configured
@_at
@click.option("--exit-code", is_flag=True, help="Exit 1 when something would change.")
def plan(
    policy: str | None, config: Path, policies: tuple[Path, ...], output: str, at: str | None, *, exit_code: bool
) -> None:
    """Show what a run would do, with the exact diff; nothing is changed.

    \b
    Example:
      gitops-bot plan checkout-canary --output json
    """
    from gitops_bot import serialise, tick
    from gitops_bot.cli import show

    report = _all(config, _options(policies, at), lambda job: tick.plan(job, policy), policy)
    if output == "table":
        show.plans(report)
        show.actions(report)
    else:
        show.result(serialise.report(report), output)
    changes = any(one.actions for one in report.plans)
    _finish(report, EXIT_CHANGES if exit_code and changes else 0)


@cli.command()
@click.argument("policy")
@_configured
@_at
def explain(policy: str, config: Path, policies: tuple[Path, ...], output: str, at: str | None) -> None:
    """Say why a policy is where it is: which check or gate, and what would change it."""
    from gitops_bot import serialise, tick
    from gitops_bot.cli import show

    report = _all(config, _options(policies, at), lambda job: tick.plan(job, policy), policy)
    if output == "table":
        for one in report.plans:
            show.prose(one)
    else:
        show.result(serialise.report(report), output)
    _finish(report)


@cli.command()
@click.argument("policy", required=False)
@_configured
@click.option("--once", is_flag=True, help="One run, until nothing more follows at once.")
@_audit
@_github
def run(
    policy: str | None,
    config: Path,
    policies: tuple[Path, ...],
    output: str,
    *,
    once: bool,
    audit: Path | None,
    github: bool,
) -> None:
    """Observe, decide and apply, once.

    \b
    Example:
      gitops-bot run --once --audit audit.jsonl
    """
    from gitops_bot import tick

    if not once:
        raise UsageError("run needs --once", remedy="For a loop there is `gitops-bot daemon`.")
    report = _all(config, _options(policies, audit=audit), lambda job: tick.run(job, policy), policy)
    _done(report, output, github=github)


@cli.command()
@_config
@_policies
@_audit
def daemon(config: Path, policies: tuple[Path, ...], audit: Path | None) -> None:
    """Run again and again, one job per repository, until SIGTERM."""
    from gitops_bot.daemon import serve

    sys.exit(serve(load(config), policies, audit))


@cli.command()
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Leave the world here.")
@click.option(
    "--story",
    type=click.Choice(["releases", "pipeline"]),
    default="releases",
    show_default=True,
    help="Three releases of one canary, or one pipeline through four environments.",
)
def demo(keep: Path | None, story: str) -> None:
    """Play releases with real ticks on a simulated clock: promoted, rolled back, held. Needs nothing but git."""
    from gitops_bot.demo import play

    play(keep, story)


@cli.command()
@click.option("--write", type=click.Path(file_okay=False, path_type=Path), help="Write the files into this folder.")
@click.option("--reference", type=click.Path(dir_okay=False, path_type=Path), help="Write the reference as Markdown.")
def schema(write: Path | None, reference: Path | None) -> None:
    """Print the JSON Schemas of policies and configuration, or write them."""
    from gitops_bot.policy.jsonschema import schemas
    from gitops_bot.policy.reference import reference as page

    if reference:
        reference.write_text(page(), encoding="utf-8")

    for name, text in schemas().items():
        if write is None:
            click.echo(text, nl=False)
        else:
            write.mkdir(parents=True, exist_ok=True)
            (write / name).write_text(text, encoding="utf-8")
            click.echo(f"wrote {write / name}", err=True)


def main() -> None:
    """The entry point: every error says what, where and what to do, and has its exit code."""
    from gitops_bot.cli import ask, edits, judge, pulls, render

    for group in (pulls.group, render.group, *ask.commands, edits.setting, edits.getting, judge.command):
        cli.add_command(group)
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BotError as error:
        from gitops_bot.cli.show import clean

        click.echo("error: " + "\n".join(clean(line) for line in str(error).split("\n")), err=True)
        sys.exit(error.exit_code)
    except OSError as error:  # a file or folder that an option names
        from gitops_bot.cli.show import clean

        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {clean(f'{where}{error.strerror or error}')}", err=True)
        sys.exit(UsageError.exit_code)
