"""The clusters that a placement chose, by its decisions on the hub. What cannot be read chooses nothing.

Names in decisions are data: they pick among the clusters of the bot configuration, and no other one is ever asked.
"""

from __future__ import annotations

from gitops_bot.errors import BotError, ClusterError, ObjectAbsent, PolicyInvalid
from gitops_bot.experiments import SYSTEMS, Lookup, Objects, ocm
from gitops_bot.experiments.fields import text
from gitops_bot.model import ExperimentStatus
from gitops_bot.observe.clusters import listed
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.fleet import ByPlacement, ChosenClusters, ReadClusters
from gitops_bot.policy.schema import PromotionPolicy

MOST_NAMED = 5
"""Of the clusters that nobody configured, so many are named."""


def placed(sight: Sight, policy: PromotionPolicy) -> PromotionPolicy:
    """The policy with the clusters that its placement chose, or why they are not known. Errors: PolicyInvalid."""
    given = policy.spec.given_clusters
    if not isinstance(given, ChosenClusters):
        return policy
    read = _read(sight, policy, given.placement)
    return policy.model_copy(update={"spec": policy.spec.model_copy(update={"given_clusters": read})})


def _read(sight: Sight, policy: PromotionPolicy, placement: ByPlacement) -> ReadClusters:
    try:
        seen = _chosen(sight, placement)
    except ClusterError as error:
        sight.troubles.setdefault(policy.name, error)
        return ReadClusters(placement=placement, trouble=error.what)
    known = tuple(name for name in seen.clusters if name in sight.site.clusters)
    strange = [name for name in seen.clusters if name not in known]
    trouble = "" if ocm.is_whole(seen) else seen.reason
    if strange:
        unknown = _unknown(policy, placement, strange)
        sight.troubles.setdefault(policy.name, unknown)
        trouble = unknown.what
    return ReadClusters(placement=placement, names=known, trouble=trouble, since=seen.applied)


def _chosen(sight: Sight, placement: ByPlacement) -> ExperimentStatus:
    """What the placement says. Errors: ClusterError, PolicyInvalid (no such hub)."""
    ref = placement.ref
    found = _objects(sight, placement.hub, ref.kind).get((ref.namespace, ref.name))
    if found is None:
        remedy = "Check its name and namespace, and that the bot reads that namespace of the hub."
        raise ObjectAbsent(f"there is no {ref}", where=f"cluster {placement.hub}", remedy=remedy)
    if text(found, "metadata", "deletionTimestamp"):
        raise ObjectAbsent(f"{ref} is being deleted", where=f"cluster {placement.hub}")
    if placement.kind == "PlacementRule":
        return ocm.read_placement_rule(found, Lookup(lambda _: {}), None)
    decisions = _objects(sight, placement.hub, "PlacementDecision")
    return ocm.read_chosen(found, Lookup(lambda _: decisions), placement.group)


def _objects(sight: Sight, cluster: str, kind: str) -> Objects:
    found = listed(sight, cluster, SYSTEMS[kind].kind)
    if isinstance(found, ClusterError):
        raise found
    return found


def _unknown(policy: PromotionPolicy, placement: ByPlacement, names: list[str]) -> BotError:
    shown = ", ".join(_shown(name) for name in names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    what = f"it chose {shown}{more}, which the bot configuration does not know"
    remedy = "Name each at spec.clusters of the bot configuration, as the hub calls it."
    return PolicyInvalid(what, where=f"policy {policy.name}, {placement}", remedy=remedy)


def _shown(name: str) -> str:
    """A name as the hub's API would let a cluster have it; what is none is not repeated."""
    plain = len(name) <= 253 and all(char.isascii() and (char.isalnum() or char in "-.") for char in name)
    return name if plain else "a name that no cluster can have"
