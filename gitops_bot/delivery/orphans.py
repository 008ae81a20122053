"""Pull requests whose policy is gone: closed, with the reason, when it is certain that it is gone."""

from __future__ import annotations

from collections.abc import Sequence, Set

from gitops_bot.delivery.actions import closing
from gitops_bot.delivery.identity import PREFIX
from gitops_bot.model import Plan, PrState, PullRequest, Slots, Step, StepKind, Verdict

REASON = "its policy is no longer on base"


def orphans(pulls: Sequence[PullRequest], known: Set[str], repository: str, base_commit: str) -> tuple[Plan, ...]:
    """A plan per open pull request of ours that no known policy stands behind. Their branches are kept."""
    return tuple(
        Plan(
            policy=pull.branch.split("/")[1],
            repository=repository,
            base=pull.base,
            base_commit=base_commit,
            slots=Slots(),
            candidate=None,
            since=None,
            verdict=Verdict(),
            step=Step(StepKind.HOLD, Slots(), REASON),
            actions=(closing(pull, REASON),),
        )
        for pull in pulls
        if pull.state is PrState.OPEN and pull.ours and _policy(pull) not in {*known, ""}
    )


def _policy(pull: PullRequest) -> str:
    parts = pull.branch.split("/")
    return parts[1] if pull.branch.startswith(PREFIX) and len(parts) == 3 else ""
