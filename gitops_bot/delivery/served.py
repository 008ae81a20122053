"""Branches that have served: left over when people merged, or when the bot ended between a close and its last push."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.delivery import marker
from gitops_bot.delivery.gates import stop
from gitops_bot.model import DeleteBranch, Gate, PrState, PullRequest


def removal(branch: str, head: str, pulls: Sequence[PullRequest], gates: Sequence[Gate]) -> tuple[DeleteBranch, ...]:
    """Of a branch of ours whose newest pull request is merged or was closed by the bot, at that very head.

    The branch of what a person closed is kept; a stop stops this, too. pulls: newest first.
    """
    last = next((pull for pull in pulls if pull.branch == branch), None)
    if last is None or not last.ours or last.head != head:
        return ()
    said = marker.read(last.body)
    ended = last.state is PrState.MERGED or (last.state is PrState.CLOSED and said is not None and bool(said.closed))
    braked = any(gate.name == stop.NAME and not gate.open for gate in gates)
    return (DeleteBranch(last.number, branch, head),) if ended and not braked else ()
