"""The judge `argoAnalysis`: a metric of an Argo Rollouts AnalysisTemplate, and what may not be said of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from gitops_bot.policy.base import Spec
from gitops_bot.policy.quantities import Duration

DEFAULT_CONSECUTIVE_ERROR_LIMIT = 4

_GO_UNITS = {
    "ns": Fraction(1, 10**9),
    "us": Fraction(1, 10**6),
    "µs": Fraction(1, 10**6),
    "μs": Fraction(1, 10**6),
    "ms": Fraction(1, 1000),
    "s": Fraction(1),
    "m": Fraction(60),
    "h": Fraction(3600),
}
_GO_PART = r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)"
_LONGEST_S = 2**63 / 10**9


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric of an AnalysisTemplate with its arguments filled in; the fields of Metric in argoproj.io/v1alpha1."""

    name: str = ""
    providers: tuple[str, ...] = ()
    """The keys of `provider`; exactly one is right."""
    query: str = ""
    success_condition: str = ""
    failure_condition: str = ""
    count: int = 0
    """0: not given."""
    interval: str = ""
    initial_delay: str = ""
    failure_limit: int = 0
    """-1 switches it off."""
    inconclusive_limit: int = 0
    consecutive_error_limit: int = DEFAULT_CONSECUTIVE_ERROR_LIMIT
    consecutive_success_limit: int = 0
    """0 switches it off."""
    dry_run: bool = False

    @property
    def effective_count(self) -> int | None:
        """Measurements until the metric is complete: one where nothing says how often, None without an end."""
        return self.count or (None if self.interval else 1)


def go_duration(text: str) -> timedelta | None:
    """`60s`, `1h30m`, `1.5h` as Go reads it; None for what is no duration."""
    match = re.fullmatch(rf"([-+]?)(0|(?:{_GO_PART})+)", text) if len(text) <= 64 else None
    if match is None:
        return None
    seconds = sum((Fraction(n) * _GO_UNITS[unit] for n, unit in re.findall(_GO_PART, match[2])), Fraction(0))
    if seconds > _LONGEST_S:
        return None
    return timedelta(microseconds=int(seconds * 10**6) * (-1 if match[1] == "-" else 1))


def metrics_problem(metrics: Sequence[MetricSpec]) -> str:
    """What Argo Rollouts says against a list of metrics (ValidateMetrics in utils/analysis/factory.go), or empty."""
    if not metrics:
        return "no metrics specified"
    names: set[str] = set()
    for index, metric in enumerate(metrics):
        duplicate = f"duplicate name '{metric.name}'" if metric.name in names else ""
        names.add(metric.name)
        if problem := duplicate or metric_problem(metric) or _provider_problem(metric):
            return f"metrics[{index}]: {problem}"
    return ""


def metric_problem(metric: MetricSpec) -> str:
    """What Argo Rollouts says against the numbers of one metric, or empty; the first of several."""
    failure, success, count = metric.failure_limit, metric.consecutive_success_limit, metric.count
    rules = (
        (
            count > 0 and failure >= 0 and success >= 0 and count < failure + success,
            f"count ({count}) must be >= failureLimit + consecutiveSuccessLimit ({failure} + {success}) if both >= 0",
        ),
        (0 < count < metric.inconclusive_limit, "count must be >= inconclusiveLimit"),
        (count > 1 and not metric.interval, "interval must be specified when count > 1"),
        (bool(metric.interval) and go_duration(metric.interval) is None, "invalid interval string"),
        (bool(metric.initial_delay) and go_duration(metric.initial_delay) is None, "invalid startDelay string"),
        (failure < -1, "failureLimit must be >= 0, or -1 to be disabled"),
        (metric.inconclusive_limit < 0, "inconclusiveLimit must be >= 0"),
        (metric.consecutive_error_limit < 0, "consecutiveErrorLimit must be >= 0"),
        (success < 0, "consecutiveSuccessLimit must be >= 0"),
        (failure == -1 and success == 0, "failureLimit and consecutiveSuccessLimit cannot both be disabled"),
    )
    return next((message for broken, message in rules if broken), "")


def _provider_problem(metric: MetricSpec) -> str:
    if len(metric.providers) == 1:
        return ""
    return "multiple providers specified" if metric.providers else "no provider specified"


Condition = Annotated[str, StringConstraints(max_length=4096)]


class ArgoAnalysis(Spec):
    """An Argo Rollouts metric, judged here: its conditions, limits and phases."""

    success_condition: Condition = ""
    """An expression over `result`, such as `result[0] >= 0.95`; without a failureCondition, false is a failure."""
    failure_condition: Condition = ""
    """An expression over `result`; true is a failure, whatever successCondition says."""
    count: Annotated[int, Field(ge=1)] | None = None
    """Measurements until the metric is complete; default: the whole run."""
    interval: Duration | None = None
    """Between two measurements; default: every interval of the run."""
    initial_delay: Duration = timedelta(0)
    """No measurement before so long after the run's start."""
    failure_limit: Annotated[int, Field(ge=-1)] = 0
    """More failed measurements than this fail the metric; -1 switches it off."""
    inconclusive_limit: Annotated[int, Field(ge=0)] = 0
    """More inconclusive measurements than this leave it undecided."""
    consecutive_error_limit: Annotated[int, Field(ge=0)] = DEFAULT_CONSECUTIVE_ERROR_LIMIT
    """More errors in a row than this end it in an error."""
    consecutive_success_limit: Annotated[int, Field(ge=0)] = 0
    """So many successes in a row complete it; 0 switches it off."""
    dry_run: bool = False
    """Measured and told, never decides."""
    shape: Literal["vector", "scalar"] = "vector"
    """What `result` is: a vector (`result[0]`, empty without data), as Prometheus gives, or a number."""

    @property
    def metric(self) -> MetricSpec:
        """The metric as Argo Rollouts would have it; the run's end completes it when no count is given."""
        return MetricSpec(
            success_condition=self.success_condition,
            failure_condition=self.failure_condition,
            count=self.count or 0,
            interval="1s",  # only whether there is one matters to the limits
            failure_limit=self.failure_limit,
            inconclusive_limit=self.inconclusive_limit,
            consecutive_error_limit=self.consecutive_error_limit,
            consecutive_success_limit=self.consecutive_success_limit,
            dry_run=self.dry_run,
        )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not (self.success_condition or self.failure_condition):
            raise ValueError("needs successCondition or failureCondition: without one, everything would be a success")
        if problem := metric_problem(self.metric):
            raise ValueError(problem)
        return self
