"""Binding a reading to a commit, for systems that deploy from git and have no observedGeneration that would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gitops_bot.model import ExperimentStatus, Phase


def bound(status: ExperimentStatus, *, contains: Callable[[str], bool], since: datetime) -> ExperimentStatus:
    """The reading as far as it speaks of what was merged at `since`; UNKNOWN where it speaks of something older.

    `contains` says whether a live commit has the merged one among its ancestors: where several environments share a
    repository the head moves on, so being equal is too much to ask.
    """
    older = _older(status, contains, since)
    if not older or status.phase is Phase.UNKNOWN:
        return status
    return replace(status, phase=Phase.UNKNOWN, reason=older, weight=None, step="", advice=None)


def _older(status: ExperimentStatus, contains: Callable[[str], bool], since: datetime) -> str:
    """Why a reading is not of the merged commit; empty when it is."""
    if not status.revision:
        return "it does not say which commit is live"
    if not contains(status.revision):
        return f"at commit {status.revision}, which does not contain the merged one"
    if status.applied_revision and not contains(status.applied_revision):
        return f"applied commit {status.applied_revision}, which does not contain the merged one"
    if status.began is not None and status.began < since:
        return "last compared before the merge"
    return ""
