"""What a merge of a commit that is there would make of the slots: by their values, as git does it by lines. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops_bot.edits import read, render
from gitops_bot.errors import EditError
from gitops_bot.model import Coming, SlotName, Slots, SlotValue, Version
from gitops_bot.policy.schema import Edit


def unfit(places: Sequence[Edit], before: Slots, after: Slots, coming: Coming | None, base: str) -> str:
    """Why merging the commit that comes into base does not bring exactly what is promised; empty where it does."""
    if coming is None or not _same(after.stable, coming.version):
        return f"by branch comes only what was proven before, and {after.stable} was not"
    what = f"{coming.commit[:12]} of {coming.source}"
    if not coming.beyond.commits:
        return f"{base} has {what} already, so merging it brings nothing: write {after.stable} there by hand"
    if not coming.beyond.fork:
        return f"{base} and {what} share no history, so neither can be merged into the other"
    try:
        there = read(places, coming.at_commit)
    except EditError as error:
        return f"what {what} would bring cannot be read: {error}"
    found = _merged(_known(places, coming), before, there)
    if isinstance(found, str):
        return f"merging {what} into {base} would conflict: {found}. Merge it once by hand"
    wrong = next((name for name in SlotName if not _same(found.get(name), after.get(name))), None)
    if wrong is None:
        return ""
    return f"merging {what} into {base} would leave {_shown(found.get(wrong))} there, not {_shown(after.get(wrong))}"


def more(places: Sequence[Edit], coming: Coming) -> tuple[str, ...]:
    """The files with slots in which a commit changes more than these, or other than a write of them would."""
    if coming.at_fork is None:
        return ()
    try:
        before, after = read(places, coming.at_fork), read(places, coming.at_commit)
        written = {one.path: one.after for one in render(places, coming.at_fork, before, after, back=True)}
    except EditError:
        return ()
    return tuple(path for path in coming.beyond.paths if path in written and _differs(path, written, coming))


def _differs(path: str, written: Mapping[str, bytes | None], coming: Coming) -> bool:
    return coming.at_commit.read(path) != written[path]


def _known(places: Sequence[Edit], coming: Coming) -> Slots:
    """What both sides began with: nothing where the places were not there yet."""
    try:
        return read(places, coming.at_fork) if coming.at_fork else Slots()
    except EditError:
        return Slots()


def _merged(fork: Slots, here: Slots, there: Slots) -> Slots | str:
    """The slots that each side left alone as the other has them; text where both changed one."""
    found = here
    for name in SlotName:
        was, ours, theirs = fork.get(name), here.get(name), there.get(name)
        if was != ours != theirs != was:
            return f"{_shown(was)} became {_shown(ours)} here and {_shown(theirs)} there"
        if was == ours:
            found = found.having(name, theirs)
    return found


def _same(one: SlotValue, other: SlotValue) -> bool:
    return one.runs(other) if isinstance(one, Version) and isinstance(other, Version) else one == other


def _shown(value: SlotValue) -> str:
    return "nothing" if value is None else str(value)
