"""What users may tell the judge that decides as Iter8 did."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gitops_bot.policy.base import Spec
from gitops_bot.policy.quantities import BoundedLimit


class Iter8(Spec):
    """An objective, a reward or both, as in an Iter8 v0.7 Experiment; the metric's value is that of the whole run."""

    upper_limit: BoundedLimit | None = None
    """The objective: the candidate's value must not be above (inclusive bound)."""
    lower_limit: BoundedLimit | None = None
    """The objective: the candidate's value must not be below (inclusive bound)."""
    preferred_direction: Literal["High", "Low"] | None = None
    """Makes the metric a reward: the candidate must also do better than the baseline. Any difference counts, as Iter8
    asks for no significance."""
    least_intervals: Annotated[int, Field(ge=3, le=1000)] = 3
    """No verdict on fewer intervals with a number than this."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.upper_limit is None and self.lower_limit is None and self.preferred_direction is None:
            raise ValueError("needs upperLimit, lowerLimit or preferredDirection")
        if self.upper_limit and self.lower_limit and self.lower_limit.value > self.upper_limit.value:
            raise ValueError(f"lowerLimit ({self.lower_limit}) is above upperLimit ({self.upper_limit})")
        return self
