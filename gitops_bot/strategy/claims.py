"""What git says that a reading must be about: the version on trial, the commit that brought it, when. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gitops_bot.model import Ask, AskKind, Claim, History, Offer, PullRequest, SlotName, Slots, Version
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.watched import DEPLOYERS, RUNS, WRITTEN_BACK
from gitops_bot.strategy import history as past
from gitops_bot.strategy import tests
from gitops_bot.strategy.ladder import kept


def claim(
    policy: PromotionPolicy,
    slots: Slots,
    history: History,
    pulls: Sequence[PullRequest],
    now: datetime,
    told: Version | None = None,
    offered: Offer = None,
    asks: Sequence[Ask] = (),
) -> Claim:
    """What the reading of the policy's experiment must be about.

    `told` is the version that the experiment itself names, where it is the one who says what is on trial, `offered`
    what a registry gives. A run counts
    for one commit, so one that is asked again after a step must have begun after it; other systems must have seen the
    commit that brought the version, and on a ladder the one that brought the weight.
    """
    experiment = policy.spec.candidate.experiment
    assert experiment is not None  # asked of policies with an experiment only
    candidate = named(asks) or _candidate(policy, slots, offered)
    if policy.spec.strategy.ab_test:
        return _of_test(slots, history, pulls, now)
    standing = _standing(slots, candidate or told)
    whole = experiment.kind in RUNS or policy.spec.strategy.canary is not None
    moment = past.landing(history) if whole else past.arrival(history, standing or SlotName.STABLE)
    return Claim(
        candidate=candidate,
        baseline=slots.stable if slots.candidate is not None and slots.stable != slots.candidate else None,
        named=standing is not None or experiment.kind == WRITTEN_BACK,
        commit=moment.commit if moment else "",
        since=min(past.landed_at(moment, pulls), now) if moment else None,
        once=experiment.kind in RUNS,
        deploys=experiment.kind in DEPLOYERS,
        results=experiment.results,
        above=slots.stable if experiment.kind == WRITTEN_BACK else None,
    )


def _of_test(slots: Slots, history: History, pulls: Sequence[PullRequest], now: datetime) -> Claim:
    """What a run about several versions must be about: those that are up now, since they are."""
    moment = tests.began_at(history, [one for one in slots.variants if one.up(slots.stable)])
    since = min(past.landed_at(moment, pulls), now) if moment else None
    return Claim(None, slots.stable, named=True, commit=moment.commit if moment else "", since=since, once=True)


def _candidate(policy: PromotionPolicy, slots: Slots, offered: Offer) -> Version | None:
    """The version on trial, where the policy or git names it."""
    given = policy.spec.candidate
    if standing := kept(policy, slots):
        return standing
    if given.version:
        return Version.parse(given.version)
    if given.registry:
        return offered if isinstance(offered, Version) else None
    if given.environments:
        return by_environments(slots, offered)
    return by_git(policy, slots)


def by_git(policy: PromotionPolicy, slots: Slots) -> Version | None:
    """The version on trial as git has it; the stable one where the trial has files of its own, and they are gone."""
    if policy.spec.candidate.slot == SlotName.STABLE.value:
        return slots.stable
    return slots.candidate or (slots.stable if policy.spec.trial_files else None)


def by_environments(slots: Slots, offered: Offer) -> Version | None:
    """What the environments before this one give; where that is nothing new, what is on air stays on trial."""
    found = offered if isinstance(offered, Version) else None
    new = found is not None and not past.same(found, slots.stable)
    return found if new or not slots.weight else slots.candidate or found


def named(asks: Sequence[Ask]) -> Version | None:
    """The version that a person named last; it goes before what the policy would try."""
    return next((one.version for one in reversed(asks) if one.kind is AskKind.PROMOTE and one.version), None)


def _standing(slots: Slots, candidate: Version | None) -> SlotName | None:
    """The slot in which git names the version on trial; None when it names it nowhere."""
    for name, value in ((SlotName.CANDIDATE, slots.candidate), (SlotName.STABLE, slots.stable)):
        if past.same(value, candidate):
            return name
    return None
