"""The ladder of a canary as text: what is behind, what this step does, what is ahead."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.delivery.body.markup import paragraphs
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import markdown
from gitops_bot.model import StepKind
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.strategies.rungs import Rung

MIXED = (
    "Users may see both versions in turn: this splits by percent, and spec.strategy.canary.userInterface says that "
    "they look at pages of this workload. Make the route sticky (a cookie or a header) if that breaks them."
)


def ladder(page: Page) -> str:
    """`Ladder: 5 % ✓ → **25 %** → 50 % → promote → finish`; nothing on the way back."""
    canary = page.policy.spec.strategy.canary
    if canary is None or page.step.kind is StepKind.ROLLBACK:
        return ""
    rungs = [_rung(rung, page) for rung in canary.ladder]
    ends = {StepKind.PROMOTE: ["**promote**", "finish"], StepKind.FINISH: ["promote ✓", "**finish**"]}
    line = " → ".join([*rungs, *ends.get(page.step.kind, ["promote", "finish"])])
    return paragraphs(f"Ladder: {line}", "\n".join(f"- {one}" for one in _notes(page)))


def _rung(rung: Rung, page: Page) -> str:
    step, name = page.step, rung.name
    if _moves(page) and rung.level == _level(page, after=True):
        return f"**{name}**"
    return f"{name} ✓" if rung.level <= _level(page) and step.kind is not StepKind.START else name


def _moves(page: Page) -> bool:
    return page.step.kind in (StepKind.START, StepKind.ADVANCE)


def _level(page: Page, *, after: bool = False) -> tuple[int, int]:
    slots = page.step.slots if after else page.before
    return slots.weight or 0, slots.mirror or 0


def _notes(page: Page) -> Iterator[str]:
    """What people should know of the rung to which this step leads."""
    canary = page.policy.spec.strategy.canary
    assert canary is not None  # asked of ladders only
    if not _moves(page):
        return
    for rung in canary.ladder:
        if rung.level == _level(page, after=True):
            if rung.least:
                yield f"at {rung.name} for at least {format_duration(rung.least)}"
            if rung.pause:
                yield f"from {rung.name} a person goes on: the bot does not merge the step after it"
            yield from map(markdown, rung.notes)
    if canary.user_interface and 0 < _level(page, after=True)[0] < 100:
        yield MIXED
