"""abTest: several versions before users at once. The best one becomes stable, a failing one goes, else none does.

People or CI begin a test by giving variants versions and traffic; the bot takes it down. It begins a test itself where
there is one variant, in files that it makes from templates.
"""

from __future__ import annotations

from dataclasses import replace

from gitops_bot.model import (
    AskKind,
    Outcome,
    SlotName,
    Slots,
    Step,
    StepKind,
    Trial,
    Variant,
    Verdict,
    asked,
)
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy.history import same
from gitops_bot.strategy.state import Health, State, standing_rollback
from gitops_bot.strategy.tests import Test, at_rest

PEOPLE = "people decide this test (decide: people): merge this, or name a variant: /gitops-bot promote VARIANT"


def trials(policy: PromotionPolicy, state: State) -> tuple[Trial, ...]:
    """What is judged: each variant beside the stable version; then the winner, where it is stable now."""
    test, slots = state.test, state.slots
    if test is None or slots.stable is None:
        return ()
    if test.winner and test.watched and state.landed:
        return (Trial(state.landed, slots.stable, state.stable_before, None, watching=True, quiet=True),)
    since = test.since
    if test.left or since is None:
        return ()
    names = {one.name for one in policy.spec.strategy.ab_test.variants} if policy.spec.strategy.ab_test else set()
    tried = [one for one in test.up if one.name in names and one.version]
    return tuple(Trial(since, one.version, slots.stable, one.weight, variant=one.name) for one in tried if one.version)


def trial(policy: PromotionPolicy, state: State) -> Trial | None:
    """The first of what is judged."""
    return next(iter(trials(policy, state)), None)


def next_step(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """The next step, or Hold with its reason."""
    slots, test = state.slots, state.test
    assert test is not None  # state.py surveys the test of every such policy
    if test.winner and (test.left or test.watched):
        return _after_promote(policy, state, test, verdict)
    if not test.up:
        return _begun(policy, state)
    if state.asked_back:
        return Step(StepKind.ROLLBACK, at_rest(policy, slots), verdict.because, urgent=True)
    failing = {one.name: verdict.about(one.name) for one in test.up}
    failing = {name: said for name, said in failing.items() if said.outcome is Outcome.FAIL}
    if failing:
        why = "; ".join(said.because for said in failing.values())
        return Step(StepKind.ROLLBACK, at_rest(policy, slots, *failing), why, urgent=True)
    return _decided(policy, state, test, verdict)


def _begun(policy: PromotionPolicy, state: State) -> Step:
    """The test of a new version, where the bot may begin one; before that the files that nothing needs are removed."""
    slots, new = state.slots, state.candidate
    rest = Step(StepKind.HOLD, slots, f"no variant is on trial, {slots.stable} is stable")
    if policy.spec.passing and (after := at_rest(policy, slots)) != slots:
        return Step(StepKind.FINISH, after, f"{slots.stable} is in place, nothing is on trial")
    if policy.spec.candidate.slot or slots.stable is None or same(new, slots.stable):
        return rest
    if new is None:
        return Step(StepKind.HOLD, slots, state.why_no_candidate, blind=state.blind)
    if state.rejection:
        return Step(StepKind.HOLD, slots, f"{new} is not proposed: {state.rejection}")
    (one,) = slots.variants  # policy/strategies/variants.py: the bot begins tests of a single variant
    tried = slots.having(SlotName.STABLE, new, one.name)
    return Step(StepKind.START, tried, f"{new} is new and {slots.stable} is stable")


def chosen(state: State) -> Variant | None:
    """The variant that a person names, by its name or its version."""
    word = asked(state.asks, AskKind.PROMOTE)
    if word is None or word.version is None or state.test is None:
        return None
    return next((one for one in state.test.up if word.version == one.version or word.version.tag == one.name), None)


def _decided(policy: PromotionPolicy, state: State, test: Test, verdict: Verdict) -> Step:
    slots, word = state.slots, asked(state.asks, AskKind.PROMOTE)
    if word and word.version:
        if one := chosen(state):
            return _promote(policy, slots, one, f"{word.by} chooses {one.name}")
        there = ", ".join(f"{one.name} ({one.version})" for one in test.up)
        return Step(StepKind.HOLD, slots, f"{word.by} chooses {word.version}, which is none of {there}")
    won = next((one for one in test.up if _won(verdict, one)), None)
    if won:
        step = _for_people(policy, _promote(policy, slots, won, f"{won.name} {_why(verdict, won)}"))
        guarded = verdict.about(won.name)
        if guarded.outcome is Outcome.PASS:
            return step
        return Step(StepKind.HOLD, slots, guarded.because, held=step)
    if verdict.ended:
        return _for_people(policy, Step(StepKind.FINISH, at_rest(policy, slots), verdict.ended))
    undecided = [f"{one.name}: {_why(verdict, one)}" for one in test.up if _why(verdict, one)]
    reason = test.why_no_since or "; ".join(undecided) or verdict.because
    back = Step(StepKind.ROLLBACK, at_rest(policy, slots), reason, urgent=True)
    return standing_rollback(state, back, verdict) or Step(StepKind.HOLD, slots, reason)


def _promote(policy: PromotionPolicy, slots: Slots, won: Variant, reason: str) -> Step:
    """The winner's version; files that come and go are no live traffic's, and go in the same commit."""
    after = replace(slots, stable=won.version)
    return Step(StepKind.PROMOTE, at_rest(policy, after) if policy.spec.passing else after, reason)


def _for_people(policy: PromotionPolicy, step: Step) -> Step:
    test = policy.spec.strategy.ab_test
    return replace(step, cautions=(PEOPLE,)) if test and test.decide == "people" else step


def _won(verdict: Verdict, one: Variant) -> bool:
    """Its comparison says so; the guards are asked by themselves."""
    return any(check.outcome is Outcome.PASS and check.compares for check in verdict.about(one.name).checks)


def _why(verdict: Verdict, one: Variant) -> str:
    return next((check.because for check in verdict.about(one.name).checks if check.compares), "")


def _after_promote(policy: PromotionPolicy, state: State, test: Test, verdict: Verdict) -> Step:
    """The winner is stable: it is watched, and the test is taken down once its workload is well."""
    slots, before = state.slots, state.stable_before
    back = Step(StepKind.ROLLBACK, at_rest(policy, replace(slots, stable=before)), verdict.because, urgent=True)
    fails = verdict.outcome is Outcome.FAIL and (test.watched or state.asked_back)
    if fails and before and not state.previous_rejected:
        return back
    if before and (standing := standing_rollback(state, back, verdict)):
        return standing
    if not test.left:
        return Step(StepKind.HOLD, slots, f"{test.winner} won, {slots.stable} is stable")
    step = Step(
        StepKind.FINISH, at_rest(policy, slots), f"{test.winner} won, {slots.stable} is stable: {state.stable_because}"
    )
    match state.stable_health:
        case Health.WELL:
            return step
        case Health.NOT_WELL:
            why = f"the stable workload is not ready: {state.stable_because}"
            return Step(StepKind.HOLD, slots, why, held=step)
        case Health.NOT_SEEN:
            if state.landed is None or state.now < state.landed + policy.spec.analysis.bake:
                return Step(StepKind.HOLD, slots, "the promotion has not baked yet", held=step)
            return replace(step, cautions=(f"look whether the stable workload is well: {state.stable_because}",))
