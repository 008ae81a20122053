"""Iter8 1.x: answers of the controller's metrics port. It gives numbers and no verdict: who reads them judges.

`GET /httpDashboard` and `/grpcDashboard` with `namespace` and `test`, `GET /abnDashboard` with `namespace` and
`application` (metrics/server.go).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from gitops_bot.experiments import iter8_secret
from gitops_bot.experiments.fields import Lookup, Resource, flag, items, mapping, number, real, text
from gitops_bot.experiments.said import Said
from gitops_bot.model import ExperimentStatus, ObjectRef, Phase


def load_test(answer: Resource, lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of a test of HTTP or gRPC endpoints; how many tasks it has stands in its Secret."""
    result = mapping(answer, "ExperimentResult")
    namespace, name = text(result, "Namespace"), text(result, "Name")
    secret = lookup(ObjectRef("Secret", namespace, name))
    wanted = iter8_secret.tasks(iter8_secret.inner(secret)) if secret is not None else None
    done, metrics = number(result, "Completed tasks"), _totals(answer)
    said = _said(result, done, wanted, metrics)
    revision = number(result, "Revision")
    return ExperimentStatus(
        ref=ObjectRef("httpDashboard", namespace, name),
        phase=said.phase,
        reason=said.reason,
        step="" if done is None or wanted is None else f"{done}/{wanted}",
        identity=name if revision is None else f"{name}/{revision}",
        began=_started(text(result, "Start time")),
        metrics=metrics,
    )


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STAMP = re.compile(r"([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{2}) ([0-9]{2}):([0-9]{2}) (?:UTC|GMT)")


def _started(stamp: str) -> datetime | None:
    """A time as Go's RFC 822 has it, `02 Mar 26 08:00 UTC`, to the minute; None in a zone that is only named."""
    found = _STAMP.fullmatch(stamp)
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute = (int(found[n]) for n in (1, 3, 4, 5))
    try:
        return datetime(2000 + year, _MONTHS.index(found[2]) + 1, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


def _said(result: Resource, done: int | None, wanted: int | None, metrics: dict[str, float]) -> Said:
    if not result:
        return Said(Phase.UNKNOWN, "the answer holds no result of an experiment")
    if flag(result, "Failure"):
        return Said(Phase.FAILED, f"a task failed after {done or 0}")
    if done is None or wanted is None:
        return Said(Phase.UNKNOWN, f"{done or 0} tasks are done, of how many its Secret would say")
    if done < wanted:
        return Said(Phase.RUNNING, f"{done} of {wanted} tasks are done")
    if not metrics.get("request-count"):
        return Said(Phase.INCONCLUSIVE, "all tasks are done, and no request was answered")
    return Said(Phase.COMPLETED, f"all {wanted} tasks are done; Iter8 1.x gives no verdict")


def _totals(answer: Resource) -> dict[str, float]:
    """Over all endpoints: requests, errors, and the mean latency in milliseconds."""
    endpoints = mapping(answer, "Endpoints")
    requests = errors = spent = 0.0
    for name in endpoints:
        endpoint = mapping(endpoints, name)
        count = real(endpoint, "Statistics", "Count") or 0
        requests += count
        spent += count * (real(endpoint, "Statistics", "Mean") or 0)
        errors += real(endpoint, "Error statistics", "Count") or 0
    if requests <= 0:
        return {}
    return {
        "request-count": requests,
        "error-count": errors,
        "error-rate": errors / requests,
        "latency-mean": spent / requests,
    }


def rewards(answer: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of an A/B test: counts, means and deviations of each version's users, version 0 the baseline."""
    counted = {
        str(metric): rows
        for metric in answer
        if (rows := [row for row in items(answer, metric, "SummaryOverUsers") if (number(row, "Count") or 0) > 0])
    }
    versions = sorted({index for rows in counted.values() for row in rows if (index := _version(row)) is not None})
    trial = max(versions, default=0)
    means = {metric: _mean(rows, trial) for metric, rows in counted.items()}
    return ExperimentStatus(
        ref=ObjectRef("abnDashboard", "", ""),
        phase=Phase.COMPLETED if len(versions) > 1 else Phase.PENDING,
        reason=(
            f"{len(versions)} versions were counted; Iter8 1.x names no winner"
            if len(versions) > 1
            else "there are not two versions with users yet"
        ),
        baseline_name="0" if len(versions) > 1 else "",
        candidate_name=str(trial) if len(versions) > 1 else "",
        candidates=tuple(str(index) for index in versions if index),
        metrics={metric: mean for metric, mean in means.items() if mean is not None},
        results=counted,
    )


def _version(row: Resource) -> int | None:
    return number(row, "Version")


def _mean(rows: list[Resource], version: int) -> float | None:
    return next((real(row, "Mean") for row in rows if _version(row) == version), None)
