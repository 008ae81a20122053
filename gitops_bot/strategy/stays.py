"""How long a version stood in a slot, by base's history. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.model import History, PullRequest, SlotName, Stay, Stays, Version
from gitops_bot.strategy.history import landed_at, rejection, same


def stays(
    environment: str, history: History | str, version: Version, slot: SlotName, pulls: Sequence[PullRequest] = ()
) -> Stays:
    """Each time that the slot held the version without a break; what an environment turned away counts nowhere.

    A commit in which the places could not be read breaks nothing where the version stands before and after it; before
    another version it is the end, and as the newest nobody knows. `pulls` are those that brought its values, for their
    times.
    """
    if isinstance(history, str):
        return Stays(environment, trouble=history)
    if slot is SlotName.STABLE and (turned_away := rejection(history, version)):
        return Stays(environment, trouble=str(turned_away))
    if history.moments and history.moments[0].slots is None:
        return Stays(environment, trouble="what it holds cannot be read")
    found: list[Stay] = []
    held, left = None, None
    for moment in history.moments:
        value = moment.slots.get(slot) if moment.slots else None
        if isinstance(value, Version) and same(value, version):
            held = landed_at(moment, pulls)
        elif moment.slots is not None or not held:
            if held:
                found.append(Stay(held, left))
            held, left = None, landed_at(moment, pulls)
    if held:
        found.append(Stay(held, left, whole=history.complete))
    return Stays(environment, tuple(found))
