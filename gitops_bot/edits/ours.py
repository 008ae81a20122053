"""Ours or foreign: whether a branch holds what the bot itself wrote, told by content and not by what commits say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops_bot import edits
from gitops_bot.errors import EditError
from gitops_bot.model import BranchView
from gitops_bot.policy.schema import Edit

Files = Mapping[str, tuple[bytes | None, bytes | None]]
"""Before and after, by path."""


def ours(places: Sequence[Edit], who: str, view: BranchView) -> bool:
    """Nothing but one commit of ours with exactly our slot changes, and merges of base."""
    own = [commit for commit in view.head.commits if len(commit.parents) < 2]
    if not view.head.commits:
        return True
    if not view.head.fork:  # it shares nothing with base
        return False
    if len(own) != 1 or own[0].author != who or own[0].committer != who:
        return False
    return view.head.files == _rendered(places, view)


def _rendered(places: Sequence[Edit], view: BranchView) -> Files | None:
    """What our own commit's slots, written over the fork, change; None where they cannot be, or the head has others."""
    try:
        before, after = edits.read(places, view.at_fork), edits.read(places, view.at_own)
        if edits.read(places, view.at_head) != after:  # a merge of base that settled a conflict its own way
            return None
        changes = edits.render(places, view.at_fork, before, after, back=True)
    except EditError:
        return None
    return {change.path: (change.before, change.after) for change in changes}
