"""The threshold judge: every measurement of a run against min and max, with limits on how many may miss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitops_bot.analysis.schedule import LEAST_INTERVALS, Run
from gitops_bot.model import Figure, Missing, Outcome, Sample
from gitops_bot.policy.quantities import Limit
from gitops_bot.policy.schema import Metric


@dataclass(frozen=True, slots=True)
class Measurement:
    """One interval: the metric's value, and how many observations stand behind it."""

    reading: Sample | Missing
    observations: float = 1.0
    """Requests for ratios; 1 for a value that does not count."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one run says of one metric."""

    outcome: Outcome
    because: str
    figures: tuple[Figure, ...] = ()


def judge(metric: Metric, run: Run, measured: Sequence[Measurement]) -> Finding:
    """FAIL at once when too many measurements miss the bounds; PASS only at the end of a run that was seen whole."""
    values = [one.reading.value for one in measured if isinstance(one.reading, Sample)]
    missing = [one.reading for one in measured if isinstance(one.reading, Missing)]
    failed = [value for value in values if not within(metric, value)]
    observations = sum(one.observations for one in measured if isinstance(one.reading, Sample))
    enough = observations >= metric.min_samples
    figures = _figures(metric, run, values, failed, missing, observations)

    def finding(outcome: Outcome, because: str) -> Finding:
        return Finding(outcome, because, figures)

    if len(failed) > metric.failure_limit and len(values) >= LEAST_INTERVALS and enough:
        return finding(Outcome.FAIL, f"{_of(failed, values)} {_bounds(metric)}{_allowed(metric)}")
    if len(missing) > metric.inconclusive_limit or not values:
        return finding(
            Outcome.UNKNOWN, f"{len(missing)} of {len(measured)} measurements have no number: {_why(missing)}"
        )
    if not run.finished:
        return finding(Outcome.UNKNOWN, f"{len(measured)} of {run.length} measurements are taken")
    if not enough:
        return finding(Outcome.UNKNOWN, f"{observations:.0f} samples, of {metric.min_samples} needed")
    if len(values) < LEAST_INTERVALS:
        return finding(Outcome.UNKNOWN, f"{len(values)} of at least {LEAST_INTERVALS} measurements have a number")
    tolerated = f", {len(failed)} tolerated" if failed else ""
    return finding(
        Outcome.PASS, f"{len(values) - len(failed)} of {len(values)} measurements {_held(metric)}{tolerated}"
    )


def within(metric: Metric, value: float) -> bool:
    """Whether a value keeps both bounds, which are inclusive."""
    return (metric.min is None or value >= metric.min.value) and (metric.max is None or value <= metric.max.value)


def _of(failed: Sequence[float], values: Sequence[float]) -> str:
    return f"{len(failed)} of {len(values)} measurements"


def _bounds(metric: Metric) -> str:
    parts = [f"below {metric.min}"] * (metric.min is not None) + [f"above {metric.max}"] * (metric.max is not None)
    return "are " + " or ".join(parts)


def _held(metric: Metric) -> str:
    parts = [f"at least {metric.min}"] * (metric.min is not None) + [f"at most {metric.max}"] * (metric.max is not None)
    return "are " + " and ".join(parts)


def _allowed(metric: Metric) -> str:
    return f" ({metric.failure_limit} allowed)" if metric.failure_limit else ""


def _why(missing: Sequence[Missing]) -> str:
    """The commonest reason, the first of equals."""
    reasons = [one.reason for one in missing]
    return max(dict.fromkeys(reasons), key=reasons.count, default="nothing was measured")


def _figures(
    metric: Metric,
    run: Run,
    values: Sequence[float],
    failed: Sequence[float],
    missing: Sequence[Missing],
    observations: float,
) -> tuple[Figure, ...]:
    limit = metric.max or metric.min or Limit(0.0, "")
    shown = [Figure("limit", " … ".join(str(bound) for bound in (metric.min, metric.max) if bound))]
    if values:
        shown += [Figure("last", limit.show(values[-1])), Figure("worst", limit.show(_worst(metric, values)))]
    shown.append(Figure("measured", f"{len(values)}/{run.length}"))
    shown += [Figure("failed", str(len(failed)))] if failed else []
    shown += [Figure("without a number", str(len(missing)))] if missing else []
    shown += [Figure("samples", f"{observations:.0f}")] if metric.query is None or metric.min_samples else []
    return tuple(shown)


def _worst(metric: Metric, values: Sequence[float]) -> float:
    return max(values) if metric.max is not None else min(values)
