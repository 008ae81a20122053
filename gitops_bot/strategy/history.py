"""What base's history says of the slots: when they took effect, what was there before, what was rejected.

Memory is git: the same history gives the same answers after a restart, on another replica, in a back-test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import dropwhile, pairwise, takewhile

from gitops_bot.model import History, Moment, PrState, PullRequest, SlotName, Slots, Version

Known = tuple[Moment, Slots]
"""A moment whose slots could be read."""


def readable(history: History) -> list[Known]:
    """The moments whose slots could be read, newest first."""
    return [(moment, moment.slots) for moment in history.moments if moment.slots is not None]


Seen = Callable[[Slots], object]
"""What is looked at of the slots."""


def _present(history: History, seen: Seen = lambda slots: slots) -> list[Moment]:
    """The unbroken run of moments whose slots are the newest's; what could not be read breaks it."""
    newest = history.moments[0].slots if history.moments else None
    if newest is None:
        return []
    now = seen(newest)
    return list(takewhile(lambda moment: moment.slots is not None and seen(moment.slots) == now, history.moments))


def landing(history: History, seen: Seen = lambda slots: slots) -> Moment | None:
    """The oldest commit of the unbroken run whose slot values equal the newest's; None when history ends before it."""
    run = _present(history, seen)
    reaches_back = len(run) < len(history.moments) or history.complete
    return run[-1] if run and reaches_back else None


def arrival(history: History, name: SlotName) -> Moment | None:
    """The oldest commit of the unbroken run in which one slot has the newest's value; None when history ends before."""
    newest = history.moments[0].slots if history.moments else None
    if newest is None:
        return None
    run = list(
        takewhile(lambda one: one.slots is not None and one.slots.get(name) == newest.get(name), history.moments)
    )
    return run[-1] if len(run) < len(history.moments) or history.complete else None


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


def arrived_above(history: History, candidate: Version, rung: tuple[int, int]) -> bool:
    """Whether the candidate replaced another under traffic above the rung's and was never taken down to it.

    `rung`: the users' percent, then the mirrored one.
    """
    known = [slots for _, slots in readable(history)]
    run = list(takewhile(lambda slots: slots.candidate == candidate, known))
    return 0 < len(run) < len(known) and all((slots.weight or 0, slots.mirror or 0) > rung for slots in run)


def stepped_back(history: History, candidate: Version) -> bool:
    """Whether the candidate came down from its present weight before, and not to 0."""
    known = list(takewhile(lambda slots: slots.candidate == candidate, (slots for _, slots in readable(history))))
    weights = [slots.weight or 0 for slots in known]
    return any(old == weights[0] and 0 < new < old for new, old in pairwise(weights))


def stable_replaced(history: History) -> Slots | None:
    """The slots just before the present stable version came; None when they cannot be read."""
    run = _present(history, lambda slots: slots.stable)
    return history.moments[len(run)].slots if 0 < len(run) < len(history.moments) else None


def stable_before(history: History, current: Version | None) -> Version | None:
    """The stable version that git held before the present one."""
    return next((slots.stable for _, slots in readable(history) if slots.stable and slots.stable != current), None)


def returned(history: History) -> bool:
    """Whether the present stable version stood before the one it replaced: it came by going back."""
    stables = [slots.stable for _, slots in readable(history)]
    if not stables or stables[0] is None:
        return False
    return stables[0] in dropwhile(lambda stable: stable == stables[0], stables)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Where base turned a version away, or went on from it."""

    commit: str
    author: str
    how: str

    def __str__(self) -> str:
        return f"{self.how} in {self.commit[:12]} by {self.author}"


def rejection(history: History, candidate: Version, *, restarts_at_0: bool = False) -> Rejection | None:
    """The commit by which base turned a version away, whoever wrote it; None when it did not, or a person took it back.

    Turned away: a version slot leaves it for a value held before, or, while it is not stable, its traffic falls to 0 or
    its files go. Taken back: a person's commit sets it, or gives it weight again. `restarts_at_0`: the ladder's first
    rung has no users' traffic, so that the first fall of a version that came under another's weight is its beginning.
    """
    found: Rejection | None = None
    stables: list[Version | None] = []
    held: list[Version | None] = []
    jumped = False
    for old, moment, new in _oldest_first(history):
        stables.append(old.stable)
        held += [old.stable, old.candidate]
        if how := _turned_away(old, new, candidate, stables, held):
            begins = restarts_at_0 and jumped and same(new.candidate, candidate)
            found = found if begins else Rejection(moment.commit, moment.author, how)
        elif found and moment.by_person and _taken_up(old, new, candidate):
            found = None
        arrives = not same(old.candidate, candidate)
        jumped = same(new.candidate, candidate) and bool(new.weight) and (arrives or jumped)
    return found


def moved_on(history: History, candidate: Version) -> Rejection | None:
    """The commit by which the stable version left this one for another; None when a person has set it again since.

    What the cluster still runs, or an image updater writes again, is then old news and no candidate.
    """
    found: Rejection | None = None
    for old, moment, new in _oldest_first(history):
        if same(old.stable, candidate) and new.stable and not same(new.stable, candidate):
            found = Rejection(moment.commit, moment.author, f"git went on from it to {new.stable}")
        elif found and moment.by_person and _taken_up(old, new, candidate):
            found = None
    return found


def same(one: Version | None, other: Version | None) -> bool:
    """Whether both name one artefact; a place that holds a tag alone cannot tell its digests apart."""
    return one is not None and other is not None and one.runs(other)


def _oldest_first(history: History) -> Iterator[tuple[Slots, Moment, Slots]]:
    """Each readable change: the slots before, the moment, the slots after."""
    for (_, old), (moment, new) in pairwise(reversed(readable(history))):
        yield old, moment, new


def _turned_away(
    old: Slots, new: Slots, candidate: Version, stables: Sequence[Version | None], held: Sequence[Version | None]
) -> str:
    # A promotion makes stable what was on trial before and turns nobody away: for it, only past stable versions count.
    # A flip moreover leaves the old version where the new one stood.
    became_stable = same(new.stable, candidate) and not same(old.stable, candidate)
    if not became_stable and _left(old.candidate, new.candidate, candidate, held):
        return f"the candidate version went back to {new.candidate}"
    if _left(old.stable, new.stable, candidate, stables):
        return f"the stable version went back to {new.stable}"
    if not same(old.candidate, candidate) or same(new.stable, candidate):
        return ""
    if new.candidate is None:
        return "its trial was taken away"
    if old.weight and not new.weight:
        return "its weight was set to 0"
    return "its mirrored traffic was set to 0" if old.mirror and not (new.mirror or new.weight) else ""


def _left(old: Version | None, new: Version | None, candidate: Version, held: Sequence[Version | None]) -> bool:
    """Whether a slot left the candidate for a version held before."""
    return same(old, candidate) and not same(new, candidate) and any(same(new, one) for one in held)


def _taken_up(old: Slots, new: Slots, candidate: Version) -> bool:
    set_now = any(
        same(after, candidate) and not same(before, candidate)
        for before, after in ((old.candidate, new.candidate), (old.stable, new.stable))
    )
    more = (new.weight or 0, new.mirror or 0) > (old.weight or 0, old.mirror or 0)
    raised = same(new.candidate, candidate) and more
    return set_now or raised
