"""A person's no: a pull request that they closed is one to its key. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_bot.delivery import marker
from gitops_bot.delivery.identity import goes
from gitops_bot.model import AskKind, Direction, Proposal, PrState, PullRequest, asked_now

if TYPE_CHECKING:
    from gitops_bot.delivery.actions import Situation


def peoples_no(situation: Situation, proposal: Proposal) -> str:
    """Why a proposal is not opened; empty where nobody said no, or somebody takes it back.

    One that has lost its marker is a no to every step, until base moves.
    """
    if _taken_back(situation, proposal):
        return ""
    for pull in situation.pulls:
        if not goes(pull.branch, proposal.direction) or pull.state is not PrState.CLOSED:
            continue
        said = marker.read(pull.body)
        if said is None and pull.closed_at and situation.landed and pull.closed_at < situation.landed:
            continue
        if said is None or (not said.closed and said.key == proposal.key and not _taken_up(situation, proposal, pull)):
            return f"a person closed #{pull.number}: that is a no to this step (reopen it, or promote by hand)"
    return ""


def _taken_up(situation: Situation, proposal: Proposal, refused: PullRequest) -> bool:
    """The same was opened again after a person's no: at a person's word, or it would not have been."""
    later = [one for one in situation.pulls if refused.closed_at and one.created_at > refused.closed_at]
    others = [one for one in later if one.number != refused.number]  # clocks may go backwards
    said = [marker.read(one.body) for one in others if goes(one.branch, proposal.direction) and one.ours]
    return any(one is not None and one.key == proposal.key for one in said)


def _taken_back(situation: Situation, proposal: Proposal) -> bool:
    """A person asks for what a person had closed."""
    back = proposal.direction is Direction.ROLLBACK
    word = asked_now(situation.asks, AskKind.ROLLBACK if back else AskKind.PROMOTE)
    return word is not None or asked_now(situation.asks, AskKind.REOPEN) is not None
