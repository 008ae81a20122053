"""Keptn: `metrics.keptn.sh` Analysis. One per run; it judged the time frame that its status names.

A value that could not be fetched scores nothing and so fails the analysis: without one objective that failed on a value
that is no evidence against the candidate.
"""

from __future__ import annotations

from gitops_bot.experiments.fields import (
    Lookup,
    Resource,
    document,
    flag,
    instant,
    items,
    mapping,
    real,
    reference,
    text,
)
from gitops_bot.experiments.said import Said
from gitops_bot.model import ExperimentStatus, Phase


def read(analysis: Resource, _lookup: Lookup, _container: str | None) -> ExperimentStatus:
    """The reading of one Analysis; one that judged another time frame than it asks for is UNKNOWN."""
    report = document(text(analysis, "status", "raw"))
    said = _said(analysis, report)
    frame = mapping(analysis, "status", "timeframe")
    return ExperimentStatus(
        ref=reference(analysis, "Analysis"),
        phase=said.phase,
        reason=said.reason,
        identity=text(analysis, "metadata", "uid"),
        began=instant(text(frame, "from")),
        ended=instant(text(frame, "to")),
        metrics={} if said.phase is Phase.UNKNOWN else _metrics(report),
        advice=said.advice,
    )


def _said(analysis: Resource, report: Resource) -> Said:
    if _other_frame(analysis):
        return Said(Phase.UNKNOWN, "its result is of another time frame than it asks for")
    state = text(analysis, "status", "state")
    match state:
        case "Completed":
            return _completed(analysis, report)
        case "Pending" | "Progressing":
            return Said(Phase.RUNNING, f"{state.lower()}: values are being fetched")
        case "":
            return Said(Phase.PENDING, "Keptn has not reported a state")
    return Said(Phase.UNKNOWN, f"the state {state} is not known")


def _completed(analysis: Resource, report: Resource) -> Said:
    score, maximum = real(report, "totalScore"), real(report, "maximumScore")
    scored = f" with {score:g} of {maximum:g} points" if score is not None and maximum is not None else ""
    if maximum == 0:
        return Said(Phase.INCONCLUSIVE, "completed, but no objective could score")
    if flag(analysis, "status", "pass") and flag(analysis, "status", "warning"):
        return Said(Phase.INCONCLUSIVE, "it says both that it passed and that it warns")
    if flag(analysis, "status", "pass"):
        return Said(Phase.SUCCEEDED, f"passed{scored}")
    if flag(analysis, "status", "warning"):
        return Said(Phase.INCONCLUSIVE, f"a warning{scored}")
    missing = _missing(analysis, report)
    if missing and not _failed_on_a_value(report):
        return Said(Phase.INCONCLUSIVE, f"failed{scored}, but for want of a value: {missing}")
    return Said(Phase.FAILED, f"failed{scored}")


def _other_frame(analysis: Resource) -> bool:
    """Whether spec and status name different times; `recent` is worked out by the controller."""
    for end in ("from", "to"):
        asked, judged = (instant(text(analysis, part, "timeframe", end)) for part in ("spec", "status"))
        if asked and judged and asked != judged:
            return True
    return False


def _missing(analysis: Resource, report: Resource) -> str:
    """Why a value could not be fetched, the first of several; empty when all were."""
    stored = mapping(analysis, "status", "storedValues")
    said = [text(one, "errMsg") for _, one in sorted(stored.items(), key=lambda pair: str(pair[0]))]
    said += [_error(one) for one in items(report, "objectiveResults")]
    return next((one for one in said if one), "")


def _failed_on_a_value(report: Resource) -> bool:
    objectives = items(report, "objectiveResults")
    failed = [one for one in objectives if not flag(one, "result", "pass") and not flag(one, "result", "warning")]
    return any(not _error(one) for one in failed)


def _error(objective: Resource) -> str:
    """An objective's error: Go writes some of them as text, others as an object without fields."""
    said = objective.get("error")
    return said if isinstance(said, str) else "no value" if isinstance(said, dict) else ""


def _metrics(report: Resource) -> dict[str, float]:
    """The values by the name of the objective's template."""
    found: dict[str, float] = {}
    for one in items(report, "objectiveResults"):
        name, value = text(one, "objective", "analysisValueTemplateRef", "name"), real(one, "value")
        if name and value is not None and not _error(one):
            found[name] = value
    return found
