"""Pull requests as JSON files beside a bare repository: survive restarts, are written whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gitops_bot.errors import ForgeUnreachable
from gitops_bot.model import PrState


@dataclass(frozen=True, slots=True)
class Record:
    """One pull request as it is kept. Times are RFC 3339, empty while they have not come."""

    number: int
    branch: str
    base: str
    head: str
    """The branch's head when it was last seen."""
    title: str
    body: str
    author: str
    state: str
    created_at: str
    updated_at: str
    closed_at: str = ""
    pushed_at: str = ""
    """When the head became what it is."""
    merge_commit: str = ""
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    comments: tuple[Mapping[str, str], ...] = ()
    reviews: tuple[Mapping[str, str], ...] = ()
    """Oldest first: author, state (approved, changes), commit, at."""


class Store:
    """The folder `<repository>.pulls`. Errors: ForgeUnreachable when it cannot be read or written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone with the folder, across processes."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise ForgeUnreachable(f"cannot use the local forge: {error.strerror}", where=str(self._folder)) from error

    def all(self) -> tuple[Record, ...]:
        """Every pull request, by number."""
        found = (self._record(path) for path in self._folder.glob("[0-9]*.json"))
        return tuple(sorted(found, key=lambda record: record.number))

    def one(self, number: int) -> Record | None:
        """The pull request of a number; None when there is none."""
        path = self._path(number)
        return self._record(path) if path.exists() else None

    def put(self, record: Record) -> None:
        """Keep one."""
        self._write(self._path(record.number), asdict(record))

    def next_number(self) -> int:
        """The number of the next one."""
        return max((record.number for record in self.all()), default=0) + 1

    def statuses(self, commit: str) -> Mapping[str, Mapping[str, str]]:
        """The statuses of a commit: context → state, description."""
        path = self._folder / "statuses" / f"{commit}.json"
        return self._read(path) if path.exists() else {}

    def set_status(self, commit: str, context: str, state: str, description: str) -> None:
        """Set one status of a commit."""
        said = {**self.statuses(commit), context: {"state": state, "description": description}}
        self._write(self._folder / "statuses" / f"{commit}.json", said)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:04d}.json"

    def _record(self, path: Path) -> Record:
        said = self._read(path)
        try:
            record = Record(**said)
            PrState(record.state)
            for moment in filter(None, (record.created_at, record.updated_at, record.closed_at, record.pushed_at)):
                datetime.fromisoformat(moment)
            return replace(
                record,
                labels=tuple(record.labels),
                reviewers=tuple(record.reviewers),
                comments=tuple(record.comments),
                reviews=tuple(record.reviews),
            )
        except (TypeError, ValueError) as error:
            what = f"is not a pull request of this forge: {error}"
            raise ForgeUnreachable(what, where=str(path), remedy="Mend or remove it.") from error

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            said = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ForgeUnreachable(f"cannot be read: {error}", where=str(path), remedy="Mend or remove it.") from error
        return said if isinstance(said, dict) else {}

    def _write(self, path: Path, said: Mapping[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(said, file, indent=2, ensure_ascii=False, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
