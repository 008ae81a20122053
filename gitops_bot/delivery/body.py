"""The pull request's body: a person decides on one screen, the evidence folded below. Pure text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from gitops_bot import __version__
from gitops_bot.delivery.hidden import NOTICE, hidden
from gitops_bot.delivery.text import block, code, cut, markdown
from gitops_bot.model import (
    Change,
    CheckResult,
    Gate,
    MergeMode,
    Outcome,
    Query,
    Slots,
    Step,
    StepKind,
    Verdict,
)
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.stopfile import PATH

LIMIT = 60_000
"""Characters of a body; GitHub takes 65,536."""

_CUT = "*The rest is cut: `gitops-bot explain` shows it whole.*"
_FOLD = 200
"""Room for the evidence's fold with nothing but the notice in it."""

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")

_SIGNS = {Outcome.PASS: "✅ PASS", Outcome.FAIL: "❌ FAIL", Outcome.UNKNOWN: "❔ UNKNOWN"}


@dataclass(frozen=True, slots=True)
class Page:
    """All that a body shows."""

    policy: PromotionPolicy
    before: Slots
    step: Step
    verdict: Verdict
    gates: Sequence[Gate]
    changes: Sequence[Change]
    mode: MergeMode
    note: str = ""
    """Why the step waits, when it does."""


def body(page: Page) -> str:
    """The body without its marker, at most `LIMIT` characters: how to stop it is never what is cut."""
    end = _paragraphs(_controls(page), f"<sub>gitops-bot {__version__} · policy {code(page.policy.name)}</sub>")
    said = _paragraphs(
        _headline(page),
        _cautions(page),
        _changes(page.changes),
        _ladder(page),
        _checks(page.verdict),
        _gates(page),
    )
    said = _whole_lines(said, LIMIT - len(end) - _FOLD)
    evidence = _evidence(page.verdict, LIMIT - len(end) - len(said) - _FOLD)
    return _paragraphs(said, evidence, end) + "\n"


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _whole_lines(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    kept = text[: room - len(_CUT) - 2]
    return _paragraphs(kept.rpartition("\n")[0] or kept, _CUT)


def _headline(page: Page) -> str:
    step = page.step
    said = f"**{step.kind.value}** {_summary(page.before, step)}"
    if page.note:
        return f"⏳ **waiting** — {markdown(page.note)}\n\n{said}"
    sign = "↩️ **rollback**" if step.kind is StepKind.ROLLBACK else _SIGNS[page.verdict.outcome]
    if step.kind in (StepKind.START, StepKind.FINISH) or not page.verdict.checks:
        sign = "▶️"
    return f"{sign} — {markdown(step.reason)}\n\n{said}"


def _summary(before: Slots, step: Step) -> str:
    after = step.slots
    parts = []
    if before.stable != after.stable:
        parts.append(f"stable {code(str(before.stable or 'none'))} → {code(str(after.stable))}")
    if before.candidate != after.candidate:
        parts.append(f"candidate {code(str(before.candidate or 'none'))} → {code(str(after.candidate))}")
    if (before.weight or 0) != (after.weight or 0):
        parts.append(f"weight {before.weight or 0} % → {after.weight or 0} %")
    return ", ".join(parts)


def _cautions(page: Page) -> str:
    return "\n".join(f"> ⚠️ {markdown(caution)}" for caution in page.step.cautions)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _changes(changes: Sequence[Change]) -> str:
    rows = [
        (move.slot or "", code(move.place), code(move.old), code(move.new))
        for change in changes
        for move in change.moves
    ]
    return "### What changes\n\n" + _table(("Slot", "Place", "From", "To"), rows) if rows else ""


def _ladder(page: Page) -> str:
    canary = page.policy.spec.strategy.canary
    if canary is None or page.step.kind is StepKind.ROLLBACK:
        return ""
    weight, after = page.before.weight or 0, page.step.slots.weight or 0
    rungs = [_rung(rung, weight, after, page.step) for rung in canary.ladder]
    ends = {StepKind.PROMOTE: ["**promote**", "finish"], StepKind.FINISH: ["promote ✓", "**finish**"]}
    return "### Ladder\n\n" + " → ".join([*rungs, *ends.get(page.step.kind, ["promote", "finish"])])


def _rung(rung: int, weight: int, after: int, step: Step) -> str:
    if step.kind in (StepKind.START, StepKind.ADVANCE) and rung == after:
        return f"**{rung} %**"
    return f"{rung} % ✓" if rung <= weight and step.kind is not StepKind.START else f"{rung} %"


def _checks(verdict: Verdict) -> str:
    if not verdict.checks:
        return ""
    rows = [
        (
            markdown(check.name) + ("" if check.critical else " (reported only)"),
            _SIGNS[check.outcome],
            markdown(check.because),
            ", ".join(f"{markdown(figure.name)} {code(figure.value)}" for figure in check.figures),
        )
        for check in verdict.checks
    ]
    return "### Checks\n\n" + _table(("Check", "Result", "Why", "Figures"), rows)


def _gates(page: Page) -> str:
    shut = [gate for gate in page.gates if not gate.open]
    lines = [f"- 🔒 {markdown(gate.name)}: {markdown(gate.reason)}{_until(gate)}" for gate in shut]
    lines.append(f"- {_merging(page)}")
    return "### Gates and merging\n\n" + "\n".join(lines)


def _until(gate: Gate) -> str:
    return f", until {gate.until:%Y-%m-%d %H:%M} UTC" if gate.until else ""


def _merging(page: Page) -> str:
    context = code(f"gitops-bot/{page.policy.name}")
    if page.mode is MergeMode.NEVER:
        return f"People merge. The status {context} binds only where the branch rules require it."
    if page.step.cautions:
        return "The bot would merge, but not what it could not see: a person must."
    ready = "it is marked as ready and " if page.policy.spec.pull_request.draft and not page.step.urgent else ""
    return f"The bot merges exactly the commit it evaluated, once {ready}the forge's own rules allow it."


def _evidence(verdict: Verdict, room: int) -> str:
    """As many whole queries as there is room for, so that no fence stays open."""
    shown: list[str] = []
    for query in (_query(check, query) for check in verdict.checks for query in check.queries):
        room -= len(query) + 2
        shown.append(query if room >= 0 else _CUT)
        if room < 0:
            break
    return _paragraphs("<details><summary>Queries and windows</summary>", *shown, "</details>") if shown else ""


def _query(check: CheckResult, query: Query) -> str:
    window = f"{query.start - query.step:%Y-%m-%d %H:%M:%S} to {query.end:%H:%M:%S} UTC"
    every = f"every {query.step.total_seconds():g} s"
    where = f"{markdown(check.name)}, {every}, {window}, cluster {code(query.cluster)}"
    return f"{where}\n\n{block(cut(query.expression, 2000), 'promql')}"


def _controls(page: Page) -> str:
    on_trial = page.before.stable and any(one.stable != one.candidate for one in (page.before, page.step.slots))
    back = "the weight 0" if page.policy.spec.strategy.canary and on_trial else "the old version"
    lines = [
        "- **Not this step**: close this pull request; the same step is not proposed again.",
        "- **Not this branch**: push to it; the bot then leaves it to you.",
        f"- **Stop everything**: put `{PATH}` on base (`reason: …`), or set `spec.suspend: true`.",
        f"- **Roll back**: write {back} on base; the bot takes it as a no to this version.",
        f"- **Why**: `gitops-bot explain {page.policy.name}`.",
    ]
    return "<details><summary>How to stop, hold or roll back</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def diff(changes: Sequence[Change]) -> str:
    """The changes as a unified diff, without the lines that may hold a secret."""
    return "".join(_file_diff(change) for change in changes)


def _file_diff(change: Change) -> str:
    before, after = (
        (data or b"").decode("utf-8", "replace").splitlines(keepends=True) for data in (change.before, change.after)
    )
    old = "/dev/null" if change.before is None else f"a/{change.path}"
    new = "/dev/null" if change.after is None else f"b/{change.path}"
    lines = list(difflib.unified_diff(before, after, old, new))
    shown = [*lines[:2], *_without_secrets(lines[2:], hidden(before), hidden(after))]
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in shown)


def _without_secrets(lines: Iterable[str], before: Set[int], after: Set[int]) -> Iterator[str]:
    """The hunks of a diff; `before` and `after` are the numbers of the lines that are not shown."""
    old = new = 0
    for line in lines:
        sign = line[0]
        if starts := _HUNK.match(line):
            old, new = (max(int(start) - 1, 0) for start in starts.groups())
            yield line
            continue
        secret = (sign != "+" and old in before) or (sign != "-" and new in after)
        yield f"{sign}{NOTICE}\n" if secret else line
        old, new = old + (sign != "+"), new + (sign != "-")
