"""Metric templates of Argo Rollouts and Flagger as metrics of a policy. Pure: a document and arguments → metrics."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import ValidationError

from gitops_bot.analysis.argo import template as argo
from gitops_bot.analysis.document import Fields
from gitops_bot.analysis.flagger import template as flagger
from gitops_bot.policy.judges.flagger import Flagger
from gitops_bot.policy.judging import Judging
from gitops_bot.policy.metrics import Borrowed, Metric
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import PolicySpec
from gitops_bot.policy.templates import TemplateProblem

NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")


def borrowed(one: Borrowed, document: Mapping[str, object], spec: PolicySpec) -> tuple[Metric, ...]:
    """The metrics of one template, its arguments filled in. Errors: TemplateProblem, with the place inside."""
    if one.metric_template:
        return (_of_flagger(one, Fields(document, ""), spec),)
    return tuple(_of_argo(metric) for metric in argo.metrics_of(document, one.args))


def _of_argo(metric: argo.TemplateMetric) -> Metric:
    return _metric(metric.name, metric.query, Judging(argoAnalysis=metric.params), critical=not metric.params.dry_run)


def _of_flagger(one: Borrowed, document: Fields, spec: PolicySpec) -> Metric:
    given = spec.candidate.subject
    name, namespace = (given.name, given.namespace) if given else ("", one.namespace or "")
    known = {"name": name, "target": name, "service": name, "ingress": name, "route": name}
    values = {**known, "namespace": namespace, "interval": format_duration(spec.analysis.interval), **one.args}
    query = flagger.query_of(document, {key: text for key, text in values.items() if text}, one.args)
    params = Flagger(thresholdRange=one.threshold_range, threshold=one.threshold)
    return _metric(one.name, query, Judging(flagger=params))


def _metric(name: str, query: str, judge: Judging, *, critical: bool = True) -> Metric:
    try:
        return Metric(name=NOT_IN_NAMES.sub("-", name)[:63].lstrip("._-"), query=query, judge=judge, critical=critical)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)[0]
        raise TemplateProblem(f"{name}: {'.'.join(map(str, found['loc']))}: {found['msg']}") from error
