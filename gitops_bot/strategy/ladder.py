"""Where a candidate stands on its ladder, and what that rung asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from gitops_bot.model import Slots, Version
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.strategies import Canary
from gitops_bot.policy.strategies.rungs import Rung

Level = tuple[int, int]
"""The users' percent, then the mirrored one."""


def level(slots: Slots) -> Level:
    """How far up the slots are."""
    return slots.weight or 0, slots.mirror or 0


def carries(slots: Slots) -> bool:
    """Some traffic goes to the candidate, the users' or a copy of it."""
    return level(slots) > (0, 0)


def begun(canary: Canary, slots: Slots) -> bool:
    """The candidate that stands in its slot is on the ladder; a first rung without traffic begins with being there."""
    if carries(slots):
        return True
    ladder = canary.ladder
    quiet = bool(ladder) and ladder[0].level == (0, 0)
    return quiet and slots.candidate is not None and slots.candidate != slots.stable


def at(slots: Slots, level: Level) -> Slots:
    """The slots with the traffic of a level; what no edit sets stays empty."""
    weight, mirror = level
    return replace(slots, weight=weight, mirror=mirror if mirror or slots.mirror is not None else None)


def reached(policy: PromotionPolicy, begun: Slots) -> Mapping[str, Slots]:
    """What git will say on each rung above, by what is done then."""
    canary = policy.spec.strategy.canary
    higher = [rung for rung in canary.ladder if rung.level > level(begun)] if canary else []
    return {f"reach {rung.name}": at(begun, rung.level) for rung in higher}


def number(ladder: Sequence[Rung], slots: Slots) -> int:
    """The rung that the slots are on: the highest that is not above them, else the first."""
    return max((n for n, rung in enumerate(ladder) if rung.level <= level(slots)), default=0)


def current(canary: Canary, slots: Slots) -> Rung | None:
    """The rung that the slots are on; None while the ladder is not known."""
    ladder = canary.ladder
    return ladder[number(ladder, slots)] if ladder else None


def following(canary: Canary, slots: Slots) -> Rung | None:
    """The lowest rung above the slots; None at the top."""
    return next((rung for rung in canary.ladder if rung.level > level(slots)), None)


def below(canary: Canary, slots: Slots) -> Rung | None:
    """The highest rung with users below the slots; None at the lowest."""
    lower = [rung for rung in canary.ladder if rung.users and rung.level[0] < (slots.weight or 0)]
    return lower[-1] if lower else None


def least(policy: PromotionPolicy, rung: Rung) -> timedelta:
    """How long the candidate stays on a rung whatever the evidence: where nothing is measured, at least the bake."""
    return max(rung.least, rung.bake or policy.spec.analysis.bake) if excused(policy, rung) else rung.least


def excused(policy: PromotionPolicy, rung: Rung) -> str:
    """Why nothing is measured on a rung: the policy's analysis begins on a later one. Else empty."""
    canary = policy.spec.strategy.canary
    if canary is None or rung.metrics or rung.templates or policy.spec.asks_experiment:
        return ""
    ladder = canary.ladder
    if not canary.begins or rung not in ladder[: canary.begins]:
        return ""
    return f"the analysis begins at {ladder[canary.begins].name} (startingStep)"


def unread(rung: Rung) -> str:
    """Why the rung's templates are not measured: they were not read, and its last note says why. Else empty."""
    return (rung.notes or ("its templates were not read",))[-1] if rung.templates else ""


def judged(policy: PromotionPolicy, slots: Slots) -> PromotionPolicy:
    """The policy with the analysis of the rung that the slots are on, while a candidate is on the ladder."""
    canary = policy.spec.strategy.canary
    if canary is None or slots.stable == slots.candidate or not canary.ladder:
        return policy
    place = number(canary.ladder, slots)
    rung, analysis = canary.ladder[place], policy.spec.analysis
    counts = place >= canary.begins
    common, templates = (analysis.metrics, analysis.templates) if counts else ((), ())
    if rung.bake is None and not rung.metrics and counts:
        return policy
    own = {"metrics": (*common, *rung.metrics), "templates": templates, "bake": rung.bake or analysis.bake}
    spec = policy.spec.model_copy(update={"analysis": analysis.model_copy(update=own)})
    return policy.model_copy(update={"spec": spec})


def kept(policy: PromotionPolicy, slots: Slots) -> Version | None:
    """The version on the ladder for which a newer one waits; None where newer ones restart it, or none is on it.

    A test that the bot began is always finished first.
    """
    canary, spec = policy.spec.strategy.canary, policy.spec
    if spec.strategy.ab_test and not spec.candidate.slot:
        return next((one.version for one in slots.variants if one.up(slots.stable)), None)
    if canary is None or canary.on_newer != "finish" or slots.candidate is None:
        return None
    return slots.candidate if begun(canary, slots) else None


def too_far(canary: Canary, slots: Slots, after: Slots) -> str:
    """Why an advance is held: it goes further than `maxStep` allows. Else empty."""
    old, new = slots.weight or 0, after.weight or 0
    if canary.max_step is None or new - old <= canary.max_step:
        return ""
    unit, points = ("", "clusters") if canary.ringed else (" %", "points")
    return f"from {old}{unit} to {new}{unit} is {new - old} {points}, and maxStep allows {canary.max_step}"


def cautions(rung: Rung) -> tuple[str, ...]:
    """What people must see before the candidate leaves a rung."""
    if not rung.pause:
        return ()
    return (f"the ladder pauses at {rung.name}: who merges this goes on", *rung.notes)


def stays_for(rung: Rung, length: timedelta) -> str:
    """Why the candidate is still on a rung."""
    return f"it stays at {rung.name} for at least {format_duration(length)}"
