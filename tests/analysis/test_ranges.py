"""Where a difference lies: what the judges' own tests do not refute, and nothing where too little is known."""

from __future__ import annotations

import math
import random

import pytest

from gitops_bot.analysis.evidence import Arm, Interval
from gitops_bot.analysis.judges import sequential
from gitops_bot.analysis.sequential import means, ranges
from gitops_bot.analysis.sequential.counts import Count
from gitops_bot.analysis.statistics.eprocess import student, student_half_width
from gitops_bot.model import Figure
from gitops_bot.policy.judges.sequential import Sequential


@pytest.mark.parametrize("seed", range(40))
def test_an_end_is_beyond_zero_exactly_where_the_judge_s_test_says_so(seed: int) -> None:
    chance = random.Random(seed)
    values = [chance.gauss(chance.choice((-1, 0, 0.3, 1)), 1) for _ in range(chance.randint(2, 80))]
    error = chance.choice((0.001, 0.01, 0.05))
    low, high = means.interval(values, error) or (-math.inf, math.inf)
    assert (low > 0) is means.positive(values, error)
    assert (high < 0) is means.positive([-one for one in values], error)


@pytest.mark.parametrize("count", [4, 20, 100])
def test_the_exact_width_is_where_its_own_test_begins_to_refute(count: int) -> None:
    chance = random.Random(count)
    values = [chance.gauss(0, 2) for _ in range(count)]
    mean = math.fsum(values) / count
    sd = math.sqrt(math.fsum((one - mean) ** 2 for one in values) / count)
    half = student_half_width(count, sd, 0.02)
    for beyond, refutes in ((0.999, False), (1.001, True)):
        assert (student([one - mean + beyond * half for one in values]) >= -math.log(0.02)) is refutes


@pytest.mark.parametrize("values", [[], [1.0], [0.0] * 50, [3.0] * 50])
def test_where_nothing_varies_nothing_is_known(values: list[float]) -> None:
    assert means.interval(values, 0.01) is None
    assert list(ranges.of_values("difference", values, 0.01)) == []


def test_an_error_of_next_to_nothing_gives_no_interval_of_few_values() -> None:
    assert means.interval([1.0, 2.0, 3.0], 1e-300) is None


def _poisson(chance: random.Random, mean: float) -> int:
    bound, count, product = math.exp(-mean), 0, chance.random()
    while product > bound:
        product *= chance.random()
        count += 1
    return count


@pytest.mark.parametrize("rate", [0.001, 0.01])
def test_the_difference_of_equal_versions_is_missed_as_seldom_as_is_said(rate: float) -> None:
    chance = random.Random(7)
    missed = 0
    for _ in range(100):
        own: list[Count] = []
        other: list[Count] = []
        for _ in range(40):
            own.append(Count(1000, _poisson(chance, 1000 * rate)))
            other.append(Count(5000, _poisson(chance, 5000 * rate)))
            listed = list(ranges.of_counts(own, other, 0.01))
            if listed and not _holds(listed[0], 0.0):
                missed += 1
                break
    assert missed <= 5  # of 100, where 2 are expected at most


def _holds(figure: Figure, truth: float) -> bool:
    low, _, high = figure.value.partition("]")[0].strip("[").partition(", ")
    return float(low) <= truth <= float(high)


def counted(bad: int, other: int, count: int = 24) -> list[Interval]:
    arms = [(Arm(bad=bad + n % 2, total=1000), Arm(bad=other + n % 3, total=9000)) for n in range(count)]
    return [Interval(own, baseline) for own, baseline in arms]


def figures(given: Sequential, intervals: list[Interval]) -> dict[str, str]:
    return {one.name: one.value for one in sequential.judge(given, intervals, len(intervals)).figures}


def test_counts_give_the_difference_of_their_ratios() -> None:
    assert figures(Sequential(), counted(10, 90))["difference"] == "[-0.00502, 0.0828] pp at 98%"


def test_counts_without_a_baseline_give_the_ratio_itself() -> None:
    alone = [Interval(one.candidate, Arm(missing="not asked")) for one in counted(10, 90)]
    given = Sequential.model_validate({"max": "5%"})
    assert figures(given, [Interval(one.candidate) for one in alone])["interval"].endswith(" % at 98%")


def test_few_events_give_no_interval() -> None:
    assert "difference" not in figures(Sequential(), counted(0, 90, 12))
    assert ranges.telling(9, 1000) is False
    assert ranges.telling(991, 1000) is False
    assert ranges.telling(10, 1000) is True


def test_values_give_their_difference_and_share_alpha() -> None:
    values = [Interval(Arm(value=90 + n % 5), Arm(value=100 + n % 4)) for n in range(30)]
    said = figures(Sequential.model_validate({"shareOf": 4}), values)["difference"]
    assert said == "[-11, -7.9] at 99.5%"
