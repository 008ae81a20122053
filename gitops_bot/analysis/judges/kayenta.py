"""Kayenta's judge (NetflixACAJudge-v1.0) for one metric, once, at the end of a run; `kayenta.score` joins several.

`kayenta.classify` says what Kayenta says. The judge differs in three things, and its reason names the first two: too
few points are UNKNOWN, so is a series without any number, and small numbers are compared as closely as large ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.kayenta import describe
from gitops_bot.analysis.kayenta.classify import Classified, Label, Rules, Thresholds, classify, prepared
from gitops_bot.analysis.kayenta.mannwhitney import Shift
from gitops_bot.analysis.summary import number, summary, unfinished
from gitops_bot.model import Figure, Outcome
from gitops_bot.policy.judges.kayenta import Kayenta

ADVISED_POINTS = 50
"""What Kayenta's documentation asks for, of each version."""

_LARGEST_EXPONENT = 900
"""Of two, for the values that are compared."""

_OUTCOMES = {Label.PASS: Outcome.PASS, Label.HIGH: Outcome.FAIL, Label.LOW: Outcome.FAIL}


def judge(params: Kayenta, intervals: Sequence[Interval], length: int) -> Finding:
    """At the end of the run: FAIL when the candidate is High or Low, PASS when neither; UNKNOWN on too few points."""
    found = classified(params, intervals)
    figures = _figures(intervals, found)
    if len(intervals) < length:
        return unfinished(len(intervals), length, figures)
    arms = {"candidate": [one.candidate for one in intervals], "baseline": [one.baseline for one in intervals]}
    lacks = [lack for name, arm in arms.items() if (lack := _lack(params, name, arm))]
    if lacks:
        return Finding(Outcome.UNKNOWN, f"{'; '.join(lacks)}; Kayenta itself would say {_itself(found)}", figures)
    because = f"{found.label}: {found.because}{_difference(found)}{_caveats(params, arms)}"
    return Finding(_OUTCOMES[found.label], because, figures, len(intervals))


def classified(params: Kayenta, intervals: Sequence[Interval]) -> Classified:
    """What Kayenta says of the metric, without a minimum of points."""
    candidate, baseline = _series([one.candidate for one in intervals]), _series([one.baseline for one in intervals])
    zoom = _zoom([*describe.without_gaps(candidate), *describe.without_gaps(baseline)])
    found = classify([value * zoom for value in candidate], [value * zoom for value in baseline], rules(params))
    if found.shift is None:
        return found
    whole = found.shift
    plain = replace(whole, lower=whole.lower / zoom, upper=whole.upper / zoom, estimate=whole.estimate / zoom)
    return replace(found, shift=plain)


def rules(params: Kayenta) -> Rules:
    """The parameters as the classifier takes them, Kayenta's defaults filled in."""
    effect = params.effect_size
    neutral = 0.5 if effect.measure == "cles" else 1.0
    return Rules(
        direction=params.direction,
        nan_strategy=params.nan_strategy,
        critical=params.critical,
        must_have_data=params.must_have_data,
        tolerance=params.tolerance,
        confidence=params.conf_level,
        measure=effect.measure,
        effect=Thresholds(effect.allowed_decrease or neutral, effect.allowed_increase or neutral),
        critical_effect=Thresholds(effect.critical_decrease or neutral, effect.critical_increase or neutral),
        outlier_factor=params.outliers.outlier_factor if params.outliers.strategy == "remove" else None,
    )


def _lack(params: Kayenta, name: str, arms: Sequence[Arm]) -> str:
    """Why a version has too few points, before or after outliers are cut; empty where it has enough."""
    if lack := summary(arms).lacks(params.min_samples, name):
        return lack
    left = len(prepared(_series(arms), rules(params)))
    cut = f"of {len(arms)} points of the {name}, {left} are left without outliers, needed: {params.min_samples}"
    return cut if left < params.min_samples else ""


def _series(arms: Sequence[Arm]) -> list[float]:
    return [math.nan if (found := number(arm)) is None else found for arm in arms]


def _zoom(values: Sequence[float]) -> float:
    """A power of two that makes the values range over 1 at least, and keeps their sums finite.

    Kayenta finds shifts to 0.0001 of the metric's unit, which suits percents and milliseconds; ratios and seconds
    below that would all be alike. Powers of two change no rank and no ratio.
    """
    low, high = min(values, default=0.0), max(values, default=0.0)
    largest = math.frexp(max(abs(low), abs(high)))[1]
    if largest > _LARGEST_EXPONENT:
        return 2.0 ** (_LARGEST_EXPONENT - largest)
    return 2.0 ** min(1000, math.ceil(-math.log2(high - low))) if 0 < high - low < 1 else 1.0


def _itself(found: Classified) -> str:
    told = f"{found.label}"
    if found.shift is None:
        told += f" ({found.because})"
    return f"{told}, and fail the whole canary" if found.critical else told


def _difference(found: Classified) -> str:
    if found.shift is None:
        return ""
    ratio = "" if math.isnan(found.deviation) else f"{found.deviation:.4g} times the baseline's mean, "
    return f", {ratio}shifted by {_shift(found)}"


def _shift(found: Classified) -> str:
    assert found.shift is not None
    one = found.shift
    return f"{one.estimate:.4g} {_ends(one)}"


def _ends(one: Shift) -> str:
    return f"[{one.lower:.4g}, {one.upper:.4g}] at {one.confidence * 100:g}%"


def _caveats(params: Kayenta, arms: dict[str, list[Arm]]) -> str:
    points = [summary(arm).measured for arm in arms.values()]
    gaps = sum(number(arm) is None for each in arms.values() for arm in each)
    told = f"; {gaps} intervals without a number count as 0 (nanStrategy: replace)" if gaps else ""
    told = told if params.nan_strategy == "replace" else ""
    few = f"; {points[0]} against {points[1]} points, Kayenta's documentation asks for {ADVISED_POINTS}"
    return told + (few if min(points) < ADVISED_POINTS else "")


def _figures(intervals: Sequence[Interval], found: Classified) -> tuple[Figure, ...]:
    series = {
        "candidate": describe.without_gaps(_series([one.candidate for one in intervals])),
        "baseline": describe.without_gaps(_series([one.baseline for one in intervals])),
    }
    shown = [Figure(name, f"{describe.mean(values):.4g}") for name, values in series.items() if values]
    if one := found.shift:
        shown += [Figure("shift", f"{one.estimate:.4g}"), Figure("interval", _ends(one))]
    return (*shown, Figure("points", "/".join(str(len(values)) for values in series.values())))
