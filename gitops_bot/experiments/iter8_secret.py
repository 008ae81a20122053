"""Iter8 0.8 to 0.13: the Secret of a group, whose key `experiment.yaml` holds tasks and result. Read only by opt-in.

Only the experiment is looked at: no other key of the Secret, and nothing of it is shown but names and numbers.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    document,
    flag,
    instant,
    items,
    mapping,
    number,
    real,
    reference,
    text,
)
from gitops_bot.experiments.said import Said
from gitops_bot.model import ExperimentStatus, Phase, Version

_KEY = "experiment.yaml"


def read(secret: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of one Secret; one without an experiment is UNKNOWN."""
    experiment = inner(secret)
    result = mapping(experiment, "result")
    insights = mapping(result, "insights")
    tracks = [_Track.of(one) for one in items(insights, "versionNames")]
    candidate = len(tracks) - 1 if tracks else (number(insights, "numVersions") or 1) - 1
    said = _said(experiment, result, candidate)
    names = tuple(one.name for one in tracks)
    ended = said.phase not in (Phase.PENDING, Phase.RUNNING, Phase.UNKNOWN)
    return ExperimentStatus(
        ref=reference(secret, "Secret"),
        phase=said.phase,
        reason=said.reason,
        baseline=tracks[0].version if len(tracks) > 1 else None,
        candidate=tracks[-1].version if tracks else None,
        step=_step(experiment, result),
        baseline_name=names[0] if len(names) > 1 else "",
        candidate_name=names[-1] if names else "",
        candidates=names[1:] if len(names) > 1 else names,
        winner=names[-1] if said.phase is Phase.SUCCEEDED and names else "",
        identity=_identity(secret, result),
        began=instant(text(result, "startTime")),
        metrics=_metrics(insights, candidate) if ended else {},
    )


def inner(secret: Resource) -> Resource:
    """The experiment in a Secret: base64 as the API gives it, or plain as a manifest may."""
    plain = text(secret, "stringData", _KEY)
    if plain:
        return document(plain)
    try:
        return document(base64.b64decode(text(secret, "data", _KEY), validate=True).decode())
    except (binascii.Error, ValueError):
        return {}


def tasks(experiment: Resource) -> int | None:
    """How many tasks an experiment has; None when it does not say."""
    found = experiment.get("spec")
    return len(found) if isinstance(found, list) and found else None


@dataclass(frozen=True, slots=True)
class _Track:
    """A version on trial: by what the experiment calls it."""

    name: str
    version: Version | None

    @classmethod
    def of(cls, named: Resource) -> _Track:
        version = text(named, "version")
        return cls(text(named, "track") or version, Version(version) if version else None)


def _identity(secret: Resource, result: Resource) -> str:
    """The Secret is written again by every run: the revision tells them apart."""
    revision = number(result, "revision")
    uid = text(secret, "metadata", "uid")
    return uid if revision is None else f"{uid}/{revision}"


def _step(experiment: Resource, result: Resource) -> str:
    done, wanted = number(result, "numCompletedTasks"), tasks(experiment)
    return "" if done is None or wanted is None else f"{done}/{wanted}"


# ---------------------------------------------------------------- the verdict


def _said(experiment: Resource, result: Resource, candidate: int) -> Said:
    wanted, done = tasks(experiment), number(result, "numCompletedTasks")
    if wanted is None:
        return Said(Phase.UNKNOWN, "holds no Iter8 experiment that can be read")
    if flag(result, "failure"):
        return Said(Phase.ERROR, f"a task failed after {done or 0} of {wanted}")
    if not result:
        return Said(Phase.PENDING, "has not started")
    if done is None or done < wanted:
        return Said(Phase.RUNNING, f"{done or 0} of {wanted} tasks are done")
    return _judged(mapping(result, "insights"), candidate)


def _judged(insights: Resource, candidate: int) -> Said:
    """All tasks are done: the objectives decide, and one that reads false without a value proves nothing."""
    objectives = list(_objectives(insights))
    if not objectives:
        return Said(Phase.COMPLETED, "all tasks are done, and there were no objectives")
    broken = [one for one in objectives if one.met is False]
    violated = [one for one in broken if _observed(insights, one)]
    if ours := [one.metric for one in violated if one.version == candidate]:
        return Said(Phase.FAILED, f"objectives are violated: {', '.join(ours)}")
    doubts = {
        "never observed": [one.metric for one in broken if one not in violated],
        "violated by another version": [one.metric for one in violated],
        "not judged": [one.metric for one in objectives if one.met is None],
    }
    if any(doubts.values()):
        return Said(Phase.INCONCLUSIVE, "; ".join(f"{why}: {', '.join(one)}" for why, one in doubts.items() if one))
    return Said(Phase.SUCCEEDED, f"all {len(objectives)} objectives are met")


@dataclass(frozen=True, slots=True)
class _Objective:
    """One objective for one version; `met` is None where it was not judged."""

    metric: str
    version: int
    met: bool | None


def _objectives(insights: Resource) -> Iterator[_Objective]:
    for bound in ("upper", "lower"):
        named = items(insights, "SLOs", bound)
        found = mapping(insights, "SLOsSatisfied").get(bound)
        judged = found if isinstance(found, list) else []
        for slot in range(max(len(named), len(judged))):
            metric = text(named[slot], "metric") if slot < len(named) else ""
            for version, met in enumerate(_row(judged, slot) or [None]):
                yield _Objective(metric or f"{bound} objective {slot + 1}", version, met)


def _row(judged: Sequence[Any], slot: int) -> list[bool | None]:
    row = judged[slot] if slot < len(judged) else None
    return [met if isinstance(met, bool) else None for met in row] if isinstance(row, list) else []


def _observed(insights: Resource, objective: _Objective) -> bool:
    """Whether the metric had a value; `http/latency-p95` is drawn from the histogram `http/latency`."""
    plain = _of_version(insights, "nonHistMetricValues", objective.version).get(objective.metric)
    histograms = _of_version(insights, "histMetricValues", objective.version)
    drawn = [values for name, values in histograms.items() if f"{objective.metric}-".startswith(f"{name}-")]
    return any(isinstance(values, list) and values for values in (plain, *drawn))


def _of_version(insights: Resource, values: str, version: int) -> Resource:
    found = insights.get(values)
    return mapping(found[version]) if isinstance(found, list) and 0 <= version < len(found) else {}


def _metrics(insights: Resource, version: int) -> dict[str, float]:
    seen = _of_version(insights, "nonHistMetricValues", version)
    last = {name: real({"last": values[-1]}, "last") for name, values in seen.items() if _filled(values)}
    return {str(name): value for name, value in last.items() if value is not None}


def _filled(values: Any) -> bool:
    return isinstance(values, list) and bool(values)
