"""How many pull requests a repository's people are asked to look at: caps on what is opened; rollbacks do not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gitops_bot.delivery.identity import goes
from gitops_bot.model import Action, Direction, OpenPr, Plan, PrState, PullRequest
from gitops_bot.policy.config import Limits


def fair(plans: Sequence[Plan], turns: Mapping[str, int]) -> tuple[Plan, ...]:
    """The plans, those first whose policies had their turn the longest ago: where a budget ends, all come by."""
    return tuple(sorted(plans, key=lambda plan: turns.get(plan.policy, 0)))


def within(plans: Sequence[Plan], pulls: Sequence[PullRequest], limits: Limits, now: datetime) -> tuple[Plan, ...]:
    """The plans with no more openings than the caps leave, in order; what waits is noted."""
    ours = [pull for pull in pulls if pull.ours and not goes(pull.branch, Direction.ROLLBACK)]
    standing = sum(pull.state is PrState.OPEN for pull in ours)
    lately = sum(pull.created_at > now - timedelta(hours=1) for pull in ours)
    room = max(0, min(limits.open_pull_requests - standing, limits.per_hour - lately))
    kept: list[Plan] = []
    for plan in plans:
        openings = [action for action in plan.actions if _counts(plan, action)]
        if len(openings) > room:
            note = f"the caps on pull requests are reached ({standing} open, {lately} in the last hour)"
            rest = tuple(action for action in plan.actions if action not in openings)
            kept.append(replace(plan, actions=rest, notes=(*plan.notes, note)))
        else:
            room -= len(openings)
            kept.append(plan)
    return tuple(kept)


def _counts(plan: Plan, action: Action) -> bool:
    return isinstance(action, OpenPr) and not plan.step.urgent
