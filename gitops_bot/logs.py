"""Structured logs on stderr: JSON, or plain lines on a terminal. An event is a constant, facts are keys."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_LOGGER = logging.getLogger("gitops_bot")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = {"at": at, "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps({**said, **getattr(record, "facts", {})}, ensure_ascii=False, default=str)


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{key}={value}" for key, value in getattr(record, "facts", {}).items())
        return f"{record.levelname.lower():7} {record.getMessage()} {facts}".rstrip()


def configure(*, debug: bool = False) -> None:
    """Send our events to stderr. Libraries may warn, and say no more: their debug texts can hold secrets."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain() if sys.stderr.isatty() else _Json())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _LOGGER.setLevel(logging.DEBUG if debug else logging.INFO)


def event(name: str, *, level: int = logging.INFO, **facts: Any) -> None:
    """Log one event with its facts."""
    _LOGGER.log(level, name, extra={"facts": facts})
