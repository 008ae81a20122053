"""The audit log: one line of JSON per intent, effect and failure, appended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gitops_bot.ports import Clock


class AuditLog:
    """A file that only grows. `form` makes a line of an event, the time and a record."""

    def __init__(self, file: Path, clock: Clock, form: Callable[[str, Any, Any], str]) -> None:
        self._file = file
        self._clock = clock
        self._form = form

    def write(self, event: str, record: Any) -> None:
        """Append one line."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(self._form(event, self._clock.now(), record) + "\n")
