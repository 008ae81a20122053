"""What commands print: tables, prose, JSON, YAML. stdout is the result, stderr the talk."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from gitops_bot import serialise
from gitops_bot.delivery import diffs
from gitops_bot.model import Gate, Outcome, Plan, Query, StepKind
from gitops_bot.policy.stopfile import PATH as STOP
from gitops_bot.tick import Failure, Report

_COLOURS = {"PASS": "green", "FAIL": "red", "UNKNOWN": "yellow"}


def colours() -> bool:
    """Colours are for terminals, unless NO_COLOR says no."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def styled(text: str, **style: Any) -> str:
    """Text in a style, where there are colours."""
    return click.style(clean(text), **style) if colours() else clean(text)


def clean(text: str) -> str:
    """Text from elsewhere without what a terminal, or a runner that reads the log, would obey."""
    return "".join(char if char.isprintable() or char in "\t" else " " for char in text)


def coloured(outcome: Outcome) -> str:
    """A verdict in its colour."""
    return styled(outcome.value, fg=_COLOURS[outcome.value], bold=True)


def result(value: Any, output: str) -> None:
    """A value as JSON or YAML on stdout."""
    if output == "yaml":
        import yaml

        click.echo(yaml.safe_dump(serialise.plain(value), sort_keys=False, allow_unicode=True), nl=False)
    else:
        click.echo(serialise.text(value), nl=False)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their widest cell."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(click.unstyle(line[index])) for line in lines) for index in range(len(header))]
    for number, cells in enumerate(lines):
        padded = (cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(cells, widths, strict=True))
        text = "  ".join(padded).rstrip()
        click.echo(styled(text, bold=True) if number == 0 else text)


def failures(found: Sequence[Failure]) -> None:
    """What failed, on stderr."""
    for one in found:
        message = "\n".join(clean(line) for line in str(one.error).split("\n"))
        head = "" if message.startswith(one.subject) else f"{one.subject}: "
        click.echo(f"{styled('error', fg='red')}: {head}{message}", err=True)


def plans(report: Report) -> None:
    """One row a policy: where it stands, what comes next."""
    rows = [(one.policy, _slots(one), coloured(one.verdict.outcome), _step(one), _reason(one)) for one in report.plans]
    if rows or not report.failures:
        table(("POLICY", "GIT SAYS", "VERDICT", "STEP", "WHY"), rows)


def _slots(plan: Plan) -> str:
    slots = plan.slots
    trial = f" → {slots.candidate}" if slots.candidate and slots.candidate != slots.stable else ""
    active = f"{slots.active} " if slots.active else ""
    beside = "".join(f", {one.name} {one.version}" for one in slots.variants if one.up(slots.stable))
    return f"{active}{slots.stable or 'nothing'}{trial}{f' at {plan.rung}' if plan.rung else ''}{beside}"


def _step(plan: Plan) -> str:
    return plan.step.kind.value + (f" ({plan.step.held.kind.value})" if plan.step.held else "")


def _reason(plan: Plan) -> str:
    return clean("; ".join([plan.step.reason, *plan.notes]))


def actions(report: Report) -> None:
    """What would be done, with the changes as a diff."""
    for one in report.plans:
        for action in one.actions:
            what = serialise.plain(action)
            number = f" #{what['number']}" if what.get("number") else ""
            click.echo(f"\n{styled(what['action'] + number, bold=True)}  {one.policy}")
            if what["action"] in ("OpenPr", "UpdatePr"):
                click.echo(f"  {one.proposal.title if one.proposal else ''}\n")
                diff(diffs.diff(one.proposal.changes if one.proposal else ()))
            elif (
                reason := what.get("reason")
                or what.get("title")
                or what.get("text")
                or what.get("status", {}).get("description")
            ):
                click.echo(f"  {clean(reason)}")
    if not any(one.actions for one in report.plans) and (report.plans or not report.failures):
        click.echo("\nNothing to do.")


def diff(text: str, indent: str = "") -> None:
    """A unified diff in its colours."""
    for line in text.splitlines():
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.echo(indent + (styled(line, fg=colour) if colour else clean(line)))


def checks(report: Report) -> None:
    """Every check with its result and its figures."""
    rows = [
        (one.policy, check.name, coloured(check.outcome), clean(check.because), _figures(check.figures))
        for one in report.plans
        for check in one.verdict.checks
    ]
    if not rows:
        if report.plans or not report.failures:
            click.echo("Nothing is on trial.")
        return
    table(("POLICY", "CHECK", "RESULT", "WHY", "FIGURES"), rows)
    for one in report.plans:
        _charts(one)


def _charts(plan: Plan) -> None:
    """What each check of a policy measured over time, a line for each version."""
    drawn = [
        (f"{check.name} {line.name}" if len(check.charts) > 1 else check.name, line.value)
        for check in plan.verdict.checks
        for line in check.charts
    ]
    if drawn:
        click.echo(f"\n{styled(plan.policy, bold=True)}")
    width = max((len(name) for name, _ in drawn), default=0)
    for name, chart in drawn:
        click.echo(f"  {clean(name):{width}}  {clean(chart)}")


def _figures(figures: Sequence[Any]) -> str:
    return clean(", ".join(f"{one.name} {one.value}" for one in figures))


def note(text: str) -> None:
    """What a person should know beside the result, on stderr."""
    click.echo(f"note: {clean(text)}", err=True)


def receipts(report: Report) -> None:
    """What was done."""
    for one in report.receipts:
        number = f" #{one.number}" if one.number else ""
        detail = clean(f": {one.detail}" if one.detail else "")
        click.echo(f"{one.policy}: {one.action}{number} {one.state.value}{detail}{f'  {one.url}' if one.url else ''}")
    if not report.receipts and not report.failures:
        click.echo("Nothing to do.")


def prose(plan: Plan) -> None:
    """The plan as a person would tell it: where it stands, what holds it, what would change that."""
    click.echo(styled(f"{plan.policy}: {_step(plan)}", bold=True))
    click.echo(f"  git       {_slots(plan)} ({plan.base} at {plan.base_commit[:12]})")
    if plan.since:
        click.echo(f"  since     {plan.since:%Y-%m-%d %H:%M:%S} UTC")
    click.echo(f"  verdict   {coloured(plan.verdict.outcome)}: {clean(plan.verdict.because)}")
    if plan.step.reason != plan.verdict.because:
        click.echo(f"  step      {clean(plan.step.reason)}")
    for line in _details(plan):
        click.echo(f"  {line}")
    click.echo(f"  to change it: {clean(_change(plan))}")


def _details(plan: Plan) -> Iterable[str]:
    for check in plan.verdict.checks:
        yield f"check     {check.name} {coloured(check.outcome)}: {clean(check.because)}"
        yield from (f"            {clean(query.expression)}  [{_window(query)}]" for query in check.queries)
        yield from ([f"            judged by {clean(check.judge)}"] if check.judge else [])
    for gate in plan.gates:
        yield f"gate      {gate.name} {'open' if gate.open else 'closed'}: {clean(gate.reason)}{_until(gate)}"
    for caution in plan.step.cautions:
        yield f"caution   {clean(caution)}"
    for note in plan.notes:
        yield f"note      {clean(note)}"


def _until(gate: Gate) -> str:
    return f" (until {gate.until:%Y-%m-%d %H:%M} UTC)" if gate.until else ""


def _window(query: Query) -> str:
    return f"{query.start - query.step:%H:%M:%S} to {query.end:%H:%M:%S} UTC"


OPENING = {
    "stop": f"remove {STOP} from base, or let it end",
    "suspend": "set spec.suspend to false",
    "hold": "take the label off the pull request",
    "clusters": "let the hub decide, and name every cluster that it chose at spec.clusters of the bot configuration",
    "sync": "let the clusters have what was merged",
    "soak": "wait, or change spec.gates.soak",
    "statuses": "let the named checks succeed",
    "approvals": "let the named people approve the pull request, or the update in Keel",
    "windows": "wait, or change spec.gates.windows",
}


def _change(plan: Plan) -> str:
    shut = next((gate for gate in plan.gates if not gate.open), None)
    if shut:
        return f"open the gate {shut.name} ({shut.reason}): {OPENING[shut.name]}"
    if plan.step.kind is not StepKind.HOLD:
        return "nothing holds it; a pull request is or will be open" if not plan.notes else "; ".join(plan.notes)
    if plan.step.held is None:
        return _news(plan)
    if plan.step.held.kind is StepKind.ROLLBACK:
        return "merge or close the open rollback, or a verdict of PASS"
    if plan.step.held.kind is StepKind.FINISH:
        return f"{plan.step.reason}; then {plan.step.held.kind.value}"
    undecided = [check.name for check in plan.verdict.checks if check.critical and check.outcome is not Outcome.PASS]
    waited = f"{', '.join(undecided)} must pass" if undecided else plan.step.reason
    return f"{waited}; then {plan.step.held.kind.value}"


def _news(plan: Plan) -> str:
    """What a plan waits for that wants nothing now."""
    if plan.step.blind:
        return f"the bot must see one version on trial ({plan.step.reason})"
    if plan.step.reason == plan.verdict.because:
        failed = [check.name for check in plan.verdict.checks if check.critical and check.outcome is Outcome.FAIL]
        return f"a new candidate, or {', '.join(failed)} must pass"
    if plan.candidate is None or plan.candidate == plan.slots.stable:
        return "a new candidate"
    return f"a new candidate, or a person's commit that takes {plan.candidate} up again"
