"""`gitops-bot judge`: a judge on evidence that is given, without a policy, a cluster or a configuration."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from gitops_bot.errors import EXIT_FAIL, EXIT_UNKNOWN, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_bot.analysis.evidence import Arm, Finding, Interval
    from gitops_bot.analysis.retrace import Case
    from gitops_bot.model import Outcome

_CODES = {"PASS": 0, "UNKNOWN": EXIT_UNKNOWN, "FAIL": EXIT_FAIL}
_LETTERS = {"PASS": "P", "UNKNOWN": "·", "FAIL": "F"}


@click.command("judge", short_help="Judge evidence from a file: any judge, any number of runs.")
@click.option("--judge", "name", metavar="NAME", help="threshold, sequential, … Default: as the file says.")
@click.option(
    "--input",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Intervals as JSON or CSV, or a recorded range.",
)
@click.option("--params", metavar="FILE|JSON", help="What the judge is told.  [default: as the file says]")
@click.option("--length", type=click.IntRange(min=1), help="Intervals of the whole run.  [default: those given]")
@click.option("--interval", metavar="DURATION", help="How a recorded range is cut.  [default: as its points lie]")
@click.option("--series", metavar="ROLE=SERIES", multiple=True, help="What a recorded series is. Repeatable.")
@click.option("--svg", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write the chart here.")
@click.option("--batch", metavar="FILE", type=click.File("rb"), help="Many runs, one a line of JSON; - is stdin.")
@click.option("--output", "-o", type=click.Choice(["table", "json", "yaml"]), default="table", show_default=True)
@click.pass_context
def command(context: click.Context, /, batch: BinaryIO | None, **told: Any) -> None:
    """Judge evidence that was measured before: one run with its chart, or many as JSON lines.

    FILE lists intervals, as JSON or CSV, or is a recorded range: the JSON that Prometheus answers to query_range, or
    a recording of this bot. docs/judges.md has the judges, their parameters and the shapes of files.

    Exits 0 for PASS, 3 for UNKNOWN, 4 for FAIL; with --batch 0, or 2 when a line could not be judged.

    \b
    Examples:
      gitops-bot judge --judge sequential --input run.json --svg run.svg
      gitops-bot judge --judge threshold --params '{"max": "1%"}' --input run.csv
      gitops-bot judge --judge threshold --params params.yaml --input range.json \\
          --series 'candidate.value={version="v2"}'
      gitops-bot judge --batch runs.jsonl
    """
    given = [name for name in told if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE]
    if batch is not None:
        if given:
            raise click.UsageError(f"--batch goes without --{_OPTIONS.get(given[0], given[0])}.", context)
        sys.exit(_batch(batch))
    if told["file"] is None:
        raise click.UsageError("Missing option '--input', or '--batch'.", context)
    sys.exit(_single(**told))


_OPTIONS = {"name": "judge", "file": "input"}

# ---------------------------------------------------------------- many runs


def _batch(lines: BinaryIO) -> int:
    import json

    from gitops_bot.cli.judging import answers

    refused = False
    for answer in answers(lines):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        refused = refused or "error" in answer
    return UsageError.exit_code if refused else 0


# ---------------------------------------------------------------- one run


def _single(
    *,
    name: str | None,
    file: Path,
    params: str | None,
    length: int | None,
    interval: str | None,
    series: Sequence[str],
    svg: Path | None,
    output: str,
) -> int:
    from gitops_bot.analysis import chart
    from gitops_bot.analysis.panels import panels
    from gitops_bot.analysis.retrace import states
    from gitops_bot.cli import inputs, judging, show

    roles, cut = _roles(series), _duration(interval)
    try:
        order = inputs.read(file, _bytes(file), roles, cut)
    except UsageError as error:
        raise UsageError(error.what, where=error.where or str(file), remedy=error.remedy) from None
    told = {"judge": name, "params": None if params is None else judging.given_params(params), "length": length}
    order = {**order, **{key: value for key, value in told.items() if value is not None}}
    case = judging.case(order)
    finding, outcomes = states(case)
    drawn = panels(case)
    if svg:
        _write(svg, chart.svg(drawn, f"{order['judge']}: {_headline(finding)}", decided_at=finding.decided_at))
    if output == "table":
        _table(case, outcomes)
        click.echo()
        click.echo(chart.bars(drawn, "".join(_LETTERS[one.value] for one in outcomes)))
        _words(case, finding)
    else:
        show.result(_document(order["judge"], case, finding, outcomes), output)
    return _CODES[finding.outcome.value]


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}", where=str(file)) from None


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--svg: it cannot be written: {error.strerror}", where=str(file)) from None


def _roles(series: Sequence[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in series]
    if wrong := [role for role, equals, query in pairs if not (equals and query)]:
        raise UsageError(f"--series: {wrong[0]!r} names no query", remedy="Write it like candidate.value=QUERY")
    return {role: query for role, _, query in pairs}


def _duration(text: str | None) -> timedelta | None:
    from gitops_bot.policy.quantities import parse_duration

    if text is None:
        return None
    try:
        duration = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--interval: {error}") from None
    if not duration:
        raise UsageError("--interval: must be more than nothing")
    return duration


# ---------------------------------------------------------------- what is shown


def _table(case: Case, outcomes: Sequence[Outcome]) -> None:
    from gitops_bot.analysis.evidence import UNMEASURED
    from gitops_bot.cli import show

    timed = any(one.at for one in case.intervals)
    compared = any(one.baseline != UNMEASURED for one in case.intervals)
    header = ("INTERVAL", *(["AT"] if timed else []), "CANDIDATE", *(["BASELINE"] if compared else []), "VERDICT")
    rows = (
        (
            str(number),
            *([f"{one.at:%Y-%m-%d %H:%M:%S}" if one.at else ""] if timed else []),
            show.clean(_shown(one.candidate)),
            *([show.clean(_shown(one.baseline))] if compared else []),
            show.coloured(outcome),
        )
        for number, (one, outcome) in enumerate(zip(case.intervals, outcomes, strict=True), 1)
    )
    show.table(header, rows)


def _shown(arm: Arm) -> str:
    if arm.missing:
        return arm.missing
    counts = f"{arm.bad:g}/{arm.total:g}" if arm.bad is not None and arm.total is not None else ""
    value = f"{arm.value:.6g}" if arm.value is not None else ""
    return " ".join(filter(None, (value, counts)))


def _headline(finding: Finding) -> str:
    return f"{finding.outcome.value}: {finding.because}"


def _words(case: Case, finding: Finding) -> None:
    from gitops_bot.cli import show

    click.echo(f"{show.coloured(finding.outcome)}: {show.clean(finding.because)}")
    for name, value in _facts(case, finding):
        click.echo(f"  {name}: {show.clean(value)}")


def _facts(case: Case, finding: Finding) -> Iterator[tuple[str, str]]:
    """The figures, and when it was decided or will be."""
    yield from ((one.name, one.value) for one in finding.figures)
    if finding.decided_at is not None:
        yield "decided", f"after interval {finding.decided_at} of {case.length}"
    if finding.left is not None:
        yield "time left", _left(case.intervals, finding.left)


def _left(intervals: Sequence[Interval], left: int) -> str:
    from gitops_bot.policy.quantities import format_duration

    each = _spacing(intervals)
    time = f" ({format_duration(left * each)})" if each else ""
    return f"about {left} more interval{'s' if left != 1 else ''}{time}"


def _spacing(intervals: Sequence[Interval]) -> timedelta | None:
    """How far the last two intervals that say it are apart."""
    times = [one.at for one in intervals if one.at is not None]
    return times[-1] - times[-2] if len(times) > 1 and times[-1] > times[-2] else None


def _document(name: str, case: Case, finding: Finding, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "judge": name,
        "verdict": finding.outcome,
        "decidedAt": finding.decided_at,
        "reason": finding.because,
        "length": case.length,
        "left": finding.left,
        "figures": {one.name: one.value for one in finding.figures},
        "intervals": [
            {
                "interval": number,
                **({"at": one.at} if one.at else {}),
                "candidate": _arm(one.candidate),
                "baseline": _arm(one.baseline),
                "verdict": outcome,
            }
            for number, (one, outcome) in enumerate(zip(case.intervals, outcomes, strict=True), 1)
        ],
    }


def _arm(arm: Arm) -> dict[str, Any]:
    told = {"value": arm.value, "bad": arm.bad, "total": arm.total, "missing": arm.missing or None}
    return {key: value for key, value in told.items() if value is not None}
