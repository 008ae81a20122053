"""What controllers say over HTTP, beside the cluster's own API: dashboards of Iter8 1.x, approvals of Keel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gitops_bot.errors import ClusterError, PolicyInvalid
from gitops_bot.experiments import DOCUMENTS, SYSTEMS, Lookup, Objects, Resource, keel, twice
from gitops_bot.experiments.fields import mapping
from gitops_bot.model import ExperimentStatus, ObjectRef, Unseen
from gitops_bot.observe.clusters import listed, unseen_clusters
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.watched import LOAD_TESTS, Experiment
from gitops_bot.ports import AskedByName, Console

Seen = ExperimentStatus | Unseen

_ASKED = {"HttpDashboard": "test", "GrpcDashboard": "test", "AbnDashboard": "application"}
"""What each dashboard calls the name of what it is asked about."""


def dashboard(sight: Sight, policy: PromotionPolicy, cluster: str, given: Experiment) -> Seen:
    """What a dashboard of Iter8 says; of bad news what it says twice. Errors: PolicyInvalid."""
    document = given.kind[0].lower() + given.kind[1:]
    params = {"namespace": given.namespace, _ASKED[given.kind]: given.name or ""}
    lookup = _secrets(sight, cluster, given)

    def read(answer: Any) -> ExperimentStatus:
        said = DOCUMENTS[document](mapping(answer), lookup, None)
        of = (said.ref.namespace, said.ref.name)
        if given.kind in LOAD_TESTS and any(of) and of != (given.namespace, given.name):
            said = twice.unsure(said, f"it answers of {'/'.join(of)}")
        return replace(said, ref=given.ref)

    try:
        answer = asked(sight, cluster, "iter8", f"/{document}", params)
        said = read(answer)
        if not twice.is_bad(said):
            return said
        again = console(sight, cluster, "iter8").get(f"/{document}", params)
        return twice.confirmed(said, mapping(answer), read(again), mapping(again))
    except ClusterError as error:
        sight.troubles.setdefault(policy.name, error)
        return Unseen(given.ref, str(error))


def votes(sight: Sight, policy: PromotionPolicy) -> Iterator[tuple[str, tuple[ExperimentStatus, ...] | Unseen]]:
    """The approvals that Keel holds of the gate's workload, in each cluster that it names. Errors: PolicyInvalid."""
    wanted = policy.spec.gates.approvals.keel if policy.spec.gates.approvals else None
    if wanted is None:
        return
    workload = ObjectRef(wanted.kind, wanted.namespace, wanted.name)
    for cluster in (wanted.cluster,) if wanted.cluster else policy.spec.clusters:
        try:
            answer = asked(sight, cluster, "keel", "/v1/approvals", {})
        except ClusterError as error:
            sight.troubles.setdefault(policy.name, error)
            yield cluster, Unseen(workload, str(error))
        else:
            yield cluster, keel.approvals_of(answer, workload, sight.now)
    if not wanted.cluster:
        yield from unseen_clusters(policy)


def asked(sight: Sight, cluster: str, controller: str, path: str, params: Mapping[str, str]) -> Any:
    """The answer, asked for once in a tick. Errors: ClusterError, PolicyInvalid."""
    key = (cluster, f"{controller}{path}", tuple(params.values()))
    if key not in sight.told:
        try:
            sight.told[key] = console(sight, cluster, controller).get(path, params)
        except ClusterError as error:
            sight.told[key] = error
    if isinstance(sight.told[key], ClusterError):
        raise sight.told[key]
    return sight.told[key]


def console(sight: Sight, cluster: str, controller: str) -> Console:
    """The API of a cluster's controller. Errors: PolicyInvalid (nobody configured it)."""
    found = sight.site.consoles.get((cluster, controller))
    if found is None:
        remedy = f"Give it at spec.clusters.{cluster}.{controller}.url of the bot configuration."
        raise PolicyInvalid(f"nothing says where the {controller} of the cluster {cluster} answers", remedy=remedy)
    return found


def _secrets(sight: Sight, cluster: str, given: Experiment) -> Lookup:
    """The one Secret that says how many tasks the test has, where the bot may read it."""

    def objects(kind: str) -> Objects:
        port, secret = sight.site.clusters.get(cluster), SYSTEMS["Secret"].kind
        if kind != "Secret" or port is None:
            return {}
        if not isinstance(port, AskedByName):
            found = listed(sight, cluster, secret)
            return {} if isinstance(found, ClusterError) else found
        try:
            one: Resource = port.get(secret, given.namespace, given.name or "")
        except ClusterError:
            return {}
        return {(given.namespace, given.name or ""): one}

    return Lookup(objects)
