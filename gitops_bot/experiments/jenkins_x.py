"""Jenkins X: nothing to read in a cluster. The files of an environment repository say which releases it has, and how a
promotion is written (`promote.jenkins-x.io/v1alpha1` Promote in `.jx/promote.yaml`). Settings, no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_bot.experiments.fields import Lookup, Resource, items, mapping, strings, text
from gitops_bot.model import ExperimentStatus, ObjectRef, Phase, Version

_RULES = ("helmfileRule", "helmRule", "fileRule", "kptRule")


@dataclass(frozen=True, slots=True)
class Rule:
    """How a promotion is written."""

    kind: str
    """helmfileRule, helmRule, fileRule or kptRule."""
    path: str
    namespace: str
    keep_old_versions: tuple[str, ...]
    """Charts whose older releases stay beside the new one."""
    keep_old_releases: bool


def read_helmfile(helmfile: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The releases of one Helmfile; the version where it holds only one."""
    known = releases(helmfile)
    versions = [one for each in known.values() for one in each]
    return ExperimentStatus(
        ref=ObjectRef("Helmfile", text(helmfile, "namespace"), next(iter(known)) if len(known) == 1 else ""),
        phase=Phase.NONE if known else Phase.UNKNOWN,
        reason=f"{len(known)} releases",
        baseline=Version(versions[0]) if len(versions) == 1 else None,
    )


def read_promote(config: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """Where a promotion is to be written; UNKNOWN where the file has no rule, or several."""
    found = rule(config)
    ref = ObjectRef("Promote", found.namespace if found else "", text(config, "metadata", "name"))
    if found is None:
        return ExperimentStatus(ref, Phase.UNKNOWN, "it does not hold exactly one rule")
    return ExperimentStatus(ref, Phase.NONE, f"{found.kind} of {found.path or 'no path'}")


def releases(helmfile: Resource) -> Mapping[str, tuple[str, ...]]:
    """The versions of every release by its name: a chart can stand there twice, old and new."""
    found: dict[str, tuple[str, ...]] = {}
    for one in items(helmfile, "releases"):
        name = text(one, "name") or text(one, "chart").rpartition("/")[2]
        version = text(one, "version")
        found[name] = (*found.get(name, ()), *((version,) if version else ()))
    return found


def rule(config: Resource) -> Rule | None:
    """The one rule of a Promote; None when there is none, or more than one."""
    given = [kind for kind in _RULES if kind in mapping(config, "spec")]
    if len(given) != 1:
        return None
    told = mapping(config, "spec", given[0])
    return Rule(
        kind=given[0],
        path=text(told, "path"),
        namespace=text(told, "namespace"),
        keep_old_versions=strings(told, "keepOldVersions"),
        keep_old_releases=told.get("keepOldReleases") is True or bool(strings(told, "keepOldReleases")),
    )
