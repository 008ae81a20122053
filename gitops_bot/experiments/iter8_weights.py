"""Iter8 1.x: weights of versions, in routemaps, in weight ConfigMaps and in the values of the release chart.

Weights are relative and 1 where none is given; version 0 is the baseline, version 1 the candidate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    annotation,
    document,
    items,
    label,
    mapping,
    number,
    numeral,
    reference,
    share,
    text,
)
from gitops_bot.model import ExperimentStatus, ObjectRef, Phase, Version

WEIGHT = "iter8.tools/weight"
"""The annotation on the first resource of a version that overrides what the routemap gives."""

_SHORT = {"cm": "ConfigMap", "deploy": "Deployment"}
"""Short names of kinds in routemaps whose objects can be looked up."""

_CONFIG = re.compile(r"(.+)-([0-9]{1,3})-weight-config")


def config_map(resource: Resource, lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of a routemap or of one version's weight ConfigMap; any other ConfigMap is UNKNOWN."""
    ref = reference(resource, "ConfigMap")
    if label(resource, "iter8.tools/kind") == "routemap":
        weights = _routemap(resource, lookup)
        return _status(ref, weights, "a routemap holds weights, no verdict")
    if annotation(resource, WEIGHT):
        return _status(ref, _configured(resource, lookup), "an annotation holds a weight, no verdict")
    return ExperimentStatus(ref, Phase.UNKNOWN, "holds no weights of Iter8")


def chart(values: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of the release chart's values; `strategy: blue-green` is its weighted split, `canary` its match."""
    application = mapping(values, "application")
    metadata, versions = mapping(application, "metadata"), items(application, "versions")
    ref = ObjectRef("HelmValues", text(metadata, "namespace"), text(metadata, "name"))
    if not versions:
        return ExperimentStatus(ref, Phase.UNKNOWN, "holds no versions of Iter8's release chart")
    split = text(application, "strategy") in ("", "blue-green")
    revisions = [_revision(one) for one in versions]
    return ExperimentStatus(
        ref=ref,
        phase=Phase.NONE,
        reason="values of a chart hold weights, no verdict",
        weight=_percent([_weight(number(one, "weight")) for one in versions]) if split else None,
        baseline=revisions[0],
        candidate=revisions[1] if len(revisions) > 1 else None,
    )


def _status(ref: ObjectRef, weights: Sequence[int], reason: str) -> ExperimentStatus:
    return ExperimentStatus(ref, Phase.NONE, reason, weight=_percent(weights))


def _percent(weights: Sequence[int]) -> float | None:
    """The share of version 1; 0 where there is no second version, None where the weights are no shares."""
    if not weights or min(weights) < 0:
        return None
    return share(weights[1], sum(weights)) if len(weights) > 1 else 0


def _weight(given: int | None) -> int:
    return 1 if given is None else given


def _routemap(routemap: Resource, lookup: Lookup) -> list[int]:
    versions = items(document(text(routemap, "data", "strSpec")), "versions")
    return [_overridden(one, routemap, lookup) for one in versions]


def _overridden(version: Resource, routemap: Resource, lookup: Lookup) -> int:
    """An annotation on the version's first resource goes before the routemap's own weight."""
    first = next(iter(items(version, "resources")), {})
    kind = _SHORT.get(text(first, "gvrShort"), "")
    namespace = text(first, "namespace") or text(routemap, "metadata", "namespace")
    found = lookup(ObjectRef(kind, namespace, text(first, "name"))) if kind else None
    written = numeral(annotation(found, WEIGHT)) if found is not None else None
    return _weight(number(version, "weight")) if written is None else written


def _configured(resource: Resource, lookup: Lookup) -> list[int]:
    """The weights of all versions of the application, each in a ConfigMap of its own."""
    named = _CONFIG.fullmatch(text(resource, "metadata", "name"))
    if named is None:
        return []
    found: dict[int, int] = {}
    for one in (resource, *lookup.all("ConfigMap", text(resource, "metadata", "namespace"))):
        name = _CONFIG.fullmatch(text(one, "metadata", "name"))
        if name and name[1] == named[1]:
            found[int(name[2])] = _weight(numeral(annotation(one, WEIGHT)))
    return [found[index] for index in sorted(found)] if 0 in found else []


def _revision(version: Resource) -> Version | None:
    written = text(version, "metadata", "labels", "app.kubernetes.io/version")
    return Version.of_image(text(version, "image")) or (Version(written) if written else None)
