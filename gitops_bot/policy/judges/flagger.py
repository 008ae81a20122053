"""What users may tell the judge that counts failed checks as Flagger does."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gitops_bot.policy.base import Spec
from gitops_bot.policy.quantities import BoundedLimit


class ThresholdRange(Spec):
    """Bounds of a metric; a value on a bound keeps it."""

    min: BoundedLimit | None = None
    """The value must not be below."""
    max: BoundedLimit | None = None
    """The value must not be above."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("min or max is needed, else every value would pass")
        if self.min and self.max and self.min.value > self.max.value:
            raise ValueError(f"min ({self.min}) is greater than max ({self.max})")
        if self.min and self.max and (self.min.unit == "s") is not (self.max.unit == "s"):
            raise ValueError(f"one of min ({self.min}) and max ({self.max}) is a time, the other is not")
        return self


class Flagger(Spec):
    """A metric of a Flagger Canary: a range, and how many checks may fail before it is rolled back."""

    threshold_range: ThresholdRange
    """What a value must keep, as `thresholdRange` of the metric."""
    threshold: Annotated[int, Field(ge=0)] = 1
    """So many failed checks in all fail the run, a check that passes does not take one back; 0 counts as 1. The
    `threshold` of Flagger's analysis, not the deprecated one of its metrics."""
    metric: Literal["request-success-rate", "request-duration", "custom"] = "custom"
    """request-duration is compared in whole milliseconds, as Flagger's built-in metric of that name: the value is in
    seconds where the range is written as times (`500ms`), in milliseconds where it is plain numbers."""

    @property
    def least_failed(self) -> int:
        """So many failed checks are too many."""
        return max(1, self.threshold)
