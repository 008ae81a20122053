"""Values that are no counts: quantiles, means, rewards, by the differences of their intervals.

The asymptotic confidence sequence and the exact e-process of the t-test must agree: the first holds for any
distribution once there are many intervals, the second for few intervals of roughly normal differences.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gitops_bot.analysis.evidence import Arm
from gitops_bot.analysis.statistics.eprocess import asymptotic_half_width, student, student_half_width
from gitops_bot.policy.judges.sequential import Sequential

_TUNED_FOR = 40
_LARGEST = 1e100
"""The square of a larger number would be infinite."""


def value(arm: Arm) -> float | str:
    """A finite number, or why there is none."""
    if arm.missing:
        return arm.missing
    number = arm.number
    if number is None:
        return "no number"
    if not math.isfinite(number):
        return "not a finite number"
    return number if abs(number) <= _LARGEST else "a number too large to reckon with"


def refuted(params: Sequential, candidate: Sequence[float], baseline: Sequence[float], *, compared: bool) -> str:
    """What the candidate is found to be, worse than the baseline or beyond a limit; empty while nothing is found."""
    listed = list(_departures(params, candidate, baseline, compared=compared, factor=params.tolerated))
    alpha = params.alpha / params.share_of / max(1, len(listed))
    return next((words for words, _, departures in listed if positive(departures, alpha)), "")


def proven(params: Sequential, candidate: Sequence[float], baseline: Sequence[float], *, compared: bool) -> bool:
    """Whether the candidate is within the margin and the limits."""
    listed = list(_departures(params, candidate, baseline, compared=compared, factor=params.margin))
    return bool(listed) and all(positive([-one for one in found], params.beta) for _, _, found in listed)


def claimed(params: Sequential, *, compared: bool) -> str:
    """What is proven of a candidate that passes."""
    return " and ".join(words for _, words, _ in _departures(params, (), (), compared=compared, factor=params.margin))


def positive(departures: Sequence[float], error: float) -> bool:
    """Whether their mean is above zero, at any time, with at most this probability of being wrong."""
    count = len(departures)
    mean = math.fsum(departures) / count
    if count < 2 or mean <= 0:
        return False
    sd = math.sqrt(math.fsum((one - mean) ** 2 for one in departures) / count)
    one_sided = min(0.99, 2 * error)
    return mean > asymptotic_half_width(count, sd, one_sided, _TUNED_FOR) and student(departures) >= -math.log(
        one_sided
    )


def interval(values: Sequence[float], error: float) -> tuple[float, float] | None:
    """Where their mean lies, at any time; each end is wrong with at most this probability, as in `positive`.

    None where they say too little: fewer than two, or none that differs from the others.
    """
    count = len(values)
    mean = math.fsum(values) / max(1, count)
    sd = math.sqrt(math.fsum((one - mean) ** 2 for one in values) / max(1, count))
    if count < 2 or sd == 0:
        return None
    one_sided = min(0.99, 2 * error)
    half = max(asymptotic_half_width(count, sd, one_sided, _TUNED_FOR), student_half_width(count, sd, one_sided))
    return (mean - half, mean + half) if math.isfinite(half) else None


def _departures(
    params: Sequential, candidate: Sequence[float], baseline: Sequence[float], *, compared: bool, factor: float
) -> Iterator[tuple[str, str, list[float]]]:
    """How far each interval is on the wrong side: of the baseline, of the limits; with the words for both ends."""
    spare = params.tolerate.value if params.tolerate else 0.0
    more = f" by {params.tolerate}" if params.tolerate else ""
    if compared and params.better == "lower":
        apart = [one - factor * (other + spare) for one, other in zip(candidate, baseline, strict=True)]
        yield f"is above {factor:g} times the baseline{more}", f"is below {factor:g} times the baseline{more}", apart
    if compared and params.better == "higher":
        apart = [other - spare - factor * one for one, other in zip(candidate, baseline, strict=True)]
        yield f"is below the baseline over {factor:g}{more}", f"is above the baseline over {factor:g}{more}", apart
    if params.max is not None:
        limit = params.max.value
        yield f"is above {params.max}", f"is below {params.max}", [one - limit for one in candidate]
    if params.min is not None:
        limit = params.min.value
        yield f"is below {params.min}", f"is above {params.min}", [limit - one for one in candidate]
