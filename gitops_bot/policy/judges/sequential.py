"""What users may tell the sequential judge."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gitops_bot.policy.base import Spec
from gitops_bot.policy.quantities import BoundedLimit, Difference

Chance = Annotated[float, Field(gt=0, lt=0.5)]


class Sequential(Spec):
    """Candidate against baseline, read after every interval, with both errors kept however often it is read."""

    alpha: Chance = 0.01
    """A version that is not worse fails with at most this probability, over the whole run."""
    beta: Chance = 0.05
    """A version at or beyond the margin passes with at most this probability, over the whole run."""
    margin: Annotated[float, Field(gt=1, le=100)] = 2.0
    """So many times the baseline's ratio is too much: a PASS says that the candidate is below it."""
    tolerated: Annotated[float, Field(ge=1, le=100)] = 1.0
    """Up to so many times the baseline's ratio is no reason to fail."""
    tolerate: Difference | None = None
    """A difference up to this is no reason to fail either, in the metric's own unit: `0.2pp`, `20ms`."""
    max: BoundedLimit | None = None
    """The candidate must also be below this, whatever the baseline does; without a baseline, only this is asked."""
    min: BoundedLimit | None = None
    """The candidate must also be above this."""
    negligible: BoundedLimit | None = None
    """A ratio of bad events below this passes without a comparison: for services that almost never err."""
    better: Literal["lower", "higher"] = "lower"
    """For values that are not counts: which way is good."""
    least_intervals: Annotated[int, Field(ge=3, le=1000)] = 3
    """No verdict before so many intervals with evidence."""
    share_of: Annotated[int, Field(ge=1, le=1000)] = 1
    """So many metrics are judged together and share alpha evenly."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.tolerated >= self.margin:
            raise ValueError(f"tolerated ({self.tolerated:g}) must be less than margin ({self.margin:g})")
        return self
