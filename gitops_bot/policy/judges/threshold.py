"""What users may tell the threshold judge."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from gitops_bot.policy.base import Spec
from gitops_bot.policy.quantities import BoundedLimit

Limit = Annotated[int, Field(ge=0)]


class Threshold(Spec):
    """Every measurement against fixed bounds, with limits on how many may miss: more than a limit is too many."""

    min: BoundedLimit | None = None
    """The value must not be below."""
    max: BoundedLimit | None = None
    """The value must not be above."""
    inclusive: bool = True
    """A value on a bound keeps it; false: it misses."""
    failure_limit: Annotated[int, Field(ge=-1)] = 0
    """More failed measurements than this fail the run, at once; -1: no number of them does, and
    `consecutiveSuccessLimit` decides at the end."""
    inconclusive_limit: Limit = 0
    """More measurements without a number than this leave the run undecided."""
    consecutive_error_limit: Limit | None = None
    """More measurements in a row than this that could not be taken leave the run undecided; default: they count as
    measurements without a number."""
    consecutive_success_limit: Limit = 0
    """A run passes only if it ends with so many good measurements in a row; 0: any order will do."""
    min_samples: Limit = 0
    """A run decides only with at least this many observations: events where they are counted, else measured values."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("min or max is needed")
        if self.min and self.max and self.min.value > self.max.value:
            raise ValueError(f"min ({self.min}) is greater than max ({self.max})")
        if self.failure_limit < 0 and not self.consecutive_success_limit:
            raise ValueError("failureLimit: -1 needs consecutiveSuccessLimit, else nothing could ever fail")
        return self
