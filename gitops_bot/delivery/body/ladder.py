"""The ladder of a canary as text: what is behind, what this step does, what is ahead."""

from __future__ import annotations

from gitops_bot.delivery.body.markup import section
from gitops_bot.delivery.body.page import Page
from gitops_bot.model import Step, StepKind


def ladder(page: Page) -> str:
    """`5 % ✓ → **25 %** → 50 % → promote → finish`; nothing on the way back."""
    canary = page.policy.spec.strategy.canary
    if canary is None or page.step.kind is StepKind.ROLLBACK:
        return ""
    weight, after = page.before.weight or 0, page.step.slots.weight or 0
    rungs = [_rung(rung, weight, after, page.step) for rung in canary.ladder]
    ends = {StepKind.PROMOTE: ["**promote**", "finish"], StepKind.FINISH: ["promote ✓", "**finish**"]}
    return section("Ladder", " → ".join([*rungs, *ends.get(page.step.kind, ["promote", "finish"])]))


def _rung(rung: int, weight: int, after: int, step: Step) -> str:
    if step.kind in (StepKind.START, StepKind.ADVANCE) and rung == after:
        return f"**{rung} %**"
    return f"{rung} % ✓" if rung <= weight and step.kind is not StepKind.START else f"{rung} %"
