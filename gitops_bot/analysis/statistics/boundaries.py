"""Boundaries by stitching, and what they say of proportions and quantiles.

Howard, Ramdas, McAuliffe and Sekhon 2021 (arXiv 1810.08240) for the stitched bound; Howard and Ramdas, "Sequential
estimation of quantiles with applications to A/B testing and best-arm identification", Bernoulli 28 (2022),
arXiv 1906.09712, for the empirical process, the double stitching and the comparison of quantiles.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from gitops_bot.analysis.statistics.mixtures import beta_binomial_log_mixture
from gitops_bot.analysis.statistics.special import bisect, minimum, zeta


def poly_stitching_bound(
    v: float, alpha: float, v_min: float, c: float = 0.0, s: float = 1.4, eta: float = 2.0
) -> float:
    """The polynomial stitched boundary (1810.08240, equation 10)."""
    v = max(v, v_min)
    level = s * math.log(math.log(eta * v / v_min)) + math.log(zeta(s) / (alpha * math.log(eta) ** s))
    return _stitched(v, level, c, eta)


def empirical_process_lil_bound(t: float, alpha: float, t_min: float, A: float = 0.85) -> float:  # noqa: N803 - the paper's
    """How far an empirical distribution function strays at any time from t_min on (1906.09712, theorem 2)."""
    if t < t_min:
        return math.inf
    return A * math.sqrt((math.log1p(math.log(t / t_min)) + _lil_constant(alpha, A)) / t)


def double_stitching_bound(
    quantile_p: float,
    t: float,
    alpha: float,
    t_opt: float,
    delta: float = 0.5,
    s: float = 1.4,
    eta: float = 2.0,
) -> float:
    """A boundary for the empirical distribution function at one quantile and uniformly over all (1906.09712)."""
    t = max(t, t_opt)
    logit = math.log(quantile_p / (1 - quantile_p))
    nearest = quantile_p
    if quantile_p < 0.5:
        nearest = min(0.5, 1 / (1 + math.exp(-logit - 2 * delta * math.sqrt(t_opt * eta / t))))
    variance = nearest * (1 - nearest)
    grid = math.sqrt(t / t_opt) * abs(logit) / (2 * delta) + 1
    constant = math.log(2 * zeta(s) * (2 * zeta(s) + 1) / (alpha * math.log(eta) ** s))
    level = s * math.log(math.log(eta * t / t_opt)) + s * math.log(grid) + constant
    return delta * math.sqrt(eta * t * variance / t_opt) + _stitched(t * variance, level, (1 - 2 * quantile_p) / 3, eta)


def bernoulli_confidence_interval(
    successes: float, trials: float, alpha: float, t_opt: float, alpha_opt: float = 0.05
) -> tuple[float, float]:
    """A confidence sequence for a probability: the values that a two-sided beta-binomial mixture does not reject."""
    threshold, seen = math.log(1 / alpha), successes / trials

    def rejected(p: float) -> float:
        v = p * (1 - p)
        mixture = beta_binomial_log_mixture(
            (seen - p) * trials, v * trials, v * t_opt, p, 1 - p, alpha_opt, one_sided=False
        )
        return mixture - threshold

    nothing, everything = 1e-15, 1 - 1e-15
    low = bisect(rejected, nothing, seen) if seen > nothing and rejected(nothing) > 0 else 0.0
    high = bisect(rejected, seen, everything) if seen < everything and rejected(everything) > 0 else 1.0
    return low, high


def quantile_ab_p_value(
    quantile_p: float, t_opt: float, alpha_opt: float, arm1: Sequence[float], arm2: Sequence[float]
) -> float:
    """An always valid p-value for one quantile being equal in both arms (1906.09712, section 4)."""
    arms = [_Quantile(quantile_p, t_opt, alpha_opt, sorted(arm)) for arm in (arm1, arm2)]
    # Below both valleys both arms fall, above both they rise; in between either may jump at a value of its own.
    low = min(arm.low for arm in arms)
    high = max(arm.high for arm in arms)
    places = {x for arm in arms for x in arm.values if low <= x <= high}
    places |= {(a + b) / 2 for a, b in pairwise(sorted(places))}
    least = min(sum(arm.log_mixture(x) for arm in arms) for x in places)
    return min(1.0, math.exp(-least))


class _Quantile:
    """One arm's evidence, by x, that its quantile is not x."""

    def __init__(self, quantile_p: float, t_opt: float, alpha_opt: float, values: Sequence[float]) -> None:
        self.values, count = values, len(values)
        v = quantile_p * (1 - quantile_p)
        self._evidence = partial(
            beta_binomial_log_mixture, v=v * count, v_opt=v * t_opt, g=quantile_p, h=1 - quantile_p,
            alpha_opt=alpha_opt, one_sided=False,
        )  # fmt: skip
        self._p = quantile_p
        self._best = minimum(lambda below: self._evidence((below - quantile_p) * count), 0.0, 1.0)
        place = self._best * count
        self.low = values[max(0, math.ceil(place) - 1)]
        self.high = values[min(count - 1, math.floor(place))]

    def log_mixture(self, x: float) -> float:
        """The least evidence against x that the values at x, which count as below it or not, allow."""
        count = len(self.values)
        below = min(max(self._best, bisect_left(self.values, x) / count), bisect_right(self.values, x) / count)
        return self._evidence((below - self._p) * count)


def _stitched(v: float, level: float, c: float, eta: float) -> float:
    k1 = (eta**0.25 + eta**-0.25) / math.sqrt(2)
    linear = (math.sqrt(eta) + 1) / 2 * c * level
    return math.sqrt(k1**2 * v * level + linear**2) + linear


def _lil_constant(alpha: float, a: float) -> float:
    """The smallest C for which the bound A·√((log(1 + log(t/m)) + C)/t) errs with probability α at most."""

    def error(log_eta: float, c: float) -> float:
        eta = math.exp(log_eta)
        shrunk = a - math.sqrt(2 * (eta - 1) / c)
        gamma_squared = 2 / eta * shrunk**2
        if shrunk <= 0 or gamma_squared <= 1:
            return math.inf
        return 4 * math.exp(-gamma_squared * c) * (1 + 1 / ((gamma_squared - 1) * log_eta))

    def least_error(c: float) -> float:
        widest = bisect(lambda eta: math.sqrt(eta / 2) + math.sqrt(2 * (eta - 1) / c) - a, 1.0, 2 * a * a)
        return error(minimum(partial(error, c=c), 1e-12, math.log(widest)), c)

    high = 1.0
    while least_error(high) > alpha:
        high *= 2
    return bisect(lambda c: alpha - least_error(c), high / 2 if high > 1 else 1e-6, high)
