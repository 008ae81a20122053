"""What is asked of the metrics: each metric as PromQL by role, templates filled in. Pure text → text."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gitops_bot.model import Trial
from gitops_bot.policy import templates
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import Builtin, Metric, PromotionPolicy


class Role(StrEnum):
    """What one query of a metric means."""

    VALUE = "value"
    BAD = "bad"
    TOTAL = "total"


Questions = Mapping[Role, str]


def questions(policy: PromotionPolicy, metric: Metric, trial: Trial) -> Questions:
    """A metric's PromQL for a trial. Errors: TemplateProblem, when a version does not go into a query."""
    values = _values(policy, metric, trial)
    if metric.ratio:
        return _counts(templates.render(metric.ratio.bad, values), templates.render(metric.ratio.total, values))
    if metric.query:
        return {Role.VALUE: templates.render(metric.query, values)}
    assert metric.builtin is not None  # rules.py: exactly one of the three
    return _istio(metric.builtin, values)


def _counts(bad: str, total: str) -> Questions:
    # An absent numerator is zero events; an absent denominator is no traffic, and must stay visible.
    return {Role.BAD: f"({bad}) or on() vector(0)", Role.TOTAL: total}


def _values(policy: PromotionPolicy, metric: Metric, trial: Trial) -> dict[str, str]:
    given = policy.spec.candidate.experiment or policy.spec.candidate.workload
    builtin = metric.builtin
    return {
        "policy": policy.name,
        "interval": format_duration(policy.spec.analysis.interval),
        "version": templates.query_value(trial.candidate.tag or trial.candidate.digest),
        "baseline": templates.query_value((trial.baseline.tag or trial.baseline.digest) if trial.baseline else ""),
        "namespace": templates.query_value((builtin and builtin.namespace) or (given.namespace if given else "")),
        "workload": templates.query_value((builtin and builtin.workload) or (given.name if given else "")),
    }


def _istio(builtin: Builtin, values: Mapping[str, str]) -> Questions:
    """Istio's standard metrics; labels as in Flagger v1.44 (pkg/metrics/observers/istio.go), counts by increase()."""
    labels = {
        "reporter": builtin.reporter,
        "destination_workload_namespace": values["namespace"],
        "destination_workload": values["workload"],
        **{name: templates.render(text, values) for name, text in builtin.labels.items()},
    }
    selector = ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items())
    window = values["interval"]
    if builtin.istio == "request-error-ratio":
        return _counts(
            f'sum(increase(istio_requests_total{{{selector},response_code=~"5.."}}[{window}]))',
            f"sum(increase(istio_requests_total{{{selector}}}[{window}]))",
        )
    quantile = int(builtin.istio.removeprefix("latency-p")) / 100
    buckets = f"sum by (le) (rate(istio_request_duration_milliseconds_bucket{{{selector}}}[{window}]))"
    return {Role.VALUE: f"histogram_quantile({quantile:g}, {buckets}) / 1000"}


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
