"""What the controllers say of the objects that a policy watches, and whether the live commits are ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from gitops_bot import edits, strategy
from gitops_bot.errors import ClusterError, ObjectAbsent
from gitops_bot.experiments import SYSTEMS, Lookup, Objects, Resource, tekton, traffic, twice
from gitops_bot.experiments.fields import instant, label, text
from gitops_bot.model import (
    Ask,
    Claim,
    ExperimentStatus,
    History,
    Kind,
    ObjectRef,
    Offer,
    PullRequest,
    Tree,
    Unseen,
)
from gitops_bot.observe.clusters import listed, narrowed
from gitops_bot.observe.dashboards import dashboard
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.watched import BY_PIPELINE, DASHBOARDS, STATES, Experiment, Traffic
from gitops_bot.ports import AskedByName

Seen = ExperimentStatus | Unseen


def claimed(
    sight: Sight,
    policy: PromotionPolicy,
    tree: Tree,
    history: History,
    pulls: Sequence[PullRequest],
    offered: Offer = None,
    asks: Sequence[Ask] = (),
) -> Claim | None:
    """What the policy's experiment must be about; None where it has none. Errors: EditError."""
    if policy.spec.candidate.experiment is None:
        return None
    slots = edits.read(policy.spec.edits, tree)
    return strategy.claim(policy, slots, history, pulls, sight.now, offered=offered, asks=asks)


def statuses(sight: Sight, policy: PromotionPolicy, claim: Claim | None = None) -> Mapping[tuple[str, ObjectRef], Seen]:
    """What each cluster says of each object that the policy watches; the claim is what its experiment must be about."""
    spec = policy.spec
    found: dict[tuple[str, ObjectRef], Seen] = {}
    for cluster in spec.clusters:
        for one in spec.workloads:
            found[cluster, one.ref] = _status(sight, policy, cluster, one.ref, one.container)
        if spec.candidate.experiment:
            ref = spec.candidate.experiment.ref
            found[cluster, ref] = _experiment(sight, policy, cluster, spec.candidate.experiment, claim or Claim())
        if spec.candidate.traffic:
            # A Knative Service may be the workload as well, read with its container.
            seen = _traffic(sight, policy, cluster, spec.candidate.traffic)
            found.setdefault((cluster, spec.candidate.traffic.ref), seen)
        if spec.placement:
            found[cluster, spec.placement.ref] = _status(sight, policy, cluster, spec.placement.ref, None)
    return found


def contained(
    sight: Sight, policy: PromotionPolicy, claim: Claim | None, seen: Mapping[tuple[str, ObjectRef], Seen]
) -> Mapping[tuple[str, str], bool]:
    """Of each commit that the experiment says is live: whether it has the one in it that it must be about."""
    experiment = policy.spec.candidate.experiment
    if experiment is None or claim is None or not claim.deploys or not claim.commit:
        return {}
    said = [status for (_, ref), status in seen.items() if ref == experiment.ref]
    live = {one for status in said if isinstance(status, ExperimentStatus) for one in _commits(status)}
    return {(one, claim.commit): sight.site.repo.contains(one, claim.commit) for one in sorted(live)}


def _commits(status: ExperimentStatus) -> Iterable[str]:
    return (one for one in (status.revision, status.applied_revision) if one)


# ---------------------------------------------------------------- one object


def _status(sight: Sight, policy: PromotionPolicy, cluster: str, ref: ObjectRef, container: str | None) -> Seen:
    found = _object(sight, policy, cluster, ref, ref.kind)
    return found if isinstance(found, Unseen) else _read(sight, policy, cluster, ref, found, container)


def _object(sight: Sight, policy: PromotionPolicy, cluster: str, ref: ObjectRef, kind: str) -> Resource | Unseen:
    """The object of that name, or why it is not seen."""
    port = sight.site.clusters.get(cluster)
    if SYSTEMS[kind].opt_in and isinstance(port, AskedByName):  # granted by name, so it is asked for by name
        try:
            return port.get(SYSTEMS[kind].kind, ref.namespace, ref.name)
        except ClusterError as error:
            sight.troubles.setdefault(policy.name, error)
            return Unseen(ref, str(error))
    objects = listed(sight, cluster, SYSTEMS[kind].kind)
    if isinstance(objects, ClusterError):
        sight.troubles.setdefault(policy.name, objects)
        return Unseen(ref, str(objects))
    found = objects.get((ref.namespace, ref.name))
    if found is None:
        unasked = narrowed(sight, cluster, SYSTEMS[kind].kind)
        remedy = f"Check its name and namespace{f'; none is listed {unasked}' if unasked else ''}."
        absent = ObjectAbsent(f"there is no {ref}", where=f"cluster {cluster}", remedy=remedy)
        sight.troubles.setdefault(policy.name, absent)
        return Unseen(ref, str(absent))
    return Unseen(ref, "it is being deleted") if text(found, "metadata", "deletionTimestamp") else found


def _read(
    sight: Sight, policy: PromotionPolicy, cluster: str, ref: ObjectRef, found: Resource, container: str | None
) -> Seen:
    system = SYSTEMS[ref.kind]

    def read(resource: Resource) -> ExperimentStatus:
        return system.read(resource, _lookup(sight, cluster, resource, system.companions), container)

    return _heard(sight, policy, cluster, ref.kind, found, read)


def _heard(
    sight: Sight,
    policy: PromotionPolicy,
    cluster: str,
    kind: str,
    found: Resource,
    read: Callable[[Resource], ExperimentStatus],
) -> Seen:
    """What an object says; of bad news only what has stood for a while, or what it says again when asked anew."""
    said = read(found)
    if not twice.is_bad(said) or twice.has_stood(said, found, sight.now):
        return said
    if kind in STATES and (why := twice.just_turned(said, sight.now)):
        return twice.unsure(said, why)
    try:
        again = _anew(sight, cluster, SYSTEMS[kind].kind, found)
    except ClusterError as error:
        sight.troubles.setdefault(policy.name, error)
        return Unseen(said.ref, f"{said.reason}; asked once more: {error}")
    return Unseen(said.ref, "it is gone") if again is None else twice.confirmed(said, found, read(again), again)


def _anew(sight: Sight, cluster: str, kind: Kind, one: Resource) -> Resource | None:
    """The object as it is at this moment, whatever was listed; None when it is gone. Errors: ClusterError."""
    port = sight.site.clusters[cluster]
    namespace, name = text(one, "metadata", "namespace"), text(one, "metadata", "name")
    if isinstance(port, AskedByName):
        try:
            return port.get(kind, namespace, name)
        except ObjectAbsent:
            return None
    there = {(text(each, "metadata", "namespace"), text(each, "metadata", "name")): each for each in port.list(kind)}
    return there.get((namespace, name))


def _lookup(sight: Sight, cluster: str, of: Resource, companions: Sequence[str]) -> Lookup:
    """What else the cluster holds; its events are asked for by the object's uid, where that can be."""

    def objects(kind: str) -> Objects:
        port = sight.site.clusters.get(cluster)
        if kind not in companions:
            return {}
        if kind == "Event" and isinstance(port, AskedByName):
            return _events(port, of)
        others = listed(sight, cluster, SYSTEMS[kind].kind)
        return {} if isinstance(others, ClusterError) else others

    return Lookup(objects)


def _events(port: AskedByName, of: Resource) -> Objects:
    """Best effort: reasons for people, and never an obstacle."""
    try:
        said = port.events(text(of, "metadata", "namespace"), text(of, "metadata", "uid"))
    except ClusterError:
        return {}
    return {(text(one, "metadata", "namespace"), text(one, "metadata", "name")): one for one in said}


# ---------------------------------------------------------------- the experiment


def _experiment(sight: Sight, policy: PromotionPolicy, cluster: str, given: Experiment, claim: Claim) -> Seen:
    if given.kind in DASHBOARDS:
        return dashboard(sight, policy, cluster, given)
    if given.kind not in BY_PIPELINE and not given.selector:
        return _status(sight, policy, cluster, given.ref, given.container)
    objects = listed(sight, cluster, SYSTEMS[given.kind].kind)
    if isinstance(objects, ClusterError):
        sight.troubles.setdefault(policy.name, objects)
        return Unseen(given.ref, str(objects))
    there = [one for (namespace, _), one in objects.items() if namespace == given.namespace]
    there = [one for one in there if not text(one, "metadata", "deletionTimestamp") and _was_there(one, sight.as_of)]
    found = _newest_run(sight, policy, given, claim, there) if given.kind in BY_PIPELINE else _labelled(given, there)
    if found is None:
        none = "there is none yet" if given.selector else "there is no run of it yet"
        return Unseen(given.ref, f"{none}{_about(policy, claim)}")
    return _read(sight, policy, cluster, given.ref, found, given.container)


def _newest_run(
    sight: Sight, policy: PromotionPolicy, given: Experiment, claim: Claim, there: Sequence[Resource]
) -> Resource | None:
    """The newest run of a pipeline that is about the version on trial, or a commit that brought it."""
    version, names = claim.candidate, ["", claim.commit, sight.base_commit]
    if version:
        names += [str(version), version.tag, version.digest]
    elif policy.spec.candidate.told_by_experiment:
        names = []
    return tekton.newest(there, given.name or "", *names)


def _labelled(given: Experiment, there: Sequence[Resource]) -> Resource | None:
    """The newest object that has all of the labels."""
    fitting = [one for one in there if all(label(one, name) == value for name, value in given.selector.items())]
    return max(fitting, key=_created, default=None)


def _was_there(one: Resource, at: datetime | None) -> bool:
    if at is None:
        return True
    made = instant(text(one, "metadata", "creationTimestamp"))
    return made is None or made <= at


def _created(one: Resource) -> tuple[str, str]:
    made = instant(text(one, "metadata", "creationTimestamp"))
    return made.isoformat() if made else "", text(one, "metadata", "name")


def _about(policy: PromotionPolicy, claim: Claim) -> str:
    if claim.candidate is None or policy.spec.candidate.experiment is None:
        return ""
    return f" that is about {claim.candidate}" if policy.spec.candidate.experiment.kind in BY_PIPELINE else ""


# ---------------------------------------------------------------- the route


def _traffic(sight: Sight, policy: PromotionPolicy, cluster: str, given: Traffic) -> Seen:
    """What the route says of the candidate's share, by the names that the policy gives."""
    kind = "Deployment" if given.kind == "DeploymentPair" else given.kind
    found = _object(sight, policy, cluster, given.ref, kind)
    if isinstance(found, Unseen):
        return found
    stable = given.stable or ""
    if given.kind == "DeploymentPair" and policy.spec.baseline.workload:
        stable = policy.spec.baseline.workload.name

    def read(resource: Resource) -> ExperimentStatus:
        lookup = _lookup(sight, cluster, resource, (*SYSTEMS[kind].companions, kind))
        return traffic.read(given.kind, resource, lookup, traffic.Names(stable, given.canary or ""))

    return _heard(sight, policy, cluster, kind, found, read)
