"""Pull requests whose policy is gone: closed, with the reason, when it is certain that it is gone."""

from __future__ import annotations

from collections.abc import Sequence, Set

from gitops_bot.delivery import marker
from gitops_bot.delivery.actions import closing
from gitops_bot.delivery.identity import PREFIX
from gitops_bot.model import DequeuePr, Plan, PrState, PullRequest, Slots, Step, StepKind, Verdict

REASON = "its policy is no longer on base"


def orphans(
    pulls: Sequence[PullRequest], known: Set[str], source: str, repository: str, base_commit: str
) -> tuple[Plan, ...]:
    """A plan per open pull request of ours whose policy came from this source and is not known there any more.

    What came from another source is another bot's. The branches are kept.
    """
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
            actions=(*((DequeuePr(pull.number),) if pull.queued else ()), closing(pull, REASON)),
        )
        for pull in pulls
        if pull.state is PrState.OPEN and pull.ours and _policy(pull) not in {*known, ""} and _source(pull) == source
    )


def _policy(pull: PullRequest) -> str:
    parts = pull.branch.split("/")
    return parts[1] if pull.branch.startswith(PREFIX) and len(parts) == 3 else ""


def _source(pull: PullRequest) -> str:
    said = marker.read(pull.body)
    return said.source if said else ""
