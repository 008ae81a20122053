"""The small notations of the language: durations (`10m`), limits (`1%`, `500ms`), each to its base unit."""

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_DURATION = r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_LONGEST = timedelta(days=3650)


def parse_duration(text: Any) -> timedelta:
    """`90s`, `10m`, `1h30m`, `1d` as a timedelta, at most ten years. Errors: ValueError."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not re.fullmatch(_DURATION, text):
        raise ValueError(f"{text!r} is not a duration; write it like 30s, 10m, 1h30m or 1d")
    parts = re.findall(r"([\d.]+)(ms|[smhd])", text)
    milliseconds = sum(Fraction(n) * _UNITS_MS[unit] for n, unit in parts)
    if milliseconds.denominator != 1:
        raise ValueError(f"{text!r} is finer than a millisecond")
    if milliseconds > _LONGEST // timedelta(milliseconds=1):
        raise ValueError(f"{text!r} is longer than ten years")
    return timedelta(milliseconds=int(milliseconds))


def format_duration(duration: timedelta) -> str:
    """The shortest notation that reads back: `1h30m`, `45s`, `0s`."""
    rest, parts = duration // timedelta(milliseconds=1), []
    for unit, step in _UNITS_MS.items():
        count, rest = divmod(rest, step)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound in base units (ratio 0 to 1, seconds, or plain), and how it was written."""

    value: float
    unit: str
    """`%`, `s`, or empty."""

    def show(self, value: float) -> str:
        """A measured value in this limit's notation, rounded."""
        match self.unit:
            case "%":  # four digits would show four nines as 100 %
                return f"{value * 100:.4g}%" if abs(value) < 0.99 else f"{value * 100:.6g}%"
            case "s":
                return f"{value * 1000:.4g}ms" if abs(value) < 1 else f"{value:.6g}s"
        return f"{value:.6g}"

    def __str__(self) -> str:
        """The bound itself, so that it reads back."""
        match self.unit:
            case "%":
                return f"{self.value * 100:.12g}%"
            case "s":
                return format_duration(timedelta(seconds=self.value))
        return f"{self.value:.15g}"


def parse_limit(text: Any) -> Limit:
    """`1%` → 0.01, `500ms` → 0.5 seconds, a plain number stays. Errors: ValueError."""
    if isinstance(text, Limit):
        return text
    if isinstance(text, int | float) and not isinstance(text, bool):
        return _finite(Limit(math.inf if abs(text) > 1e300 else float(text), ""), text)
    if isinstance(text, str) and (percent := re.fullmatch(rf"({_NUMBER})\s*%", text)):
        return _finite(Limit(float(percent[1]) / 100, "%"), text)
    if isinstance(text, str) and re.fullmatch(_DURATION, text):
        return Limit(parse_duration(text).total_seconds(), "s")
    raise ValueError(f"{text!r} is not a limit; write a number, a percentage (1%) or a time (500ms)")


def parse_difference(text: Any) -> Limit:
    """`0.2pp` (percentage points) → 0.002, else as `parse_limit`, never negative. Errors: ValueError."""
    points = re.fullmatch(rf"({_NUMBER})\s*pp", text) if isinstance(text, str) else None
    difference = parse_limit(f"{points[1]}%" if points else text)
    if difference.value < 0:
        raise ValueError(f"{text!r} is negative; a difference is written like 0.2pp, 20ms or a number")
    return difference


def _written(limit: Limit) -> float | str:
    """A limit as a policy holds it."""
    return str(limit) if limit.unit else limit.value


def _finite(limit: Limit, text: Any) -> Limit:
    if not math.isfinite(limit.value):
        raise ValueError(f"{text!r} is no bound: nothing could ever miss it")
    return limit


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION}$", "examples": ["30s", "10m", "1h30m"]}),
]

BoundedLimit = Annotated[
    Limit,
    BeforeValidator(parse_limit),
    PlainSerializer(_written),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": rf"^({_NUMBER}\s*%|{_DURATION})$"}]},
    ),
]

Difference = Annotated[
    Limit,
    BeforeValidator(parse_difference),
    PlainSerializer(_written),
    WithJsonSchema(
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": rf"^({_NUMBER}\s*(pp|%)|{_DURATION})$"}]},
    ),
]
