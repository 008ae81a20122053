"""What the clusters say: one list of a kind and cluster, however many policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product

from gitops_bot.edits import live
from gitops_bot.edits.owners import Subject
from gitops_bot.errors import ClusterError, ObjectAbsent, PolicyInvalid
from gitops_bot.experiments import Objects, Resource
from gitops_bot.experiments.fields import text
from gitops_bot.model import (
    Kind,
    Ownership,
    Tree,
    Unseen,
)
from gitops_bot.observe.sight import Sight, Site
from gitops_bot.policy.fleet import ReadClusters
from gitops_bot.policy.schema import PromotionPolicy


def owners(sight: Sight, policy: PromotionPolicy, tree: Tree) -> Mapping[int, Ownership]:
    """Who writes the fields of the edits at run time: looked for in every cluster that the bot can ask."""
    spec = policy.spec
    homes = {one.ref.namespace for one in spec.workloads}
    if spec.candidate.experiment:
        homes.add(spec.candidate.experiment.ref.namespace)
    home = homes.pop() if len(homes) == 1 else ""
    clusters = [name for name in spec.clusters if name in sight.site.clusters]
    found = {
        number: _ownership(sight, clusters, replace(one, namespace=one.namespace or home))
        for number, one in live.subjects(spec.edits, tree).items()
    }
    if not (unknown := spec.unknown_clusters):
        return found
    return {number: replace(one, unseen=(unknown, *one.unseen)) for number, one in found.items()}


def _ownership(sight: Sight, clusters: Iterable[str], subject: Subject) -> Ownership:
    """A kind that is not installed owns nothing; one that cannot be read may own the field."""
    unseen: list[str] = []
    for cluster, kind in product(clusters, live.kinds(subject)):
        objects = listed(sight, cluster, kind)
        if isinstance(objects, ObjectAbsent):
            continue
        if isinstance(objects, ClusterError):
            unseen.append(str(objects))
        elif said := live.owner(subject, kind, tuple(objects.values())):
            return Ownership(f"{said} in the cluster {cluster}")
        elif narrowed(sight, cluster, kind) and not live.is_among(subject, kind, tuple(objects.values())):
            unseen.append(f"the cluster {cluster} is asked for no {kind.plural} {narrowed(sight, cluster, kind)}")
    return Ownership(unseen=tuple(dict.fromkeys(unseen)))


def unseen_clusters(policy: PromotionPolicy) -> Iterator[tuple[str, Unseen]]:
    """The hub, and why it is not known which clusters a policy is about; nothing where that is known."""
    given = policy.spec.given_clusters
    if isinstance(given, ReadClusters) and given.trouble:
        yield given.placement.hub, Unseen(given.placement.ref, given.trouble)


def listed(sight: Sight, cluster: str, kind: Kind) -> Objects | ClusterError:
    """Every object of a kind in a cluster, read once in a tick; the error where that failed."""
    if (cluster, kind) not in sight.objects:
        sight.objects[cluster, kind] = _list(sight.site, cluster, kind)
    return sight.objects[cluster, kind]


def narrowed(sight: Sight, cluster: str, kind: Kind) -> str:
    """Which objects of a kind are not listed, by the bot's own configuration; empty: all are."""
    labels = sight.site.selectors.get(cluster, {}).get(kind, "")
    return f"without the labels {labels}" if labels else ""


def _list(site: Site, cluster: str, kind: Kind) -> Objects | ClusterError:
    if cluster not in site.clusters:
        known = ", ".join(sorted(site.clusters)) or "none"
        raise PolicyInvalid(f"no cluster is named {cluster}", remedy=f"Known to the bot configuration: {known}.")
    try:
        found = site.clusters[cluster].list(kind)
    except ClusterError as error:
        return error
    return {_name(one): one for one in found}


def _name(resource: Resource) -> tuple[str, str]:
    return text(resource, "metadata", "namespace"), text(resource, "metadata", "name")
