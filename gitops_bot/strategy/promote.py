"""promote: one step, the candidate's version where the stable version stands."""

from __future__ import annotations

from dataclasses import replace

from gitops_bot.model import CheckResult, Outcome, Step, StepKind, Trial, Verdict
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import trial_files
from gitops_bot.strategy.history import same
from gitops_bot.strategy.state import State, first_release, standing_rollback, watch_over
from gitops_bot.strategy.state import trial as on_trial


def trial(policy: PromotionPolicy, state: State) -> Trial | None:
    """What is judged: the candidate, until it stands; then the promoted version for `postAnalysis`."""
    if state.candidate != state.slots.stable:
        if policy.spec.judged_after:
            return None  # nothing runs it here
        return on_trial(state, state.slots.stable) if trial_files.begun(policy, state) else None
    forward = state.stable_before is not None and not state.went_back
    watched = forward and _watched(policy, state)
    return on_trial(state, state.stable_before, watching=True) if watched else None


def given(policy: PromotionPolicy, state: State) -> tuple[CheckResult, ...]:
    """That the candidate is what the policy gives, where that is enough until it stands; nothing once it does."""
    source, candidate = policy.spec.candidate, state.candidate
    if not policy.spec.judged_after or candidate is None or same(candidate, state.slots.stable):
        return ()
    if source.registry:
        wanted = source.registry.semver or source.registry.tag
        return (CheckResult("offered", Outcome.PASS, f"{candidate} is what {source.registry.image} {wanted} gives"),)
    if source.version:
        return (CheckResult("requested", Outcome.PASS, f"{candidate} was given by hand"),)
    return ()


def next_step(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """The next step, or Hold with its reason."""
    slots, candidate = state.slots, state.candidate
    on_trial_now = policy.spec.trial_files and state.on_trial and candidate != slots.stable
    if state.asked_back and slots.stable and not on_trial_now:
        return _go_back(policy, state, verdict)
    if candidate is None:
        return Step(StepKind.HOLD, slots, state.why_no_candidate, blind=state.blind)
    if slots.stable is not None and slots.stable == candidate:
        return _stands(policy, state, verdict)
    after = trial_files.cleared(policy, replace(slots, stable=candidate))
    if slots.stable is None:
        return first_release(state, after)
    fails_again = policy.spec.trial_files and state.on_trial and verdict.outcome is Outcome.FAIL
    if state.rejection and not fails_again:
        return Step(StepKind.HOLD, slots, f"{candidate} is not proposed: {state.rejection}")
    if policy.spec.trial_files:
        return trial_files.next_step(policy, state, candidate, verdict)
    step = Step(StepKind.PROMOTE, after, verdict.because)
    if verdict.outcome is Outcome.PASS:
        return step
    held = step if verdict.outcome is Outcome.UNKNOWN else None
    return Step(StepKind.HOLD, slots, verdict.because, held=held)


def _stands(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """The candidate stands: it goes only on evidence, while it is watched or when its controller failed it."""
    slots, before = state.slots, state.stable_before
    on_watch = state.experiment_failed or _watched(policy, state)
    nothing = Step(StepKind.HOLD, slots, f"nothing to promote: {slots.stable} is in place")
    if before is None or state.went_back:
        return nothing
    back = _go_back(policy, state, verdict)
    if verdict.outcome is Outcome.FAIL and on_watch:
        return back
    return standing_rollback(state, back, verdict) or nothing


def _watched(policy: PromotionPolicy, state: State) -> bool:
    """Whether the stable version came just now; that the other slots changed since begins no watch of its own."""
    came = state.previous is not None and state.previous.stable != state.slots.stable
    return came and not watch_over(policy, state)


def _go_back(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """To what stood before; Hold where nothing did, or nothing that may stand again."""
    before = state.stable_before
    if before is None or state.went_back or state.previous_rejected:
        why = "git held no version before" if before is None else f"{before} was rejected itself"
        return Step(StepKind.HOLD, state.slots, f"{verdict.because}; nothing to go back to: {why}")
    after = trial_files.cleared(policy, replace(state.slots, stable=before))
    return Step(StepKind.ROLLBACK, after, verdict.because, urgent=True)
