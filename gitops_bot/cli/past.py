"""`evaluate --at`: base as it was then, and of the clusters what still holds of that time. Metrics servers remember."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from gitops_bot import edits, observe
from gitops_bot.errors import UsageError
from gitops_bot.model import ExperimentStatus, Facts, ObjectRef, Phase, Slots, Unseen, Version
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.watched import RUNS
from gitops_bot.tick import Job

Say = Callable[[str], None]
Status = ExperimentStatus | Unseen


def going_back(job: Job, at: datetime, say: Say) -> Job:
    """The job with base as it was at a time; `say` is told what is not known of that time any more."""

    def facts(sight: observe.Sight, policy: PromotionPolicy) -> Facts:
        commits = sight.site.repo.log(sight.base_commit, edits.candidates(policy.spec.edits))
        then = next((commit for commit in commits if commit.at <= at), None)
        if then is None:
            remedy = "Ask for a time after its first values landed."
            raise UsageError(
                f"{sight.site.base} held nothing of {policy.name} at {at:%Y-%m-%dT%H:%M:%SZ}", remedy=remedy
            )
        known = job.facts(replace(sight, refs={sight.site.base: then.oid}), policy)
        slots = edits.read(policy.spec.edits, known.tree)
        return replace(known, statuses=_all_as_then(policy, known.statuses, slots, at, say))

    return replace(job, facts=facts)


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
    return {(cluster, ref): as_then(cluster, ref, status, ran, at, say) for (cluster, ref), status in statuses.items()}


def as_then(
    cluster: str, ref: ObjectRef, status: Status, ran: Mapping[ObjectRef, Version | None], at: datetime, say: Say
) -> Status:
    """A template that was not written since still speaks for then; a workload ran what git said, for all we know."""
    moved = None if isinstance(status, Unseen) else _moved(status)
    if isinstance(status, Unseen) or moved is None or moved <= at:
        return status
    changed = f"{ref} in {cluster} was changed at {moved:%Y-%m-%dT%H:%M:%SZ}"
    if ref not in ran:
        return Unseen(ref, f"{changed}; what it said before is not known")
    say(f"{changed}; it is taken to have run {ran[ref]} from when git said so")
    return ExperimentStatus(ref, Phase.SUCCEEDED, "taken to have run what git said", candidate=ran[ref])


def _moved(status: ExperimentStatus) -> datetime | None:
    """When what it says came to be: the template was written, or the run ended."""
    times = (status.applied, status.began, status.ended) if status.ref.kind in RUNS else (status.applied,)
    return max((one for one in times if one), default=None)
