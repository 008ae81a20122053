"""Failures as people are told of them: when one stands, and when it is over. What was told is known here alone."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence

from gitops_bot import logs
from gitops_bot.delivery.text import cut, one_line
from gitops_bot.errors import (
    BotError,
    ClusterUnreachable,
    ForgeUnreachable,
    InternalError,
    PushRejected,
    RateLimited,
    RegistryUnreachable,
    RepositoryUnreachable,
)
from gitops_bot.model import NotifyTone
from gitops_bot.ports import Notifier
from gitops_bot.tick import Failure

_PASSING: tuple[type[BotError], ...] = (
    ClusterUnreachable,
    ForgeUnreachable,
    PushRejected,
    RateLimited,
    RegistryUnreachable,
    RepositoryUnreachable,
)
"""What is often over by the next tick: told when that one sees it, too."""
_MOST = 10
"""Failures in one message; the rest is counted."""
_CHANGING = re.compile(r"[0-9a-f]{7,64}|\d+")
"""Commits, times and counts, by which a text is no other."""

_Key = tuple[str, str]
"""Subject, and the text without what changes in it."""


class Alarms:
    """Of one repository. Each failure is told once, and once that its subject is well again."""

    def __init__(self, repository: str, to: Sequence[str], notifiers: Mapping[str, Notifier]) -> None:
        self._repository = repository
        self._notifiers = [notifiers[name] for name in to]
        self._seen: dict[_Key, int] = {}
        """In how many ticks, one after the other."""
        self._told: set[_Key] = set()

    def look(self, failures: Sequence[Failure]) -> None:
        """After a tick. What nobody took is tried again after the next."""
        if not self._notifiers:
            return
        now = {(one.subject, _CHANGING.sub("#", str(one.error))): one for one in failures}
        # Without its repository nobody knows how the policies are.
        blind = any(one.subject == self._repository for one in failures)
        kept = {key: count for key, count in self._seen.items() if blind and key not in now}
        self._seen = {**kept, **{key: self._seen.get(key, 0) + 1 for key in now}}
        standing = [key for key, one in now.items() if key not in self._told and self._stands(key, one)]
        lines = [_line(now[key]) for key in standing]
        if lines and self._tell(f"failing: {self._repository}", _listed(lines), NotifyTone.FAILURE):
            self._told |= {*standing}
        gone = self._told - self._seen.keys()
        well = sorted({subject for subject, _ in gone} - {subject for subject, _ in self._seen})
        if not well or self._tell(f"over: {self._repository}", _listed(map(one_line, well)), NotifyTone.SUCCESS):
            self._told -= gone

    def _stands(self, key: _Key, one: Failure) -> bool:
        return self._seen[key] > 1 or not isinstance(one.error, _PASSING)

    def _tell(self, title: str, text: str, tone: NotifyTone) -> bool:
        """Whether one of them took it."""
        refused = [why for one in self._notifiers if (why := one.tell(title, text, tone=tone.value))]
        for why in refused:
            logs.event("notify_failed", level=logging.WARNING, repository=self._repository, detail=why)
        return len(refused) < len(self._notifiers)


def _line(failure: Failure) -> str:
    """Its first line, below which a file is quoted. A defect may have anything in its text: that stays in the log."""
    error = failure.error
    said = "a defect of gitops-bot; its log says more" if isinstance(error, InternalError) else str(error)
    first, *_ = said.strip().splitlines() or [""]
    return cut(one_line(f"{failure.subject}: {first}"), 500)


def _listed(lines: Iterable[str]) -> str:
    shown = list(lines)
    more = len(shown) - _MOST
    return "\n".join([*shown[:_MOST], *([f"and {more} more"] if more > 0 else [])])
