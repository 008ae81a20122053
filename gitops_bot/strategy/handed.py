"""blueGreen of Argo Rollouts: the controller previews, analyses and flips; git has the image and whether it waits.

So the bot writes the image with the switch off (Start), judges while the Rollout waits, and then says go: by the
switch where an edit sets it, else to people. What fails goes back to the image before.
"""

from __future__ import annotations

from dataclasses import replace

from gitops_bot.model import Outcome, Phase, Slots, Step, StepKind, Trial, Verdict
from gitops_bot.policy.resuming import resuming
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy.state import State, first_release, standing_rollback, watch_over
from gitops_bot.strategy.state import trial as on_trial

OFF, ON = 0, 100


def trial(policy: PromotionPolicy, state: State) -> Trial | None:
    """What is judged: the version on the preview while its Rollout waits, then what the Rollout made live."""
    if state.candidate is None or state.candidate != state.slots.stable:
        return None
    if state.controller is Phase.PAUSED:
        return on_trial(state, state.stable_before, quiet=True)
    return on_trial(state, state.stable_before, watching=True, quiet=True) if _watched(policy, state) else None


def next_step(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """The next step, or Hold with its reason."""
    slots, candidate = state.slots, state.candidate
    if state.asked_back and slots.stable:
        return _go_back(state, verdict)
    if candidate is None:
        return Step(StepKind.HOLD, slots, state.why_no_candidate, blind=state.blind)
    if slots.stable is None:
        return first_release(state, replace(slots, stable=candidate))
    if candidate == slots.stable:
        return _stands(policy, state, verdict)
    if state.rejection:
        return Step(StepKind.HOLD, slots, f"{candidate} is not proposed: {state.rejection}")
    if verdict.outcome is Outcome.FAIL:
        return Step(StepKind.HOLD, slots, verdict.because)
    reason = f"{candidate} is new and {slots.stable} is live: its Rollout previews it"
    return Step(StepKind.START, _switched(replace(slots, stable=candidate), OFF), reason)


def live(slots: Slots) -> Slots:
    """What git says when the Rollout may flip."""
    return _switched(slots, ON)


def _switched(slots: Slots, weight: int) -> Slots:
    return slots if slots.weight is None else replace(slots, weight=weight)


def _watched(policy: PromotionPolicy, state: State) -> bool:
    """What became live by the switch is watched from then on, what became so by hand since its image came."""
    return state.watched or (state.slots.weight == ON and not watch_over(policy, state))


def _stands(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    slots, waits = state.slots, state.controller is Phase.PAUSED
    back = _go_back(state, verdict)
    forward = state.stable_before is not None and not state.went_back
    if forward and verdict.outcome is Outcome.FAIL and (waits or state.experiment_failed or _watched(policy, state)):
        return back
    if forward and (standing := standing_rollback(state, back, verdict)):
        return standing
    if waits:
        return _waiting(policy, state, verdict)
    if state.controller is Phase.SUCCEEDED and slots.weight == ON and not _watched(policy, state):
        return Step(StepKind.FINISH, _switched(slots, OFF), f"{slots.stable} is live: the next version will wait again")
    return Step(StepKind.HOLD, slots, f"nothing to promote: {slots.stable} is in place")


def _waiting(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    slots = state.slots
    flip = Step(StepKind.PROMOTE, live(slots), verdict.because)
    by_hand = slots.weight is None
    if slots.weight == ON:
        return Step(StepKind.HOLD, slots, f"{slots.stable} may go live, and its Rollout has not seen that yet")
    if verdict.outcome is not Outcome.PASS:
        why = f"the Rollout waits with {slots.stable} on its preview: {state.why_no_since or verdict.because}"
        return Step(StepKind.HOLD, slots, why, held=None if by_hand else flip)
    if by_hand:
        commands = ", or ".join(resuming(policy.spec))
        return Step(StepKind.HOLD, slots, f"{slots.stable} passed on its preview, a person resumes: {commands}")
    return flip


def _go_back(state: State, verdict: Verdict) -> Step:
    """The image before; Hold where there was none, or none that may stand again."""
    before = state.stable_before
    if before is None or state.went_back or state.previous_rejected:
        why = "git held no version before" if before is None else f"{before} was rejected itself"
        return Step(StepKind.HOLD, state.slots, f"{verdict.because}; nothing to go back to: {why}")
    # With the switch on, so that the way back does not wait on a preview.
    return Step(StepKind.ROLLBACK, live(replace(state.slots, stable=before)), verdict.because, urgent=True)
