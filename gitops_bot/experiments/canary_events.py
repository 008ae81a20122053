"""Why Flagger halted a release, from its Events; best effort, as events are kept for an hour or so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gitops_bot.experiments.fields import Lookup, Resource, instant, text

_NO_TRAFFIC = ("no values found", "not receiving traffic")
"""Flagger's words where a metric gave nothing, which it counts as a failed check."""


def halts(canary: Resource, lookup: Lookup, since: datetime | None) -> tuple[str, ...]:
    """The messages of failed checks on this very object, oldest first; those from before a moment left out."""
    uid = text(canary, "metadata", "uid")
    if not uid:
        return ()
    found = [
        (when, message)
        for event in lookup.all("Event", text(canary, "metadata", "namespace"))
        if text(event, "involvedObject", "uid") == uid
        and (message := text(event, "message")).startswith("Halt ")
        and (when := _when(event))
        and (since is None or when >= since)
    ]
    return tuple(message for _, message in sorted(found))


def without_traffic(messages: Sequence[str]) -> bool:
    """Whether every failed check that is known failed because nothing was measured."""
    return bool(messages) and all(any(words in message for words in _NO_TRAFFIC) for message in messages)


def _when(event: Resource) -> datetime | None:
    stamps = (text(event, "lastTimestamp"), text(event, "eventTime"), text(event, "firstTimestamp"))
    return next((time for stamp in stamps if (time := instant(stamp))), None)
