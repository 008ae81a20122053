"""`evaluate --at`: base as it was then, and of the clusters what still holds of that time. Metrics servers remember."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from gitops_bot import edits, observe
from gitops_bot.errors import UsageError
from gitops_bot.model import ExperimentStatus, Facts, ObjectRef, Phase, Slots, Unseen, Version
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.watched import DASHBOARDS, RUNS
from gitops_bot.tick import Job

Say = Callable[[str], None]
Status = ExperimentStatus | Unseen
Place = tuple[str, ObjectRef]
"""A cluster and an object in it."""

_ENDED = (Phase.SUCCEEDED, Phase.FAILED, Phase.INCONCLUSIVE, Phase.ERROR, Phase.COMPLETED)


def going_back(job: Job, at: datetime, say: Say) -> Job:
    """The job with base as it was at a time; `say` is told what is not known of that time any more."""

    def facts(sight: observe.Sight, policy: PromotionPolicy) -> Facts:
        then = _then(sight, policy, at)
        if then is None:
            remedy = "Ask for a time after its first values landed."
            raise UsageError(f"{sight.base} held nothing of {policy.name} at {at:%Y-%m-%dT%H:%M:%SZ}", remedy=remedy)
        others = [sight.policies[name] for name in observe.before(sight, policy) if name in sight.policies]
        past = [one for one in (_then(sight.of(one), one, at) for one in others) if one]
        elsewhere = {one.base: one.commit for one in sorted(past, key=lambda one: one.at)}
        refs = {sight.site.base: sight.refs[sight.site.base], **elsewhere, then.base: then.commit}
        known = job.facts(replace(sight, refs=refs, as_of=at), policy)
        slots = edits.read(policy.spec.edits, known.tree)
        statuses = _all_as_then(policy, known.statuses, slots, at, say)
        if isinstance(known.offered, str):
            say(known.offered)
        return replace(known, statuses=statuses)

    return replace(job, facts=facts)


@dataclass(frozen=True, slots=True)
class _Then:
    """Where a branch was."""

    base: str
    commit: str
    at: datetime


def _then(sight: observe.Sight, policy: PromotionPolicy, at: datetime) -> _Then | None:
    """The last commit by then that touched the policy's files on its base; None where there is none."""
    if sight.base not in sight.refs:
        return None
    commits = sight.site.repo.log(sight.base_commit, edits.candidates(policy.spec.edits))
    found = next((commit for commit in commits if commit.at <= at), None)
    return _Then(sight.base, found.oid, found.at) if found else None


def _all_as_then(
    policy: PromotionPolicy,
    statuses: Mapping[tuple[str, ObjectRef], Status],
    slots: Slots,
    at: datetime,
    say: Say,
) -> Mapping[tuple[str, ObjectRef], Status]:
    spec = policy.spec
    ran: dict[ObjectRef, Version | None] = {}
    for watched, version in ((spec.candidate.workload, slots.candidate), (spec.baseline.workload, slots.stable)):
        if watched:
            ran[watched.ref] = version or slots.stable
    told = {(cluster, ref): as_then(cluster, ref, status, ran, at, say) for (cluster, ref), status in statuses.items()}
    return {**told, **_traffic(policy, told, slots, say)}


def _traffic(policy: PromotionPolicy, told: Mapping[Place, Status], slots: Slots, say: Say) -> Mapping[Place, Status]:
    """Routes do not say since when they split as they do: they are taken to have done what git said."""
    given = policy.spec.candidate.traffic
    if given is None or slots.weight is None:
        return {}
    workload = policy.spec.candidate.workload
    places = [place for place in told if place[1] == given.ref and not (workload and workload.ref == given.ref)]
    for cluster, ref in places:
        what = f"how {ref} in {cluster} split the traffic is not known"
        say(f"{what}; it is taken to have sent {slots.weight} %, as git said")
    split = "taken to have split as git said"
    return {place: ExperimentStatus(given.ref, Phase.NONE, split, weight=slots.weight) for place in places}


def as_then(
    cluster: str, ref: ObjectRef, status: Status, ran: Mapping[ObjectRef, Version | None], at: datetime, say: Say
) -> Status:
    """What says the same since before then still speaks for then; a workload ran what git said, for all we know."""
    if isinstance(status, Unseen) or status.phase is Phase.UNKNOWN:
        return status
    if ref in ran:
        return _workload(cluster, status, ran[ref], at, say)
    moved = _moved(status)
    if moved is None:
        return Unseen(ref, f"{ref} in {cluster} does not say since when it says so; what it said before is not known")
    if moved <= at:
        return status
    if ref.kind in RUNS and status.began and status.began <= at:
        return replace(
            status, phase=Phase.RUNNING, reason=f"it was running, and ended at {_shown(moved)}", advice=None, ended=None
        )
    return Unseen(ref, f"{ref} in {cluster} was changed at {_shown(moved)}; what it said before is not known")


def _workload(
    cluster: str, status: ExperimentStatus, version: Version | None, at: datetime, say: Say
) -> ExperimentStatus:
    if status.applied is None or status.applied <= at:
        return status
    changed = f"{status.ref} in {cluster} was changed at {_shown(status.applied)}"
    say(f"{changed}; it is taken to have run {version} from when git said so")
    return ExperimentStatus(status.ref, Phase.SUCCEEDED, "taken to have run what git said", candidate=version)


def _moved(status: ExperimentStatus) -> datetime | None:
    """When what it says came to be: the template was written, the run began and ended, the state turned.

    When an Application was last compared, which is its `began`, is no such time: it says the same again. Numbers that
    go on have no such time, nor has a run that does not say when it ended.
    """
    run = status.ref.kind in RUNS
    if status.ref.kind in DASHBOARDS or (run and status.phase in _ENDED and status.ended is None):
        return None
    times = (status.applied, status.began if run else None, status.ended, status.turned)
    return max((one for one in times if one), default=None)


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
