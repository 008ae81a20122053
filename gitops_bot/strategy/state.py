"""Everything the choice of the next step rests on, gathered from git and the cluster. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from gitops_bot.model import (
    Ask,
    AskKind,
    Direction,
    ExperimentStatus,
    History,
    ObjectRef,
    Offer,
    Outcome,
    Phase,
    PrState,
    PullRequest,
    SlotName,
    Slots,
    Step,
    StepKind,
    Trial,
    Unproven,
    Unseen,
    Verdict,
    Version,
    asked,
    asked_now,
)
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import flips, rings, tests
from gitops_bot.strategy import history as past
from gitops_bot.strategy.claims import by_environments, by_git, named
from gitops_bot.strategy.ladder import kept
from gitops_bot.strategy.liveness import began, not_live
from gitops_bot.strategy.tests import Test

Statuses = Mapping[tuple[str, ObjectRef], ExperimentStatus | Unseen]


CLOCK_SKEW = timedelta(minutes=1)


class Health(Enum):
    """What is known of the workload that runs the stable version."""

    WELL = "well"
    NOT_WELL = "not well"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class State:
    """Where a promotion stands."""

    slots: Slots
    """What base says now."""
    candidate: Version | None
    waiting: Version | None
    """A newer one, which lets the present one finish."""
    why_no_candidate: str
    """Said when there is none."""
    blind: bool
    """There is none because something could not be seen."""
    landed: datetime | None
    """When base's slots took effect; None when history ends before that."""
    since: datetime | None
    """When the present state took effect in git and in every cluster; None while it has not."""
    why_no_since: str
    previous: Slots | None
    """The slots just before the present ones landed."""
    stable_before: Version | None
    """What git held before the promotion began."""
    rejection: past.Rejection | None
    previous_rejected: bool
    """The version to go back to was turned away itself."""
    went_back: bool
    """The stable version came by going back to it."""
    arrived_above: bool
    """The candidate came under a weight above the first rung."""
    stepped_back: bool
    """The candidate came down from its present weight once before."""
    stable_health: Health
    stable_because: str
    experiment_failed: bool
    """The controller failed the very change that brought the present values."""
    controller: Phase | None
    """Where the Rollout stands that flips by itself."""
    watched: bool
    """The traffic was given to the stable version at once, not long ago."""
    rollback_open: bool
    """The bot's pull request that goes back is open: it stays until the evidence says the contrary, or people do."""
    now: datetime
    test: Test | None = None
    """Of a policy that tries several versions at once."""
    asks: tuple[Ask, ...] = ()
    """What people asked, in the order in which they said it."""
    by_word: Ask | None = None
    """Who named the candidate, where the policy itself gives another one, or has turned it away."""

    @property
    def asked_back(self) -> bool:
        """A person asks to go back, whatever was measured and however long ago the promotion was."""
        return asked(self.asks, AskKind.ROLLBACK) is not None

    @property
    def named(self) -> bool:
        """A person named the candidate, which may then be older than what stands."""
        return named(self.asks) is not None

    @property
    def on_trial(self) -> bool:
        """Git names the candidate as the version on trial."""
        return self.candidate is not None and self.slots.candidate == self.candidate


def survey(
    policy: PromotionPolicy,
    slots: Slots,
    history: History,
    statuses: Statuses,
    pulls: Sequence[PullRequest],
    now: datetime,
    offered: Offer = None,
    asks: tuple[Ask, ...] = (),
) -> State:
    """Gather the state of a policy from what was read; `offered` is what its registry gives, or why nothing."""
    own, why = _candidate(policy, slots, statuses, offered)
    candidate = _as_git_says(named(asks) or own, slots)
    ladder = policy.spec.strategy.canary.ladder if policy.spec.strategy.canary else ()
    quiet = bool(ladder) and not ladder[0].users
    waiting, standing = None, kept(policy, slots)
    tried = tests.trials(policy, history)
    if candidate and _goes_before(standing, candidate, tried, quiet=quiet) and not named(asks):
        waiting, candidate, own = candidate, standing, standing
    flip = flips.watched(policy, history, pulls, now)
    if not named(asks) and (flip or flips.left_behind(policy, history, candidate)):
        candidate = slots.stable
    policy = flips.cast(policy, slots, candidate)
    word = asked(asks, AskKind.PROMOTE)
    landing = past.landing(history)
    landed = min(past.landed_at(landing, pulls), now) if landing else None
    since, why_not = _since(policy, slots, candidate, landed, statuses)
    before = past.stable_before(history, slots.stable)
    turned_away = _rejection(tried, candidate, quiet=quiet)
    health, because = _stable_health(policy, slots, statuses)
    return State(
        slots=slots,
        candidate=candidate,
        waiting=waiting,
        why_no_candidate=why,
        blind=candidate is None and (policy.spec.candidate.told_by_experiment or isinstance(offered, str)),
        landed=landed,
        since=since,
        why_no_since=why_not,
        previous=past.before_landing(history),
        stable_before=before,
        rejection=None if word else turned_away,
        previous_rejected=before is not None and past.rejection(history, before) is not None,
        went_back=past.returned(history),
        arrived_above=bool(candidate and ladder and past.arrived_above(history, candidate, ladder[0].level)),
        stepped_back=candidate is not None and past.stepped_back(history, candidate),
        stable_health=health,
        stable_because=because,
        experiment_failed=_experiment_failed(policy, statuses, _came(policy, history, pulls, landed)),
        controller=_controller(policy, statuses),
        watched=flip,
        rollback_open=any(_goes_back(pull) for pull in pulls) and not asked_now(asks, AskKind.PROMOTE),
        now=now,
        test=tests.survey(policy, slots, history, statuses, pulls, now),
        asks=asks,
        by_word=word if word and (turned_away or not past.same(own, candidate)) else None,
    )


def _goes_before(standing: Version | None, newer: Version, history: History, *, quiet: bool) -> bool:
    """Whether a newer candidate waits for the one that stands; not for one that was turned away."""
    other = standing is not None and not past.same(standing, newer)
    return other and standing is not None and past.rejection(history, standing, restarts_at_0=quiet) is None


def _goes_back(pull: PullRequest) -> bool:
    return pull.ours and pull.state is PrState.OPEN and pull.branch.endswith(f"/{Direction.ROLLBACK.value}")


def _candidate(policy: PromotionPolicy, slots: Slots, statuses: Statuses, offered: Offer) -> tuple[Version | None, str]:
    """The version on trial, and why there is none."""
    given = policy.spec.candidate
    if given.registry:
        found = offered or "the registry was not asked"
        return (found, "") if isinstance(found, Version) else (None, str(found))
    if given.environments:
        return by_environments(slots, offered), offered.because if isinstance(offered, Unproven) else str(offered)
    if given.version:
        return Version.parse(given.version), ""
    if given.slot:
        return by_git(policy, slots), "git names no candidate version"
    assert given.experiment is not None  # rules.py: exactly one of the three
    if policy.spec.unknown_clusters:
        return None, policy.spec.unknown_clusters
    seen = [(cluster, statuses[cluster, given.experiment.ref]) for cluster in policy.spec.clusters]
    versions: set[Version] = set()
    for cluster, status in seen:
        if isinstance(status, Unseen):
            return None, f"{given.experiment.ref} in {cluster}: {status.reason}"
        if status.candidate is None:
            why = f": {status.reason}" if status.phase is Phase.UNKNOWN else " does not say which version it runs"
            return None, f"{given.experiment.ref} in {cluster}{why}"
        if slots.candidate and not status.candidate.runs(slots.candidate):
            what = f"cluster and git disagree: {given.experiment.ref} in {cluster} is about {status.candidate}"
            return None, f"{what}, git says {slots.candidate}"
        versions.add(status.candidate)
    if len(versions) > 1:
        return None, f"the clusters run different candidates: {', '.join(sorted(map(str, versions)))}"
    return versions.pop(), ""


def _as_git_says(candidate: Version | None, slots: Slots) -> Version | None:
    """The candidate as a slot holds it already: a place with a tag alone names the artefact, too."""
    standing = (slot for slot in (slots.stable, slots.candidate) if past.same(slot, candidate))
    return next(standing, candidate)


def _rejection(history: History, candidate: Version | None, *, quiet: bool) -> past.Rejection | None:
    if candidate is None:
        return None
    return past.rejection(history, candidate, restarts_at_0=quiet) or past.moved_on(history, candidate)


def _since(
    policy: PromotionPolicy,
    slots: Slots,
    candidate: Version | None,
    landed: datetime | None,
    statuses: Statuses,
) -> tuple[datetime | None, str]:
    """When the present state took effect everywhere, and why that is not known."""
    given = policy.spec.candidate
    experiment = given.experiment if given.told_by_experiment else policy.spec.handed
    if landed is None:
        return None, "the history of base ends before the present values came"
    times = [] if experiment else [landed]
    for cluster in policy.spec.clusters:
        if watched := experiment or given.workload:
            status = statuses[cluster, watched.ref]
            if why := not_live(status, candidate, must_be_well=experiment is None):
                return None, f"{watched.ref} in {cluster}: {why}"
            assert isinstance(status, ExperimentStatus)
            times.append(began(status) or landed)
    if missing := rings.missing(policy, slots, statuses):
        return None, missing
    return max(*times, *rings.chosen(policy, slots, statuses), times[0]), ""


def _stable_health(policy: PromotionPolicy, slots: Slots, statuses: Statuses) -> tuple[Health, str]:
    workload = policy.spec.baseline.workload
    if workload is None:
        return Health.NOT_SEEN, "no workload is named at spec.baseline.workload"
    if policy.spec.unknown_clusters:
        return Health.NOT_WELL, policy.spec.unknown_clusters
    for cluster in policy.spec.clusters:
        status = statuses[cluster, workload.ref]
        if why := not_live(status, slots.stable, must_be_well=True):
            return Health.NOT_WELL, f"{workload.ref} in {cluster}: {why}"
    return Health.WELL, f"{workload.ref} runs {slots.stable} and is healthy"


def _came(
    policy: PromotionPolicy, history: History, pulls: Sequence[PullRequest], landed: datetime | None
) -> datetime | None:
    """When what the controller works on came: where it waits for git's word, that word changes nothing of it."""
    moment = past.arrival(history, SlotName.STABLE) if policy.spec.handed else None
    return past.landed_at(moment, pulls) if moment else landed


def _controller(policy: PromotionPolicy, statuses: Statuses) -> Phase | None:
    """Where the Rollout stands that flips by itself; None where its clusters differ."""
    rollout = policy.spec.handed
    seen = [statuses[cluster, rollout.ref] for cluster in policy.spec.clusters] if rollout else []
    phases = {one.phase if isinstance(one, ExperimentStatus) else Phase.UNKNOWN for one in seen}
    return phases.pop() if len(phases) == 1 else None


def _experiment_failed(policy: PromotionPolicy, statuses: Statuses, landed: datetime | None) -> bool:
    """Whether a controller failed the change that landed then.

    A template written long after the landing is another change (a setting, another environment): no reason to go back.
    """
    experiment = policy.spec.candidate.experiment
    if experiment is None or landed is None:
        return False
    begins, ends = landed - CLOCK_SKEW, landed + policy.spec.post_analysis
    return any(
        isinstance(status, ExperimentStatus)
        and status.phase is Phase.FAILED
        and status.applied is not None
        and begins <= status.applied <= ends
        for status in (statuses[cluster, experiment.ref] for cluster in policy.spec.clusters)
    )


def watch_over(policy: PromotionPolicy, state: State) -> bool:
    """Whether the watch after the promotion has ended."""
    return flips.watch_ended(policy, state.landed, state.now)


def trial(state: State, baseline: Version | None, *, watching: bool = False, quiet: bool = False) -> Trial | None:
    """What is judged now; None while the present state is not live."""
    if state.candidate is None or state.since is None:
        return None
    return Trial(state.since, state.candidate, baseline, state.slots.weight, watching, quiet=quiet)


def first_release(state: State, after: Slots) -> Step:
    """Where git never held a stable version there is nothing to compare with; one that was lost is not made up for."""
    if (lost := state.stable_before) is None:
        return Step(StepKind.PROMOTE, after, "first release, no comparison")
    why = f"git names no stable version and named {lost} before: set it again, or another"
    return Step(StepKind.HOLD, state.slots, why, held=Step(StepKind.PROMOTE, after, why))


def standing_rollback(state: State, back: Step, verdict: Verdict) -> Step | None:
    """The way back that is open already stays open while nothing speaks against it; it only waits for people."""
    if not state.rollback_open or back.kind is not StepKind.ROLLBACK or verdict.outcome is Outcome.PASS:
        return None
    why = verdict.because if verdict.checks else "the watch is over"
    return Step(StepKind.HOLD, state.slots, f"the open rollback waits for people: {why}", held=back)
