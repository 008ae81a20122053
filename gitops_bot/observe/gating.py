"""What gates look at: live objects at our commit, how long versions stood elsewhere, what people and checks said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from gitops_bot import edits
from gitops_bot.delivery import identity
from gitops_bot.edits.place import load
from gitops_bot.edits.plain import manifests
from gitops_bot.errors import ClusterError, EditError, ObjectAbsent
from gitops_bot.experiments import SYSTEMS, Lookup, Resource, argo_cd, named, tekton
from gitops_bot.experiments.bound import bound
from gitops_bot.experiments.fields import text
from gitops_bot.experiments.sameness import difference
from gitops_bot.model import (
    Direction,
    ExperimentStatus,
    History,
    Moment,
    ObjectRef,
    Phase,
    PrState,
    PullRequest,
    Readings,
    Slots,
    Unseen,
    Version,
)
from gitops_bot.observe import people
from gitops_bot.observe.clusters import listed, unseen_clusters
from gitops_bot.observe.dashboards import votes
from gitops_bot.observe.git import history
from gitops_bot.observe.sight import Sight, before
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.watched import Watched
from gitops_bot.strategy import history as past

Seen = ExperimentStatus | Unseen


def readings(sight: Sight, policy: PromotionPolicy, own: History, pulls: Sequence[PullRequest]) -> Readings:
    """What this policy's gates look at, and nothing more. Errors: RepositoryError, EditError, PolicyInvalid."""
    landing, pull = past.landing(own), people.promotion(pulls)
    return Readings(
        syncs=tuple(_syncs(sight, policy, landing, pulls)) if landing else (),
        no_landing="" if landing else "the history of base ends before the present values came",
        histories=_histories(sight, policy),
        going_back=_going_back(sight, policy),
        before=before(sight, policy),
        checks=people.checks(sight, policy, pull),
        reviews=people.reviews(sight, policy, pull),
        reviews_back=people.reviews_back(sight, policy, pulls),
        members=people.members(sight, policy, pulls),
        votes=tuple(votes(sight, policy)),
    )


# ---------------------------------------------------------------- other environments


def _histories(sight: Sight, policy: PromotionPolicy) -> Mapping[str, History | str]:
    return {name: _history(sight, name) for name in before(sight, policy)}


def _going_back(sight: Sight, policy: PromotionPolicy) -> Mapping[str, int]:
    known = [sight.policies[name] for name in before(sight, policy) if name in sight.policies]
    branch = {one.name: identity.branch(one.name, Direction.ROLLBACK, sight.site.prefix) for one in known}
    ways = {(branch[one.name], sight.of(one).base): one.name for one in known}
    standing = (one for one in sight.pulls if one.ours and one.state is PrState.OPEN)
    return {ways[one.branch, one.base]: one.number for one in standing if (one.branch, one.base) in ways}


def _history(sight: Sight, name: str) -> History | str:
    """Of another policy's slots, each moment at the time when the forge merged it."""
    policy = sight.policies.get(name)
    if policy is None:
        return "no policy of that name is known in this repository"
    view = sight.of(policy)
    if view.base not in view.refs:
        return f"there is no branch {view.base}"
    found = history(view, policy)
    # Their merge times, which the pull requests of the policy that asks do not tell.
    return replace(found, moments=tuple(replace(one, at=past.landed_at(one, view.here)) for one in found.moments))


# ---------------------------------------------------------------- sync


def _syncs(
    sight: Sight, policy: PromotionPolicy, landing: Moment, pulls: Sequence[PullRequest]
) -> Iterator[tuple[str, Seen]]:
    sync = policy.spec.gates.sync
    if sync is None:
        return
    since = min(past.landed_at(landing, pulls), sight.now)
    for cluster in (sync.cluster,) if sync.cluster else policy.spec.clusters:
        for ref in sync.refs:
            yield cluster, _deployed(sight, policy, cluster, ref, landing.commit, since)
        if sync.live:
            yield from ((cluster, one) for one in _live(sight, policy, cluster))
    if not sync.cluster:
        yield from unseen_clusters(policy)


def _deployed(
    sight: Sight, policy: PromotionPolicy, cluster: str, ref: ObjectRef, commit: str, since: datetime
) -> Seen:
    """What a system says of the merged commit; UNKNOWN where it speaks of an older one."""
    objects = _objects(sight, policy, cluster, ref)
    if isinstance(objects, Unseen):
        return objects
    if ref.kind == "PipelineRun":
        run = tekton.newest(_in(objects, ref.namespace), ref.name, commit, sight.base_commit)
        if run is None:
            return Unseen(ref, f"no run of it bears the commit {commit[:12]}")
        return tekton.read_pipeline_run(run, Lookup(lambda _: {}), None)
    found = objects.get((ref.namespace, ref.name))
    if found is None:
        return _absent(sight, policy, cluster, ref)
    status = SYSTEMS[ref.kind].read(found, Lookup(lambda _: {}), None)
    if ref.kind == "Application":
        status = _of_our_source(sight, found, status, commit)
    return bound(status, contains=lambda live: sight.site.repo.contains(live, commit), since=since)


def _in(objects: Mapping[tuple[str, str], Resource], namespace: str) -> list[Resource]:
    return [one for (home, _), one in sorted(objects.items()) if home == namespace]


def _of_our_source(sight: Sight, application: Resource, status: ExperimentStatus, commit: str) -> ExperimentStatus:
    """With several sources, the commits that are of this repository count: each of them must be new enough."""
    compared = [one.revision for one in argo_cd.sources(application) if one.revision]
    ours = [one for one in compared if sight.site.repo.contains(one, one)]
    if len(compared) < 2 or not ours:
        return status
    revision = next((one for one in ours if not sight.site.repo.contains(one, commit)), ours[0])
    return replace(status, revision=revision, applied_revision=argo_cd.applied(application, revision))


def _objects(
    sight: Sight, policy: PromotionPolicy, cluster: str, ref: ObjectRef
) -> Mapping[tuple[str, str], Resource] | Unseen:
    objects = listed(sight, cluster, SYSTEMS[ref.kind].kind)
    if isinstance(objects, ClusterError):
        sight.troubles.setdefault(policy.name, objects)
        return Unseen(ref, str(objects))
    return objects


def _absent(sight: Sight, policy: PromotionPolicy, cluster: str, ref: ObjectRef) -> Unseen:
    remedy = "Check its name, and that its namespace is among those that the bot reads there."
    absent = ObjectAbsent(f"there is no {ref}", where=f"cluster {cluster}", remedy=remedy)
    sight.troubles.setdefault(policy.name, absent)
    return Unseen(ref, str(absent))


# ---------------------------------------------------------------- live


def _live(sight: Sight, policy: PromotionPolicy, cluster: str) -> Iterator[Seen]:
    """Every object that an edited manifest describes, and every workload that the policy names."""
    tree = sight.site.repo.tree(sight.base_commit)
    found = [
        *_manifests(sight, policy, cluster),
        *_workloads(sight, policy, cluster, edits.read(policy.spec.edits, tree)),
    ]
    ref = ObjectRef("live", "", policy.name)
    yield from found or [Unseen(ref, "no edited file describes an object, and the policy names no workload")]


def _manifests(sight: Sight, policy: PromotionPolicy, cluster: str) -> Iterator[Seen]:
    tree = sight.site.repo.tree(sight.base_commit)
    home = next((one.namespace for one in _named(policy)), "")
    for path in edits.paths(policy.spec.edits, tree):
        if tree.read(path) is None or not path.endswith((".yaml", ".yml")):
            continue
        try:
            written = manifests(load(tree, path))
        except EditError:  # what cannot be read as manifests describes no object
            continue
        for one in written:
            kind = named(text(one.content, "apiVersion").rpartition("/")[0], text(one.content, "kind"))
            name = text(one.content, "metadata", "name")
            if kind and name and not SYSTEMS[kind].opt_in:
                namespace = text(one.content, "metadata", "namespace") or home
                yield _as_in_git(sight, policy, cluster, ObjectRef(kind, namespace, name), one.content)


def _as_in_git(sight: Sight, policy: PromotionPolicy, cluster: str, ref: ObjectRef, wanted: Resource) -> Seen:
    objects = _objects(sight, policy, cluster, ref)
    if isinstance(objects, Unseen):
        return objects
    found = objects.get((ref.namespace, ref.name))
    if found is None:
        return _absent(sight, policy, cluster, ref)
    differs = difference(wanted, found)
    return ExperimentStatus(ref, Phase.UNKNOWN if differs else Phase.SUCCEEDED, differs or "as git says")


def _named(policy: PromotionPolicy) -> Iterable[Watched]:
    return [one for one in (policy.spec.baseline.workload, policy.spec.candidate.workload) if one]


def _workloads(sight: Sight, policy: PromotionPolicy, cluster: str, slots: Slots) -> Iterator[Seen]:
    wanted = ((policy.spec.baseline.workload, slots.stable), (policy.spec.candidate.workload, slots.candidate))
    for workload, version in wanted:
        if workload and version:
            yield _running(sight, policy, cluster, workload, version)


def _running(sight: Sight, policy: PromotionPolicy, cluster: str, workload: Watched, version: Version) -> Seen:
    objects = _objects(sight, policy, cluster, workload.ref)
    if isinstance(objects, Unseen):
        return objects
    found = objects.get((workload.namespace, workload.name))
    if found is None:
        return _absent(sight, policy, cluster, workload.ref)
    status = SYSTEMS[workload.kind].read(found, Lookup(lambda _: {}), workload.container)
    if not status.runs(version):
        return Unseen(workload.ref, f"it runs {status.candidate}, git says {version}")
    return status
