"""Metric templates of other tools, read where the policy says."""

from __future__ import annotations

from gitops_bot.analysis.borrowed import borrowed
from gitops_bot.edits.place import load
from gitops_bot.edits.plain import manifests
from gitops_bot.errors import ClusterError, ObjectAbsent, PolicyInvalid
from gitops_bot.experiments import Resource
from gitops_bot.model import (
    Kind,
)
from gitops_bot.observe.clusters import listed
from gitops_bot.observe.sight import Sight
from gitops_bot.policy.metrics import Borrowed
from gitops_bot.policy.schema import PromotionPolicy
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


def measured(sight: Sight, policy: PromotionPolicy) -> PromotionPolicy:
    """The policy with the metrics of the templates it borrows. Errors: PolicyInvalid, EditError, ClusterError."""
    analysis = policy.spec.analysis
    if not analysis.templates:
        return policy
    metrics = list(analysis.metrics)
    for one in analysis.templates:
        try:
            metrics += borrowed(one, _template(sight, policy, one), policy.spec)
        except TemplateProblem as problem:
            raise PolicyInvalid(f"{one.kind} {one.name}: {problem}", where=f"policy {policy.name}") from problem
    names = [metric.name for metric in metrics]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise PolicyInvalid(f"two metrics are called {twice}, one by a template", where=f"policy {policy.name}")
    spec = policy.spec.model_copy(update={"analysis": analysis.model_copy(update={"metrics": tuple(metrics)})})
    return policy.model_copy(update={"spec": spec})


def _template(sight: Sight, policy: PromotionPolicy, one: Borrowed) -> Resource:
    if one.file:
        found = manifests(load(sight.site.repo.tree(sight.base_commit), one.file))
        written = [each.content for each in found if _called(each.content) == (one.kind, one.name)]
        if len(written) != 1:
            what = f"there {'is no' if not written else 'are several'} {one.kind} {one.name}"
            raise PolicyInvalid(what, where=one.file, remedy=f"Write one there, or change policy {policy.name}.")
        return written[0]
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
