"""From a Flagger Canary and its MetricTemplates to metrics that can be measured here.

A query is filled in as Flagger does it, with Go's `{{ name }}`, `{{ variables.x }}` and nothing more. Addresses and
secrets of providers are not read: where a query is asked is the bot configuration's to say.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gitops_bot.analysis.document import Fields
from gitops_bot.analysis.flagger.checks import DURATION, SUCCESS_RATE, bounds_of
from gitops_bot.policy.judges.flagger import Flagger
from gitops_bot.policy.templates import TemplateProblem

BUILT_IN = (SUCCESS_RATE, DURATION)
DEFAULT_INTERVAL = "1m"
_GROUP = "flagger.app"
_SERVED = "prometheus"
_MOST_METRICS = 100
_LONGEST_QUERY = 65_536
_VARIABLE = re.compile(r'(?:variables|\(\s*variables\s*\))\.(?P<dotted>\w+)|index\s+variables\s+"(?P<indexed>[^"\\]*)"')
_DURATION = re.compile(r"([0-9]+(ms|[smhdwy]))+")
_UNSAFE = re.compile(r"[\"'`\\{}\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class CanaryMetric:
    """One metric of a Canary."""

    name: str
    query: str
    """PromQL, filled in; empty for a built-in metric, which the mesh's own counters answer."""
    interval: str
    """How far back a value looks, as Prometheus writes it."""
    params: Flagger
    """How the judge `flagger` judges it."""

    @property
    def built_in(self) -> bool:
        """Flagger's own request-success-rate (percent) or request-duration (milliseconds)."""
        return not self.query


Templates = Mapping[tuple[str, str], Mapping[str, object]]
"""MetricTemplates by namespace and name."""


def metrics_of(canary: Mapping[str, object], templates: Templates) -> tuple[CanaryMetric, ...]:
    """The metrics of a Canary's analysis. Errors: TemplateProblem, with the place inside the document."""
    document = Fields(canary, "")
    _kind(document, "Canary")
    analysis = document.inner("spec").inner("analysis")
    metrics = analysis.items("metrics")
    if not metrics:
        raise TemplateProblem("spec.analysis.metrics: there are none, so nothing could ever fail")
    if len(metrics) > _MOST_METRICS:
        raise TemplateProblem(f"spec.analysis.metrics: more than {_MOST_METRICS}")
    return tuple(_metric(one, document, analysis.whole("threshold"), templates) for one in metrics)


def rendered(query: str, values: Mapping[str, str], variables: Mapping[str, str], where: str) -> str:
    """A MetricTemplate's query, filled in. Errors: TemplateProblem for what Flagger would not know."""
    if len(query) > _LONGEST_QUERY:
        raise TemplateProblem(f"{where}: the query is longer than {_LONGEST_QUERY} characters")

    text, *parts = query.split("{{")
    for part in parts:
        inside, closed, after = part.partition("}}")
        if not closed:
            raise TemplateProblem(f"{where}: a {{{{ has no }}}}")
        if re.match(r"-\s", inside):
            text, inside = text.rstrip(), inside[1:]
        if re.search(r"\s-\Z", inside):
            after, inside = after.lstrip(), inside[:-1]
        text += _value(inside.strip(), values, variables, where) + after
    return text


def query_of(template: Fields, values: Mapping[str, str], variables: Mapping[str, str]) -> str:
    """The query of a MetricTemplate, filled in. Errors: TemplateProblem."""
    _kind(template, "MetricTemplate")
    spec = template.inner("spec")
    provider = spec.inner("provider").text("type")
    if provider != _SERVED:
        raise TemplateProblem(f"{spec.where}: the provider {provider or 'none'} is not served here, only {_SERVED}")
    if not spec.text("query").strip():
        raise TemplateProblem(f"{spec.where}: has no query")
    return rendered(spec.text("query"), values, variables, f"{spec.where}.query")


def _kind(document: Fields, wanted: str) -> None:
    kind, group = document.text("kind"), document.text("apiVersion").partition("/")[0]
    if (kind, group) != (wanted, _GROUP):
        raise TemplateProblem(f"is no {wanted} of {_GROUP}, but {kind or 'nothing'} of {group or 'no group'}")


# ---------------------------------------------------------------- one metric


def _metric(metric: Fields, canary: Fields, threshold: int, templates: Templates) -> CanaryMetric:
    name, interval = metric.text("name"), metric.text("interval") or DEFAULT_INTERVAL
    where = f"{metric.where} {name}".rstrip()
    if not name:
        raise TemplateProblem(f"{where}: has no name")
    if not _DURATION.fullmatch(interval):
        raise TemplateProblem(f"{where}: interval: {interval!r} is not a duration; write it like 1m")
    if name in BUILT_IN and metric.has("templateRef"):
        raise TemplateProblem(f"{where}: Flagger checks it twice, built in and by its template; give it another name")
    query = _query(metric, canary, interval, where, templates)
    if not query and name not in BUILT_IN:
        raise TemplateProblem(f"{where}: is not built in ({', '.join(BUILT_IN)}); give it a templateRef")
    return CanaryMetric(name, query, interval, _params("custom" if query else name, metric, threshold, where))


def _query(metric: Fields, canary: Fields, interval: str, where: str, templates: Templates) -> str:
    """The query of a metric: its own, deprecated, or that of its template; empty where it is built in."""
    if not metric.has("templateRef"):
        return metric.text("query")
    reference = metric.inner("templateRef")
    name = reference.text("name")
    namespace = reference.text("namespace") or canary.inner("metadata").text("namespace")
    content = templates.get((namespace, name))
    if content is None:
        raise TemplateProblem(f"{where}: there is no MetricTemplate {namespace}/{name}")
    listed = metric.inner("templateVariables")
    variables = {one: listed.text(one) for one in listed.names()}
    template = Fields(content, f"{where}: MetricTemplate {namespace}/{name}")
    return query_of(template, _model(canary, interval), variables)


def _model(canary: Fields, interval: str) -> dict[str, str]:
    """What every template may use (`MetricTemplateModel` of flagger.app/v1beta1)."""
    metadata, spec = canary.inner("metadata"), canary.inner("spec")
    target = spec.inner("targetRef").text("name")
    return {
        "name": metadata.text("name"),
        "namespace": metadata.text("namespace"),
        "target": target,
        "service": spec.inner("service").text("name") or target,
        "ingress": spec.inner("ingressRef").text("name") or target,
        "route": spec.inner("routeRef").text("name") or target,
        "interval": interval,
    }


def _value(text: str, values: Mapping[str, str], variables: Mapping[str, str], where: str) -> str:
    """What stands for one `{{ … }}`; comments are nothing."""
    if re.fullmatch(r"/\*.*\*/", text, re.DOTALL):
        return ""
    if found := _VARIABLE.fullmatch(text):
        return _known(found["dotted"] or found["indexed"] or "", variables, "variable", where)
    if not re.fullmatch(r"\w+", text):
        told = "write {{ name }} or {{ variables.name }}"
        raise TemplateProblem(f"{where}: {{{{ {text} }}}} is more of a template than is served here; {told}")
    return _known(text, values, "name", where)


def _known(name: str, values: Mapping[str, str], kind: str, where: str) -> str:
    if name not in values:
        near = difflib.get_close_matches(name, values, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(values) or 'none'}"
        raise TemplateProblem(f"{where}: unknown {kind} {name!r} ({hint})")
    if _UNSAFE.search(values[name]):
        raise TemplateProblem(f"{where}: the {kind} {name} holds characters that do not go into a query")
    return values[name]


# ---------------------------------------------------------------- how it is judged


def _params(name: str, metric: Fields, threshold: int, where: str) -> Flagger:
    given: dict[str, Any] = {}
    if metric.has("thresholdRange"):
        bounds = metric.inner("thresholdRange")
        given = {side: _number(bounds, side) for side in bounds.names()}
    else:
        fallback = bounds_of(name, None, _number(metric, "threshold") if metric.has("threshold") else 0.0)
        given = {"min": fallback.min, "max": fallback.max}
    try:
        return Flagger.model_validate({"thresholdRange": given, "threshold": max(0, threshold), "metric": name})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise TemplateProblem(f"{where}: {place}: {first['msg']}") from error


def _number(fields: Fields, name: str) -> float:
    text = fields.text(name)
    try:
        return float(text)
    except ValueError:
        raise TemplateProblem(f"{fields.where}.{name}: {text!r} is not a number") from None
