"""Which judge a metric has, what is asked for it, and how a patient judge goes through runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gitops_bot.analysis import ask, verdict
from gitops_bot.analysis.appointed import Appointed, appointed, stages
from gitops_bot.analysis.evidence import Arm, Interval
from gitops_bot.model import CheckResult, Outcome, Query, Series
from gitops_bot.policy.judges.sequential import Sequential
from gitops_bot.policy.schema import PromotionPolicy
from tests.support.build import at, cluster, ladder, reading, trial, version

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN

RATIO = {"bad": 'bad{v="{{ version }}"}', "total": 'all{v="{{ version }}"}'}
HEALTHY = {"bad v2": 1, "all v2": 200, "bad v1": 9, "all v1": 1800}
"""Per minute: both versions err in one of 200."""


def judged(*metrics: dict[str, Any], **analysis: Any) -> PromotionPolicy:
    named = [{"name": f"m{index}", "ratio": RATIO, **one} for index, one in enumerate(metrics)]
    return ladder(analysis={"metrics": named, **analysis})


def answered(queries: tuple[Query, ...], told: Mapping[str, float]) -> Series:
    def value(query: Query) -> float:
        what = "bad" if "bad{" in query.expression else "all"
        return told[f"{what} {'v2' if 'v2' in query.expression else 'v1'}"]

    return {query: tuple(reading(value(query), moment) for moment in query.instants()) for query in queries}


def check(policy: PromotionPolicy, told: Mapping[str, float], *, now: float) -> CheckResult:
    tried = trial()
    series = answered(ask(policy, tried, at(now)), told)
    (found,) = verdict(policy, version("v2"), tried, cluster(), series, at(now)).checks
    return found


def expressions(policy: PromotionPolicy, *, now: float = 5) -> list[str]:
    return [query.expression for query in ask(policy, trial(), at(now))]


# ---------------------------------------------------------------- who judges


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ({}, "sequential"),
        ({"max": "1%"}, "threshold"),
        ({"compare": {}}, "sequential"),
        ({"compare": {"test": "mannWhitney"}}, "kayenta"),
        ({"judge": {"keptn": {"pass": [{"criteria": ["<1"]}]}}}, "keptn"),
        ({"judge": {"sampleRatio": {}}}, "sampleRatio"),
    ],
)
def test_a_metric_s_judge_is_what_it_says_and_else_the_sequential_one(metric: dict[str, Any], name: str) -> None:
    policy = judged(metric)
    assert appointed(policy.spec.analysis, policy.spec.analysis.metrics[0], trial()).name == name


def test_critical_sequential_metrics_share_alpha() -> None:
    policy = judged({}, {"compare": {}}, {"critical": False}, {"max": "1%"})
    shares = [appointed(policy.spec.analysis, one, trial()).params for one in policy.spec.analysis.metrics[:3]]
    assert [one.share_of for one in shares] == [2, 2, 2]


def test_a_share_that_was_given_is_kept() -> None:
    policy = judged({"judge": {"sequential": {"shareOf": 5}}}, {})
    assert appointed(policy.spec.analysis, policy.spec.analysis.metrics[0], trial()).params.share_of == 5


def test_the_traffic_s_share_is_the_step_s_weight() -> None:
    policy = judged({"judge": {"sampleRatio": {}}})
    assert appointed(policy.spec.analysis, policy.spec.analysis.metrics[0], trial()).params.share == 25


def test_what_a_comparison_tolerates_reaches_the_judge() -> None:
    policy = judged({"compare": {"confidence": "95%", "tolerate": "0.2pp", "maxIncrease": "10%"}})
    told = appointed(policy.spec.analysis, policy.spec.analysis.metrics[0], trial()).params
    assert (told.alpha, told.tolerated, told.margin) == pytest.approx((0.05, 1.1, 2.2))
    assert told.tolerate
    assert told.tolerate.value == pytest.approx(0.002)


# ---------------------------------------------------------------- what is asked


def test_a_comparison_asks_for_both_versions_and_for_the_baseline_s_hour_before() -> None:
    asked = ask(judged({}), trial(), at(5))
    assert [(query.expression, query.start, query.end) for query in asked] == [
        ('(bad{v="v2"}) or on() vector(0)', at(1), at(4)),
        ('all{v="v2"}', at(1), at(4)),
        ('(bad{v="v1"}) or on() vector(0)', at(1), at(4)),
        ('all{v="v1"}', at(1), at(4)),
        ('(bad{v="v1"}) or on() vector(0)', at(-59), at(0)),
        ('all{v="v1"}', at(-59), at(0)),
    ]


def test_bounds_ask_for_the_candidate_alone() -> None:
    assert expressions(judged({"max": "1%"})) == ['(bad{v="v2"}) or on() vector(0)', 'all{v="v2"}']


def test_a_comparison_that_asks_the_same_of_both_says_so() -> None:
    found = check(judged({"ratio": {"bad": "bad{}", "total": "all{}"}}), HEALTHY, now=12)
    assert found.outcome is UNKNOWN
    assert "asks the same of the baseline as of the candidate" in found.because


def test_a_bounded_one_that_cannot_compare_keeps_to_its_bound() -> None:
    metric = {"judge": {"sequential": {"max": "5%"}}, "ratio": {"bad": "bad{}", "total": "all{}"}}
    assert expressions(judged(metric)) == ["(bad{}) or on() vector(0)", "all{}"]


# ---------------------------------------------------------------- through runs


def test_a_fourfold_rise_fails_at_once() -> None:
    found = check(judged({}), {**HEALTHY, "bad v2": 12}, now=5)
    assert (found.outcome, found.critical) == (FAIL, True)


def test_a_sound_release_passes_when_it_is_known_and_not_before_bake() -> None:
    policy = judged({}, bake="10m")
    assert check(policy, HEALTHY, now=9.6).outcome is UNKNOWN
    assert check(policy, HEALTHY, now=31).outcome is PASS


def test_a_run_that_does_not_know_yet_goes_on() -> None:
    quiet = {"bad v2": 0, "all v2": 20, "bad v1": 1, "all v1": 180}
    found = check(judged({}, bake="3m"), quiet, now=18)
    assert found.outcome is UNKNOWN
    assert found.queries[0].start == at(1)
    assert found.queries[0].end == at(17)


def test_too_few_observations_decide_nothing() -> None:
    found = check(judged({"minSamples": 100_000}), {**HEALTHY, "bad v2": 12}, now=5)
    assert found.outcome is UNKNOWN
    assert "800 of at least 100000 observations" in found.because


def intervals(*bad: float) -> list[Interval]:
    return [Interval(Arm(bad=one, total=200), Arm(bad=9, total=1800)) for one in bad]


def found(measured: list[Interval], piece: int = 10, length: int = 60) -> list[tuple[Outcome, int, int, bool]]:
    judge = Appointed("sequential", Sequential())
    return [(one.finding.outcome, one.start, one.end, one.over) for one in stages(judge, measured, piece, length, ())]


def test_a_patient_judge_s_next_look_begins_after_its_verdict() -> None:
    walked = found(intervals(*[1] * 60))
    assert walked[0][0] is PASS
    assert walked[0][1] == 0
    assert [start for _, start, _, _ in walked[1:]] == [end for _, _, end, _ in walked[:-1]]


def test_what_the_end_of_a_run_cuts_short_does_not_undo_a_verdict() -> None:
    walked = found(intervals(*[1] * 40, *[0, 1] * 4, *[1] * 12)[:60])
    assert [over for outcome, _, _, over in walked if outcome is UNKNOWN] == [False] * sum(
        outcome is UNKNOWN for outcome, *_ in walked
    )


def test_a_new_rise_is_found_on_its_own_after_a_long_good_time() -> None:
    walked = found(intervals(*[1] * 40, *[12] * 5))
    assert walked[-1][0] is FAIL


def test_an_impatient_judge_s_pieces_are_runs_of_their_own() -> None:
    silent = [Interval(Arm(missing="no traffic"))] * 7
    assert [(one.start, one.end, one.over) for one in stages(Appointed("iter8", _iter8()), silent, 3, 3, ())] == [
        (0, 3, True),
        (3, 6, True),
        (6, 7, False),
    ]


def _iter8() -> Any:
    from gitops_bot.policy.judges.iter8 import Iter8

    return Iter8.model_validate({"upperLimit": 1})
