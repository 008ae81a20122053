"""What keeps any strategy from bringing a version, whatever its evidence says. Pure."""

from __future__ import annotations

from gitops_bot.model import Step, StepKind
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.versions import lower
from gitops_bot.strategy.state import State

_FORWARD = (StepKind.START, StepKind.ADVANCE, StepKind.PROMOTE)


def guarded(policy: PromotionPolicy, state: State, step: Step) -> Step:
    """The step, but none by which an older version comes, or one of which nobody knows what would be measured."""
    stable = state.slots.stable
    if step.kind not in _FORWARD or step.urgent or stable is None:
        return step
    brought = step.slots.stable if step.slots.stable != stable else step.slots.candidate
    if brought and lower(brought, stable) and not state.named:
        why = f"{brought} is older than {stable}, which stands here: only a person who names it brings it"
        return Step(StepKind.HOLD, state.slots, why)
    unread = policy.spec.analysis.unread
    if unread and step.kind is not StepKind.ADVANCE:  # on a ladder the verdict says it
        return Step(StepKind.HOLD, state.slots, f"what would be measured is not known: {unread}", held=step)
    return step
