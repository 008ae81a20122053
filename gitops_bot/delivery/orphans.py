"""Pull requests whose policy is gone: closed, with the reason, when it is certain that it is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from gitops_bot.delivery import identity, marker, unruled
from gitops_bot.delivery.actions import closing
from gitops_bot.model import Action, DequeuePr, Plan, PrState, PullRequest

REASON = "its policy is no longer on base"


def orphans(
    pulls: Sequence[PullRequest], known: Set[str], source: str, repository: str, refs: Mapping[str, str]
) -> tuple[Plan, ...]:
    """A plan per open pull request of ours whose policy came from this source and is not known there any more.

    What came from another source is another bot's. The branches are kept.
    """
    return tuple(
        unruled.plan(pull, _policy(pull), REASON, repository, refs, _closed(pull))
        for pull in pulls
        if pull.state is PrState.OPEN and pull.ours and _policy(pull) not in {*known, ""} and _source(pull) == source
    )


def _closed(pull: PullRequest) -> tuple[Action, ...]:
    return (*((DequeuePr(pull.number),) if pull.queued else ()), closing(pull, REASON))


def _policy(pull: PullRequest) -> str:
    named = identity.named(pull.branch)
    return named[0] if named else ""


def _source(pull: PullRequest) -> str:
    said = marker.read(pull.body)
    return said.source if said else ""
