"""Who merges: the bot, or the forge by itself, and what leaves the forge's queue again. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING

from gitops_bot.delivery import marker, unruled
from gitops_bot.delivery.identity import named, status_context
from gitops_bot.model import (
    Action,
    CommitStatus,
    DequeuePr,
    Direction,
    EnqueuePr,
    MergeMode,
    MergePr,
    Plan,
    PrState,
    PullRequest,
    Queued,
    SetStatus,
    StatusState,
    Vouch,
)
from gitops_bot.policy.schema import PromotionPolicy

if TYPE_CHECKING:
    from gitops_bot.delivery.actions import Situation

UNJUDGED = "its policy was not judged in this tick, so the forge must not merge it by itself"
SUSPENDED = "its policy is suspended"
UNSAID = "unsaid"
"""A digest that no body has."""


def wanted(policy: PromotionPolicy) -> bool:
    """Whether a policy leaves merges to the forge."""
    return MergeMode.QUEUE in (policy.spec.pull_request.merge, policy.spec.rollback.merge)


def seen(pulls: Sequence[PullRequest], queue: Mapping[int, Queued]) -> tuple[PullRequest, ...]:
    """The pull requests with what the queue says of each."""
    return tuple(replace(pull, queued=queue.get(pull.number, pull.queued)) for pull in pulls)


def merge(situation: Situation, pull: PullRequest, title: str, status: CommitStatus) -> Iterator[Action]:
    """By the bot at once, or into the forge's queue; for what a queue made of it, the word that it waits for."""
    if not situation.permitted or pull.draft or (situation.step.cautions and not situation.forced):
        return
    if situation.mode is not MergeMode.QUEUE or situation.unbound:
        if situation.forced or situation.mode is MergeMode.AUTO:
            yield MergePr(pull.number, pull.head, title, pull.branch)
    elif pull.queued is None:
        yield EnqueuePr(pull.number, pull.head, title, pull.branch)
    elif pull.queued.commit and status.context not in pull.queued.passed:
        yield Vouch(pull.number, pull.queued.commit, status)


def unjudged(
    pulls: Sequence[PullRequest], judged: Set[str], repository: str, refs: Mapping[str, str]
) -> tuple[Plan, ...]:
    """A plan for each pull request that the bot queued and whose policy this tick could not judge: out of the queue."""
    return tuple(
        unruled.plan(pull, policy, UNJUDGED, repository, refs, _taken_out(pull, policy, UNJUDGED))
        for pull in pulls
        if pull.state is PrState.OPEN and pull.ours and pull.queued and pull.queued.ours
        for policy, _ in [named(pull.branch) or ("", None)]
        if policy not in judged
    )


def leave(situation: Situation) -> Iterator[Action]:
    """What this very tick would not merge, the forge does not merge by itself. What is a person's, they may queue."""
    yield from (DequeuePr(one.number) for one in situation.strays if one.queued and one.queued.ours)
    for direction in Direction:
        pull, branch = situation.open_pull(direction), situation.branches.get(direction)
        if pull is None or pull.queued is None or not pull.ours:
            continue
        theirs = branch is not None and not branch.ours and not pull.queued.ours
        if not theirs and not _may_stay(situation, direction, pull, by_bot=pull.queued.ours):
            yield DequeuePr(pull.number)


def _may_stay(situation: Situation, direction: Direction, pull: PullRequest, *, by_bot: bool) -> bool:
    said, proposal, branch = marker.read(pull.body), situation.proposal, situation.branches.get(direction)
    if proposal is None or proposal.direction is not direction or branch is None or said is None:
        return False
    evaluated = branch.ours and branch.current and branch.oid == pull.head and said.key == proposal.key
    willing = situation.forced or not situation.step.cautions
    ours_to_merge = situation.mode is MergeMode.QUEUE and not situation.unbound and willing
    return evaluated and situation.permitted and not pull.draft and (ours_to_merge or not by_bot)


def suspended(situation: Situation) -> tuple[Action, ...]:
    """Nothing is done for a policy that is suspended, and what the bot queued is merged by nobody."""
    pulls = [one for one in (*situation.pulls, *situation.strays) if one.state is PrState.OPEN]
    queued = [one for one in pulls if one.ours and one.queued and one.queued.ours]
    return tuple(action for one in queued for action in _taken_out(one, situation.policy, SUSPENDED))


def _taken_out(pull: PullRequest, policy: str, why: str) -> tuple[Action, ...]:
    """Out of the queue, its status pending; the body forgets what was said before, so that it is said again."""
    pending = CommitStatus(status_context(policy), StatusState.PENDING, why)
    forgetting = marker.remembering(pull.body, digest=UNSAID)
    return DequeuePr(pull.number), SetStatus(pull.head, pending, pull.number, forgetting, pull.branch)


def refused(situation: Situation) -> Iterator[str]:
    """Why the forge is not let merge what the policy leaves to it."""
    if situation.mode is MergeMode.QUEUE and situation.permitted and situation.unbound:
        yield f"merge: queue is refused: {situation.unbound}"
