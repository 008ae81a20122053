"""The gates, shut and open, and who merges."""

from __future__ import annotations

from gitops_bot.delivery.body.markup import moment, section
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import code, markdown
from gitops_bot.model import Gate, MergeMode


def merging(page: Page) -> str:
    """A line for each gate that is shut, one for those that are open, one for the merge."""
    shut = [
        f"- 🔒 **{markdown(gate.name)}**: {markdown(gate.reason)}{_until(gate)}" for gate in page.gates if not gate.open
    ]
    opened = ", ".join(markdown(gate.name) for gate in page.gates if gate.open)
    lines = [*shut, *([f"- ✅ open: {opened}"] if opened else []), f"- {_who(page)}"]
    return section("Gates and merging", "\n".join(lines))


def _until(gate: Gate) -> str:
    return f", until {moment(gate.until)}" if gate.until else ""


def _who(page: Page) -> str:
    context = code(f"gitops-bot/{page.policy.name}")
    if page.mode is MergeMode.NEVER:
        return f"People merge. The status {context} binds only where the branch rules require it."
    if page.step.cautions:
        return "The bot would merge, but leaves what it warns of to a person."
    ready = "it is marked as ready and " if page.policy.spec.pull_request.draft and not page.step.urgent else ""
    if page.mode is MergeMode.QUEUE:
        once = f"once {ready}its rules allow it, {context} among them"
        return f"The forge merges by itself, {once}; the bot takes it back as soon as the evidence turns."
    return f"The bot merges exactly the commit it evaluated, once {ready}the forge's own rules allow it."
