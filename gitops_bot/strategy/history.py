"""What base's history says of the slots: when they took effect, what was there before, what was rejected.

Memory is git: the same history gives the same answers after a restart, on another replica, in a back-test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from gitops_bot.model import History, Moment, PrState, PullRequest, Slots, Version

Known = tuple[Moment, Slots]
"""A moment whose slots could be read."""


def readable(history: History) -> list[Known]:
    """The moments whose slots could be read, newest first."""
    return [(moment, moment.slots) for moment in history.moments if moment.slots is not None]


def _run(history: History, same: Callable[[Slots], bool]) -> list[Known]:
    """The unbroken newest run of moments whose slots are the same; what could not be read breaks it."""
    run: list[Known] = []
    for moment in history.moments:
        if moment.slots is None or not same(moment.slots):
            break
        run.append((moment, moment.slots))
    return run


def _present(history: History) -> list[Known]:
    """The run of moments whose slots are the newest's."""
    newest = history.moments[0].slots if history.moments else None
    return _run(history, lambda slots: slots == newest)


def landing(history: History) -> Moment | None:
    """The oldest commit of the unbroken run whose slot values equal the newest's; None when history ends before it."""
    run = _present(history)
    reaches_back = len(run) < len(history.moments) or history.complete
    return run[-1][0] if run and reaches_back else None


def landed_at(moment: Moment, pulls: Sequence[PullRequest]) -> datetime:
    """When a commit took effect: the merge of our pull request that brought it, else its committer's date."""
    for pull in pulls:
        if (
            pull.state is PrState.MERGED
            and pull.ours
            and pull.closed_at
            and moment.commit in (pull.merge_commit, pull.head)
        ):
            return pull.closed_at
    return moment.at


def before_landing(history: History) -> Slots | None:
    """The slots as they were just before the present ones landed; None when they cannot be read."""
    run = _present(history)
    return history.moments[len(run)].slots if 0 < len(run) < len(history.moments) else None


def arrived_above(history: History, candidate: Version, rung: int) -> bool:
    """Whether the candidate came under a weight above the rung and was never taken down to it."""
    run = _run(history, lambda slots: slots.candidate == candidate)
    return bool(run) and all((slots.weight or 0) > rung for _, slots in run)


def stable_before(history: History, current: Version | None) -> Version | None:
    """The stable version that git held before the present one."""
    return next((slots.stable for _, slots in readable(history) if slots.stable and slots.stable != current), None)


def returned(history: History) -> bool:
    """Whether the present stable version stood before the one it replaced: it came by going back."""
    known = readable(history)
    if not known or known[0][1].stable is None:
        return False
    current = known[0][1].stable
    rest = known[len(_run(history, lambda slots: slots.stable == current)) :]
    return any(slots.stable == current for _, slots in rest)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Where a version was turned away."""

    commit: str
    author: str
    how: str


def rejection(history: History, candidate: Version) -> Rejection | None:
    """The commit by which base turned a version away, whoever wrote it; None when it did not, or a person took it back.

    Turned away: a version slot leaves it for a value held before, or the weight falls to 0 while it is not stable.
    Taken back: a person's commit sets it, or gives it weight again.
    """
    found: Rejection | None = None
    held: set[Version] = set()
    oldest_first = list(reversed(readable(history)))
    for (_, old), (moment, new) in pairwise(oldest_first):
        held |= {version for version in (old.stable, old.candidate) if version}
        if how := _turned_away(old, new, candidate, held):
            found = Rejection(moment.commit, moment.author, how)
        elif found and moment.by_person and _taken_up(old, new, candidate):
            found = None
    return found


def _turned_away(old: Slots, new: Slots, candidate: Version, held: set[Version]) -> str:
    for name, was, now in (("candidate", old.candidate, new.candidate), ("stable", old.stable, new.stable)):
        if was == candidate and now != candidate and now in held:
            return f"the {name} version went back to {now}"
    if (old.weight or 0) > 0 and not new.weight and old.candidate == candidate and new.stable != candidate:
        return "its weight was set to 0"
    return ""


def _taken_up(old: Slots, new: Slots, candidate: Version) -> bool:
    arrived = candidate in (new.candidate, new.stable) and candidate not in (old.candidate, old.stable)
    raised = new.candidate == candidate and (new.weight or 0) > (old.weight or 0)
    return arrived or raised
