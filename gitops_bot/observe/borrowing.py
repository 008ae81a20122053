"""Ladders and metric templates of other tools, read where the policy says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitops_bot.analysis.borrowed import borrowed
from gitops_bot.edits.place import load
from gitops_bot.edits.plain import manifests
from gitops_bot.errors import BotError, ClusterError, EditError, ObjectAbsent, PolicyInvalid
from gitops_bot.experiments import Resource
from gitops_bot.model import Kind, SlotName
from gitops_bot.observe.clusters import listed
from gitops_bot.observe.placements import placed
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.base import Spec
from gitops_bot.policy.metrics import AnalysisRead, Borrowed, Metric
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.strategies.canary import LadderFile, LadderRead
from gitops_bot.policy.strategies.reading import LadderProblem, of_canary, of_rollout
from gitops_bot.policy.strategies.reading import read as ladder_read
from gitops_bot.policy.strategies.rungs import Rung
from gitops_bot.policy.templates import TemplateProblem

TEMPLATES = {
    kind.name: kind
    for kind in (
        Kind("argoproj.io", "v1alpha1", "analysistemplates", "AnalysisTemplate"),
        Kind("argoproj.io", "v1alpha1", "clusteranalysistemplates", "ClusterAnalysisTemplate"),
        Kind("flagger.app", "v1beta1", "metrictemplates", "MetricTemplate"),
    )
}
"""What is read for `spec.analysis.templates`, by kind."""


def files(policy: PromotionPolicy) -> tuple[str, ...]:
    """What it reads of the repository for a policy, at base."""
    canary, templates = policy.spec.strategy.canary, list(policy.spec.analysis.templates)
    given: list[LadderFile | None] = []
    if canary:
        templates += [one for rung in canary.ladder for one in rung.templates]
        given = [canary.ladder_from.rollout, canary.ladder_from.canary] if canary.ladder_from else []
    return tuple(one.file for one in (*templates, *given) if one and one.file)


def measured(sight: Sight, policy: PromotionPolicy) -> PromotionPolicy:
    """The policy with the clusters of its placement, the ladder it reads from base, the metrics of its templates.

    What cannot be read is said there, and is neither good nor bad news. Errors: PolicyInvalid (no such cluster).
    """
    policy = climbed(sight, placed(sight, policy))
    analysis, canary = policy.spec.analysis, policy.spec.strategy.canary
    rungs = canary.ladder if canary else ()
    if not analysis.templates and not any(rung.templates for rung in rungs):
        return policy
    common = _read(sight, policy, (), analysis.metrics, analysis.templates)
    read = {**dict(analysis), "metrics": common.metrics, "templates": common.unread, "trouble": common.trouble}
    changed: dict[str, Spec] = {"analysis": AnalysisRead.model_construct(**read)}
    if canary and any(rung.templates for rung in rungs):
        own = tuple(_measured_rung(sight, policy, rung, common.metrics) for rung in rungs)
        told = canary.model_copy(update={"steps": (), "rungs": own, "starting_step": canary.begins})
        changed["strategy"] = policy.spec.strategy.model_copy(update={"canary": told})
    return policy.model_copy(update={"spec": policy.spec.model_copy(update=changed)})


def _measured_rung(sight: Sight, policy: PromotionPolicy, rung: Rung, common: Sequence[Metric]) -> Rung:
    """The rung with its own metrics; where a template cannot be read, that rung alone waits for it."""
    read = _read(sight, policy, common, rung.metrics, rung.templates)
    notes = (*rung.notes, f"what is measured here is not known: {read.trouble}") if read.unread else rung.notes
    return rung.model_copy(update={"metrics": read.metrics, "templates": read.unread, "notes": notes})


@dataclass(frozen=True, slots=True)
class _Read:
    """What is measured at one place of a policy."""

    metrics: tuple[Metric, ...]
    unread: tuple[Borrowed, ...] = ()
    trouble: str = ""


def _read(
    sight: Sight, policy: PromotionPolicy, above: Sequence[Metric], own: Sequence[Metric], templates: Sequence[Borrowed]
) -> _Read:
    """Its own metrics and those of its templates, with names that no others have, those above it among them."""
    metrics, unread, why = [*own], [], []
    for one in templates:
        try:
            found = _metrics(sight, policy, one)
            _refuse_twice(policy, (*above, *metrics, *found))
        except BotError as error:
            sight.troubles.setdefault(policy.name, error)
            unread.append(one)
            why.append(error.what)
        else:
            metrics += found
    return _Read(tuple(metrics), tuple(unread), "; ".join(why))


def _metrics(sight: Sight, policy: PromotionPolicy, one: Borrowed) -> tuple[Metric, ...]:
    try:
        return tuple(borrowed(one, _template(sight, policy, one), policy.spec))
    except TemplateProblem as problem:
        raise PolicyInvalid(f"{one.kind} {one.name}: {problem}", where=f"policy {policy.name}") from problem


def _refuse_twice(policy: PromotionPolicy, metrics: Sequence[Metric]) -> None:
    names = [metric.name for metric in metrics]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise PolicyInvalid(f"two metrics are called {twice}, one by a template", where=f"policy {policy.name}")


# ---------------------------------------------------------------- the ladder


def climbed(sight: Sight, policy: PromotionPolicy) -> PromotionPolicy:
    """The policy with the ladder that it reads from base; one that cannot be read says why, and holds what climbs."""
    canary = policy.spec.strategy.canary
    if canary is None or canary.ladder_from is None:
        return policy
    source = canary.ladder_from
    kind, given = ("Rollout", source.rollout) if source.rollout else ("Canary", source.canary)
    assert given is not None  # ladders.py: exactly one of the two
    try:
        fields = (of_rollout if kind == "Rollout" else of_canary)(_object(sight, given, kind))
        read = ladder_read(canary, fields, mirrors=any(edit.set is SlotName.MIRROR for edit in policy.spec.edits))
    except (LadderProblem, EditError) as error:
        shown = f"the ladder of {kind} in {given.file} cannot be read: {getattr(error, 'what', error)}"
        read = canary.model_copy(update={"ladder_from": LadderRead(**dict(source), trouble=shown)})
    strategy = policy.spec.strategy.model_copy(update={"canary": read})
    return policy.model_copy(update={"spec": policy.spec.model_copy(update={"strategy": strategy})})


def _object(sight: Sight, given: LadderFile, kind: str) -> Resource:
    found = [one.content for one in manifests(load(sight.site.repo.tree(sight.base_commit), given.file))]
    named = [one for one in found if one.get("kind") == kind and given.name in (None, _called(one)[1])]
    if len(named) != 1:
        raise LadderProblem("there are several: name one" if named else "there is none")
    return named[0]


# ---------------------------------------------------------------- templates


def _template(sight: Sight, policy: PromotionPolicy, one: Borrowed) -> Resource:
    if one.file:
        found = manifests(load(sight.site.repo.tree(sight.base_commit), one.file))
        written = [each.content for each in found if _called(each.content) == (one.kind, one.name)]
        if len(written) != 1:
            what = f"there {'is no' if not written else 'are several'} {one.kind} {one.name}"
            raise PolicyInvalid(what, where=one.file, remedy=f"Write one there, or change policy {policy.name}.")
        return written[0]
    if not policy.spec.clusters:
        raise ObjectAbsent(f"no cluster is known to have {one.kind} {one.name}: {policy.spec.unknown_clusters}")
    cluster, kind = policy.spec.clusters[0], TEMPLATES[one.kind]
    given = policy.spec.candidate.subject
    namespace = "" if one.cluster_analysis_template else one.namespace or (given.namespace if given else "")
    objects = listed(sight, cluster, kind)
    if isinstance(objects, ClusterError):
        raise objects
    if (namespace, one.name) not in objects:
        what = f"there is no {one.kind} {'/'.join(filter(None, (namespace, one.name)))}"
        raise ObjectAbsent(what, where=f"cluster {cluster}", remedy="Check its name and namespace, or give its file.")
    # The API writes kinds on lists alone.
    return {"apiVersion": f"{kind.group}/{kind.version}", "kind": kind.name, **objects[namespace, one.name]}


def _called(content: Resource) -> tuple[object, object]:
    metadata = content.get("metadata")
    return content.get("kind"), metadata.get("name") if isinstance(metadata, dict) else None
