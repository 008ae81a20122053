"""The judge that decides as Keptn does: criteria of an SLO or a target of an AnalysisDefinition, over one run."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gitops_bot.analysis.evidence import Arm, Finding, Interval
from gitops_bot.analysis.judges.keptn import judge, objective
from gitops_bot.analysis.keptn import lighthouse
from gitops_bot.analysis.keptn.criteria import Result, Status, aggregate, included, percentile
from gitops_bot.model import Outcome
from gitops_bot.policy.judges.keptn import Keptn, parse_criterion, parse_quantity

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN

Values = list[float | None]


def arm(value: float | None) -> Arm:
    return Arm(missing="no series") if value is None else Arm(value=value)


def run(candidate: Values, baseline: Values | None = None) -> list[Interval]:
    others = baseline or [None] * len(candidate)
    return [Interval(arm(one), arm(other)) for one, other in zip(candidate, others, strict=True)]


def sets(*listed: list[str]) -> list[dict[str, list[str]]]:
    return [{"criteria": one} for one in listed]


def judged(
    intervals: list[Interval],
    params: dict[str, Any],
    length: int | None = None,
    history: list[Interval] | None = None,
) -> Finding:
    whole = len(intervals) if length is None else length
    return judge(Keptn.model_validate(params), intervals, whole, history=history or [])


def always(value: float, baseline: float | None = None) -> list[Interval]:
    return run([value] * 3, [baseline] * 3)


# ---------------------------------------------------------------- the verdict


@pytest.mark.parametrize(
    ("params", "candidate", "baseline", "outcome"),
    [
        ({"pass": sets(["<600"])}, 599, None, PASS),
        ({"pass": sets(["<600"])}, 600, None, FAIL),
        # inside a set all must hold, and one set is enough
        ({"pass": sets(["<600", ">100"])}, 50, None, FAIL),
        ({"pass": sets(["<600", ">100"])}, 200, None, PASS),
        ({"pass": sets(["<10"], ["<600"])}, 200, None, PASS),
        # compared with the baseline
        ({"pass": sets(["<=+10%"])}, 110, 100, PASS),
        ({"pass": sets(["<=+10%"])}, 111, 100, FAIL),
        ({"pass": sets(["<=10%"])}, 110, 100, PASS),
        ({"pass": sets([">=-5%"])}, 94, 100, FAIL),
        ({"pass": sets([">=-5"])}, 95, 100, PASS),
        ({"pass": sets(["<=+5"])}, 106, 100, FAIL),
        # a warning decides nothing
        ({"pass": sets(["<600"]), "warning": sets(["<800"])}, 700, None, UNKNOWN),
        ({"pass": sets(["<600"]), "warning": sets(["<800"])}, 900, None, FAIL),
        # an AnalysisDefinition
        ({"target": {"failure": {"greaterThan": 600}}}, 600, None, PASS),
        ({"target": {"failure": {"greaterThan": 600}}}, 601, None, FAIL),
        ({"target": {"failure": {"greaterThan": 600}, "warning": {"greaterThan": 300}}}, 400, None, UNKNOWN),
        ({"target": {"failure": {"notInRange": {"lowBound": 1, "highBound": "2k"}}}}, 2000, None, PASS),
        ({"target": {"failure": {"greaterThan": "500m"}}}, 0.6, None, FAIL),
    ],
)
def test_the_value_of_the_whole_run_decides(
    params: dict[str, Any], candidate: float, baseline: float | None, outcome: Outcome
) -> None:
    assert judged(always(candidate, baseline), params).outcome is outcome


def test_counts_are_pooled_so_that_quiet_intervals_weigh_little() -> None:
    noisy_but_quiet = [Interval(Arm(bad=1, total=2)), *[Interval(Arm(bad=0, total=999))] * 3]
    assert judged(noisy_but_quiet, {"pass": sets(["<0.01"])}).outcome is PASS


def test_nothing_is_decided_before_the_end_of_the_run() -> None:
    found = judged(run([9, 9, 9, 9]), {"pass": sets(["<1"])}, length=6)
    assert (found.outcome, found.left, found.decided_at) == (UNKNOWN, 2, None)


@pytest.mark.parametrize(
    ("params", "candidate", "because"),
    [
        ({"pass": sets(["<=+10%", "<600"])}, 420, "pass: the candidate's 420 keeps <=+10% of 400 (440) and <600"),
        ({"pass": sets(["<10"], ["<600"])}, 420, "pass: the candidate's 420 keeps <600"),
        ({"pass": sets(["<=+10%", "<600"])}, 700, "fail: the candidate's 700 misses <=+10% of 400 (440), <600"),
        (
            {"pass": sets(["<600"]), "warning": sets(["<650"])},
            700,
            "fail: the candidate's 700 misses <600, and of the warning <650",
        ),
        (
            {"pass": sets(["<600"]), "warning": sets(["<800"])},
            700,
            "warning: the candidate's 700 misses <600, but keeps <800",
        ),
        ({"target": {"failure": {"lessThan": 1}}}, 5, "pass: the candidate's 5 is not lessThan 1"),
        ({"target": {"failure": {"greaterThan": 1}}}, 5, "fail: the candidate's 5 is greaterThan 1"),
        (
            {"target": {"failure": {"lessThan": 1}, "warning": {"inRange": {"lowBound": 4, "highBound": 6}}}},
            5,
            "warning: the candidate's 5 is inRange 4 to 6, which only warns",
        ),
    ],
)
def test_the_reason_is_one_sentence(params: dict[str, Any], candidate: float, because: str) -> None:
    assert judged(always(candidate, 400), params).because == because


def test_a_verdict_says_its_figures_and_when_it_stood() -> None:
    found = judged(always(700, 400), {"pass": sets(["<=+10%", "<600"], ["<300"]), "warning": sets(["<650"])})
    assert found.decided_at == 3
    assert {one.name: one.value for one in found.figures} == {
        "candidate": "700",
        "compared with": "400",
        "pass": "<=+10% and <600 or <300",
        "warning": "<650",
        "measured": "3",
    }


# ---------------------------------------------------------------- missing data


@pytest.mark.parametrize(
    ("candidate", "because"),
    [
        (
            [None, None, None],
            "0 of 3 intervals (no series), needed: 3; Keptn itself fails an objective without a value",
        ),
        ([math.nan, math.inf, -math.inf], "0 of 3 intervals (no number)"),
        ([9, None, None, 9], "2 of 4 intervals (no series), needed: 3"),
        ([], "0 of 0 intervals, needed: 3"),
    ],
)
def test_a_missing_value_is_no_evidence_although_keptn_fails_it(candidate: Values, because: str) -> None:
    found = judged(run(candidate), {"pass": sets(["<1"])})
    assert found.outcome is UNKNOWN
    assert because in found.because


def test_a_comparison_with_nothing_is_no_evidence_although_keptn_lets_it_hold() -> None:
    found = judged(always(500), {"pass": sets(["<=+10%", "<600"])})
    assert found.outcome is UNKNOWN
    assert found.because.startswith("nothing to compare with: the baseline has a number in 0 of 3 intervals")
    assert "Keptn itself lets such a comparison hold (pass: " in found.because


def test_a_fixed_bound_decides_even_where_a_comparison_has_nothing_to_compare_with() -> None:
    assert judged(always(700), {"pass": sets(["<=+10%", "<600"])}).outcome is FAIL
    assert judged(always(500), {"pass": sets(["<=+10%"], ["<600"])}).outcome is PASS


def test_a_baseline_is_not_needed_where_nothing_compares() -> None:
    assert judged(run([1, 1, 1], [None, 5, None]), {"pass": sets(["<2"])}).outcome is PASS


# ---------------------------------------------------------------- adversarial series

STEADY: Values = [9, 10, 11, 10, 9, 11, 10, 9, 11, 10]


@pytest.mark.parametrize(
    ("candidate", "baseline", "outcome"),
    [
        ([*STEADY[:3], *[1000] * 7], STEADY, FAIL),
        # a mean sees one spike as a rise of the whole, and no variance
        ([*STEADY[:9], 1e6], STEADY, FAIL),
        ([0, 20, 1, 19, 2, 18, 3, 17, 0, 20], STEADY, PASS),
        ([0.1] * 10, [0] * 10, FAIL),
        ([None] * 10, STEADY, UNKNOWN),
        (STEADY, [None] * 10, UNKNOWN),
        ([*STEADY[:3], *[math.nan] * 7], STEADY, PASS),
        ([*STEADY[:2], *[math.nan] * 8], STEADY, UNKNOWN),
    ],
    ids=["7 of 10 at 100x", "spike", "variance", "zero baseline", "silent", "alone", "holes", "too many holes"],
)
def test_adversarial_series_have_a_stated_outcome(candidate: Values, baseline: Values, outcome: Outcome) -> None:
    assert judged(run(candidate, baseline), {"pass": sets(["<=+20%"])}).outcome is outcome


# ---------------------------------------------------------------- earlier evaluations


def stable(*blocks: float) -> list[Interval]:
    return [Interval(Arm(missing="not there yet"), Arm(value=one)) for one in blocks for _ in range(3)]


@pytest.mark.parametrize(
    ("comparison", "candidate", "outcome"),
    [
        ({"compareWith": "single_result"}, 33, PASS),
        ({"compareWith": "single_result"}, 34, FAIL),
        ({"compareWith": "several_results", "numberOfComparisonResults": 2}, 27.5, PASS),
        ({"compareWith": "several_results", "numberOfComparisonResults": 2}, 27.6, FAIL),
        ({"compareWith": "several_results", "numberOfComparisonResults": 9}, 22, PASS),
        ({"compareWith": "several_results", "aggregateFunction": "p90"}, 33, PASS),
        ({"compareWith": "several_results", "aggregateFunction": "p50"}, 23, FAIL),
        # 20 and 30 are failures themselves: each more than 10 % above what was before them
        ({"compareWith": "single_result", "includeResultWithScore": "pass"}, 11, PASS),
        ({"compareWith": "single_result", "includeResultWithScore": "pass"}, 12, FAIL),
    ],
)
def test_earlier_evaluations_are_the_stable_versions_before_the_run(
    comparison: dict[str, Any], candidate: float, outcome: Outcome
) -> None:
    params = {"pass": sets(["<=+10%"]), "comparison": comparison}
    assert judged(always(candidate, 1), params, history=stable(10, 20, 30)).outcome is outcome


def test_without_a_whole_earlier_evaluation_there_is_nothing_to_compare_with() -> None:
    params = {"pass": sets(["<=+10%"]), "comparison": {"compareWith": "several_results"}}
    found = judged(always(1, 1), params, history=stable(10)[:2])
    assert found.outcome is UNKNOWN
    assert "2 intervals before the run hold no earlier evaluation that counts" in found.because


def test_earlier_evaluations_count_by_their_result_newest_last() -> None:
    listed = [Result(1, status=Status.PASS), Result(2, status=Status.WARNING), Result(3, status=Status.FAIL)]
    wanted = {"all": [2, 3], "pass_or_warn": [1, 2], "pass": [1]}
    assert {name: [one.value for one in included(listed, 2, name)] for name in wanted} == wanted
    assert included(listed, 0, "all") == ()


# ---------------------------------------------------------------- several metrics


def test_the_parameters_are_objectives_of_a_score() -> None:
    listed = {
        "errors": Keptn.model_validate({"pass": sets(["<1"]), "weight": 2, "keySli": True}),
        "latency": Keptn.model_validate({"pass": sets(["<600"]), "warning": sets(["<800"])}),
    }
    objectives = [objective(params, name) for name, params in listed.items()]
    found = lighthouse.evaluate(objectives, {"errors": 0.5, "latency": 700}, {})
    assert lighthouse.total(found, 90, 75) == lighthouse.Total(100 * (2.5 / 3), Status.WARNING)
    assert lighthouse.total(lighthouse.evaluate(objectives, {"latency": 1}, {}), 0, None).status is Status.FAIL


@pytest.mark.parametrize(("text", "number"), [("90%", 90), ("90", 90), (" 7.5% ", 7.5)])
def test_a_percentage_is_read(text: str, number: float) -> None:
    assert lighthouse.percent(text) == number


@pytest.mark.parametrize("text", ["", "%", "ninety", "inf", "nan%"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"percent|float"):
        lighthouse.percent(text)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "text", ["", "10", "<", "<>10", "==10", "<=--5", "<10%%", "<inf", "<1e999", "<1_0", "<٣", "<10 ms"]
)
def test_what_is_no_criterion_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no criterion"):
        parse_criterion(text)


@pytest.mark.parametrize(
    ("given", "number"),
    [(15, 15), (0.5, 0.5), ("500m", 0.5), ("2k", 2000), ("1Mi", 1048576), ("-1.5", -1.5), ("1e3", 1000), ("3E", 3e18)],
)
def test_a_quantity_is_read_as_kubernetes_does(given: float | str, number: float) -> None:
    assert parse_quantity(given) == number


@pytest.mark.parametrize("given", ["", "m", "500ms", "1%", "1e3k", "1 k", "nan", math.inf, True, None, "1e999"])
def test_what_is_no_quantity_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        parse_quantity(given)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "needs pass or target"),
        ({"warning": sets(["<1"])}, "needs pass or target"),
        ({"pass": sets([])}, "at least 1 item"),
        ({"pass": sets(["<500ms"])}, "is no criterion"),
        ({"pass": sets(["<1"]), "target": {"failure": {"lessThan": 1}}}, "one of the two forms"),
        ({"target": {"warning": {"lessThan": 1}}}, "needs failure"),
        ({"target": {"failure": {}}}, "needs exactly one of equalTo, "),
        ({"target": {"failure": {"lessThan": 1, "greaterThan": 5}}}, "needs exactly one of"),
        ({"target": {"failure": {"inRange": {"lowBound": 2, "highBound": 1}}}}, "is greater than highBound"),
        ({"pass": sets(["<1"]), "leastIntervals": 2}, "greater than or equal to 3"),
        ({"pass": sets(["<1"]), "key_sli": True}, "Extra inputs"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(params: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Keptn.model_validate(params)


def test_parameters_are_written_as_they_were_read() -> None:
    written = {"pass": sets(["<=+10%", "< 600"]), "weight": 2}
    model = Keptn.model_validate_json(json.dumps(written), strict=True)
    assert model.model_dump(by_alias=True, exclude_unset=True, mode="json") == written


# ---------------------------------------------------------------- for any input

ANY = st.floats(allow_nan=True, allow_infinity=True)
ARMS = st.one_of(
    st.builds(Arm, value=ANY),
    st.builds(Arm, bad=ANY, total=ANY),
    st.builds(Arm, missing=st.text(max_size=5), answered=st.booleans()),
)
INTERVALS = st.lists(st.builds(Interval, ARMS, ARMS), max_size=9)
CRITERIA = st.lists(st.sampled_from(["<=+10%", ">=-5", "<600", "=0", ">1e300%"]), min_size=1, max_size=2)
SETS = st.lists(CRITERIA, min_size=1, max_size=2).map(lambda listed: sets(*listed))
OPERATORS = st.one_of(
    st.builds(
        lambda name, bound: {name: bound}, st.sampled_from(["equalTo", "lessThan", "greaterThan"]), st.integers()
    ),
    st.just({"inRange": {"lowBound": -1, "highBound": "1k"}}),
)
PARAMS = st.one_of(
    st.fixed_dictionaries(
        {
            "pass": SETS,
            "warning": SETS | st.just([]),
            "comparison": st.fixed_dictionaries(
                {
                    "compareWith": st.sampled_from(["baseline", "single_result", "several_results"]),
                    "includeResultWithScore": st.sampled_from(["all", "pass", "pass_or_warn"]),
                    "aggregateFunction": st.sampled_from(["avg", "p50", "p90", "p95"]),
                }
            ),
        }
    ),
    st.fixed_dictionaries({"target": st.fixed_dictionaries({"failure": OPERATORS, "warning": OPERATORS})}),
)


@given(PARAMS, INTERVALS, INTERVALS, st.integers(0, 3))
def test_any_input_gives_a_finding_and_none_a_verdict_without_evidence(
    params: dict[str, Any], intervals: list[Interval], history: list[Interval], missing: int
) -> None:
    found = judged(intervals, params, len(intervals) + missing, history)
    numbers = [one.candidate.number for one in intervals]
    evidence = sum(number is not None and math.isfinite(number) for number in numbers)
    assert found.because
    assert found.outcome is UNKNOWN or (evidence >= 3 and not missing)
    assert (found.decided_at is None) is (found.outcome is UNKNOWN)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.sampled_from(["avg", "p50", "p90", "p95"]))
def test_what_several_results_come_to_lies_among_them(values: list[float], function: str) -> None:
    found = aggregate([Result(value) for value in values], function)
    assert found is not None
    assert min(values) - 1e-6 <= found <= max(values) + 1e-6


def test_no_values_and_no_known_function_come_to_zero() -> None:
    assert percentile([], 0.5) == 0
    assert aggregate([Result(5)], "median") == 0
    assert aggregate([Result(5, success=False)], "avg") is None
