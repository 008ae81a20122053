"""Bad news is read twice before anything follows from it: it has stood for a minute, or it is asked for again.

How long it has stood is the object's own word: when its health turned, else when anybody last wrote the object. So
nothing need be remembered. Health can turn back by itself and must last; a run's end is final, a second look will do.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gitops_bot.experiments.fields import Resource, instant, items, text
from gitops_bot.model import Act, ExperimentStatus, Phase

POLL = timedelta(minutes=1)
"""So long after its first reading a second one counts as another."""


def is_bad(status: ExperimentStatus) -> bool:
    """Whether something would be taken back because of it."""
    return status.phase is Phase.FAILED or status.act is Act.REVERT


def has_stood(status: ExperimentStatus, resource: Resource, now: datetime) -> bool:
    """Whether the object has said so for a minute by its own times."""
    since = status.turned or _written(resource)
    return since is not None and now - since >= POLL


def just_turned(status: ExperimentStatus, now: datetime) -> str:
    """Why health that turned bad must be waited for; empty where it does not say when, or says what cannot be."""
    if status.turned is None or not -POLL <= now - status.turned < POLL:
        return ""
    return f"since less than a minute: {status.reason}. Bad news of health counts when it has lasted that long"


def confirmed(first: ExperimentStatus, before: Resource, second: ExperimentStatus, after: Resource) -> ExperimentStatus:
    """The second reading, where it is of the same object and as bad; UNKNOWN where it is not."""
    if text(before, "metadata", "uid") != text(after, "metadata", "uid"):
        return unsure(second, f"it was replaced while it was read; the one before: {first.reason}")
    if not is_bad(second):
        return unsure(second, f"it says {second.phase.value} ({second.reason}), and just said: {first.reason}")
    return second


def unsure(status: ExperimentStatus, why: str) -> ExperimentStatus:
    """The reading as one of which nothing follows."""
    return replace(status, phase=Phase.UNKNOWN, reason=why, weight=None, step="", advice=None)


def _written(resource: Resource) -> datetime | None:
    """When anybody last wrote any of it."""
    times = (instant(text(one, "time")) for one in items(resource, "metadata", "managedFields"))
    return max((one for one in times if one), default=None)
