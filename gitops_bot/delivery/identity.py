"""What a proposal is called: branch, key, commit message with trailers. Deterministic, free of figures."""

from __future__ import annotations

import hashlib
import json

from gitops_bot.delivery.text import cut, one_line
from gitops_bot.model import Direction, SlotName, Slots, Step, StepKind, Version
from gitops_bot.policy import templates
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.strategies.rungs import level_name

PREFIX = "gitops-bot/"
TITLE_LIMIT = 250


def branch(policy: str, direction: Direction) -> str:
    """The fixed branch of a policy and direction: the forge itself refuses a second pull request from it."""
    return f"{PREFIX}{policy}/{direction.value}"


def direction(step: Step) -> Direction:
    """Which of the two branches a step goes by."""
    return Direction.ROLLBACK if step.kind is StepKind.ROLLBACK else Direction.PROMOTE


def status_context(policy: str) -> str:
    """The name of the commit status."""
    return f"gitops-bot/{policy}"


def slots_text(slots: Slots) -> dict[str, str]:
    """The slots that have a value, as text."""
    return {name.value: str(value) for name in SlotName if (value := slots.get(name)) is not None}


def key(policy: PromotionPolicy, base: str, candidate: Version | None, before: Slots, step: Step) -> str:
    """hash(repository, base, policy, step, candidate, slots before, slots after)."""
    identity = [
        policy.spec.repository,
        base,
        policy.name,
        step.kind.value,
        str(candidate or ""),
        slots_text(before),
        slots_text(step.slots),
    ]
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:20]


def title(policy: PromotionPolicy, before: Slots, step: Step) -> str:
    """The title of the pull request and the subject of its commit."""
    template = policy.spec.pull_request.title
    text = ""
    if template and step.kind is not StepKind.ROLLBACK:
        text = one_line(templates.render(template, _title_values(policy, before, step)))
    return cut(text or one_line(_default_title(policy, before, step)), TITLE_LIMIT)


def _title_values(policy: PromotionPolicy, before: Slots, step: Step) -> dict[str, str]:
    weights = (before.weight, step.slots.weight)
    came, goes = ("" if weight is None else str(weight) for weight in weights)
    return {
        "policy": policy.name,
        "step": step.kind.value,
        "weight": goes,
        "from.version": str(before.stable or ""),
        "to.version": str(step.slots.candidate or step.slots.stable or ""),
        "from.weight": came,
        "to.weight": goes,
    }


def _default_title(policy: PromotionPolicy, before: Slots, step: Step) -> str:
    name, after = policy.name, step.slots
    if before.active != after.active:
        verb = "rollback" if step.kind is StepKind.ROLLBACK else "promote"
        return f"{verb}({name}): {before.active} {before.stable} → {after.active} {after.stable}"
    if step.kind is StepKind.START and policy.spec.strategy.blue_green:
        where = f" on {policy.spec.idle(before.active)}" if before.active else ""
        return f"promote({name}): preview {after.candidate or after.stable}{where}"
    if policy.spec.handed and before.stable == after.stable:
        ends = "goes live" if step.kind is StepKind.PROMOTE else "is live, the next version waits again"
        return f"promote({name}): {after.stable} {ends}"
    match step.kind:
        case StepKind.START:
            share = "" if after.weight is None else f" at {_level(after)}"
            return f"promote({name}): start {after.candidate}{share}"
        case StepKind.ADVANCE:
            return f"promote({name}): {after.candidate} from {_level(before)} to {_level(after)}"
        case StepKind.PROMOTE:
            return f"promote({name}): {before.stable or 'nothing'} → {after.stable}"
        case StepKind.FINISH:
            what = "traffic returns to stable" if before.weight or before.mirror else "its trial is removed"
            return f"promote({name}): finish {after.stable}, {what}"
        case StepKind.ROLLBACK if after.weight and (before.stable, before.candidate) == (after.stable, after.candidate):
            return f"rollback({name}): {after.candidate} from {_level(before)} to {_level(after)}"
        case _:
            gone = before.candidate if before.candidate and before.candidate != after.candidate else before.stable
            return f"rollback({name}): {gone} → {after.stable}"


def _level(slots: Slots) -> str:
    return level_name(slots.weight or 0, slots.mirror or 0)


def message(policy: str, subject: str, step: Step, proposal_key: str, asked: str = "") -> str:
    """The commit message. The trailers are hints for people; the bot decides by trees and parents."""
    trailers = {"Policy": policy, "Step": step.kind.value, "Proposal": proposal_key}
    trailers |= {"Asked": asked} if asked else {}
    return f"{subject}\n\n" + "".join(f"Gitops-Bot-{name}: {value}\n" for name, value in trailers.items())
