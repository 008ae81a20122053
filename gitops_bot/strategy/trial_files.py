"""The candidate in files of its own: Start makes them, the end of the trial removes them. Pure.

They are there only while a version is on trial, so an empty slot is the state of rest.
"""

from __future__ import annotations

from dataclasses import replace

from gitops_bot.model import Outcome, Slots, Step, StepKind, Verdict, Version
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy.state import State, standing_rollback, watch_over


def cleared(policy: PromotionPolicy, slots: Slots) -> Slots:
    """The slots without the files of a trial, where the policy has such files."""
    return replace(slots, candidate=None) if policy.spec.trial_files else slots


def begun(policy: PromotionPolicy, state: State) -> bool:
    """Whether there is a trial to judge: without files of its own the candidate runs somewhere already."""
    return state.on_trial or not policy.spec.trial_files


def next_step(policy: PromotionPolicy, state: State, candidate: Version, verdict: Verdict) -> Step:
    """Begin the trial; its winner goes where the stable version stands, in one commit with the end of the trial."""
    slots = state.slots
    if not begun(policy, state):
        if verdict.outcome is Outcome.FAIL:
            return Step(StepKind.HOLD, slots, verdict.because)
        tried = replace(slots, candidate=candidate)
        return Step(StepKind.START, tried, f"{candidate} is new and {slots.stable} is stable")
    won = Step(StepKind.PROMOTE, replace(slots, stable=candidate, candidate=None), verdict.because)
    lost = Step(StepKind.ROLLBACK, replace(slots, candidate=None), verdict.because, urgent=True)
    match verdict.outcome:
        case Outcome.PASS:
            return won
        case Outcome.FAIL:
            return lost
        case Outcome.UNKNOWN:
            standing = standing_rollback(state, lost, verdict)
            return standing or Step(StepKind.HOLD, slots, verdict.because, held=won)


def tidied(policy: PromotionPolicy, state: State, step: Step) -> Step:
    """The step, or Finish where nothing else is to be done and the files only repeat the stable version."""
    slots = state.slots
    repeats = policy.spec.trial_files and slots.candidate is not None and slots.candidate == slots.stable
    rests = step.kind is StepKind.HOLD and step.held is None and not step.blind
    if not repeats or not rests or slots.weight or not watch_over(policy, state):
        return step
    return Step(StepKind.FINISH, cleared(policy, slots), f"{slots.stable} is in place, nothing is on trial")
