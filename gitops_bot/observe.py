"""The only module that reads through ports. One repository, one tick: what is shared is read once for all policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import product

from gitops_bot import decide, edits
from gitops_bot.delivery import identity
from gitops_bot.edits import live
from gitops_bot.edits.owners import Subject
from gitops_bot.errors import ClusterError, EditError, ObjectAbsent, PolicyInvalid
from gitops_bot.experiments import SYSTEMS, Resource
from gitops_bot.model import (
    BranchView,
    Commit,
    Direction,
    ExperimentStatus,
    Facts,
    Head,
    History,
    Kind,
    Missing,
    Moment,
    ObjectRef,
    Ownership,
    PrState,
    PullRequest,
    Query,
    Reading,
    Sample,
    Series,
    Slots,
    Tree,
    Unseen,
)
from gitops_bot.policy import stopfile
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.ports import Cluster, EnvironmentRepo, Forge, Metrics

CLOSED_FOR = timedelta(days=90)
"""How far back a person's no is looked for."""

SILENT = 3
"""So many unanswered queries in a row, and a metrics server is left alone until the next tick."""

LONGEST_HISTORY = 200
"""Commits that touched a policy's files; what lies further back is not read."""


@dataclass(slots=True)
class Memory:
    """What is kept between ticks to save requests; every part can be read again."""

    closed: dict[int, PullRequest] = field(default_factory=dict)
    closed_until: datetime | None = None
    histories: dict[tuple[str, str], History] = field(default_factory=dict)
    """By policy's content and base commit."""


@dataclass(slots=True)
class Site:
    """One environment repository and the world around it, as adapters."""

    name: str
    base: str
    repo: EnvironmentRepo
    forge: Forge
    clusters: Mapping[str, Cluster]
    metrics: Mapping[str, Metrics]
    """By metrics server."""
    servers: Mapping[str, str]
    """The metrics server of each cluster."""
    identity: str
    """`Name <email>` of the bot's commits."""
    source: str = ""
    """Where its policies come from, as pull requests remember it."""
    automation: tuple[str, ...] = ()
    """E-mail addresses of other machines that commit here."""
    memory: Memory = field(default_factory=Memory)


@dataclass(slots=True)
class Sight:
    """What one tick has read that all policies share."""

    site: Site
    now: datetime
    refs: Mapping[str, str]
    """Branch → object name."""
    pulls: Sequence[PullRequest]
    objects: dict[tuple[str, Kind], Mapping[ObjectRef, Resource] | ClusterError] = field(default_factory=dict)
    """By cluster and kind: one list each, however many policies."""
    silent: dict[str, int] = field(default_factory=dict)
    """By metrics server: queries in a row that it did not answer."""
    troubles: dict[str, ClusterError] = field(default_factory=dict)
    """By policy: what could not be read in a cluster; the decision holds, and the run's exit code says so."""

    @property
    def base_commit(self) -> str:
        """Where base is."""
        return self.refs[self.site.base]


def look(site: Site, now: datetime) -> Sight:
    """Where the branches are and which pull requests there are. Errors: RepositoryError, ForgeError."""
    return Sight(site, now, site.repo.refresh(), _pulls(site, now))


def _pulls(site: Site, now: datetime) -> Sequence[PullRequest]:
    """Open pull requests, and the closed ones; those are remembered and only what is newer is asked for."""
    memory = site.memory
    since = memory.closed_until - timedelta(minutes=10) if memory.closed_until else now - CLOSED_FOR
    listed = site.forge.pull_requests(since)
    memory.closed |= {pull.number: pull for pull in listed if pull.state is not PrState.OPEN}
    still_open = {pull.number: pull for pull in listed if pull.state is PrState.OPEN}
    memory.closed_until = now
    memory.closed = {number: pull for number, pull in memory.closed.items() if number not in still_open}
    known = [*still_open.values(), *memory.closed.values()]
    return sorted((pull for pull in known if pull.base == site.base), key=lambda pull: -pull.number)


def prefetch(sight: Sight, policies: Sequence[PromotionPolicy]) -> None:
    """Fetch every blob that the decisions will read, in one request: at base, at the bot's branches, in history."""
    wanted = {(sight.base_commit, stopfile.PATH)}
    for policy in policies:
        paths = edits.candidates(policy.spec.edits)
        branches = [sight.refs[name] for name in _branch_names(policy).values() if name in sight.refs]
        past = () if _remembered(sight, policy) in sight.site.memory.histories else _commits(sight, policy)
        wanted |= set(product((sight.base_commit, *branches, *(commit.oid for commit in past)), paths))
    sight.site.repo.prefetch(sorted(wanted))


def facts(sight: Sight, policy: PromotionPolicy) -> Facts:
    """What git, the clusters and the forge say to one policy. Errors: EditError, RepositoryError, PolicyInvalid."""
    site, base_commit = sight.site, sight.base_commit
    tree = site.repo.tree(base_commit)
    return Facts(
        now=sight.now,
        base=site.base,
        tree=tree,
        history=_history(sight, policy),
        statuses=_statuses(sight, policy),
        pulls=tuple(pull for pull in sight.pulls if pull.branch in _branch_names(policy).values()),
        branches=_branches(sight, policy),
        stop=stopfile.find(tree),
        identity=site.identity,
        source=site.source,
        owners=_owners(sight, policy, tree),
    )


def _branch_names(policy: PromotionPolicy) -> Mapping[Direction, str]:
    return {direction: identity.branch(policy.name, direction) for direction in Direction}


def _branches(sight: Sight, policy: PromotionPolicy) -> Mapping[Direction, BranchView]:
    repo = sight.site.repo
    present = {direction: sight.refs[name] for direction, name in _branch_names(policy).items() if name in sight.refs}
    heads = {direction: repo.head(oid, sight.base_commit) for direction, oid in present.items()}
    return {direction: _view(repo, head) for direction, head in heads.items()}


def _view(repo: EnvironmentRepo, head: Head) -> BranchView:
    # A branch that shares no history with base left it nowhere.
    own = [commit.oid for commit in head.commits if len(commit.parents) < 2]
    at_own = own[0] if len(own) == 1 else head.oid
    return BranchView(head, repo.tree(head.fork or head.oid), repo.tree(at_own), repo.tree(head.oid))


# ---------------------------------------------------------------- history


def _remembered(sight: Sight, policy: PromotionPolicy) -> tuple[str, str]:
    return policy.model_dump_json(), sight.base_commit


def _history(sight: Sight, policy: PromotionPolicy) -> History:
    memory, known = sight.site.memory.histories, _remembered(sight, policy)
    if known not in memory:
        for old in [key for key in memory if key[0] == known[0]]:
            del memory[old]
        memory[known] = _read_history(sight, policy)
    return memory[known]


def _commits(sight: Sight, policy: PromotionPolicy) -> Sequence[Commit]:
    """The newest commits that touched the policy's files, one more than is read."""
    return sight.site.repo.log(sight.base_commit, edits.candidates(policy.spec.edits))[: LONGEST_HISTORY + 1]


def _read_history(sight: Sight, policy: PromotionPolicy) -> History:
    commits = _commits(sight, policy)
    moments: list[Moment] = []
    at = None
    for commit in reversed(commits[:LONGEST_HISTORY]):
        at = min(max(commit.at, at or commit.at), sight.now)
        moments.append(_moment(sight.site, policy, commit, at))
    return History(tuple(reversed(moments)), complete=len(commits) <= LONGEST_HISTORY)


def _moment(site: Site, policy: PromotionPolicy, commit: Commit, at: datetime) -> Moment:
    slots: Slots | None
    try:
        slots = edits.read(policy.spec.edits, site.repo.tree(commit.oid))
    except EditError:  # the place did not exist yet, or the file was broken for a while
        slots = None
    return Moment(commit.oid, at, slots, _by_person(site, commit), commit.author)


def _by_person(site: Site, commit: Commit) -> bool:
    email = commit.author.rpartition("<")[2].rstrip(">")
    return commit.author != site.identity and "[bot]" not in commit.author and email not in site.automation


# ---------------------------------------------------------------- clusters


def _statuses(sight: Sight, policy: PromotionPolicy) -> Mapping[tuple[str, ObjectRef], ExperimentStatus | Unseen]:
    spec = policy.spec
    watched = [one for one in (spec.candidate.experiment, spec.candidate.workload, spec.baseline.workload) if one]
    return {
        (cluster, one.ref): _status(sight, policy, cluster, one.ref, one.container)
        for cluster in spec.clusters
        for one in watched
    }


def _status(
    sight: Sight, policy: PromotionPolicy, cluster: str, ref: ObjectRef, container: str | None
) -> ExperimentStatus | Unseen:
    system = SYSTEMS[ref.kind]
    objects = _objects(sight, cluster, system.kind)
    if isinstance(objects, ClusterError):
        sight.troubles.setdefault(policy.name, objects)
        return Unseen(ref, str(objects))
    if ref not in objects:
        absent = ObjectAbsent(f"there is no {ref}", where=f"cluster {cluster}", remedy="Check its name and namespace.")
        sight.troubles.setdefault(policy.name, absent)
        return Unseen(ref, str(absent))

    def lookup(other: ObjectRef) -> Resource | None:
        found = _objects(sight, cluster, SYSTEMS[other.kind].kind) if other.kind in system.companions else {}
        return None if isinstance(found, ClusterError) else found.get(other)

    return system.read(objects[ref], lookup, container)


def _owners(sight: Sight, policy: PromotionPolicy, tree: Tree) -> Mapping[int, Ownership]:
    """Who writes the fields of the edits at run time: looked for in every cluster that the bot can ask."""
    spec = policy.spec
    watched = [one for one in (spec.candidate.experiment, spec.candidate.workload, spec.baseline.workload) if one]
    homes = {one.ref.namespace for one in watched}
    home = homes.pop() if len(homes) == 1 else ""
    clusters = [name for name in spec.clusters if name in sight.site.clusters]
    return {
        number: _ownership(sight, clusters, replace(one, namespace=one.namespace or home))
        for number, one in live.subjects(spec.edits, tree).items()
    }


def _ownership(sight: Sight, clusters: Iterable[str], subject: Subject) -> Ownership:
    """A kind that is not installed owns nothing; one that cannot be read may own the field."""
    unseen: list[str] = []
    for cluster, kind in product(clusters, live.kinds(subject)):
        objects = _objects(sight, cluster, kind)
        if isinstance(objects, ObjectAbsent):
            continue
        if isinstance(objects, ClusterError):
            unseen.append(str(objects))
        elif said := live.owner(subject, kind, tuple(objects.values())):
            return Ownership(f"{said} in the cluster {cluster}")
    return Ownership(unseen=tuple(dict.fromkeys(unseen)))


def _objects(sight: Sight, cluster: str, kind: Kind) -> Mapping[ObjectRef, Resource] | ClusterError:
    if (cluster, kind) not in sight.objects:
        sight.objects[cluster, kind] = _listed(sight.site, cluster, kind)
    return sight.objects[cluster, kind]


def _listed(site: Site, cluster: str, kind: Kind) -> Mapping[ObjectRef, Resource] | ClusterError:
    if cluster not in site.clusters:
        known = ", ".join(sorted(site.clusters)) or "none"
        raise PolicyInvalid(f"no cluster is named {cluster}", remedy=f"Known to the bot configuration: {known}.")
    try:
        found = site.clusters[cluster].list(kind)
    except ClusterError as error:
        return error
    return {ObjectRef(kind.name, *_name(one)): one for one in found}


def _name(resource: Resource) -> tuple[str, str]:
    metadata = resource.get("metadata") or {}
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


# ---------------------------------------------------------------- metrics


def series(sight: Sight, policy: PromotionPolicy, seen: Facts) -> Series:
    """The answers to what this policy's decision asks of the metrics. Errors: PolicyInvalid, EditError."""
    return {query: _answer(sight, policy, query) for query in decide.questions(policy, seen)}


def _answer(sight: Sight, policy: PromotionPolicy, query: Query) -> tuple[Reading, ...]:
    server = policy.spec.analysis.metrics_server or sight.site.servers.get(query.cluster) or query.cluster
    if server not in sight.site.metrics:
        known = ", ".join(sorted(sight.site.metrics)) or "none"
        raise PolicyInvalid(
            f"no metrics server is known for cluster {query.cluster}",
            where=policy.name,
            remedy=f"Name one at spec.clusters.{query.cluster}.metrics of the bot configuration; known: {known}.",
        )
    if sight.silent.get(server, 0) >= SILENT:
        reason = f"the metrics server {server} did not answer {SILENT} queries before this one"
        return tuple(Missing(reason, at, answered=False) for at in query.instants())
    answer = sight.site.metrics[server].range(query)
    heard = any(isinstance(reading, Sample) or reading.answered for reading in answer)
    sight.silent[server] = 0 if heard else sight.silent.get(server, 0) + 1
    return answer
