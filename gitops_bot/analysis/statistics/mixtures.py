"""Mixture supermartingales and the boundaries they give.

Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of
Statistics 49 (2021), arXiv 1810.08240, section 3 and appendix: a sum S with intrinsic time V stays below the bound for
all times at once with probability 1 - α. Each `*_log_mixture` is the logarithm of the supermartingale at (s, v); each
`*_mixture_bound` the s at which it reaches log(1/α). `v_opt` and `alpha_opt` say where the boundary is tightest.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from gitops_bot.analysis.statistics.special import (
    bisect,
    log_gamma_p,
    log_gamma_q,
    log_incomplete_beta,
    log_normal_cdf,
)

_LEAST_PRIOR = 1e-3
"""The beta prior keeps at least this share of gh, however early the boundary is to be tight."""


def normal_best_rho(v_opt: float, alpha_opt: float, *, one_sided: bool = False) -> float:
    """The mixing precision that is tightest at v_opt (proposition 3)."""
    level = 2 * math.log(1 / (alpha_opt * (2 if one_sided else 1)))
    return v_opt / (level + math.log1p(level))


def normal_log_mixture(s: float, v: float, v_opt: float, alpha_opt: float = 0.05, *, one_sided: bool = True) -> float:
    """The normal mixture, two-sided, or with a half-normal mixing distribution."""
    rho = normal_best_rho(v_opt, alpha_opt, one_sided=one_sided)
    both = 0.5 * math.log(rho / (v + rho)) + s * s / (2 * (v + rho))
    return both + (math.log(2) + log_normal_cdf(s / math.sqrt(v + rho)) if one_sided else 0.0)


def normal_mixture_bound(
    v: float, alpha: float, v_opt: float, alpha_opt: float = 0.05, *, one_sided: bool = True
) -> float:
    """The boundary of the normal mixture."""
    if one_sided:
        return _bound(lambda s: normal_log_mixture(s, v, v_opt, alpha_opt), v, alpha)
    rho = normal_best_rho(v_opt, alpha_opt)
    return math.sqrt((v + rho) * (math.log1p(v / rho) + 2 * math.log(1 / alpha)))


def gamma_exponential_log_mixture(s: float, v: float, v_opt: float, c: float, alpha_opt: float = 0.05) -> float:
    """The gamma-exponential mixture: sub-exponential sums of scale c (proposition 9)."""
    prior = normal_best_rho(v_opt, alpha_opt, one_sided=True) / c**2
    steps = s / c + v / c**2
    shape, rate = prior + v / c**2, prior + steps
    if rate <= 0:
        return math.inf
    posterior = math.lgamma(shape) + log_gamma_p(shape, rate) - shape * math.log(rate)
    return posterior + steps - math.lgamma(prior) - log_gamma_p(prior, prior) + prior * math.log(prior)


def gamma_exponential_mixture_bound(v: float, alpha: float, v_opt: float, c: float, alpha_opt: float = 0.05) -> float:
    """The boundary of the gamma-exponential mixture."""
    return _bound(lambda s: gamma_exponential_log_mixture(s, v, v_opt, c, alpha_opt), v, alpha)


def gamma_poisson_log_mixture(s: float, v: float, v_opt: float, c: float, alpha_opt: float = 0.05) -> float:
    """The gamma-Poisson mixture: sub-Poisson sums of scale c (proposition 10)."""
    prior = normal_best_rho(v_opt, alpha_opt, one_sided=True) / c**2
    rate = prior + v / c**2
    shape = rate + s / c
    posterior = math.lgamma(shape) + log_gamma_q(shape, rate) - shape * math.log(rate)
    return posterior + v / c**2 - math.lgamma(prior) - log_gamma_q(prior, prior) + prior * math.log(prior)


def gamma_poisson_mixture_bound(v: float, alpha: float, v_opt: float, c: float, alpha_opt: float = 0.05) -> float:
    """The boundary of the gamma-Poisson mixture."""
    return _bound(lambda s: gamma_poisson_log_mixture(s, v, v_opt, c, alpha_opt), v, alpha)


def beta_binomial_log_mixture(
    s: float, v: float, v_opt: float, g: float, h: float, alpha_opt: float = 0.05, *, one_sided: bool = True
) -> float:
    """The beta-binomial mixture: sub-Bernoulli sums of steps between -g and h (propositions 7 and 8)."""
    rho = normal_best_rho(v_opt, alpha_opt, one_sided=one_sided)
    prior = max(rho - g * h, _LEAST_PRIOR * g * h)
    span, below = g + h, h / (g + h) if one_sided else 1.0
    up, down = (v / h + s) / span, (v / g - s) / span  # how many steps of h, and of -g, make this s at this v

    def log_beta_below(ups: float, downs: float) -> float:
        return log_incomplete_beta(prior / (g * span) + downs, prior / (h * span) + ups, below)

    plain = (up + down) * math.log(span) - up * math.log(g) - down * math.log(h)
    return plain + log_beta_below(up, down) - log_beta_below(0, 0)


def beta_binomial_mixture_bound(
    v: float, alpha: float, v_opt: float, g: float, h: float, alpha_opt: float = 0.05, *, one_sided: bool = True
) -> float:
    """The boundary of the beta-binomial mixture; never above v/g, which the sum cannot exceed."""

    def log_mixture(s: float) -> float:
        return beta_binomial_log_mixture(s, v, v_opt, g, h, alpha_opt, one_sided=one_sided)

    return _bound(log_mixture, v, alpha, highest=v / g)


def _bound(log_mixture: Callable[[float], float], v: float, alpha: float, *, highest: float | None = None) -> float:
    threshold = math.log(1 / alpha)
    top = highest or max(v, 1.0)
    while highest is None and log_mixture(top) <= threshold:
        top *= 2
    if log_mixture(top) < threshold:
        return top
    return bisect(lambda s: log_mixture(s) - threshold, 0.0, top)
