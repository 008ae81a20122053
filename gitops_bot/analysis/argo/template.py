"""From an AnalysisTemplate or ClusterAnalysisTemplate and its arguments to metrics that can be measured here.

What this version cannot do exactly is refused by its name. An argument from a Secret, a field or a pod's hash is not
read: the policy gives its value.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from gitops_bot.analysis.argo.condition import misread
from gitops_bot.analysis.document import Fields
from gitops_bot.policy.judges.argo_analysis import (
    DEFAULT_CONSECUTIVE_ERROR_LIMIT,
    ArgoAnalysis,
    MetricSpec,
    go_duration,
    metrics_problem,
)
from gitops_bot.policy.templates import TemplateProblem

KINDS = ("AnalysisTemplate", "ClusterAnalysisTemplate")
_SERVED = "prometheus"
_MOST_METRICS = 100
_VARIABLE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_PATTERN = re.compile(r"(?:[\w:/ @|^$-]|\\\.|\.[*+]?)*", re.ASCII)
_MOST_REPEATS = 4


@dataclass(frozen=True, slots=True)
class TemplateMetric:
    """One metric of a template, its arguments filled in."""

    name: str
    query: str
    """PromQL; where it is asked is the bot configuration's to say, not the template's."""
    params: ArgoAnalysis
    """How the judge `argoAnalysis` judges it; with `dry_run` it does not decide."""


def metrics_of(document: Mapping[str, object], args: Mapping[str, str]) -> tuple[TemplateMetric, ...]:
    """The metrics of a template. Errors: TemplateProblem, with the place inside the document."""
    spec = _spec(Fields(document, ""))
    values = _arguments(spec, args)
    filled = [_filled(fields, values) for fields in spec.items("metrics")]
    metrics = [_metric(fields) for fields in filled]
    if len(metrics) > _MOST_METRICS:
        raise TemplateProblem(f"spec.metrics: more than {_MOST_METRICS}")
    if problem := metrics_problem(metrics):
        raise TemplateProblem(f"spec.{problem}" if problem.startswith("metrics") else problem)
    dry = _dry_runs(spec, [metric.name for metric in metrics])
    return tuple(
        _served(replace(metric, dry_run=metric.name in dry), fields)
        for metric, fields in zip(metrics, filled, strict=True)
    )


def _spec(document: Fields) -> Fields:
    kind, group = document.text("kind"), document.text("apiVersion").partition("/")[0]
    if kind not in KINDS or group != "argoproj.io":
        raise TemplateProblem(f"is no AnalysisTemplate or ClusterAnalysisTemplate of argoproj.io, but {kind or 'none'}")
    spec = document.inner("spec")
    if others := [other.text("templateName") for other in spec.items("templates")]:
        raise TemplateProblem(f"spec.templates: refers to {', '.join(others)}; list them in the policy instead")
    return spec


# ---------------------------------------------------------------- arguments


def _arguments(spec: Fields, given: Mapping[str, str]) -> dict[str, str]:
    """The value of every declared argument: the policy's, else the template's own."""
    values: dict[str, str] = {}
    for declared in spec.items("args"):
        name = declared.text("name")
        if name in given:
            values[name] = given[name]
        elif declared.has("value"):
            values[name] = declared.text("value")
        elif declared.has("valueFrom"):
            raise TemplateProblem(f"{declared.where} {name}: valueFrom is not read here; give the value in args")
        else:
            raise TemplateProblem(f"{declared.where} {name}: has no value; give it in args")
    for name in given:
        if name not in values:
            near = difflib.get_close_matches(name, values, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(values) or 'none'}"
            raise TemplateProblem(f"has no argument {name} ({hint})")
    return values


def _filled(fields: Fields, values: Mapping[str, str]) -> Fields:
    """The same with `{{args.x}}` filled in everywhere."""

    def value(match: re.Match[str]) -> str:
        scope, _, name = match[1].strip().partition(".")
        if scope != "args" or name not in values:
            raise TemplateProblem(f"{fields.where}: failed to resolve {match[0]}")
        return values[name]

    return fields.mapped(lambda text: _VARIABLE.sub(value, text))


# ---------------------------------------------------------------- metrics


def _metric(fields: Fields) -> MetricSpec:
    """A metric as it is written."""
    provider = fields.inner("provider")
    return MetricSpec(
        name=fields.text("name"),
        providers=provider.names(),
        query=provider.inner(_SERVED).text("query"),
        success_condition=fields.text("successCondition"),
        failure_condition=fields.text("failureCondition"),
        count=fields.whole("count"),
        interval=fields.text("interval"),
        initial_delay=fields.text("initialDelay"),
        failure_limit=fields.whole("failureLimit"),
        inconclusive_limit=fields.whole("inconclusiveLimit"),
        consecutive_error_limit=fields.whole("consecutiveErrorLimit", DEFAULT_CONSECUTIVE_ERROR_LIMIT),
        consecutive_success_limit=fields.whole("consecutiveSuccessLimit"),
    )


def _served(metric: MetricSpec, fields: Fields) -> TemplateMetric:
    """What is measured and judged here, or why it cannot be."""
    where = f"{fields.where} {metric.name}".rstrip()
    if metric.providers != (_SERVED,):
        raise TemplateProblem(f"{where}: the provider {metric.providers[0]} is not served here, only {_SERVED}")
    if fields.inner("provider").inner(_SERVED).has("rangeQuery"):
        raise TemplateProblem(f"{where}: rangeQuery is not served here; measurements are taken at single instants")
    if not metric.query.strip():
        raise TemplateProblem(f"{where}: has no query")
    for name, text in (("successCondition", metric.success_condition), ("failureCondition", metric.failure_condition)):
        if text and (problem := misread(text)):
            raise TemplateProblem(f"{where}: {name}: {problem}")
    try:
        return TemplateMetric(metric.name, metric.query, _params(metric))
    except ValidationError as error:
        raise TemplateProblem(f"{where}: {_first(error)}") from error


def _params(metric: MetricSpec) -> ArgoAnalysis:
    return ArgoAnalysis.model_validate(
        {
            "successCondition": metric.success_condition,
            "failureCondition": metric.failure_condition,
            "count": metric.effective_count,
            "interval": go_duration(metric.interval) if metric.interval else None,
            "initialDelay": go_duration(metric.initial_delay) if metric.initial_delay else "0s",
            "failureLimit": metric.failure_limit,
            "inconclusiveLimit": metric.inconclusive_limit,
            "consecutiveErrorLimit": metric.consecutive_error_limit,
            "consecutiveSuccessLimit": metric.consecutive_success_limit,
            "dryRun": metric.dry_run,
        }
    )


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in found["loc"])
    return f"{place}: {found['msg']}" if place else found["msg"]


# ---------------------------------------------------------------- dry runs


def _dry_runs(spec: Fields, names: Sequence[str]) -> frozenset[str]:
    """The metrics that some `dryRun[].metricName` matches anywhere, as Argo Rollouts does it."""
    found: set[str] = set()
    for rule in spec.items("dryRun"):
        pattern = rule.text("metricName")
        if not _PATTERN.fullmatch(pattern) or sum(map(pattern.count, "*+")) > _MOST_REPEATS:
            raise TemplateProblem(f"{rule.where}: {pattern!r} is more of a pattern than is served here; write names")
        matched = {name for name in names if re.search(pattern, name)}
        if not matched:
            raise TemplateProblem(f"{rule.where}: {pattern!r} matches no metric")
        found |= matched
    return frozenset(found)
