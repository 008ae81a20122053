"""The two colours as text: what each runs, which of them has the traffic, what this step does to them."""

from __future__ import annotations

from gitops_bot.delivery.body.markup import section
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import code
from gitops_bot.model import Slots


def colors(page: Page) -> str:
    """`blue 1.8.0 (active) → green 1.9.0`; nothing where git has no colours."""
    before, after = page.before, page.step.slots
    if before.active is None or after.active is None:
        return ""
    idle = page.policy.spec.idle(before.active)
    live = f"{before.active} {_runs(before, after, before.active)} (active)"
    other = f"{idle} {_runs(before, after, idle)}"
    if before.active != after.active:
        return section("Colours", f"{live} → **{other}**")
    return section("Colours", f"{live} · {other} (no users' traffic)")


def _runs(before: Slots, after: Slots, color: str) -> str:
    """What a colour runs, and what it will run where that changes."""
    old, new = (slots.stable if slots.active == color else slots.candidate for slots in (before, after))
    shown = code(str(old or "nothing"))
    return shown if old == new else f"{shown} → **{code(str(new))}**"
