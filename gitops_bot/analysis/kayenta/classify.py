"""One metric, two series: Pass, High, Low or Nodata, as NetflixACAJudge-v1.0 says it.

Kayenta's own: NetflixACAJudge, MannWhitneyClassifier and MeanInequalityClassifier below
`kayenta-judge/src/main/scala/com/netflix/kayenta/judge`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gitops_bot.analysis.kayenta import describe
from gitops_bot.analysis.kayenta.mannwhitney import Shift, shift

Numbers = Sequence[float]
"""A series; NaN is a gap."""


class Label(StrEnum):
    """Kayenta's word for a metric."""

    PASS = "Pass"  # noqa: S105 - a classification, not a password
    HIGH = "High"
    LOW = "Low"
    NODATA = "Nodata"
    NODATA_FAIL = "NodataFailMetric"
    """Nodata of a metric that must have some: counts as failed."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Effect sizes that matter: at most `decrease` for Low, at least `increase` for High."""

    decrease: float = 1.0
    increase: float = 1.0


@dataclass(frozen=True, slots=True)
class Rules:
    """How a metric is classified; the defaults are those of Kayenta's judge."""

    direction: str = "either"
    """increase, decrease or either: which way is bad."""
    nan_strategy: str = "remove"
    """remove gaps, or replace them by 0."""
    critical: bool = False
    """The metric alone may fail the whole canary."""
    must_have_data: bool = False
    """Nodata counts as failed."""
    tolerance: float = 0.25
    """This part of the estimated shift (not of the baseline) must lie below the whole interval."""
    confidence: float = 0.98
    measure: str = "meanRatio"
    """meanRatio or cles."""
    effect: Thresholds = Thresholds()
    critical_effect: Thresholds = Thresholds()
    outlier_factor: float | None = None
    """So many interquartile ranges beyond the quartiles are cut; None keeps all."""


@dataclass(frozen=True, slots=True)
class Classified:
    """What is said of one metric."""

    label: Label
    because: str = ""
    deviation: float = 1.0
    """The ratio of the means; NaN where it has none."""
    critical: bool = False
    """It fails the whole canary."""
    shift: Shift | None = None
    """None where nothing had to be compared."""


def classify(experiment: Numbers, control: Numbers, rules: Rules) -> Classified:
    """The whole judge for one metric: gaps, outliers, Mann–Whitney, effect size."""
    experiment, control = prepared(experiment, rules), prepared(control, rules)
    if not experiment or not control:
        return _without_data(rules)
    if sorted(experiment) == sorted(control):
        return Classified(Label.PASS, "the two series are identical")
    if len({*experiment, *control}) == 1:
        return Classified(Label.PASS, "all values are equal")
    found = shift(experiment, control, rules.confidence)
    size = describe.cles if rules.measure == "cles" else describe.mean_ratio
    effect = size(experiment, control)
    label = _label(found, effect, rules)
    critical = rules.critical and _reaches(label, effect, rules.critical_effect)
    return Classified(label, _reasons[label], describe.mean_ratio(experiment, control), critical, found)


def mean_inequality(experiment: Numbers, control: Numbers, rules: Rules) -> Classified:
    """Kayenta's yardstick for benchmarks: any difference of the means counts."""
    experiment, control = prepared(experiment, rules), prepared(control, rules)
    if not experiment or not control:
        return _without_data(rules)
    above, below = describe.mean(experiment), describe.mean(control)
    ratio = above / below if below else math.nan
    if above > below and rules.direction in ("increase", "either"):
        return Classified(Label.HIGH, _reasons[Label.HIGH], ratio, rules.critical)
    if above < below and rules.direction in ("decrease", "either"):
        return Classified(Label.LOW, _reasons[Label.LOW], ratio, rules.critical)
    return Classified(Label.PASS, _reasons[Label.PASS])


def prepared(data: Numbers, rules: Rules) -> list[float]:
    """A series as it is compared."""
    whole = describe.zero_for_gaps(data) if rules.nan_strategy == "replace" else describe.without_gaps(data)
    if rules.outlier_factor is None:
        return whole
    return describe.without(whole, describe.iqr_outliers(whole, rules.outlier_factor, gently=True))


_reasons = {
    Label.PASS: "no difference that counts",
    Label.HIGH: "the candidate is above the baseline",
    Label.LOW: "the candidate is below the baseline",
}


def _without_data(rules: Rules) -> Classified:
    if rules.nan_strategy == "replace":
        return Classified(Label.PASS, "there are no numbers, and nanStrategy: replace lets that pass")
    if rules.must_have_data and not rules.critical:
        return Classified(Label.NODATA_FAIL, "there are no numbers, and mustHaveData asks for some")
    return Classified(Label.NODATA, "there are no numbers", critical=rules.critical)


def _label(found: Shift, effect: float, rules: Rules) -> Label:
    margin = rules.tolerance * abs(found.estimate)
    high = rules.direction in ("increase", "either") and found.lower > margin
    if high and _reaches(Label.HIGH, effect, rules.effect):
        return Label.HIGH
    low = rules.direction in ("decrease", "either") and found.upper < -margin
    return Label.LOW if low and _reaches(Label.LOW, effect, rules.effect) else Label.PASS


def _reaches(label: Label, effect: float, thresholds: Thresholds) -> bool:
    """Whether an effect is large enough for the label; one that cannot be computed is."""
    match label:
        case Label.HIGH:
            return math.isnan(effect) or effect >= thresholds.increase
        case Label.LOW:
            return math.isnan(effect) or effect <= thresholds.decrease
    return False
