"""Whether a workload runs the version that git names, and since when. Pure."""

from __future__ import annotations

from datetime import datetime

from gitops_bot.model import ExperimentStatus, Phase, Unseen, Version
from gitops_bot.policy.watched import RUNS, STATES


def began(status: ExperimentStatus) -> datetime | None:
    """When what the reading is about took effect: the pods, the run, or the last sync."""
    if status.ref.kind in RUNS:
        return status.began
    return status.applied or (status.ended if status.ref.kind in STATES else None)


_WELL = {"KnativeService": (Phase.SUCCEEDED, Phase.PAUSED, Phase.IDLE)}
"""Live and well, where that is more than SUCCEEDED: a ready revision that waits with its share of the traffic."""


def not_live(status: ExperimentStatus | Unseen, candidate: Version | None, *, must_be_well: bool) -> str:
    """Why a version is not running; empty where it is."""
    if isinstance(status, Unseen):
        return status.reason
    if candidate and not status.runs(candidate):
        return f"it runs {status.candidate}, git says {candidate}"
    if must_be_well and status.phase not in _WELL.get(status.ref.kind, (Phase.SUCCEEDED,)):
        return f"not live yet, it {status.phase.said}: {status.reason}"
    return ""
