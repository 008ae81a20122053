"""What a judge is given and what it gives back: intervals of evidence, and a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from gitops_bot.model import Figure, Outcome

LEAST_INTERVALS = 3
"""No FAIL before so many intervals."""


@dataclass(frozen=True, slots=True)
class Arm:
    """What one version did in one interval: counts, a number, or neither with the reason."""

    value: float | None = None
    """One finite number: a quantile, a mean, a ratio that was computed elsewhere."""
    bad: float | None = None
    """Bad events of the interval, a count by `increase()`."""
    total: float | None = None
    """All events of the interval; zero is no traffic."""
    missing: str = ""
    """Why there is no number; empty when there is one."""
    answered: bool = True
    """False: it could not be asked, which is an error rather than an answer without a number."""

    @property
    def counted(self) -> bool:
        """Both counts are there, and there was traffic."""
        return self.bad is not None and self.total is not None and self.total > 0

    @property
    def number(self) -> float | None:
        """The value, else the ratio of the counts; None without one."""
        if self.value is not None:
            return self.value
        return self.bad / self.total if self.counted and self.bad is not None and self.total else None


UNMEASURED = Arm(missing="not measured")


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval of evidence on one metric; intervals do not overlap and follow each other."""

    candidate: Arm
    baseline: Arm = UNMEASURED
    at: datetime | None = None
    """Its end."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a judge says of one run of one metric."""

    outcome: Outcome
    because: str
    figures: tuple[Figure, ...] = ()
    decided_at: int | None = None
    """The first interval, from 1, at which this verdict stood; None while it is UNKNOWN, or where it was not asked."""
    left: int | None = None
    """So many more intervals until it will probably know; None when it cannot say."""


Params_contra = TypeVar("Params_contra", contravariant=True)


class Judge(Protocol[Params_contra]):
    """One way to come from evidence to a finding. Pure; any input of the right types gives a finding."""

    def __call__(self, params: Params_contra, intervals: Sequence[Interval], length: int, /) -> Finding:
        """Judge a run of `length` intervals of which these were taken, oldest first; equal lengths: it is over."""
        ...
