"""The gates that are shut, and who merges."""

from __future__ import annotations

from gitops_bot.delivery.body.markup import section
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import code, markdown
from gitops_bot.model import Gate, MergeMode


def merging(page: Page) -> str:
    """A line per shut gate, and one for the merge."""
    shut = [gate for gate in page.gates if not gate.open]
    lines = [f"- 🔒 {markdown(gate.name)}: {markdown(gate.reason)}{_until(gate)}" for gate in shut]
    return section("Gates and merging", "\n".join([*lines, f"- {_who(page)}"]))


def _until(gate: Gate) -> str:
    return f", until {gate.until:%Y-%m-%d %H:%M} UTC" if gate.until else ""


def _who(page: Page) -> str:
    context = code(f"gitops-bot/{page.policy.name}")
    if page.mode is MergeMode.NEVER:
        return f"People merge. The status {context} binds only where the branch rules require it."
    if page.step.cautions:
        return "The bot would merge, but not what it could not see: a person must."
    ready = "it is marked as ready and " if page.policy.spec.pull_request.draft and not page.step.urgent else ""
    return f"The bot merges exactly the commit it evaluated, once {ready}the forge's own rules allow it."
