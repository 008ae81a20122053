"""The judge that decides as Kayenta does: Mann–Whitney over the points of one run, and the score of several metrics."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gitops_bot.analysis.argo.phases import AnalysisPhase
from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.judges.kayenta import judge
from gitops_bot.analysis.kayenta.classify import Label, Rules, Thresholds, classify, mean_inequality
from gitops_bot.analysis.kayenta.score import Result, argo_phase, score
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.kayenta import Kayenta

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN

Values = list[float | None]

LOW: Values = [10, 11, 12, 11, 10, 12, 11, 10]
HIGH: Values = [20, 21, 22, 21, 20, 22, 21, 20]


def arm(value: float | None) -> Arm:
    return Arm(missing="no series") if value is None else Arm(value=value)


def run(candidate: Values, baseline: Values) -> list[Interval]:
    return [Interval(arm(one), arm(other)) for one, other in zip(candidate, baseline, strict=True)]


def judged(intervals: list[Interval], params: dict[str, Any] | None = None, length: int | None = None) -> Finding:
    return judge(Kayenta.model_validate(params or {}), intervals, len(intervals) if length is None else length)


# ---------------------------------------------------------------- the verdict


@pytest.mark.parametrize(
    ("params", "candidate", "baseline", "outcome"),
    [
        ({}, LOW, LOW[::-1], PASS),
        ({}, HIGH, LOW, FAIL),
        ({}, LOW, HIGH, FAIL),
        ({"direction": "increase"}, LOW, HIGH, PASS),
        ({"direction": "decrease"}, HIGH, LOW, PASS),
        # nearly twice as high is not three times as high
        ({"effectSize": {"allowedIncrease": 1.5}}, HIGH, LOW, FAIL),
        ({"effectSize": {"allowedIncrease": 3}}, HIGH, LOW, PASS),
        ({"effectSize": {"allowedDecrease": 0.4}}, LOW, HIGH, PASS),
        ({"effectSize": {"measure": "cles"}}, HIGH, LOW, FAIL),
        ({"effectSize": {"measure": "cles", "allowedIncrease": 0.9}}, HIGH, [*LOW[:-2], 99, 99], PASS),
        # any error is infinitely many times none
        ({"effectSize": {"allowedIncrease": 3}}, [0.1, 0.2, 0.1, 0.2, 0.1], [0, 0, 0, 0, 0], FAIL),
        ({}, [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], PASS),
    ],
)
def test_the_points_of_the_run_decide(
    params: dict[str, Any], candidate: Values, baseline: Values, outcome: Outcome
) -> None:
    assert judged(run(candidate, baseline), params).outcome is outcome


@pytest.mark.parametrize("unit", [1e-300, 1e-9, 1e-3, 1.0, 1e9, 1e300])
def test_the_unit_of_a_metric_does_not_matter(unit: float) -> None:
    def scaled(values: Values) -> Values:
        return [value * unit for value in values if value is not None]

    assert judged(run(scaled(HIGH), scaled(LOW))).outcome is FAIL
    assert judged(run(scaled(LOW), scaled(LOW[::-1]))).outcome is PASS
    assert judged(run(scaled([11, 10, 12, 10, 11, 12, 10, 12]), scaled(LOW))).outcome is PASS


def test_ratios_of_counts_are_points() -> None:
    worse = [Interval(Arm(bad=bad, total=200), Arm(bad=1, total=1800)) for bad in (9, 8, 9, 7, 8, 9)]
    assert judged(worse).outcome is FAIL


def test_nothing_is_decided_before_the_end_of_the_run() -> None:
    found = judged(run(HIGH, LOW), length=10)
    assert (found.outcome, found.left, found.decided_at) == (UNKNOWN, 2, None)


def test_a_verdict_says_its_figures_its_reason_and_when_it_stood() -> None:
    found = judged(run(HIGH, LOW))
    assert found.decided_at == 8
    assert found.because == (
        "High: the candidate is above the baseline, 1.92 times the baseline's mean, shifted by 10 [9, 11] at 98%; "
        "8 against 8 points, Kayenta's documentation asks for 50"
    )
    assert {one.name: one.value for one in found.figures} == {
        "candidate": "20.88",
        "baseline": "10.88",
        "shift": "10",
        "interval": "[9, 11] at 98%",
        "points": "8/8",
    }


def test_enough_points_need_no_caveat() -> None:
    found = judged(run(LOW * 7, [*LOW[1:], 12] * 7))
    assert (found.outcome, "documentation" in found.because) == (PASS, False)


# ---------------------------------------------------------------- too little data


@pytest.mark.parametrize(
    ("params", "candidate", "baseline", "because"),
    [
        ({}, [9, 9, 8, 9], [1, 1, 2, 1], "the candidate has a number in 4 of 4 intervals, needed: 5; the baseline"),
        ({}, [None] * 6, [1] * 6, "0 of 6 intervals (no series), needed: 5; Kayenta itself would say Nodata"),
        ({}, [1] * 6, [math.nan] * 6, "the baseline has a number in 0 of 6 intervals (no number)"),
        ({"critical": True}, [None] * 6, [1] * 6, "Nodata (there are no numbers), and fail the whole canary"),
        ({"mustHaveData": True}, [None] * 6, [1] * 6, "Kayenta itself would say NodataFailMetric"),
        ({"nanStrategy": "replace"}, [None] * 6, [1] * 6, "Kayenta itself would say Low"),
        ({"minSamples": 9}, HIGH, LOW, "needed: 9; the baseline"),
        ({}, [], [], "0 of 0 intervals, needed: 5"),
    ],
)
def test_too_few_points_are_no_evidence_whatever_kayenta_says(
    params: dict[str, Any], candidate: Values, baseline: Values, because: str
) -> None:
    found = judged(run(candidate, baseline), params)
    assert found.outcome is UNKNOWN
    assert because in found.because


def test_points_that_are_cut_as_outliers_are_no_points() -> None:
    params = {"outliers": {"strategy": "remove", "outlierFactor": 0.001}, "minSamples": 8}
    found = judged(run([9, 9, 9, 9, 9.5, 8, 1, 50], [1] * 8), params)
    assert found.outcome is UNKNOWN
    assert "points of the candidate, " in found.because
    assert "are left without outliers, needed: 8" in found.because


def test_an_outlier_that_is_cut_no_longer_misleads() -> None:
    shifted = [value + 1.5 for value in LOW * 3 if value is not None]
    spiked = run([*shifted[:-1], 5000], LOW * 3)
    params = {"effectSize": {"allowedIncrease": 3}}
    assert judged(spiked, params).outcome is FAIL
    assert judged(spiked, {**params, "outliers": {"strategy": "remove"}}).outcome is PASS


def test_intervals_without_a_number_are_left_out_or_count_as_zero_and_the_reason_says_so() -> None:
    holes = [*HIGH[:5], None, None, None]
    assert judged(run(holes, HIGH)).outcome is PASS
    replaced = judged(run(holes, HIGH), {"nanStrategy": "replace"})
    assert "3 intervals without a number count as 0 (nanStrategy: replace)" in replaced.because


# ---------------------------------------------------------------- adversarial series

STEADY: Values = [9, 10, 11, 10, 9, 11, 10, 9, 11, 10]


@pytest.mark.parametrize(
    ("candidate", "baseline", "outcome"),
    [
        # ten points are too few for Kayenta to be sure of this, thirty are enough
        ([*STEADY[:3], *[1000] * 7], STEADY, PASS),
        ([*STEADY[:3], *[1000] * 7] * 3, STEADY * 3, FAIL),
        # ranks see neither one spike nor more variance: Kayenta is blind to both
        ([*STEADY[:9], 1e6], STEADY, PASS),
        ([0, 20, 1, 19, 2, 18, 3, 17, 0, 20], STEADY, PASS),
        ([0.1] * 10, [0] * 10, FAIL),
        ([None] * 10, STEADY, UNKNOWN),
        (STEADY, [None] * 10, UNKNOWN),
        ([*STEADY[:5], *[math.nan] * 5], STEADY, PASS),
        ([*STEADY[:4], *[math.nan] * 6], STEADY, UNKNOWN),
    ],
    ids=[
        "7 of 10 at 100x",
        "21 of 30 at 100x",
        "spike",
        "variance",
        "zero baseline",
        "silent",
        "alone",
        "holes",
        "too many holes",
    ],
)
def test_adversarial_series_have_a_stated_outcome(candidate: Values, baseline: Values, outcome: Outcome) -> None:
    assert judged(run(candidate, baseline)).outcome is outcome


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"minSamples": 2}, "greater than or equal to 3"),
        ({"confLevel": 1}, "less than 1"),
        ({"tolerance": -0.1}, "greater than or equal to 0"),
        ({"direction": "up"}, "'increase', 'decrease' or 'either'"),
        ({"nanStrategy": "none"}, "'remove' or 'replace'"),
        ({"effectSize": {"allowedIncrease": 0}}, "greater than 0"),
        ({"conf_level": 0.9}, "Extra inputs"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(params: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Kayenta.model_validate(params)


# ---------------------------------------------------------------- several metrics


def result(name: str, label: Label, *groups: str, **told: bool) -> Result:
    return Result(name, label, groups, **told)


def test_a_score_says_which_metrics_missed() -> None:
    found = score([result("a", Label.PASS, "g"), result("b", Label.HIGH, "g")], {})
    assert (found.summary, found.because, found.groups) == (50.0, "b is High", {"g": 50.0})
    assert [found.outcome(*limits) for limits in ((50, 20), (75, 50), (95, 75))] == [PASS, UNKNOWN, FAIL]


def test_a_muted_metric_is_reported_and_does_not_count() -> None:
    found = score([result("a", Label.PASS, "g"), result("b", Label.HIGH, "g", critical=True, muted=True)], {})
    assert (found.summary, found.because) == (100.0, "every metric passes")


@pytest.mark.parametrize(
    ("value", "phase"),
    [
        (80.0, AnalysisPhase.SUCCESSFUL),
        (79.99, AnalysisPhase.INCONCLUSIVE),
        (59.99, AnalysisPhase.FAILED),
        (math.nan, AnalysisPhase.ERROR),
    ],
)
def test_argo_rollouts_drops_the_fraction_of_a_score(value: float, phase: AnalysisPhase) -> None:
    assert argo_phase(value, 80, 60) is phase


# ---------------------------------------------------------------- for any input

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SERIES = st.lists(NUMBERS | st.just(math.nan) | st.sampled_from([0.0, 1.0, 1.0]), max_size=9)
RULES = st.builds(
    Rules,
    direction=st.sampled_from(["increase", "decrease", "either"]),
    nan_strategy=st.sampled_from(["remove", "replace"]),
    critical=st.booleans(),
    must_have_data=st.booleans(),
    tolerance=st.floats(0, 0.99),
    confidence=st.floats(0.51, 0.9999),
    measure=st.sampled_from(["meanRatio", "cles"]),
    effect=st.builds(Thresholds, st.floats(0.1, 1), st.floats(0.1, 9)),
    outlier_factor=st.none() | st.floats(0, 9),
)


@given(SERIES, SERIES, RULES)
def test_any_two_series_are_classified(experiment: list[float], control: list[float], rules: Rules) -> None:
    for found in (classify(experiment, control, rules), mean_inequality(experiment, control, rules)):
        assert found.because
        assert found.label is not Label.HIGH or rules.direction != "decrease"
        assert found.label is not Label.LOW or rules.direction != "increase"
        assert not found.critical or rules.critical


ANY = st.floats(allow_nan=True, allow_infinity=True)
ARMS = st.one_of(
    st.builds(Arm, value=ANY | st.sampled_from([0.0, 1.0, 2.0])),
    st.builds(Arm, bad=ANY, total=ANY),
    st.builds(Arm, missing=st.text(max_size=5), answered=st.booleans()),
)
INTERVALS = st.lists(st.builds(Interval, ARMS, ARMS), max_size=9)
PARAMS = st.fixed_dictionaries(
    {
        "direction": st.sampled_from(["increase", "decrease", "either"]),
        "nanStrategy": st.sampled_from(["remove", "replace"]),
        "critical": st.booleans(),
        "mustHaveData": st.booleans(),
        "minSamples": st.integers(3, 5),
        "effectSize": st.fixed_dictionaries({"measure": st.sampled_from(["meanRatio", "cles"])}),
        "outliers": st.fixed_dictionaries({"strategy": st.sampled_from(["keep", "remove"])}),
    }
)


@given(PARAMS, INTERVALS, st.integers(0, 3))
def test_any_input_gives_a_finding_and_none_a_verdict_without_evidence(
    params: dict[str, Any], intervals: list[Interval], missing: int
) -> None:
    found = judged(intervals, params, len(intervals) + missing)
    arms = ([one.candidate.number for one in intervals], [one.baseline.number for one in intervals])
    points = [sum(number is not None and math.isfinite(number) for number in numbers) for numbers in arms]
    assert found.because
    assert found.outcome is UNKNOWN or (min(points) >= params["minSamples"] and not missing)
    assert (found.decided_at is None) is (found.outcome is UNKNOWN)


@given(st.lists(st.floats(0.1, 1e3), min_size=5, max_size=12))
def test_a_version_against_itself_passes(values: list[float]) -> None:
    assert judged(run([*values], [*reversed(values)])).outcome is PASS
