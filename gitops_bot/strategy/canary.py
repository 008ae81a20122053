"""canary: a ladder of weights in git, one reviewed rung at a time, then Promote, then Finish."""

from __future__ import annotations

from dataclasses import replace

from gitops_bot.model import Outcome, Slots, Step, StepKind, Trial, Verdict, Version
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy.state import Health, State, standing_rollback, watch_over
from gitops_bot.strategy.state import trial as on_trial

UNSEEN = "the bot cannot see whether the stable workload is healthy: {because}. Check it before merging"


def trial(policy: PromotionPolicy, state: State) -> Trial | None:
    """What is judged: the candidate while it has weight, then the promoted version for `postAnalysis`."""
    if _promoted(state):
        watched = (state.slots.weight or _just_finished(state)) and not watch_over(policy, state)
        return on_trial(state, state.stable_before, watching=True) if watched else None
    return on_trial(state, state.slots.stable) if state.slots.weight else None


def next_step(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """The next step, or Hold with its reason."""
    slots, candidate = state.slots, state.candidate
    if state.asked_back and slots.stable:
        on_air = slots.weight and slots.candidate != slots.stable
        return _down(slots, verdict) if on_air else _go_back(state, verdict)
    if candidate is None:
        return Step(StepKind.HOLD, slots, state.why_no_candidate, blind=state.blind)
    if slots.stable is None:
        return _first_release(slots, candidate)
    if _promoted(state):
        return _after_promote(policy, state, verdict)
    if candidate == slots.stable:
        busy = f", while git tries {slots.candidate}" if slots.weight else ""
        return Step(StepKind.HOLD, slots, f"nothing to promote: {candidate} is stable{busy}")
    if state.rejection and not _fails_on_air(slots, candidate, verdict):
        on_air = slots.weight and slots.candidate == candidate
        standing = standing_rollback(state, _down(slots, verdict), verdict) if on_air else None
        return standing or Step(StepKind.HOLD, slots, f"{candidate} is not proposed: {state.rejection}")
    return _climb(policy, state, candidate, verdict)


def _fails_on_air(slots: Slots, candidate: Version, verdict: Verdict) -> bool:
    return bool(slots.weight) and slots.candidate == candidate and verdict.outcome is Outcome.FAIL


def _first_release(slots: Slots, candidate: Version) -> Step:
    after = replace(slots, stable=candidate, candidate=candidate, weight=0)
    return Step(StepKind.PROMOTE, after, "first release, no comparison")


def _promoted(state: State) -> bool:
    return state.candidate is not None and state.slots.stable == state.candidate == state.slots.candidate


def _just_finished(state: State) -> bool:
    """The present values came by Finish, not by going back: the version was stable already, and the weight fell."""
    previous = state.previous
    return bool(previous and previous.stable == previous.candidate == state.candidate and previous.weight)


# ---------------------------------------------------------------- up the ladder


def _climb(policy: PromotionPolicy, state: State, candidate: Version, verdict: Verdict) -> Step:
    assert policy.spec.strategy.canary is not None
    ladder, slots = policy.spec.strategy.canary.ladder, state.slots
    weight = slots.weight or 0
    begun = replace(slots, candidate=candidate, weight=ladder[0])
    if slots.candidate != candidate or weight == 0:
        return _start(slots, begun, candidate, verdict)
    if state.arrived_above and not state.rejection:
        reason = f"{candidate} came under a weight of {weight} % and begins at {ladder[0]} %"
        return Step(StepKind.START, begun, reason, urgent=True)
    back = _down(slots, verdict)
    if verdict.outcome is Outcome.FAIL:
        return back
    step = _upwards(ladder, slots, candidate)
    if verdict.outcome is Outcome.PASS:
        return replace(step, reason=verdict.because)
    return standing_rollback(state, back, verdict) or Step(
        StepKind.HOLD, slots, state.why_no_since or verdict.because, held=step
    )


def _down(slots: Slots, verdict: Verdict) -> Step:
    return Step(StepKind.ROLLBACK, replace(slots, candidate=slots.stable, weight=0), verdict.because, urgent=True)


def _start(slots: Slots, begun: Slots, candidate: Version, verdict: Verdict) -> Step:
    if verdict.outcome is Outcome.FAIL:
        return Step(StepKind.HOLD, slots, verdict.because)
    return Step(StepKind.START, begun, f"{candidate} is new and {slots.stable} is stable")


def _upwards(ladder: tuple[int, ...], slots: Slots, candidate: Version) -> Step:
    weight = slots.weight or 0
    rung = next((rung for rung in ladder if rung > weight), None)
    if rung is None:
        return Step(StepKind.PROMOTE, replace(slots, stable=candidate), f"{candidate} held {weight} %")
    return Step(StepKind.ADVANCE, replace(slots, weight=rung), f"{candidate} held {weight} %")


# ---------------------------------------------------------------- after Promote


def _after_promote(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    slots = state.slots
    watched = trial(policy, state) is not None or state.slots.weight
    if verdict.outcome is Outcome.FAIL and watched and not watch_over(policy, state):
        return _go_back(state, verdict)
    if standing := standing_rollback(state, _go_back(state, verdict), verdict):
        return standing
    if slots.weight:
        return _finish(policy, state)
    return Step(StepKind.HOLD, slots, f"nothing to promote: {slots.stable} is stable")


def _go_back(state: State, verdict: Verdict) -> Step:
    before = state.stable_before
    if before is None or state.previous_rejected or state.went_back:
        why = f"{before} was rejected itself" if before else "git held no version before"
        return Step(StepKind.HOLD, state.slots, f"{verdict.because}; nothing to go back to: {why}")
    on_trial = before if state.slots.candidate == state.slots.stable else state.slots.candidate
    after = replace(state.slots, stable=before, candidate=on_trial, weight=0)
    return Step(StepKind.ROLLBACK, after, verdict.because, urgent=True)


def _finish(policy: PromotionPolicy, state: State) -> Step:
    """Traffic returns to the stable workload only when it is seen to be well, or people are told to look."""
    step = Step(StepKind.FINISH, replace(state.slots, weight=0), state.stable_because)
    match state.stable_health:
        case Health.WELL:
            return step
        case Health.NOT_WELL:
            return Step(
                StepKind.HOLD, state.slots, f"the stable workload is not ready: {state.stable_because}", held=step
            )
        case Health.NOT_SEEN:
            if state.landed is None or state.now < state.landed + policy.spec.analysis.bake:
                return Step(StepKind.HOLD, state.slots, "the promotion has not baked yet", held=step)
            caution = UNSEEN.format(because=state.stable_because)
            return replace(step, reason="the promotion has baked", cautions=(caution,))
