"""What users may tell the check of the traffic's division."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gitops_bot.policy.base import Spec
from gitops_bot.policy.judges.sequential import Chance


class SampleRatio(Spec):
    """Whether the candidate gets the part of the traffic that was configured."""

    share: Annotated[float, Field(gt=0, lt=100)] | None = None
    """Percent of the traffic that the candidate should get; default, in a policy: the step's weight."""
    alpha: Chance = 0.01
    """Traffic divided as configured is called a mismatch with at most this probability."""
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """So much more or less than the share, relative to it, harms nothing."""
