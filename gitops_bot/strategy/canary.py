"""canary: a ladder in git, one reviewed rung at a time, then Promote, then Finish."""

from __future__ import annotations

from dataclasses import replace

from gitops_bot.model import Outcome, Slots, Step, StepKind, Trial, Verdict, Version
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.strategies import Canary
from gitops_bot.strategy import ladder
from gitops_bot.strategy.state import Health, State, first_release, standing_rollback, watch_over
from gitops_bot.strategy.state import trial as on_trial

UNSEEN = "the bot cannot see whether the stable workload is healthy: {because}. Check it before merging"


def trial(policy: PromotionPolicy, state: State) -> Trial | None:
    """What is judged: the candidate while it is on the ladder, then the promoted version for `postAnalysis`."""
    canary, slots = _canary(policy), state.slots
    if _promoted(state):
        fresh = ladder.carries(slots) or _just_finished(state) or _just_promoted(state)
        return on_trial(state, state.stable_before, watching=True) if fresh and not watch_over(policy, state) else None
    if not ladder.begun(canary, slots):
        return None
    tried, rung = on_trial(state, slots.stable), ladder.current(canary, slots)
    if tried is None or rung is None:
        return tried
    tried = replace(tried, excused=ladder.excused(policy, rung), unread=ladder.unread(rung))
    if canary.ringed:  # a share of the clusters is no share of the traffic
        tried = replace(tried, weight=None)
    return tried if slots.weight else replace(tried, quiet=True, baseline=None)


def next_step(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """The next step, or Hold with its reason."""
    slots, candidate = state.slots, state.candidate
    if state.asked_back and slots.stable:
        on_ladder = slots.candidate != slots.stable and ladder.begun(_canary(policy), slots)
        return _all_the_way(slots, verdict) if on_ladder else _go_back(state, verdict)
    if candidate is None:
        return Step(StepKind.HOLD, slots, state.why_no_candidate, blind=state.blind)
    if slots.stable is None:
        return first_release(state, replace(ladder.at(slots, (0, 0)), stable=candidate, candidate=candidate))
    if _promoted(state):
        return _after_promote(policy, state, verdict)
    if candidate == slots.stable:
        busy = f", while git tries {slots.candidate}" if ladder.carries(slots) else ""
        return Step(StepKind.HOLD, slots, f"nothing to promote: {candidate} is stable{busy}")
    if state.rejection and not _fails_on_air(slots, candidate, verdict):
        on_air = ladder.carries(slots) and slots.candidate == candidate
        standing = standing_rollback(state, _down(_canary(policy), state, verdict), verdict) if on_air else None
        return standing or Step(StepKind.HOLD, slots, f"{candidate} is not proposed: {state.rejection}")
    return _climb(policy, state, candidate, verdict)


def _fails_on_air(slots: Slots, candidate: Version, verdict: Verdict) -> bool:
    return ladder.carries(slots) and slots.candidate == candidate and verdict.outcome is Outcome.FAIL


def _promoted(state: State) -> bool:
    return state.candidate is not None and state.slots.stable == state.candidate == state.slots.candidate


def _just_finished(state: State) -> bool:
    """The present values came by Finish, not by going back: the version was stable already, and the weight fell."""
    previous = state.previous
    same = previous is not None and previous.stable == previous.candidate == state.candidate
    return bool(same and previous and ladder.carries(previous))


def _just_promoted(state: State) -> bool:
    """The present values came by Promote, from a rung without traffic."""
    previous = state.previous
    return bool(previous and previous.stable and previous.stable != previous.candidate == state.candidate)


# ---------------------------------------------------------------- up the ladder


def _climb(policy: PromotionPolicy, state: State, candidate: Version, verdict: Verdict) -> Step:
    canary, slots = _canary(policy), state.slots
    if slots.candidate != candidate or not ladder.begun(canary, slots):
        return _start(canary, slots, candidate, verdict)
    if state.arrived_above and not state.rejection:
        begun = _begun(canary, slots, candidate)
        reason = f"{candidate} came under {_share(canary, slots)} and begins at {canary.named(begun)}"
        return Step(StepKind.START, begun, reason, urgent=True)
    back = _down(canary, state, verdict)
    if verdict.outcome is Outcome.FAIL:
        return back
    if canary.trouble:
        return _without_ladder(state, back, verdict, canary.trouble)
    step = _upwards(canary, slots, candidate)
    if verdict.outcome is Outcome.PASS:
        return _let_go(policy, state, step, verdict)
    return standing_rollback(state, back, verdict) or Step(
        StepKind.HOLD, slots, state.why_no_since or verdict.because, held=step
    )


def _let_go(policy: PromotionPolicy, state: State, step: Step, verdict: Verdict) -> Step:
    """The evidence lets the candidate leave its rung; its time there, and the guard, may not."""
    canary, slots = _canary(policy), state.slots
    if why := ladder.too_far(canary, slots, step.slots):
        return Step(StepKind.HOLD, slots, why)
    rung = ladder.current(canary, slots)
    length = ladder.least(policy, rung) if rung else None
    if rung and length and (state.since is None or state.now < state.since + length):
        return Step(StepKind.HOLD, slots, ladder.stays_for(rung, length), held=step)
    return replace(step, reason=verdict.because)


def _without_ladder(state: State, back: Step, verdict: Verdict, why: str) -> Step:
    return standing_rollback(state, back, verdict) or Step(StepKind.HOLD, state.slots, why, blind=True)


def _down(canary: Canary, state: State, verdict: Verdict) -> Step:
    """All the way down, or one rung where the policy says so and it has not failed there before."""
    slots = state.slots
    rung = ladder.below(canary, slots) if canary.on_fail == "stepBack" else None
    if rung and slots.candidate == state.candidate and not state.stepped_back:
        after = ladder.at(slots, rung.level)
        return Step(StepKind.ROLLBACK, after, f"{verdict.because}; one rung down, to {rung.name}", urgent=True)
    return _all_the_way(slots, verdict)


def _all_the_way(slots: Slots, verdict: Verdict) -> Step:
    after = replace(ladder.at(slots, (0, 0)), candidate=slots.stable)
    return Step(StepKind.ROLLBACK, after, verdict.because, urgent=True)


def _start(canary: Canary, slots: Slots, candidate: Version, verdict: Verdict) -> Step:
    if verdict.outcome is Outcome.FAIL:
        return Step(StepKind.HOLD, slots, verdict.because)
    if canary.trouble:
        return Step(StepKind.HOLD, slots, canary.trouble, blind=True)
    begun = _begun(canary, slots, candidate)
    if why := ladder.too_far(canary, ladder.at(slots, (0, 0)), begun):
        return Step(StepKind.HOLD, slots, why)
    return Step(StepKind.START, begun, f"{candidate} is new and {slots.stable} is stable")


def _begun(canary: Canary, slots: Slots, candidate: Version) -> Slots:
    return replace(ladder.at(slots, canary.ladder[0].level), candidate=candidate)


def _upwards(canary: Canary, slots: Slots, candidate: Version) -> Step:
    held, rung = canary.named(slots), ladder.following(canary, slots)
    here = ladder.current(canary, slots)
    cautions = ladder.cautions(here) if here else ()
    if rung is None:
        promoted = replace(slots, stable=candidate, mirror=slots.mirror and 0)
        return Step(StepKind.PROMOTE, promoted, f"{candidate} held {held}", cautions=cautions)
    after = ladder.at(slots, rung.level)
    return Step(StepKind.ADVANCE, after, f"{candidate} held {held}", cautions=cautions)


def _share(canary: Canary, slots: Slots) -> str:
    return canary.named(slots) if canary.ringed else f"a weight of {slots.weight or 0} %"


def _canary(policy: PromotionPolicy) -> Canary:
    assert policy.spec.strategy.canary is not None
    return policy.spec.strategy.canary


# ---------------------------------------------------------------- after Promote


def _after_promote(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    slots = state.slots
    watched = trial(policy, state) is not None or ladder.carries(slots)
    if verdict.outcome is Outcome.FAIL and watched and not watch_over(policy, state):
        return _go_back(state, verdict)
    if standing := standing_rollback(state, _go_back(state, verdict), verdict):
        return standing
    if ladder.carries(slots):
        return _finish(policy, state)
    return Step(StepKind.HOLD, slots, f"nothing to promote: {slots.stable} is stable")


def _go_back(state: State, verdict: Verdict) -> Step:
    before = state.stable_before
    if before is None or state.previous_rejected or state.went_back:
        why = f"{before} was rejected itself" if before else "git held no version before"
        return Step(StepKind.HOLD, state.slots, f"{verdict.because}; nothing to go back to: {why}")
    on_trial = before if state.slots.candidate == state.slots.stable else state.slots.candidate
    after = replace(ladder.at(state.slots, (0, 0)), stable=before, candidate=on_trial)
    return Step(StepKind.ROLLBACK, after, verdict.because, urgent=True)


def _finish(policy: PromotionPolicy, state: State) -> Step:
    """Traffic returns to the stable workload only when it is seen to be well, or people are told to look."""
    step = Step(StepKind.FINISH, ladder.at(state.slots, (0, 0)), state.stable_because)
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
