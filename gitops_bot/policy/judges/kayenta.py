"""What users may tell the judge that decides as Kayenta does; names as in its canary configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gitops_bot.policy.base import Spec

Positive = Annotated[float, Field(gt=0, le=1e6)]


class EffectSize(Spec):
    """How large a difference must be to count, besides being significant."""

    measure: Literal["meanRatio", "cles"] = "meanRatio"
    """The candidate's mean by the baseline's, or how often the candidate's value is the larger of two (0 to 1)."""
    allowed_increase: Positive | None = None
    """High from this effect on; default: 1, or 0.5 for cles, which is any."""
    allowed_decrease: Positive | None = None
    """Low up to this effect; default: 1, or 0.5 for cles, which is any."""
    critical_increase: Positive | None = None
    """A critical metric that is High fails the whole canary from this effect on; default: as allowedIncrease's."""
    critical_decrease: Positive | None = None
    """A critical metric that is Low fails the whole canary up to this effect; default: as allowedDecrease's."""


class Outliers(Spec):
    """What becomes of values far outside the others."""

    strategy: Literal["keep", "remove"] = "keep"
    outlier_factor: Positive = 3.0
    """So many interquartile ranges beyond the quartiles, and beyond the 1st and 99th percentile."""


class Kayenta(Spec):
    """Candidate against baseline by Mann–Whitney over one whole run; each interval is one point of either series."""

    direction: Literal["increase", "decrease", "either"] = "either"
    """Which way is bad."""
    nan_strategy: Literal["remove", "replace"] = "remove"
    """Intervals without a number are left out, or count as 0."""
    critical: bool = False
    """In a score of several metrics, this one alone fails all."""
    must_have_data: bool = False
    """In a score of several metrics, no data counts as failed."""
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.25
    """The whole confidence interval must lie beyond this part of the estimated shift (not of the baseline)."""
    conf_level: Annotated[float, Field(gt=0.5, lt=1)] = 0.98
    """Confidence of that interval."""
    effect_size: EffectSize = EffectSize()
    outliers: Outliers = Outliers()
    min_samples: Annotated[int, Field(ge=3, le=100_000)] = 5
    """No verdict on fewer points of either version: with 5 of each, equal versions are wholly apart by chance in 1 run
    of 126, with 3 in 1 of 10. Kayenta has no such minimum; its documentation asks for 50."""
