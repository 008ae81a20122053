"""What a proposal is called: branch, key, commit message with trailers. Deterministic, free of figures."""

from __future__ import annotations

import hashlib
import json
import re

from gitops_bot.delivery.text import cut, one_line, visible
from gitops_bot.model import Direction, SlotName, Slots, Step, StepKind, Version
from gitops_bot.policy import templates
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.strategies.rungs import level_name

TITLE_LIMIT = 250
LINE_LIMIT = 1000
_OURS = re.compile(r"\s*(Gitops-Bot-)+", re.IGNORECASE)
"""Trailers that nobody else writes."""
_NAMED = re.compile(rf"(?:[^/]+/)+(?P<policy>[^/]+)/(?P<way>{'|'.join(Direction)})")


def branch(policy: str, direction: Direction, prefix: str) -> str:
    """The fixed branch of a policy and direction: the forge itself refuses a second pull request from it."""
    return f"{prefix}{policy}/{direction.value}"


def named(branch: str) -> tuple[str, Direction] | None:
    """The policy and the direction that a branch is named for, whatever its prefix; None when it is for none."""
    found = _NAMED.fullmatch(branch)
    return (found["policy"], Direction(found["way"])) if found else None


def goes(branch: str, direction: Direction) -> bool:
    """Whether a branch of ours is the one of a direction, whatever its prefix."""
    return branch.endswith(f"/{direction.value}")


def direction(step: Step) -> Direction:
    """Which of the two branches a step goes by."""
    return Direction.ROLLBACK if step.kind is StepKind.ROLLBACK else Direction.PROMOTE


def status_context(policy: str) -> str:
    """The name of the commit status."""
    return f"gitops-bot/{policy}"


def slots_text(slots: Slots) -> dict[str, str]:
    """The slots that have a value, as text."""
    said = {name.value: str(value) for name in SlotName if (value := slots.get(name)) is not None}
    for one in slots.variants:
        said |= {f"{one.name}.version": str(one.version), f"{one.name}.weight": str(one.weight)}
    return said


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
        text = _OURS.sub("", one_line(templates.render(template, template_values(policy, before, step))))
    return cut(text or one_line(_default_title(policy, before, step)), TITLE_LIMIT)


def template_values(policy: PromotionPolicy, before: Slots, step: Step) -> dict[str, str]:
    """What templates may use of a step, as it is: neutralise it for where it goes."""
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
    if before.variants:
        return _test_title(name, before, step)
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
            if after.weight is None:
                return f"promote({name}): try {after.candidate} beside {after.stable}"
            return f"promote({name}): start {after.candidate} at {_level(policy, after)}"
        case StepKind.ADVANCE:
            return f"promote({name}): {after.candidate} from {_level(policy, before)} to {_level(policy, after)}"
        case StepKind.PROMOTE:
            return f"promote({name}): {before.stable or 'nothing'} → {after.stable}"
        case StepKind.FINISH:
            what = "traffic returns to stable" if before.weight or before.mirror else "its trial is removed"
            return f"promote({name}): finish {after.stable}, {what}"
        case StepKind.ROLLBACK if after.weight and (before.stable, before.candidate) == (after.stable, after.candidate):
            return f"rollback({name}): {after.candidate} from {_level(policy, before)} to {_level(policy, after)}"
        case _:
            if before.stable == after.stable and after.candidate is None:
                return f"rollback({name}): {before.candidate} goes, {after.stable} stays"
            gone = before.candidate if before.candidate and before.candidate != after.candidate else before.stable
            return f"rollback({name}): {gone} → {after.stable}"


def _test_title(name: str, before: Slots, step: Step) -> str:
    """Of a test with several variants."""
    after = step.slots
    gone = [one for one in before.variants if after.variant(one.name) != one]
    match step.kind:
        case StepKind.START:
            tried = ", ".join(f"{one.version} as {one.name}" for one in after.variants if one.up(after.stable))
            return f"promote({name}): test {tried} beside {after.stable}"
        case StepKind.PROMOTE:
            won = [one.name for one in before.variants if one.version == after.stable]
            return f"promote({name}): {before.stable} → {after.stable}{f', variant {won[0]}' if won else ''}"
        case StepKind.FINISH if any(one.version == after.stable and one.weight for one in before.variants):
            return f"promote({name}): finish {after.stable}, its test is taken down"
        case StepKind.FINISH:
            return f"promote({name}): keep {after.stable}, its test is taken down"
        case _ if before.stable != after.stable:
            return f"rollback({name}): {before.stable} → {after.stable}"
    return f"rollback({name}): take out {', '.join(f'{one.name} {one.version}' for one in gone)}"


def _level(policy: PromotionPolicy, slots: Slots) -> str:
    canary = policy.spec.strategy.canary
    return canary.named(slots) if canary else level_name(slots.weight or 0, slots.mirror or 0)


def message(
    policy: PromotionPolicy,
    before: Slots,
    step: Step,
    proposal_key: str,
    *,
    asked: str = "",
    signed_off_by: str = "",
) -> str:
    """The commit message, free of figures. The trailers are hints for people; the bot decides by trees and parents."""
    trailers = {
        "Gitops-Bot-Policy": policy.name,
        "Gitops-Bot-Step": step.kind.value,
        "Gitops-Bot-Proposal": proposal_key,
        "Gitops-Bot-Asked": asked,
        "Signed-off-by": signed_off_by,
    }
    said = "".join(f"{name}: {value}\n" for name, value in trailers.items() if value)
    return f"{_message(policy, before, step)}\n\n{said}"


def _message(policy: PromotionPolicy, before: Slots, step: Step) -> str:
    """The message above its trailers: the policy's own, line by line, where it has one and it says something."""
    template = policy.spec.pull_request.commit_message
    if template is None or step.kind is StepKind.ROLLBACK:
        return title(policy, before, step)
    values = {name: one_line(value) for name, value in template_values(policy, before, step).items()}
    subject, *rest = (
        line.rstrip() for line in templates.render(visible(template), values).strip().splitlines() or [""]
    )
    rest = [line for line in rest if not _OURS.match(line)]
    while rest and not rest[0]:
        rest.pop(0)
    subject = cut(_OURS.sub("", one_line(subject)), TITLE_LIMIT) or title(policy, before, step)
    return "\n".join([subject, *([""] if rest else []), *(cut(line, LINE_LIMIT) for line in rest)])
