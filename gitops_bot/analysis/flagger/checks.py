"""One metric check, as Flagger does it (pkg/controller/scheduler_metrics.go)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

SUCCESS_RATE, DURATION = "request-success-rate", "request-duration"
"""The metrics that Flagger has built in: percent, and milliseconds."""


class Check(StrEnum):
    """What one check says of the advancement."""

    OK = "OK"
    HALT = "HALT"
    NO_VALUES = "HALT(no values)"
    """Nothing was measured, which Flagger takes for a failed check: probably there is no traffic."""

    @property
    def failed(self) -> bool:
        """It counts against the threshold."""
        return self is not Check.OK


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the values of a metric must keep: `thresholdRange`, inclusive at both ends."""

    min: float | None = None
    max: float | None = None


def bounds_of(name: str, given: Bounds | None, threshold: float = 0.0) -> Bounds:
    """The bounds of a metric; without a range, the deprecated threshold: least for the success rate, else most."""
    if given is not None:
        return given
    return Bounds(min=threshold) if name == SUCCESS_RATE else Bounds(max=threshold)


def check(name: str, bounds: Bounds, value: float | None) -> Check:
    """One value against the bounds of a metric; None and NaN are no value."""
    if value is None or math.isnan(value):
        return Check.NO_VALUES
    if name == DURATION:
        value, bounds = _whole(value), Bounds(*(_whole_or_none(bound) for bound in (bounds.min, bounds.max)))
    low = bounds.min is not None and value < bounds.min
    return Check.HALT if low or (bounds.max is not None and value > bounds.max) else Check.OK


def _whole(value: float) -> float:
    """Milliseconds as Flagger holds them, without their fraction."""
    return float(math.trunc(value)) if math.isfinite(value) else value


def _whole_or_none(value: float | None) -> float | None:
    return None if value is None else _whole(value)
