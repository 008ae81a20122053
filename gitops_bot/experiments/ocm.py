"""Open Cluster Management: Subscription, PlacementRule, Placement and PlacementDecision.

A Subscription on the hub is Propagated and no more: only a managed cluster says Subscribed. None has an
observedGeneration; times, commits and counts tell staleness. Its time window is a gate's business; `Blocked` is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    annotation,
    condition,
    instant,
    items,
    label,
    mapping,
    number,
    numeral,
    reference,
    text,
)
from gitops_bot.experiments.said import Said, explained
from gitops_bot.model import ExperimentStatus, Phase

_GROUP = "cluster.open-cluster-management.io"
_APPS = "apps.open-cluster-management.io"
_DECISIONS = frozenset({"f:decisions", "f:numberOfSelectedClusters", "f:decisionGroups"})
_MOST_GROUPS = 10
"""So many are named where the one that is meant is not among them."""
_PHASES = {
    "Propagated": Phase.RUNNING,
    "PreHookSucessful": Phase.RUNNING,  # the project's own spelling
    "PostHookSucessful": Phase.SUCCEEDED,
    "Subscribed": Phase.SUCCEEDED,
    "Failed": Phase.FAILED,
    "PropagationFailed": Phase.FAILED,
}


def read_subscription(subscription: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of one Subscription; a status from before the last change of its spec is UNKNOWN."""
    said = _stale(subscription) or _subscribed(subscription)
    return ExperimentStatus(
        ref=reference(subscription, "Subscription"),
        phase=said.phase,
        reason=said.reason,
        applied=_written(subscription),
        began=instant(text(subscription, "status", "lastUpdateTime")),
        identity=text(subscription, "metadata", "uid"),
        revision=annotation(subscription, f"{_APPS}/git-current-commit"),
    )


def read_placement_rule(rule: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The clusters that a PlacementRule chose; fewer than it asks for is an error."""
    chosen = _clusters(rule)
    wanted = number(rule, "spec", "clusterReplicas")
    said = _filled(len(chosen), wanted)
    ref = reference(rule, "PlacementRule")
    return ExperimentStatus(ref, said.phase, said.reason, clusters=chosen, applied=_decided([rule]))


def read_placement(placement: Resource, lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The rings of a Placement, in the order of its decision groups, and its clusters as far as decisions are seen."""
    decisions = _decisions(placement, lookup)
    said = _placed(placement)
    decided, told = len(_all_clusters(decisions)), number(placement, "status", "numberOfSelectedClusters")
    if said.phase is Phase.NONE and decisions and decided != told:
        said = Said(Phase.UNKNOWN, f"{told} clusters were chosen, its decisions name {decided}: waiting for them")
    return ExperimentStatus(
        ref=reference(placement, "Placement"),
        phase=said.phase,
        reason=said.reason,
        clusters=_all_clusters(decisions),
        applied=_decided([placement, *decisions]),
        rings=tuple(text(one, "decisionGroupName") for one in _groups(placement)),
    )


def read_chosen(placement: Resource, lookup: Lookup, group: str | int | None) -> ExperimentStatus:
    """The clusters that a Placement chose, or one of its decision groups: by its name, or by its number.

    Never more than is known: fewer named than the Placement counts is UNKNOWN, and so is a group that it has not.
    """
    decisions, groups, said = _decisions(placement, lookup), _groups(placement), _placed(placement)
    told = number(placement, "status", "numberOfSelectedClusters")
    if group is not None:
        wanted = [one for one in groups if group in (text(one, "decisionGroupName"), number(one, "decisionGroupIndex"))]
        numbers = {number(one, "decisionGroupIndex") for one in wanted} - {None}
        decisions = [one for one in decisions if numeral(label(one, f"{_GROUP}/decision-group-index")) in numbers]
        told = sum(number(one, "clusterCount") or 0 for one in wanted)
        if said.phase is Phase.NONE and not wanted:
            said = Said(Phase.UNKNOWN, f"it has no decision group {group}, only {_called(groups)}")
    named = _all_clusters(decisions)
    if said.phase is Phase.NONE and not told:
        said = Said(Phase.UNKNOWN, "no cluster has been chosen")
    if said.phase is Phase.NONE and len(named) != told:
        said = Said(Phase.UNKNOWN, f"{told} clusters were chosen, its decisions name {len(named)}: waiting for them")
    ref = reference(placement, "Placement")
    return ExperimentStatus(ref, said.phase, said.reason, clusters=named, applied=_decided(decisions))


def is_whole(status: ExperimentStatus) -> bool:
    """Whether clusters were chosen, as many as the object itself asks for, and all of them are named."""
    return status.phase is Phase.NONE and bool(status.clusters)


def read_placement_decision(decision: Resource, lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The clusters of all decisions of the Placement that this one belongs to."""
    placement = label(decision, f"{_GROUP}/placement")
    around = lookup.all("PlacementDecision", text(decision, "metadata", "namespace"))
    family = [one for one in around if placement and label(one, f"{_GROUP}/placement") == placement]
    chosen = _all_clusters([*family, decision])
    return ExperimentStatus(
        ref=reference(decision, "PlacementDecision"),
        phase=Phase.NONE if chosen else Phase.UNKNOWN,
        reason=f"{len(chosen)} clusters were chosen",
        clusters=chosen,
    )


def _stale(subscription: Resource) -> Said | None:
    reported, written = instant(text(subscription, "status", "lastUpdateTime")), _written(subscription)
    if reported and written and reported < written:
        return Said(Phase.UNKNOWN, "its status is from before its last change")
    wanted = annotation(subscription, f"{_APPS}/git-desired-commit")
    current = annotation(subscription, f"{_APPS}/git-current-commit")
    if wanted and current and not current.startswith(wanted) and not wanted.startswith(current):
        return Said(Phase.UNKNOWN, f"it is at commit {current}, asked for is {wanted}")
    return None


def _subscribed(subscription: Resource) -> Said:
    said = text(subscription, "status", "phase")
    if failed := _failed_package(subscription):
        return Said(Phase.FAILED, failed)
    if said in ("Failed", "PropagationFailed"):
        return Said(Phase.FAILED, text(subscription, "status", "reason") or said)
    if text(subscription, "status", "message") == "Blocked":
        return Said(Phase.PAUSED, "outside its time window")
    if not said:
        return Said(Phase.PENDING, "no phase has been reported")
    unfinished = [f"{name} is {phase or 'without a phase'}" for name, phase, _ in _packages(subscription)]
    waiting = [one for one in unfinished if not one.endswith(" is Subscribed")]
    if said == "Subscribed" and waiting:
        return Said(Phase.RUNNING, waiting[0])
    return Said(_PHASES.get(said, Phase.UNKNOWN), said)


def _packages(subscription: Resource) -> Iterable[tuple[str, str, str]]:
    """(name, phase, reason) of every package, of every cluster that the status speaks of."""
    for cluster in mapping(subscription, "status", "statuses").values():
        for name, package in mapping(cluster, "packages").items():
            yield str(name), text(package, "phase"), text(package, "reason")


def _failed_package(subscription: Resource) -> str:
    failed = [f"{name}: {reason or phase}" for name, phase, reason in _packages(subscription) if phase == "Failed"]
    return min(failed, default="")


def _written(subscription: Resource) -> datetime | None:
    """When what it asks for was last written, by its managed fields; what its controller writes apart."""
    entries = items(subscription, "metadata", "managedFields")
    times = [
        instant(text(entry, "time"))
        for entry in entries
        if not text(entry, "subresource") and _asks(mapping(entry, "fieldsV1"))
    ]
    return max((time for time in times if time), default=None)


def _decided(resources: Iterable[Resource]) -> datetime | None:
    """When the clusters were last chosen, by the managed fields of what says so."""
    entries = (entry for one in resources for entry in items(one, "metadata", "managedFields"))
    times = [
        instant(text(entry, "time")) for entry in entries if _DECISIONS & mapping(entry, "fieldsV1", "f:status").keys()
    ]
    return max((time for time in times if time), default=None)


def _asks(fields: Resource) -> bool:
    wanted = (f"f:{_APPS}/git-{name}" for name in ("desired-commit", "tag", "branch", "path"))
    return "f:spec" in fields or any(name in mapping(fields, "f:metadata", "f:annotations") for name in wanted)


def _is_owned(decision: Resource, placement: Resource) -> bool:
    """Whether a decision is of this very Placement, not of one of its name that is gone; who says no owner is taken."""
    owners = [one for one in items(decision, "metadata", "ownerReferences") if text(one, "kind") == "Placement"]
    return not owners or text(owners[0], "uid") == text(placement, "metadata", "uid")


def _clusters(resource: Resource) -> tuple[str, ...]:
    return tuple(sorted({name for one in items(resource, "status", "decisions") if (name := text(one, "clusterName"))}))


def _all_clusters(decisions: Iterable[Resource]) -> tuple[str, ...]:
    return tuple(sorted({name for one in decisions for name in _clusters(one)}))


def _decisions(placement: Resource, lookup: Lookup) -> list[Resource]:
    """Its own decisions, as far as they are seen; not those that are going."""
    name, around = text(placement, "metadata", "name"), text(placement, "metadata", "namespace")
    return [
        one
        for one in lookup.all("PlacementDecision", around)
        if label(one, f"{_GROUP}/placement") == name
        and _is_owned(one, placement)
        and not text(one, "metadata", "deletionTimestamp")
    ]


def _groups(placement: Resource) -> list[Resource]:
    """The groups in the order of their numbers, which is the order in which they are served."""
    groups = items(placement, "status", "decisionGroups")
    return sorted(groups, key=lambda group: number(group, "decisionGroupIndex") or 0)


def _called(groups: list[Resource]) -> str:
    names = [text(one, "decisionGroupName") or str(number(one, "decisionGroupIndex")) for one in groups]
    return ", ".join([*names[:_MOST_GROUPS], *(["…"] if names[_MOST_GROUPS:] else [])]) or "none"


def _placed(placement: Resource) -> Said:
    satisfied, misconfigured = (
        condition(placement, "PlacementSatisfied"),
        condition(placement, "PlacementMisconfigured"),
    )
    written = number(placement, "metadata", "generation")
    seen = number(satisfied, "observedGeneration")
    if seen and written and seen < written:
        return Said(Phase.UNKNOWN, "its status is from before its last change")
    if misconfigured.get("status") == "True":
        return Said(Phase.ERROR, explained(misconfigured, "misconfigured"))
    match text(satisfied, "status"):
        case "True":
            return _filled(number(placement, "status", "numberOfSelectedClusters"), _wanted(placement), stale=True)
        case "False":
            return Said(Phase.ERROR, explained(satisfied, "not every cluster that was asked for was found"))
    return Said(Phase.UNKNOWN, "no decision has been reported")


def _wanted(placement: Resource) -> int | None:
    return number(placement, "spec", "numberOfClusters")


def _filled(chosen: int | None, wanted: int | None, *, stale: bool = False) -> Said:
    """Whether as many clusters were chosen as are asked for; a status that claims so with fewer is an older one's."""
    count = chosen or 0
    if not count:
        return Said(Phase.UNKNOWN, "no cluster has been chosen")
    if wanted is not None and count < wanted:
        short = f"{count} clusters were chosen, {wanted} are asked for"
        return Said(Phase.UNKNOWN, f"{short}: waiting for the decision") if stale else Said(Phase.ERROR, short)
    return Said(Phase.NONE, f"{count} clusters were chosen")
