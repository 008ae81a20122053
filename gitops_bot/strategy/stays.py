"""How long a version stood in a slot, by base's history. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.model import History, PullRequest, SlotName, Stay, Stays, Version
from gitops_bot.strategy.history import landed_at, readable, rejection, same


def stays(
    environment: str, history: History | str, version: Version, slot: SlotName, pulls: Sequence[PullRequest] = ()
) -> Stays:
    """Each time that the slot held the version without a break; what an environment turned away counts nowhere.

    A commit in which the places could not be read breaks nothing, unless it is the newest: then nobody knows. `pulls`
    are those that brought its values, for their times.
    """
    if isinstance(history, str):
        return Stays(environment, trouble=history)
    if slot is SlotName.STABLE and (turned_away := rejection(history, version)):
        return Stays(environment, trouble=str(turned_away))
    if history.moments and history.moments[0].slots is None:
        return Stays(environment, trouble="what it holds cannot be read")
    found: list[Stay] = []
    held, left = None, None
    known = readable(history)
    for moment, slots in known:
        value = slots.get(slot)
        if isinstance(value, Version) and same(value, version):
            held = landed_at(moment, pulls)
        else:
            if held:
                found.append(Stay(held, left))
            held, left = None, landed_at(moment, pulls)
    if held:
        found.append(Stay(held, left, whole=history.complete))
    return Stays(environment, tuple(found))
