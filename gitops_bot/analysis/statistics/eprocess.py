"""E-processes and confidence sequences over intervals: evidence that may be read after every one of them.

An e-process E starts at 1 and, while its null hypothesis holds, P(E ever reaches 1/α) ≤ α (Ville 1939). All values here
are logarithms. `Rows` are disjoint intervals: candidate's total and bad, baseline's total and bad.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

from gitops_bot.analysis.statistics.special import log_sum_exp

Rows = Iterable[tuple[float, float, float, float]]


def error_split(rows: Rows, relative_risk0: float, grid: Sequence[float], weights: Sequence[float] = ()) -> float:
    """Whether the candidate has more (grid above the null) or fewer (below) than its part of the errors, Poisson form.

    Lindon and Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022). Each interval is conditioned
    on its own errors and traffic, so a common error rate and weights that change with time do no harm.
    """
    logs = [0.0] * len(grid)
    for total_a, bad_a, total_b, bad_b in rows:
        for j, (candidate, baseline) in enumerate(split_steps(total_a, total_b, relative_risk0, tuple(grid))):
            logs[j] += bad_a * candidate + bad_b * baseline
    return mixed(logs, weights)


@lru_cache(maxsize=4096)
def split_steps(
    total_a: float, total_b: float, relative_risk0: float, grid: tuple[float, ...]
) -> tuple[tuple[float, float], ...]:
    """For each alternative, what one bad event of the candidate and one of the baseline add to the evidence."""
    if total_a <= 0 or total_b <= 0:
        return ((0.0, 0.0),) * len(grid)
    null = relative_risk0 * total_a + total_b
    steps = []
    for risk in grid:
        against = math.log(null / (risk * total_a + total_b))
        steps.append((math.log(risk / relative_risk0) + against, against))
    return tuple(steps)


def error_split_exact(rows: Rows, odds_ratio0: float, grid: Sequence[float], weights: Sequence[float] = ()) -> float:
    """The error split for binomial counts: Fisher's noncentral hypergeometric law of the candidate's errors."""
    logs = [0.0] * len(grid)
    for total_a, bad_a, total_b, bad_b in rows:
        log_null = _log_hypergeometric(int(total_a), int(bad_a), int(total_b), int(bad_b), odds_ratio0)
        for j, odds in enumerate(grid):
            logs[j] += _log_hypergeometric(int(total_a), int(bad_a), int(total_b), int(bad_b), odds) - log_null
    return mixed(logs, weights)


def _log_hypergeometric(total_a: int, bad_a: int, total_b: int, bad_b: int, odds: float) -> float:
    bad = bad_a + bad_b
    support = range(max(0, bad - total_b), min(total_a, bad) + 1)
    log_odds = math.log(odds)

    def log_ways(k: int) -> float:
        return _log_choose(total_a, k) + _log_choose(total_b, bad - k) + k * log_odds

    return log_ways(bad_a) - log_sum_exp(map(log_ways, support))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def bernoulli_slo(
    rows: Iterable[tuple[float, float]], p0: float, grid: Sequence[float], weights: Sequence[float] = ()
) -> float:
    """Whether a proportion is above (grid above p0) or below a limit; rows are total and bad."""
    listed = list(rows)
    bad = sum(row[1] for row in listed)
    good = sum(row[0] for row in listed) - bad
    return mixed([bad * up + good * down for up, down in slo_steps(p0, tuple(grid))], weights)


@lru_cache(maxsize=1024)
def slo_steps(p0: float, grid: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    """For each alternative, what one bad event and one good one add to the evidence."""
    return tuple((math.log(q / p0), math.log1p(-q) - math.log1p(-p0)) for q in grid)


def msprt(n: float, mean: float, theta0: float, variance: float, tau_squared: float) -> float:
    """The mixture sequential probability ratio of a mean with known variance.

    Johari, Koomen, Pekelis and Walsh, "Always valid inference" (2022). For two samples of n each, `mean` is the
    difference and `variance` that of one pair.
    """
    spread = variance + n * tau_squared
    return 0.5 * math.log(variance / spread) + (n * (mean - theta0)) ** 2 * tau_squared / (2 * variance * spread)


def student(values: Sequence[float], prior: float = 0.1) -> float:
    """Whether the mean of normal values of unknown variance is not zero, two-sided, exact from the second value on.

    The t-test's e-process with a normal prior on the standardised mean: Lindon, Ham, Tingley and Bojinov,
    "Anytime-valid linear models and regression adjusted causal inference" (arXiv 2210.08589). Constant values other
    than zero give the greatest evidence that so many values can give.
    """
    n = len(values)
    mean = math.fsum(values) / n if n else 0.0
    rest = math.fsum((value - mean) ** 2 for value in values)
    if n < 2 or mean == 0.0:
        return 0.0
    shrunk = prior / (prior + n)
    explained = n * mean * mean
    return 0.5 * math.log(shrunk) - n / 2 * math.log((rest + shrunk * explained) / (rest + explained))


def student_half_width(n: int, sd: float, alpha: float, prior: float = 0.1) -> float:
    """Half the width of the interval of means that `student` does not refute; infinite while it refutes none."""
    shrunk = prior / (prior + n)
    log_grown = -(2 * math.log(alpha) + math.log(shrunk)) / max(1, n)
    if n < 2 or log_grown + math.log(shrunk) >= 0:
        return math.inf
    grown = math.exp(log_grown)
    return sd * math.sqrt((grown - 1) / (1 - grown * shrunk))


def asymptotic_half_width(n: float, sd: float, alpha: float, tuned_for: float) -> float:
    """Half the width of a two-sided confidence sequence for a mean with an estimated standard deviation.

    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence
    sequences" (arXiv 2103.06476); it is tightest after `tuned_for` values.
    """
    level = -2 * math.log(alpha)
    rho_squared = (level + math.log(level + 1)) / tuned_for
    grown = n * rho_squared + 1
    return sd * math.sqrt(2 * grown / (n * n * rho_squared) * math.log(math.sqrt(grown) / alpha))


def wald_thresholds(alpha: float, beta: float) -> tuple[float, float]:
    """Where Wald's sequential probability ratio test (1945) rejects and accepts: log((1-β)/α), log(β/(1-α))."""
    return math.log((1 - beta) / alpha), math.log(beta / (1 - alpha))


def mixed(logs: Sequence[float], weights: Sequence[float] = ()) -> float:
    """The weighted mean of e-processes, which is one; equal weights by default."""
    if not weights:
        return log_sum_exp(logs) - math.log(len(logs))
    return log_sum_exp(one + math.log(weight) for one, weight in zip(logs, weights, strict=True))
