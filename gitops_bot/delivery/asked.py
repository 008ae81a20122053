"""What a person asked for, as the commit made for it remembers: it stays wanted while its pull request is open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gitops_bot.delivery.text import cut, one_line
from gitops_bot.model import Ask, AskKind, BranchView, Direction, PrState, PullRequest, Version

_TRAILER = re.compile(r"^Gitops-Bot-Asked: (promote (?P<version>\S+)|rollback) by (?P<by>.+)$", re.MULTILINE)


def trailer(word: Ask, version: Version | None) -> str:
    """What a commit's message says of it: `promote 1.4.2 by alice`."""
    what = f"{word.kind.value} {version}" if word.kind is AskKind.PROMOTE else word.kind.value
    return f"{what} by {cut(one_line(word.by), 100) or 'somebody'}"


def remembered(message: str) -> Ask | None:
    """The word for which a commit of ours was made; None when there was none."""
    found = _TRAILER.search(message)
    if found is None:
        return None
    if found["version"]:
        return Ask(AskKind.PROMOTE, found["by"], Version.parse(found["version"]), remembered=True)
    return Ask(AskKind.ROLLBACK, found["by"], remembered=True)


def before(pulls: Sequence[PullRequest], branches: Mapping[Direction, BranchView], who: str) -> tuple[Ask, ...]:
    """What was asked for by the open pull requests of ours, each of which one commit of the bot's identity made."""
    open_heads = {pull.head for pull in pulls if pull.ours and pull.state is PrState.OPEN}
    heads = [view.head for view in branches.values() if view.head.oid in open_heads]
    own = [[commit for commit in head.commits if len(commit.parents) < 2] for head in heads]
    words = [remembered(one[0].message) for one in own if len(one) == 1 and one[0].author == one[0].committer == who]
    return tuple(word for word in words if word)


def together(before: Sequence[Ask], now: Sequence[Ask]) -> tuple[Ask, ...]:
    """What was asked before and is still open, then what is asked now; a new word for the other way replaces the old.

    A version that was asked for is no word to merge it now.
    """
    other = {AskKind.PROMOTE: AskKind.ROLLBACK, AskKind.ROLLBACK: AskKind.PROMOTE}
    gone = {other[one.kind] for one in now if one.kind in other}
    return (*(one for one in before if one.kind not in gone), *now)
