"""From what git says, the candidate and the verdict to the next step. Pure; one module per strategy and one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from gitops_bot.model import CheckResult, Slots, Step, Trial, Verdict
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import (
    ab_test,
    asked,
    blue_green,
    canary,
    environments,
    flips,
    handed,
    ladder,
    promote,
    tests,
    trial_files,
)
from gitops_bot.strategy.asked import heeding
from gitops_bot.strategy.claims import claim, named
from gitops_bot.strategy.guards import guarded
from gitops_bot.strategy.state import State, survey
from gitops_bot.strategy.stays import stays


@dataclass(frozen=True, slots=True)
class _Strategy:
    trial: Callable[[PromotionPolicy, State], Trial | None]
    next_step: Callable[[PromotionPolicy, State, Verdict], Step]


_HANDED = _Strategy(handed.trial, handed.next_step)
"""Of blueGreen where a controller flips."""

_STRATEGIES = {
    "canary": _Strategy(canary.trial, canary.next_step),
    "promote": _Strategy(promote.trial, promote.next_step),
    "blue_green": _Strategy(blue_green.trial, blue_green.next_step),
    "ab_test": _Strategy(ab_test.trial, ab_test.next_step),
}


def _chosen(policy: PromotionPolicy) -> _Strategy:
    if policy.spec.handed:
        return _HANDED
    return next(one for name, one in _STRATEGIES.items() if getattr(policy.spec.strategy, name) is not None)


def trial(policy: PromotionPolicy, state: State) -> Trial | None:
    """What is judged now; None when nothing is."""
    return _chosen(policy).trial(policy, state)


def trials(policy: PromotionPolicy, state: State) -> tuple[Trial, ...]:
    """What is judged now where several versions are on trial at once."""
    return ab_test.trials(policy, state)


def judged(policy: PromotionPolicy, state: State) -> PromotionPolicy:
    """The policy as it is measured now: by the rung that the slots are on, at the colour that runs the candidate."""
    return ladder.judged(flips.cast(policy, state.slots, state.candidate), state.slots)


def given(policy: PromotionPolicy, state: State) -> tuple[CheckResult, ...]:
    """What stands for evidence of a candidate that nothing runs before it is promoted."""
    return promote.given(policy, state)


def ends(policy: PromotionPolicy, before: Slots, begun: Slots) -> Mapping[str, Slots]:
    """What git will say on the way of a trial that begins with these slots, and once it is over, either way."""
    if policy.spec.handed:
        return {"promote": handed.live(begun), "go back": replace(begun, stable=before.stable)}
    if begun.variants:
        won = replace(begun, stable=next(one.version for one in begun.variants if one.up(before.stable)))
        return {"promote": tests.at_rest(policy, won), "end": tests.at_rest(policy, begun)}
    won = blue_green.flipped(policy, begun) if begun.active else replace(begun, stable=begun.candidate)
    ways = {"promote": won, "go back": replace(begun, candidate=begun.stable)}
    if policy.spec.trial_files:
        ways |= {"promote": trial_files.cleared(policy, won), "end": trial_files.cleared(policy, begun)}
    return {**ladder.reached(policy, begun), **ways}


def next_step(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """The next step, or Hold with its reason."""
    step = trial_files.tidied(policy, state, _chosen(policy).next_step(policy, state, verdict))
    return asked.past_unknown(state, verdict, guarded(policy, state, step))


__all__ = [
    "State",
    "claim",
    "ends",
    "environments",
    "given",
    "heeding",
    "judged",
    "named",
    "next_step",
    "stays",
    "survey",
    "trial",
    "trials",
]
