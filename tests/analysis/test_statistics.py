"""What the tests are made of: special functions against known values, dispersion against what it should see."""

from __future__ import annotations

import math

import pytest

from gitops_bot.analysis.statistics import eprocess, special
from gitops_bot.analysis.statistics.dispersion import against, compare, group

CLEAN = [(1800, bad) for bad in (9, 8, 10, 9, 11, 7, 9, 10, 8, 9)]
WILD = [(1800, bad) for bad in (0, 40, 2, 0, 31, 1, 0, 22, 1, 3)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (special.zeta(2), math.pi**2 / 6),
        (special.zeta(4), math.pi**4 / 90),
        (special.log_beta(2, 3), math.log(1 / 12)),
        (special.log_normal_cdf(0), math.log(0.5)),
        (special.log_normal_cdf(1.959963984540054), math.log(0.975)),
        (special.log_normal_cdf(-40), -804.6084420137538),
        (special.log_gamma_p(1, 2), math.log1p(-math.exp(-2))),
        (special.log_gamma_q(1, 2), -2.0),
        (special.log_incomplete_beta(2, 1, 0.5), math.log(1 / 8)),
        (special.log_sum_exp([1000, 1000]), 1000 + math.log(2)),
    ],
)
def test_special_functions(value: float, expected: float) -> None:
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_an_empty_sum_is_zero() -> None:
    assert special.log_sum_exp([]) == -math.inf


def test_alike_intervals_are_one_group() -> None:
    assert [(one.bad, one.times) for one in group([(100, 1), (100, 1), (100, 2), (1000, 1)])] == [
        (1, 2),
        (2, 1),
        (1, 1),
    ]


def test_clean_counts_leave_the_evidence_as_it_is() -> None:
    ratio = compare(group([(200, 4)] * 10), group(CLEAN), 1.0)
    plain = 40 * math.log(4 / (13 / 10)) + 90 * math.log((9 / 1800) / (130 / 20000)) - 0.0
    assert ratio.clean == pytest.approx(ratio.log_ratio, abs=1.0)
    assert 0.6 * plain < ratio.clean <= plain + 0.5


def test_wild_counts_leave_little_of_it() -> None:
    candidate = group([(200, bad) for bad in (0, 12, 0, 1, 16, 0, 0, 9, 0, 2)])
    ratio = compare(candidate, group(WILD), 1.0)
    assert ratio.log_ratio < 4
    assert ratio.shape < 2


def test_history_lends_its_dispersion() -> None:
    candidate, baseline = group([(200, 4)] * 3), group(CLEAN[:3])
    assert (
        compare(candidate, baseline, 1.0, group(WILD * 6)).log_ratio < compare(candidate, baseline, 1.0).log_ratio - 1
    )


def test_one_spike_is_worth_no_more_than_its_rarity() -> None:
    spiked = group([(200, 1)] * 9 + [(200, 150)])
    assert compare(spiked, group(CLEAN), 1.0).clean < 4


def test_below_the_null_the_ratio_is_negative() -> None:
    assert compare(group([(200, 1)] * 20), group(CLEAN * 2), 2.0).log_ratio < -2
    assert against(group([(1000, 1)] * 20), 0.01).log_ratio < -20
    assert against(group([(1000, 30)] * 20), 0.01).log_ratio > 10


def test_more_traffic_at_the_same_ratio_is_no_dispersion() -> None:
    candidate = group([(20, 0), (200, 1), (2000, 10), (200, 1), (20, 0)])
    baseline = group([(180, 1), (1800, 9), (18000, 90), (1800, 9), (180, 1)])
    assert abs(compare(candidate, baseline, 1.0).log_ratio) < 0.5


def test_constant_differences_are_the_greatest_evidence_of_the_t_test() -> None:
    assert (
        eprocess.student([1.0] * 5) > eprocess.student([1.0, 1.1, 0.9, 1.0, 1.0]) > eprocess.student([1, -1, 1, -1, 1])
    )
    assert eprocess.student([1.0]) == 0.0
    assert eprocess.student([0.0] * 9) == 0.0
