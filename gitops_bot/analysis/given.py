"""Evidence as JSON has it, as intervals. What is no number becomes missing with the reason, never an error."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from gitops_bot.analysis.evidence import UNMEASURED, Arm, Interval

_LARGEST = 1e300
_LONGEST_REASON = 200
_NUMBERS = frozenset((int, float))
"""By exact type: a truth value is an int to Python, not to anybody else."""
_ARMS = frozenset(("candidate", "baseline"))


def intervals(given: Sequence[Any]) -> list[Interval]:
    """`[{"candidate": {"bad": 1, "total": 20}, "baseline": …, "at": …}, …]`, oldest first."""
    return [interval(one) for one in given]


def interval(given: Any) -> Interval:
    """One interval; what is no object is what the candidate measured."""
    if type(given) is not dict:
        return Interval(arm(given))
    at = given.get("at")
    return Interval(arm(given.get("candidate")), arm(given.get("baseline")), None if at is None else moment(at))


def before(given: Sequence[Any]) -> list[Interval]:
    """The baseline's intervals before a run: whole intervals, or the baseline's part of each."""
    return [Interval(UNMEASURED, _baseline(one)) for one in given]


def _baseline(given: Any) -> Arm:
    whole = isinstance(given, dict) and not _ARMS.isdisjoint(given)
    return arm(given.get("baseline") if whole else given)


def arm(given: Any) -> Arm:
    """What one version did.

    `{"bad": 1, "total": 20}`, `{"value": 0.2}`, `0.2`, `{"missing": "why"}`, `{"error": "why nobody answered"}`, null.
    """
    if type(given) is not dict:
        return UNMEASURED if given is None else _told({"value": given})
    if len(given) == 2:
        bad: Any = given.get("bad")
        total: Any = given.get("total")
        # What nearly all evidence looks like, read without a detour.
        if type(bad) in _NUMBERS and type(total) in _NUMBERS and 0 <= bad <= _LARGEST and 0 <= total <= _LARGEST:
            return Arm(None, bad, total)
    return _told(given)


def moment(given: Any) -> datetime | None:
    """A time as RFC 3339 or Unix seconds; None for anything else."""
    try:
        if isinstance(given, str):
            read = datetime.fromisoformat(given)
            return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
        return datetime.fromtimestamp(given, UTC) if type(given) in _NUMBERS else None
    except (ValueError, OverflowError, OSError):
        return None


def number(text: str) -> float | None:
    """A text's number, NaN and infinities included; None for what is none."""
    try:
        return None if "_" in text else float(text)  # Python's own 1_000 is nobody else's number
    except ValueError:
        return None


def _told(given: dict[str, Any]) -> Arm:
    if given.get("error") is not None:
        return Arm(missing=_reason(given["error"]), answered=False)
    if given.get("missing") is not None:
        return Arm(missing=_reason(given["missing"]))
    numbers: dict[str, Any] = {}
    for name in ("value", "bad", "total"):
        if (told := given.get(name)) is None:
            continue
        read: Any = number(told) if isinstance(told, str) else told
        if wrong := _wrong(told, read, negative=name == "value"):
            return Arm(missing=f"{name} is {wrong}")
        numbers[name] = read
    if not numbers:
        return UNMEASURED
    if "value" not in numbers and len(numbers) == 1:
        return Arm(missing=f"there is no {'total' if 'bad' in numbers else 'bad'}")
    return Arm(**numbers)


def _wrong(told: Any, read: Any, *, negative: bool) -> str:
    """What keeps it from being a number; empty when nothing does."""
    if type(read) not in _NUMBERS:
        return f"{_shown(told)}, which is no number"
    if abs(read) > _LARGEST:
        return "infinite" if isinstance(read, float) else "too large"
    if math.isnan(read):
        return "NaN"
    return f"{read:g}, which no count can be (a counter was reset)" if read < 0 and not negative else ""


def _reason(told: Any) -> str:
    text = told.strip() if isinstance(told, str) else ""
    return text[:_LONGEST_REASON] or "no reason was given"


def _shown(given: Any) -> str:
    text = json.dumps(given, default=str)
    return text if len(text) <= 40 else f"{text[:39]}…"
