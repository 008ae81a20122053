"""blueGreen: the candidate beside the live version, then all the traffic at once, and back at once when it fails there.

With colours the flip is the active colour and nothing else; without, what has the traffic is the stable version itself
(a Service that selects by version, a Knative revision), and the flip is that.
"""

from __future__ import annotations

from dataclasses import replace

from gitops_bot.model import Outcome, Slots, Step, StepKind, Trial, Verdict, Version
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy.state import State, first_release, standing_rollback
from gitops_bot.strategy.state import trial as on_trial


def trial(policy: PromotionPolicy, state: State) -> Trial | None:  # noqa: ARG001 - all strategies are asked alike
    """What is judged: the candidate on its preview, then the flipped version for `postAnalysis`."""
    slots = state.slots
    if state.candidate == slots.stable:
        return on_trial(state, state.stable_before, watching=True, quiet=True) if state.watched else None
    return on_trial(state, slots.stable, quiet=True) if slots.candidate == state.candidate else None


def next_step(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """The next step, or Hold with its reason."""
    slots, candidate = state.slots, state.candidate
    if state.asked_back and slots.stable:
        return _withdrawn(state, verdict) if _on_preview(state) else _go_back(policy, state, verdict)
    if candidate is None:
        return Step(StepKind.HOLD, slots, state.why_no_candidate, blind=state.blind)
    if slots.stable is None:
        return first_release(state, replace(slots, stable=candidate))
    if candidate == slots.stable:
        return _stands(policy, state, verdict)
    if state.rejection:
        return Step(StepKind.HOLD, slots, f"{candidate} is not proposed: {state.rejection}")
    if slots.candidate != candidate:
        return _start(policy, slots, candidate, verdict)
    return _previewed(policy, state, verdict)


def _on_preview(state: State) -> bool:
    return state.on_trial and state.candidate != state.slots.stable


def flipped(policy: PromotionPolicy, slots: Slots) -> Slots:
    """The candidate with all the traffic."""
    if slots.active is None:
        return replace(slots, stable=slots.candidate)
    return replace(slots, stable=slots.candidate, candidate=slots.stable, active=policy.spec.idle(slots.active))


def flipped_back(policy: PromotionPolicy, slots: Slots, before: Version) -> Slots:
    """The version before with all the traffic: where it still runs, else where the live one does."""
    if slots.active and slots.candidate == before:
        return flipped(policy, slots)
    return replace(slots, stable=before)


def _start(policy: PromotionPolicy, slots: Slots, candidate: Version, verdict: Verdict) -> Step:
    if verdict.outcome is Outcome.FAIL:
        return Step(StepKind.HOLD, slots, verdict.because)
    where = f" on {policy.spec.idle(slots.active)}" if slots.active else ""
    reason = f"{candidate} is new and {slots.stable} is live: it is previewed{where}"
    return Step(StepKind.START, replace(slots, candidate=candidate), reason)


def _previewed(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    slots, back = state.slots, _withdrawn(state, verdict)
    flip = Step(StepKind.PROMOTE, flipped(policy, slots), f"{slots.candidate} held on its preview")
    if verdict.outcome is Outcome.FAIL:
        return back
    if verdict.outcome is Outcome.PASS:
        return replace(flip, reason=verdict.because)
    waiting = Step(StepKind.HOLD, slots, state.why_no_since or verdict.because, held=flip)
    return standing_rollback(state, back, verdict) or waiting


def _withdrawn(state: State, verdict: Verdict) -> Step:
    """What is live runs on the preview, too."""
    after = replace(state.slots, candidate=state.slots.stable)
    return Step(StepKind.ROLLBACK, after, verdict.because, urgent=True)


def _stands(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """What is live goes only on evidence, while it is watched or when its controller failed it."""
    nothing = Step(StepKind.HOLD, state.slots, f"nothing to promote: {state.slots.stable} is in place")
    if state.stable_before is None or state.went_back:
        return nothing
    back = _go_back(policy, state, verdict)
    if verdict.outcome is Outcome.FAIL and (state.experiment_failed or state.watched):
        return back
    return standing_rollback(state, back, verdict) or nothing


def _go_back(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """To what was live before; Hold where nothing was, or nothing that may be again."""
    before = state.stable_before
    if before is None or state.went_back or state.previous_rejected:
        why = "git held no version before" if before is None else f"{before} was rejected itself"
        return Step(StepKind.HOLD, state.slots, f"{verdict.because}; nothing to go back to: {why}")
    return Step(StepKind.ROLLBACK, flipped_back(policy, state.slots, before), verdict.because, urgent=True)
