"""Step outputs, annotations and the job summary of GitHub Actions. Their text is untrusted: delimiters are random."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gitops_bot.delivery.body.markup import paragraphs, table
from gitops_bot.delivery.text import code, cut, markdown
from gitops_bot.model import OpenPr, Plan, Receipt, ReceiptState, worst
from gitops_bot.tick import Report

SUMMARY_LIMIT = 1_000_000
"""Bytes; GitHub drops a summary above 1 MiB."""
MOST_ANNOTATIONS = 9
"""GitHub shows ten errors a step; the tenth says how many more there are."""

_OPERATIONS = {"open": "created", "update": "updated", "refresh": "updated", "merge": "merged", "close": "closed"}


def write(report: Report) -> None:
    """Write outputs and summary where the runner's environment says, and annotate failures."""
    if file := os.environ.get("GITHUB_OUTPUT"):
        _append(file, "".join(_assignment(name, value) for name, value in outputs(report).items()))
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        _append(file, cut(summary(report), SUMMARY_LIMIT // 4))
    for line in annotations(report):
        click.echo(line, err=True)


@contextmanager
def obeying_nothing() -> Iterator[None]:
    """The runner reads commands in what a step prints; inside, it takes text from elsewhere for what it is."""
    token = uuid.uuid4().hex
    click.echo(f"::stop-commands::{token}")
    try:
        yield
    finally:
        click.echo(f"::{token}::")


def outputs(report: Report) -> dict[str, str]:
    """verdict, pull-request-number, pull-request-url, pull-request-operation, of the last effect that had one."""
    done = [one for one in report.receipts if one.state is ReceiptState.DONE and one.action in _OPERATIONS]
    last = done[-1] if done else Receipt("", "none", ReceiptState.DONE)
    url = next((one.url for one in reversed(done) if one.url and one.number == last.number), "")
    return {
        "verdict": worst(tuple(one.verdict.outcome for one in report.plans)).value,
        "pull-request-number": str(last.number or ""),
        "pull-request-url": url,
        "pull-request-operation": _OPERATIONS.get(last.action, "none"),
    }


def summary(report: Report) -> str:
    """The run as Markdown."""
    rows = [
        (code(one.policy), one.verdict.outcome.value, one.step.kind.value, markdown(_why(one))) for one in report.plans
    ]
    done = [f"- {markdown(_done(one))}" for one in report.receipts]
    failed = [f"- ❌ {markdown(f'{one.subject}: {one.error}')}" for one in report.failures]
    plans = table(("Policy", "Verdict", "Step", "Why"), rows)
    return paragraphs("## gitops-bot", plans, "\n".join([*done, *failed])) + "\n"


def annotations(report: Report) -> list[str]:
    """The first failures as workflow commands, and how many more there are."""
    lines = [f"::error title={_property(one.subject)}::{_data(str(one.error))}" for one in report.failures]
    more = len(lines) - MOST_ANNOTATIONS
    return lines[:MOST_ANNOTATIONS] + ([f"::error::{more} more, see the summary"] if more > 0 else [])


def _done(one: Receipt) -> str:
    said = f"{one.policy}:", one.action, str(one.number or ""), one.state.value, one.detail
    return " ".join(word for word in said if word)


def _why(plan: Plan) -> str:
    opening = [action.proposal.title for action in plan.actions if isinstance(action, OpenPr)]
    return "; ".join([plan.step.reason, *opening, *plan.notes])


def _assignment(name: str, value: str) -> str:
    delimiter = f"gitops-bot-{uuid.uuid4()}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _append(file: str, text: str) -> None:
    with Path(file).open("a", encoding="utf-8") as opened:
        opened.write(text)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
