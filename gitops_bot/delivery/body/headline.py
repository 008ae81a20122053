"""The verdict in one line, the step in another, and what people must see before they merge."""

from __future__ import annotations

from gitops_bot.delivery.body.checks import SIGNS
from gitops_bot.delivery.body.markup import moment
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import code, markdown
from gitops_bot.model import Outcome, Slots, Step, StepKind


def verdict(page: Page) -> str:
    """Whether the step should pass, and why; for one that waits, for what, and what the checks said."""
    step, outcome = page.step, page.verdict.outcome
    if page.note:
        said = f" · checks: **{SIGNS[outcome]}**" if page.verdict.checks and outcome is not Outcome.UNKNOWN else ""
        return f"⏳ **waiting** — {markdown(page.note)}{said}"
    sign = "↩️ **rollback**" if step.kind is StepKind.ROLLBACK else SIGNS[outcome]
    if step.kind in (StepKind.START, StepKind.FINISH) or not page.verdict.checks:
        sign = "▶️"
    if page.before.variants and step.kind is StepKind.PROMOTE:
        sign = "🏁"
    return f"{sign} — {markdown(step.reason)}"


def summary(page: Page) -> str:
    """The step, what it does to each slot, and what was tried since when."""
    moves = _handed(page.before, page.step) if page.policy.spec.handed else _moves(page)
    said = f"**{page.step.kind.value}** {moves}"
    return f"{said} · on trial since {moment(page.since)}" if page.since else said


def _handed(before: Slots, step: Step) -> str:
    """Where a controller has the traffic: which image it is given, and whether it waits with it."""
    shown = code(str(step.slots.stable))
    match step.kind:
        case StepKind.START:
            return f"preview {shown} while {code(str(before.stable))} stays live"
        case StepKind.FINISH:
            return f"{shown} is live, the next version waits again"
    return f"{shown} goes live" if before.stable == step.slots.stable else f"{code(str(before.stable))} → {shown}"


def _moves(page: Page) -> str:
    before, after, canary = page.before, page.step.slots, page.policy.spec.strategy.canary
    parts = []
    if before.active != after.active:
        return f"active {code(str(before.active))} → {code(str(after.active))}"
    if before.stable != after.stable:
        parts.append(f"stable {code(str(before.stable or 'none'))} → {code(str(after.stable))}")
    if before.candidate != after.candidate:
        parts.append(f"candidate {code(str(before.candidate or 'none'))} → {code(str(after.candidate or 'none'))}")
    elif page.step.kind is StepKind.ADVANCE:
        parts.append(f"candidate {code(str(after.candidate))} against {code(str(after.stable or 'nothing'))}")
    if canary and canary.ringed and before.weight != after.weight:
        parts.append(f"ring {code(canary.named(before))} → {code(canary.named(after))}")
    elif (before.weight or 0) != (after.weight or 0):
        parts.append(f"weight {before.weight or 0} % → {after.weight or 0} %")
    if (before.mirror or 0) != (after.mirror or 0):
        parts.append(f"mirrored {before.mirror or 0} % → {after.mirror or 0} %")
    came = [one for one in after.variants if one.up(after.stable) and not before.variant(one.name).up(before.stable)]
    parts += [f"{one.name} {code('none')} → {code(str(one.version))}" for one in came]
    gone = [one.name for one in before.variants if after.variant(one.name) not in (one, *came)]
    parts += [f"{', '.join(gone)} taken out"] if gone else []
    return ", ".join(parts)


def cautions(page: Page) -> str:
    """What the bot could not see, or what its edits warn of."""
    return "\n".join(f"> ⚠️ {markdown(caution)}\n>" for caution in page.step.cautions).removesuffix("\n>")
