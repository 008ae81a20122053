"""Pull requests from before the bot's branches were put below another prefix. Pure.

They are found by author and marker. While one of them is open, its policy gets no other: it is closed with the reason
first, and only then one is opened below today's prefix. What a person closed stays a no.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitops_bot.delivery import actions, identity, marker, queueing
from gitops_bot.delivery.actions import Chosen, Situation
from gitops_bot.model import Action, DequeuePr, Direction, PrState, PullRequest, StepKind


def policy_of(pull: PullRequest, prefix: str, source: str) -> str:
    """The policy that a pull request is for; empty: it is no business of this bot.

    Below the prefix the name alone says so, whoever opened it. Anywhere else it must be ours, and remember this source.
    """
    named = identity.named(pull.branch)
    if named is None:
        return ""
    policy, _ = named
    if pull.branch == identity.branch(*named, prefix):
        return policy
    said = marker.read(pull.body) if pull.ours else None
    return policy if said and (said.policy, said.source) == (policy, source) else ""


def choose(situation: Situation) -> Chosen:
    """The actions of one tick for one policy, what stands below another prefix coming first."""
    moved = [pull for pull in situation.pulls if pull.state is PrState.OPEN and _elsewhere(situation, pull)]
    if not moved:
        return actions.choose(situation)
    why = _waits(situation, moved)
    left = [DequeuePr(pull.number) for pull in moved if pull.queued and pull.queued.ours]
    reason = f"the bot's branches are below {situation.prefix} now"
    if why:
        notes = tuple(f"#{pull.number} from {pull.branch} comes first: {reason}; it stays: {why}" for pull in moved)
        said = [told for pull in moved for told in _told(situation, pull, f"{reason}; this one stays: {why}")]
        return Chosen((*left, *queueing.leave(situation), *said), notes)
    closed = [actions.closing(pull, f"{reason}; what is still wanted is opened there") for pull in moved]
    chosen = actions.choose(situation)
    return Chosen((*left, *closed, *chosen.actions), chosen.notes)


def _elsewhere(situation: Situation, pull: PullRequest) -> bool:
    today = [identity.branch(situation.policy, direction, situation.prefix) for direction in Direction]
    return pull.ours and pull.branch not in today


def _waits(situation: Situation, moved: Sequence[PullRequest]) -> str:
    """Why they stay as they are for now; empty where they need not. People's word does not keep a rollback waiting."""
    if situation.step.blind or (situation.proposal and not situation.may_open):
        return situation.shut.reason if situation.shut else situation.step.reason
    if situation.step.kind is StepKind.ROLLBACK:
        return ""
    peoples = {actions.FOREIGN_LABEL, *situation.hold_labels}
    borne = sorted({label for pull in moved for label in pull.labels} & peoples)
    return f"people have it ({', '.join(borne)})" if borne else ""


def _told(situation: Situation, pull: PullRequest, why: str) -> Iterator[Action]:
    """A pending status; its body remembers it."""
    yield from actions.told(situation, pull, why, digest=actions.text_digest(f"{why} {actions.digest(situation)}"))
