"""Binding a reading to what git says: the version, the commit, the time. What speaks of something else is UNKNOWN.

Most systems have no observedGeneration, and one that has it still may speak of another version than git names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from semver import Version as Semver

from gitops_bot.model import Claim, ExperimentStatus, Phase, Version

SKEW = timedelta(minutes=1)
"""So far the clocks of a cluster and of who commits may lie apart."""


_ENDED = (Phase.SUCCEEDED, Phase.FAILED, Phase.INCONCLUSIVE, Phase.ERROR, Phase.COMPLETED)


def about(status: ExperimentStatus, claim: Claim, contains: Callable[[str], bool]) -> ExperimentStatus:
    """The reading as far as it is about what the claim says; UNKNOWN, with the reason, where it is not."""
    if status.phase is Phase.UNKNOWN:
        return status
    if claim.above and status.candidate and _lower(status.candidate, claim.above):
        why = f"cluster and git disagree: it runs {status.candidate}, git has {claim.above}, which is newer"
        return replace(status, phase=Phase.UNKNOWN, reason=why, candidate=None, advice=None)
    why = _elsewhere(status, claim) or _before(status, claim)
    if why:
        return replace(status, phase=Phase.UNKNOWN, reason=why, weight=None, step="", advice=None)
    if claim.deploys and claim.named and claim.since:
        status = bound(status, contains=contains, since=claim.since)
    return _returned(status, claim)


def _elsewhere(status: ExperimentStatus, claim: Claim) -> str:
    """Why a reading is about other versions than git names; empty when it is not."""
    if claim.candidate and status.candidate and not status.candidate.runs(claim.candidate):
        return f"cluster and git disagree: it is about {status.candidate}, git says {claim.candidate}"
    compared = status.baseline if status.baseline != status.candidate else None
    if claim.baseline and compared and not _one(compared, claim.baseline):
        return f"cluster and git disagree: it compares with {compared}, git says {claim.baseline} is stable"
    return ""


def _one(found: Version, said: Version) -> bool:
    return found.runs(said) or said.runs(found)


def _lower(found: Version, held: Version) -> bool:
    """Whether a version is below another, where both are semantic ones."""
    try:
        return Semver.parse(found.tag.removeprefix("v")) < Semver.parse(held.tag.removeprefix("v"))
    except ValueError:
        return False


def _before(status: ExperimentStatus, claim: Claim) -> str:
    """Why a reading is older than what git says; empty when it is not."""
    if not claim.named:
        return ""
    if claim.since is None:
        return "the history of base ends before the present values came, so its age cannot be told"
    began = status.began if claim.once else status.applied
    if began is None:
        return "stale: it does not say when it began" if claim.once and status.phase in _ENDED else ""
    if began < claim.since - SKEW:
        return (
            f"stale: it began at {began:%Y-%m-%dT%H:%M:%SZ}, before commit {claim.commit[:12]} came at "
            f"{claim.since:%Y-%m-%dT%H:%M:%SZ}"
        )
    return ""


def _returned(status: ExperimentStatus, claim: Claim) -> ExperimentStatus:
    """What the policy wants a pipeline to return: another value is bad news, none is none."""
    if status.phase is not Phase.SUCCEEDED or not claim.results:
        return status
    found = {name: str(status.results.get(name, "")).strip() for name in claim.results}
    if absent := [name for name in claim.results if name not in status.results]:
        why = f"{status.reason}, but it returned no result {', '.join(absent)}"
        return replace(status, phase=Phase.INCONCLUSIVE, reason=why, advice=None)
    others = {name: value for name, value in found.items() if value != claim.results[name]}
    if others:
        told = "; ".join(f"{name} is {value[:60]}, wanted {claim.results[name]}" for name, value in others.items())
        return replace(status, phase=Phase.FAILED, reason=f"{status.reason}, but the result {told}", advice=None)
    return status


def bound(status: ExperimentStatus, *, contains: Callable[[str], bool], since: datetime) -> ExperimentStatus:
    """The reading as far as it speaks of what was merged at `since`; UNKNOWN where it speaks of something older.

    `contains` says whether a live commit has the merged one among its ancestors: where several environments share a
    repository the head moves on, so being equal is too much to ask.
    """
    older = _older(status, contains, since)
    if not older or status.phase is Phase.UNKNOWN:
        return status
    why = f"{older}: {status.reason}" if status.phase is Phase.ERROR else older
    return replace(status, phase=Phase.UNKNOWN, reason=why, weight=None, step="", advice=None)


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
