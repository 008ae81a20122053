"""Values as JSON: camelCase keys, RFC 3339 times, empty fields left out, the same value always the same text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from gitops_bot.delivery.diffs import diff
from gitops_bot.errors import BotError
from gitops_bot.model import Action, Change, Plan, Proposal, Query, Verdict, Version
from gitops_bot.tick import Failure, Report

Json = dict[str, Any]


def text(value: Any) -> str:
    """Indented JSON with a newline at its end."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n"


def line(value: Any) -> str:
    """JSON on one line."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


def plain(value: Any) -> Any:
    """A value as what JSON has: objects, lists, text, numbers."""
    match value:
        case None | bool() | int() | float() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return value.value
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
        case Version():
            return str(value)
        case Change():
            return {"path": value.path, "moves": plain(value.moves), "diff": diff([value])}
        case Verdict():
            return {"outcome": value.outcome.value, "because": value.because, "checks": plain(value.checks)}
        case Query():
            return {"cluster": value.cluster, "expression": value.expression, **_window(value)}
        case BotError():
            return {"exitCode": value.exit_code, "kind": type(value).__name__, "message": str(value)}
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case tuple() | list():
            return [plain(item) for item in value]
    assert is_dataclass(value), f"{type(value).__name__} has no JSON form"
    said = {_camel(one.name): plain(getattr(value, one.name)) for one in fields(value)}
    kept = {key: item for key, item in said.items() if item not in (None, "", [], {})}
    return {"action": type(value).__name__, **kept} if isinstance(value, Action) else kept


def report(done: Report) -> Json:
    """What a tick saw, decided and did; a proposal stands once, its actions name it."""
    plans = [_plan(one) for one in done.plans]
    return {
        "repository": done.repository,
        "plans": plans,
        "receipts": plain(done.receipts),
        "failures": [failure(one) for one in done.failures],
    }


def _plan(plan: Plan) -> Json:
    said: Json = plain(plan)
    for action in said.get("actions", []):
        if isinstance(action.get("proposal"), dict):
            action["proposal"] = action["proposal"]["key"]
    return said


def failure(one: Failure) -> Json:
    """Who failed and how."""
    return {"subject": one.subject, **plain(one.error)}


def record(kind: str, at: datetime, value: Plan | Proposal | Failure | Any) -> str:
    """One line of the audit log."""
    body = failure(value) if isinstance(value, Failure) else _plan(value) if isinstance(value, Plan) else plain(value)
    return line({"at": at, "event": kind, **body})


def _window(query: Query) -> Json:
    return {"start": plain(query.start), "end": plain(query.end), "stepSeconds": query.step.total_seconds()}


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)
