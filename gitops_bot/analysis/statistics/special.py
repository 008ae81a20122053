"""Special functions that the standard library lacks, in logarithms where the plain value would underflow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

_TINY = 1e-300
_EPSILON = 1e-16
_TERMS = 100_000


def log_sum_exp(terms: Iterable[float]) -> float:
    """log Σ exp(term), without overflow; -inf for none."""
    listed = list(terms)
    top = max(listed, default=-math.inf)
    if math.isinf(top):
        return top
    return top + math.log(sum(math.exp(term - top) for term in listed))


def log_normal_cdf(x: float) -> float:
    """log Φ(x)."""
    if x > -30:
        return math.log(0.5 * math.erfc(-x / math.sqrt(2)))
    return -0.5 * x * x - math.log(-x * math.sqrt(2 * math.pi)) + math.log1p(-1 / (x * x) + 3 / x**4)


def log_gamma_p(a: float, x: float) -> float:
    """log of the regularised lower incomplete gamma function P(a, x)."""
    if x <= 0:
        return -math.inf
    return _log_gamma_series(a, x) if x < a + 1 else _log_complement(_log_gamma_fraction(a, x))


def log_gamma_q(a: float, x: float) -> float:
    """log of the regularised upper incomplete gamma function Q(a, x)."""
    if x <= 0:
        return 0.0
    return _log_complement(_log_gamma_series(a, x)) if x < a + 1 else _log_gamma_fraction(a, x)


def log_beta(a: float, b: float) -> float:
    """log B(a, b)."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def log_incomplete_beta(a: float, b: float, x: float) -> float:
    """log of the incomplete beta function B(x; a, b), not regularised."""
    if x <= 0:
        return -math.inf
    if x >= 1:
        return log_beta(a, b)
    front = a * math.log(x) + b * math.log1p(-x)
    if x < (a + 1) / (a + b + 2):
        return front + math.log(_beta_fraction(a, b, x) / a)
    whole = log_beta(a, b)
    return whole + _log_complement(front + math.log(_beta_fraction(b, a, 1 - x) / b) - whole)


def zeta(s: float) -> float:
    """Riemann's zeta function for s > 1, by Euler and Maclaurin's sum."""
    n = 20
    head = math.fsum(math.pow(k, -s) for k in range(1, n))
    tail = math.pow(n, 1 - s) / (s - 1) + 0.5 * math.pow(n, -s) + s * math.pow(n, -s - 1) / 12
    return head + tail - s * (s + 1) * (s + 2) * math.pow(n, -s - 3) / 720


def bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that changes its sign between two points is zero."""
    rising = function(high) > 0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (function(middle) > 0) is rising:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def minimum(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one minimum between two points has it, by golden section."""
    golden = (math.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(80):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = function(right)
    return (low + high) / 2


def _log_complement(log_p: float) -> float:
    """log(1 - exp(log_p))."""
    return math.log(max(-math.expm1(min(log_p, 0.0)), _TINY))


def _log_gamma_series(a: float, x: float) -> float:
    term = total = 1 / a
    for k in range(1, _TERMS):
        term *= x / (a + k)
        total += term
        if term < total * _EPSILON:
            break
    return a * math.log(x) - x - math.lgamma(a) + math.log(total)


def _log_gamma_fraction(a: float, x: float) -> float:
    """Legendre's continued fraction, summed by Lentz's method."""
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    value = d
    for k in range(1, _TERMS):
        numerator = -k * (k - a)
        b += 2
        d = 1 / _away(numerator * d + b)
        c = _away(b + numerator / c)
        value *= c * d
        if abs(c * d - 1) < _EPSILON * 4:
            break
    return a * math.log(x) - x - math.lgamma(a) + math.log(value)


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, summed by Lentz's method."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for k in range(1, _TERMS):
        even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
        odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
        for numerator in (even, odd):
            d = 1 / _away(1 + numerator * d)
            c = _away(1 + numerator / c)
            value *= c * d
        if abs(c * d - 1) < _EPSILON * 4:
            break
    return value


def _away(value: float) -> float:
    """Away from zero, so that it can divide."""
    return value if abs(value) > _TINY else _TINY
