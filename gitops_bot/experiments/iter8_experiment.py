"""Iter8 v0.7: `iter8.tools/v2alpha2` Experiment. One object per run and no observedGeneration: its uid is its identity.

`versionRecommendedForPromotion` is never read: it is written in every iteration and falls back to the baseline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    condition,
    flag,
    instant,
    items,
    mapping,
    number,
    quantity,
    reference,
    text,
)
from gitops_bot.experiments.said import Said
from gitops_bot.model import ExperimentStatus, Phase, Version

_STAGES = {
    "": Phase.PENDING,
    "Waiting": Phase.PENDING,
    "Initializing": Phase.RUNNING,
    "Running": Phase.RUNNING,
    "Finishing": Phase.RUNNING,
    "Completed": Phase.COMPLETED,
}

_LOOP, _LOOPS = 15, 1
"""Iterations per loop and loops where the spec gives none."""


@dataclass(frozen=True, slots=True)
class _Versions:
    """The versions of an experiment, by name."""

    baseline: str
    candidates: tuple[str, ...]
    revisions: dict[str, Version | None]


def read(experiment: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of one Experiment; a baseline that wins against candidates is a failure of the candidate."""
    versions = _versions(experiment)
    said, winner = _said(experiment, versions)
    trial = winner if winner in versions.candidates else next(iter(versions.candidates), versions.baseline)
    told = said.phase is not Phase.UNKNOWN
    return ExperimentStatus(
        ref=reference(experiment, "Experiment"),
        phase=said.phase,
        reason=said.reason,
        baseline=versions.revisions.get(versions.baseline),
        candidate=versions.revisions.get(trial),
        weight=_weight(experiment, trial) if told and versions.candidates else None,
        step=_step(experiment),
        baseline_name=versions.baseline,
        candidate_name=trial,
        candidates=versions.candidates,
        winner=winner,
        identity=text(experiment, "metadata", "uid"),
        began=instant(text(experiment, "status", "startTime")),
        ended=instant(text(condition(experiment, "Completed"), "lastTransitionTime")) if winner else None,
        metrics=_metrics(experiment, trial),
    )


def _versions(experiment: Resource) -> _Versions:
    info = mapping(experiment, "spec", "versionInfo")
    baseline, candidates = mapping(info, "baseline"), items(info, "candidates")
    return _Versions(
        baseline=text(baseline, "name"),
        candidates=tuple(name for one in candidates if (name := text(one, "name"))),
        revisions={text(one, "name"): _revision(one) for one in (baseline, *candidates)},
    )


def _revision(version: Resource) -> Version | None:
    """What runs, in the variable `revision`: the convention of the project's samples; an image is read as one."""
    values = {text(one, "name"): text(one, "value") for one in items(version, "variables")}
    said = values.get("revision") or values.get("image") or ""
    if "/" in said or ":" in said:
        return Version.of_image(said)
    return Version(said) if said else None


# ---------------------------------------------------------------- the verdict


def _said(experiment: Resource, versions: _Versions) -> tuple[Said, str]:
    """What it says, and who won; nobody has won before the end."""
    stage, message = text(experiment, "status", "stage"), text(experiment, "status", "message")
    failed = condition(experiment, "Failed")
    if failed.get("status") == "True":
        why = (text(failed, "reason"), text(failed, "message"))
        return Said(Phase.ERROR, ": ".join(part for part in why if part) or message or "Iter8 failed"), ""
    if stage not in _STAGES:
        return Said(Phase.UNKNOWN, f"reports the stage {stage}, which is not known"), ""
    if stage != "Completed":
        return Said(_STAGES[stage], message or stage or "has not started"), ""
    if condition(experiment, "Completed").get("status") != "True":
        return Said(Phase.UNKNOWN, "reports the stage Completed, but not the condition"), ""
    return _completed(experiment, versions)


def _completed(experiment: Resource, versions: _Versions) -> tuple[Said, str]:
    found = mapping(experiment, "status", "analysis", "winnerAssessment", "data")
    winner = text(found, "winner") if flag(found, "winnerFound") else ""
    if not winner:
        return Said(Phase.INCONCLUSIVE, f"completed without a winner{_missed(experiment, versions.candidates)}"), ""
    if winner in versions.candidates:
        return Said(Phase.SUCCEEDED, f"completed, {winner} won"), winner
    if winner != versions.baseline:
        return Said(Phase.UNKNOWN, f"completed, but the winner {winner} is none of its versions"), ""
    if not versions.candidates:
        return Said(Phase.SUCCEEDED, f"completed, {winner} meets its objectives"), winner
    missed = _missed(experiment, versions.candidates)
    return Said(Phase.FAILED, f"completed, the baseline {winner} won{missed}"), winner


def _missed(experiment: Resource, candidates: Sequence[str]) -> str:
    """Which objectives the candidates did not meet, and which of them for want of a value."""
    objectives = [text(one, "metric") for one in items(experiment, "spec", "criteria", "objectives")]
    assessed = mapping(experiment, "status", "analysis", "versionAssessments", "data")
    said = []
    for name in candidates:
        met = assessed.get(name)
        verdicts = met if isinstance(met, list) else []
        missed = [metric for metric, good in zip(objectives, verdicts, strict=False) if good is False]
        values = [
            metric if _value(experiment, metric, name) is not None else f"{metric} (no value)" for metric in missed
        ]
        if values:
            said.append(f"; {name} misses {', '.join(values)}")
    return "".join(said)


# ---------------------------------------------------------------- numbers


def _weight(experiment: Resource, name: str) -> int | None:
    weights = items(experiment, "status", "currentWeightDistribution")
    return next((number(one, "value") for one in weights if text(one, "name") == name), None)


def _step(experiment: Resource) -> str:
    """Iterations done, of those that the spec asks for."""
    done, duration = number(experiment, "status", "completedIterations"), mapping(experiment, "spec", "duration")
    loop, loops = number(duration, "iterationsPerLoop"), number(duration, "maxLoops")
    wanted = (_LOOP if loop is None else loop) * (_LOOPS if loops is None else loops)
    return "" if done is None else f"{done}/{wanted}"


def _metrics(experiment: Resource, name: str) -> dict[str, float]:
    found = mapping(experiment, "status", "analysis", "aggregatedMetrics", "data")
    values = {metric: _value(experiment, metric, name) for metric in found}
    return {metric: value for metric, value in values.items() if value is not None}


def _value(experiment: Resource, metric: str, version: str) -> float | None:
    found = mapping(experiment, "status", "analysis", "aggregatedMetrics", "data")
    return quantity(found, metric, "data", version, "value")
