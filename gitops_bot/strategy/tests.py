"""Several versions before users at once: which are up, since when, and what is left of a test that is over. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gitops_bot.model import (
    ExperimentStatus,
    History,
    Moment,
    ObjectRef,
    PullRequest,
    SlotName,
    Slots,
    Unseen,
    Variant,
    Version,
)
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import flips
from gitops_bot.strategy import history as past
from gitops_bot.strategy.liveness import began, not_live

Statuses = Mapping[tuple[str, ObjectRef], ExperimentStatus | Unseen]


@dataclass(frozen=True, slots=True)
class Test:
    """Where a test of several versions stands."""

    up: tuple[Variant, ...]
    """On trial now: users reach them, and they are not stable."""
    since: datetime | None
    """When the last of them came up, or the stable version changed below them; None while one is not live."""
    why_no_since: str
    winner: str
    """The variant whose version became stable, while the test it won is not taken down yet, or is watched."""
    left: bool
    """Variants of a test that somebody won are still up."""
    watched: bool
    """The winner's version became stable not long ago."""


def survey(
    policy: PromotionPolicy,
    slots: Slots,
    history: History,
    statuses: Statuses,
    pulls: Sequence[PullRequest],
    now: datetime,
) -> Test | None:
    """Where the test stands; None for a policy without one."""
    if policy.spec.strategy.ab_test is None:
        return None
    up = tuple(one for one in slots.variants if one.up(slots.stable))
    came = past.arrival(history, SlotName.STABLE)
    winner = _winner(history, slots)
    untouched = came is not None and came.slots is not None and came.slots.variants == slots.variants
    landed = began_at(history, up)
    since, why = _since(policy, up, min(past.landed_at(landed, pulls), now) if landed else None, statuses)
    arrived = min(past.landed_at(came, pulls), now) if came else None
    return Test(
        up=up,
        since=since,
        why_no_since=why,
        winner=winner,
        left=bool(winner) and untouched and slots.variants != at_rest(policy, slots).variants,
        watched=bool(winner) and not flips.watch_ended(policy, arrived, now),
    )


def began_at(history: History, up: Sequence[Variant]) -> Moment | None:
    """The commit since which these variants are up beside this stable version, whatever share each has."""
    return past.landing(history, lambda slots: _tried(slots, up))


def at_rest(policy: PromotionPolicy, slots: Slots, *names: str) -> Slots:
    """The slots without a test: no traffic to these variants, or to any, and the stable version in their places.

    A variant whose files come and go has none.
    """
    gone = policy.spec.passing
    taken = [
        replace(one, version=None if one.name in gone else slots.stable, weight=None if one.weight is None else 0)
        if not names or one.name in names
        else one
        for one in slots.variants
    ]
    return replace(slots, variants=tuple(taken))


def trials(policy: PromotionPolicy, history: History) -> History:
    """The history of a test that the bot begins: its one variant as the candidate."""
    if policy.spec.strategy.ab_test is None or policy.spec.candidate.slot:
        return history
    return replace(history, moments=tuple(replace(one, slots=_as_candidate(one.slots)) for one in history.moments))


def _as_candidate(slots: Slots | None) -> Slots | None:
    return replace(slots, candidate=slots.variants[0].version) if slots and slots.variants else slots


def _tried(slots: Slots, up: Sequence[Variant]) -> tuple[Version | None, list[tuple[Version | None, bool]]]:
    """What the evidence speaks of: the same versions before users, whatever share each has."""
    now = [slots.variant(one.name) for one in up]
    return slots.stable, [(one.version, one.up(slots.stable)) for one in now]


def _winner(history: History, slots: Slots) -> str:
    """The variant that was up when its version became stable; empty where the stable version came otherwise."""
    before = past.stable_replaced(history)
    if before is None:
        return ""
    return next((one.name for one in before.variants if one.up(before.stable) and one.version == slots.stable), "")


def _since(
    policy: PromotionPolicy, up: Sequence[Variant], landed: datetime | None, statuses: Statuses
) -> tuple[datetime | None, str]:
    """When all of them were live in every cluster, and why that is not known."""
    test = policy.spec.strategy.ab_test
    if test is None or not up:
        return None, "no variant is on trial"
    if landed is None:
        return None, "the history of base ends before the test began"
    times = [landed]
    named = {one.name: one.workload for one in test.variants}
    for one in up:
        workload = named.get(one.name)
        for cluster in policy.spec.clusters if workload else ():
            assert workload is not None
            status = statuses[cluster, workload.ref]
            if why := not_live(status, one.version, must_be_well=True):
                return None, f"{one.name}: {workload.ref} in {cluster}: {why}"
            times.append((isinstance(status, ExperimentStatus) and began(status)) or landed)
    return max(times), ""
