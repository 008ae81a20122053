"""From what git says, the candidate and the verdict to the next step. Pure; one module per strategy and one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gitops_bot.model import Step, Trial, Verdict
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import asked, canary, promote, trial_files
from gitops_bot.strategy.asked import heeding
from gitops_bot.strategy.claims import claim
from gitops_bot.strategy.ladder import judged
from gitops_bot.strategy.state import State, survey
from gitops_bot.strategy.stays import stays


@dataclass(frozen=True, slots=True)
class _Strategy:
    trial: Callable[[PromotionPolicy, State], Trial | None]
    next_step: Callable[[PromotionPolicy, State, Verdict], Step]


_STRATEGIES = {
    "canary": _Strategy(canary.trial, canary.next_step),
    "promote": _Strategy(promote.trial, promote.next_step),
}


def _chosen(policy: PromotionPolicy) -> _Strategy:
    return next(one for name, one in _STRATEGIES.items() if getattr(policy.spec.strategy, name) is not None)


def trial(policy: PromotionPolicy, state: State) -> Trial | None:
    """What is judged now; None when nothing is."""
    return _chosen(policy).trial(policy, state)


def next_step(policy: PromotionPolicy, state: State, verdict: Verdict) -> Step:
    """The next step, or Hold with its reason."""
    step = trial_files.tidied(policy, state, _chosen(policy).next_step(policy, state, verdict))
    return asked.past_unknown(state, verdict, step)


__all__ = ["State", "claim", "heeding", "judged", "next_step", "stays", "survey", "trial"]
