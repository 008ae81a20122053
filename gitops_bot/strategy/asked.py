"""What a person's word does to a verdict and to the step that follows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gitops_bot.model import (
    Ask,
    AskKind,
    CheckResult,
    Outcome,
    Step,
    StepKind,
    Verdict,
    asked,
    asked_now,
)
from gitops_bot.strategy.state import Health, State

NAME = "asked"


def heeding(verdict: Verdict, asks: Sequence[Ask]) -> Verdict:
    """The verdict, a FAIL where a person asks to go back."""
    word = asked(asks, AskKind.ROLLBACK)
    if word is None:
        return verdict
    why = f"{word.by} asks to go back" + (f": {word.reason}" if word.reason else "")
    return Verdict((CheckResult(NAME, Outcome.FAIL, why), *verdict.checks), verdict.ended)


def past_unknown(state: State, verdict: Verdict, step: Step) -> Step:
    """The step that waits for evidence, where a person asks for it now; never past FAIL, nor onto a sick workload."""
    word, wanted = asked_now(state.asks, AskKind.PROMOTE), step.wanted
    if word is None or wanted is None or step.kind is not StepKind.HOLD or verdict.outcome is Outcome.FAIL:
        return step
    if wanted.kind is StepKind.ROLLBACK:
        return step
    if wanted.kind is StepKind.FINISH and state.stable_health is Health.NOT_WELL:
        return step
    return replace(wanted, reason=f"{word.by} asks for it now; {step.reason}")
