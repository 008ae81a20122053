"""The worlds in which the judges are measured: what traffic and errors two versions have, interval by interval.

Pure Python; counts are drawn exactly (inversion), not by approximation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

LENGTH = 60
RATE = 0.005

BEYOND = "beyond: "
"""Begins the names of worlds that break what every such rule rests on; they are shown without a goal."""

Draw = tuple[int, float, int, float]
"""One interval: the candidate's requests and error rate, the baseline's."""
Nature = Callable[[Random, int], Draw]
"""What happens in the k-th interval of a run."""
Row = tuple[int, int, int, int, float]
"""The candidate's requests and errors, the baseline's, and the error rate that both would have if they were equal."""


@dataclass(frozen=True)
class Scenario:
    """A world, and how much worse the candidate is in it."""

    name: str
    nature: Nature
    rise: float = 1.0
    rate: float = RATE


def steady(a: int, b: int, rate: float = RATE) -> Nature:
    """The same traffic and the same rate all the time."""
    return lambda _random, _k: (a, rate, b, rate)


def overdispersed(a: int, b: int, rho: float = 0.005) -> Nature:
    """Beta-binomial counts: each version's rate varies by itself, with an intra-class correlation of rho."""
    spread = 1 / rho - 1

    def draw(random: Random, _k: int) -> Draw:
        own, other = (random.betavariate(RATE * spread, (1 - RATE) * spread) for _ in range(2))
        return a, own, b, other

    return draw


def outages(a: int, b: int, share: float = 0.05, factor: float = 20.0) -> Nature:
    """What both versions need fails in some of the intervals."""

    def draw(random: Random, _k: int) -> Draw:
        rate = RATE * (factor if random.random() < share else 1)
        return a, rate, b, rate

    return draw


def bursty(a: int, b: int, share: float = 0.03, factor: float = 15.0) -> Nature:
    """Errors come in bursts, in each version by itself."""

    def draw(random: Random, _k: int) -> Draw:
        own, other = (RATE * (factor if random.random() < share else 1) for _ in range(2))
        return a, own, b, other

    return draw


def lasting(a: int, b: int, start: float = 0.02, length: float = 3.0, factor: float = 4.0) -> Nature:
    """Bursts of errors that last for some intervals, in each version by itself."""
    bad = [False, False]

    def draw(random: Random, k: int) -> Draw:
        for arm in (0, 1):
            bad[arm] = random.random() >= 1 / length if bad[arm] and k else random.random() < start
        own, other = (RATE * (factor if one else 1) for one in bad)
        return a, own, b, other

    return draw


def surges(a: int, b: int) -> Nature:
    """Traffic comes in bursts, over two orders of magnitude."""

    def draw(random: Random, _k: int) -> Draw:
        factor = 10 ** random.uniform(-1, 1)
        return round(a * factor), RATE, round(b * factor), RATE

    return draw


def drifting(a: int, b: int, factor: float = 3.0) -> Nature:
    """The common rate rises threefold over the run."""

    def draw(_random: Random, k: int) -> Draw:
        rate = RATE * (1 + (factor - 1) * k / (LENGTH - 1))
        return a, rate, b, rate

    return draw


def shifting(total: int, weights: Sequence[int] = (5, 10, 25, 50)) -> Nature:
    """The candidate's weight rises in steps while the common rate swings by half."""

    def draw(_random: Random, k: int) -> Draw:
        a = total * weights[k * len(weights) // LENGTH] // 100
        rate = RATE * (1 + 0.5 * math.sin(k / 5))
        return a, rate, total - a, rate

    return draw


def scenarios() -> tuple[Scenario, ...]:
    """Equal versions in every world, then true rises."""
    worlds: tuple[tuple[str, Nature, float], ...] = (
        ("20/180", steady(20, 180), RATE),
        ("200/1,800", steady(200, 1800), RATE),
        ("2,000/18,000", steady(2000, 18000), RATE),
        ("200/200", steady(200, 200), RATE),
        ("overdispersed ρ 0.005, 200/1,800", overdispersed(200, 1800), RATE),
        ("overdispersed ρ 0.005, 200/200", overdispersed(200, 200), RATE),
        ("overdispersed ρ 0.001, 200/1,800", overdispersed(200, 1800, 0.001), RATE),
        ("overdispersed ρ 0.001, 2,000/18,000", overdispersed(2000, 18000, 0.001), RATE),
        ("shared outages (5 % at 20×), 200/1,800", outages(200, 1800), RATE),
        ("bursts of errors (3 % at 15×), 200/1,800", bursty(200, 1800), RATE),
        ("bursts of traffic (0.1× to 10×), 200/1,800", surges(200, 1800), RATE),
        ("drifting baseline (to 3×), 200/1,800", drifting(200, 1800), RATE),
        ("weights 5, 10, 25, 50 %, 2,000", shifting(2000), RATE),
        ("near zero (0.01 %), 200/1,800", steady(200, 1800, 0.0001), 0.0001),
        ("near zero (0.01 %), 2,000/18,000", steady(2000, 18000, 0.0001), 0.0001),
        (f"{BEYOND}overdispersed ρ 0.02, 200/1,800", overdispersed(200, 1800, 0.02), RATE),
        (f"{BEYOND}bursts of errors (10 % at 10×), 200/1,800", bursty(200, 1800, 0.1, 10.0), RATE),
        (f"{BEYOND}bursts that last 3 intervals (4×), 200/1,800", lasting(200, 1800), RATE),
    )
    rises = {
        1.5: ("200/1,800", "2,000/18,000"),
        2.0: tuple(name for name, _, _ in worlds),
        4.0: tuple(name for name, _, _ in worlds),
    }
    listed = [Scenario(name, nature, 1.0, rate) for name, nature, rate in worlds]
    for rise, names in rises.items():
        listed += [Scenario(name, nature, rise, rate) for name, nature, rate in worlds if name in names]
    return tuple(listed)


def simulate(scenario: Scenario, seed: int) -> list[Row]:
    """One run."""
    random = Random(f"{scenario.name} {scenario.rise} {seed}")
    rows = []
    for k in range(LENGTH):
        total_a, rate_a, total_b, rate_b = scenario.nature(random, k)
        bad_a = binomial(random, total_a, min(0.95, rate_a * scenario.rise))
        rows.append((total_a, bad_a, total_b, binomial(random, total_b, min(0.95, rate_b)), rate_b))
    return rows


def binomial(random: Random, n: int, p: float) -> int:
    """A binomial count by inversion: as many steps as its mean."""
    if p > 0.5:
        return n - binomial(random, n, 1 - p)
    if n * p > 300:  # else the first probability would underflow
        return binomial(random, n // 2, p) + binomial(random, n - n // 2, p)
    probability = math.exp(n * math.log1p(-p))
    odds, left, count = p / (1 - p), random.random(), 0
    while left > probability and count < n:
        left -= probability
        probability *= odds * (n - count) / (count + 1)
        count += 1
    return count
