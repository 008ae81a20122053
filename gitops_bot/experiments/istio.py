"""Istio: `networking.istio.io` VirtualService, whose weights are the live traffic, and DestinationRule, whose subsets
bind versions to names. Neither has a verdict; a status is there only where istiod writes one, and counts then.
"""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    condition,
    items,
    mapping,
    number,
    reference,
    text,
)
from gitops_bot.experiments.said import Said, explained, outdated
from gitops_bot.experiments.split import Rule, Target, agreed, candidate, splits, stable
from gitops_bot.model import ExperimentStatus, Phase, Version

_ERROR = ("ERROR", 3)
"""The level of a validation message that stops a release, as the API writes it: by name, or by number."""
_CARRIED = ("headers", "queryParams", "sourceLabels")
"""By what a match tells chosen requests from the others."""
_VERSIONS = (
    "version",
    "app.kubernetes.io/version",
    "service.istio.io/canonical-revision",
    "rollouts-pod-template-hash",
)
"""The labels of a subset that say which version it is, the best known first."""


def read_virtual_service(service: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The candidate's share; UNKNOWN where routes disagree on it, or not every proxy has it yet."""
    one, agreement = agreed(splits(rules(service)))
    said = state(service) or agreement
    return ExperimentStatus(
        ref=reference(service, "VirtualService"),
        phase=said.phase,
        reason=said.reason,
        weight=one.weight,
        baseline_name=one.baseline,
        candidate_name=one.candidate,
    )


def read_destination_rule(rule: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """Which version each subset is, by its labels."""
    subsets = items(rule, "spec", "subsets")
    names = [text(one, "name") for one in subsets]
    on_trial = candidate(names) if len(names) > 1 else None
    settled = stable(names, on_trial)
    trial = {} if on_trial is None else subsets[on_trial]
    baseline = {} if settled is None else subsets[settled]
    said = state(rule) or Said(Phase.NONE, f"{len(subsets)} subsets")
    return ExperimentStatus(
        ref=reference(rule, "DestinationRule"),
        phase=said.phase,
        reason=said.reason,
        baseline=_version(baseline),
        candidate=_version(trial),
        baseline_name=text(baseline, "name"),
        candidate_name=text(trial, "name"),
    )


def rules(service: Resource) -> list[Rule]:
    """Its routes, of every protocol. A mirror gets copies, not traffic, and is no target."""
    routes = [one for kind in ("http", "tls", "tcp") for one in items(service, "spec", kind)]
    return [Rule(_targets(route), _chosen(route)) for route in routes]


def _targets(route: Resource) -> tuple[Target, ...]:
    """The targets of one route by subset, or by host where the host is what differs."""
    found = items(route, "route")
    by_host = len({text(one, "destination", "host") for one in found}) > 1
    return tuple(Target(_name(one, by_host=by_host), max(number(one, "weight") or 0, 0)) for one in found)


def _name(target: Resource, *, by_host: bool) -> str:
    host, subset = text(target, "destination", "host"), text(target, "destination", "subset")
    return "/".join(part for part in (host, subset) if part) if by_host or not subset else subset


def _chosen(route: Resource) -> bool:
    matches = items(route, "match")
    return bool(matches) and all(any(mapping(one, field) for field in _CARRIED) for one in matches)


def state(resource: Resource) -> Said | None:
    """What istiod says against it; None when it says nothing."""
    reconciled = condition(resource, "Reconciled")
    conditions = items(resource, "status", "conditions")
    old = any(outdated(one, resource) for one in conditions) or (
        not any("observedGeneration" in one for one in conditions) and outdated(mapping(resource, "status"), resource)
    )
    if old:
        return Said(Phase.UNKNOWN, "waiting for the spec update to be observed")
    wrong = [one for one in items(resource, "status", "validationMessages") if _is_error(one)]
    if wrong:
        return Said(Phase.ERROR, f"Istio finds it invalid: {_described(wrong)}")
    if reconciled.get("status") in ("False", "Unknown"):
        return Said(Phase.UNKNOWN, explained(reconciled, "not every proxy has it yet"))
    return None


def _is_error(message: Resource) -> bool:
    level = message.get("level")
    return level in _ERROR if isinstance(level, str | int) and not isinstance(level, bool) else False


def _described(messages: Sequence[Resource]) -> str:
    names = [f"{text(one, 'type', 'code')} {text(one, 'type', 'name')}".strip() for one in messages]
    return ", ".join(dict.fromkeys(name for name in names if name)) or "without a name"


def _version(subset: Resource) -> Version | None:
    labels = mapping(subset, "labels")
    tag = next((value for name in _VERSIONS if (value := text(labels, name))), "")
    return Version(tag) if tag else None
