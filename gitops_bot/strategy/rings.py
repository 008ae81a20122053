"""Whether the clusters of a ring were chosen, and when: the policy's own, and those of a ladder that goes by clusters.
Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gitops_bot.model import ExperimentStatus, ObjectRef, Phase, Slots, Unseen
from gitops_bot.policy.fleet import ReadClusters
from gitops_bot.policy.schema import PromotionPolicy

Statuses = Mapping[tuple[str, ObjectRef], ExperimentStatus | Unseen]


def missing(policy: PromotionPolicy, slots: Slots, statuses: Statuses) -> str:
    """Why the ring that git asks for is not there yet; empty where it is, or none is asked for."""
    if policy.spec.unknown_clusters:
        return policy.spec.unknown_clusters
    placement, canary = policy.spec.placement, policy.spec.strategy.canary
    for cluster in policy.spec.clusters if placement and slots.weight else ():
        assert placement is not None
        status, where = statuses[cluster, placement.ref], f"{placement.ref} in {cluster}"
        if isinstance(status, Unseen):
            return f"{where}: {status.reason}"
        if status.phase is not Phase.NONE:  # clusters were chosen, as many as the object itself asks for
            return f"{where} is not satisfied: {status.reason}"
        by_count = canary and not any(isinstance(one, str) for one in canary.rings)
        if by_count and len(status.clusters) < (slots.weight or 0):
            return f"{where} chose {len(status.clusters)} clusters, git asks for {slots.weight}"
    return ""


def chosen(policy: PromotionPolicy, slots: Slots, statuses: Statuses) -> tuple[datetime, ...]:
    """When the clusters of the ring were chosen, where that is said."""
    given, placement = policy.spec.given_clusters, policy.spec.placement
    if isinstance(given, ReadClusters) and given.since:
        return (given.since,)
    if placement is None or not slots.weight:
        return ()
    seen = (statuses[cluster, placement.ref] for cluster in policy.spec.clusters)
    return tuple(one.applied for one in seen if isinstance(one, ExperimentStatus) and one.applied)
