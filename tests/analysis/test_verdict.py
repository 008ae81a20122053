"""From answers and readings to one verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.analysis import ask, verdict
from gitops_bot.model import (
    CheckResult,
    ObjectRef,
    Outcome,
    Phase,
    Query,
    Reading,
    Series,
    Trial,
    Unseen,
    Verdict,
    Version,
)
from gitops_bot.policy.schema import PromotionPolicy
from tests.support.build import (
    CANARY,
    ROLLOUT,
    START,
    Seen,
    at,
    cluster,
    ladder,
    promotion,
    reading,
    says,
    trial,
    version,
    watched_ladder,
)

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
GOOD, BAD = 0.0, 1.0

Told = Mapping[str, Sequence[float | str | None]]
"""By query: the values at minutes 1, 2, 3 …; what is not told is good."""


def answers(queries: Sequence[Query], told: Told) -> Series:
    def value(query: Query, index: int) -> Reading:
        moment = query.instants()[index]
        minute = (moment - START) // timedelta(minutes=1) - 1
        values = told.get(query.expression) or told.get(f"{query.cluster}: {query.expression}") or ()
        return reading(values[minute] if minute < len(values) else GOOD, moment)

    return {query: tuple(value(query, index) for index in range(len(query.instants()))) for query in queries}


def decided(
    policy: PromotionPolicy,
    told: Told | None = None,
    *seen: Seen,
    now: float = 10.5,
    tried: Trial | None = None,
    statuses: Mapping[tuple[str, ObjectRef], Seen] | None = None,
) -> Verdict:
    tried = tried or trial()
    series = answers(ask(policy, tried, at(now)), told or {})
    known = cluster(*seen) if statuses is None else statuses
    return verdict(policy, version("v2"), tried, known, series, at(now))


def outcomes(checks: Verdict) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in checks.checks}


def metrics(*told: dict[str, Any], **analysis: Any) -> dict[str, Any]:
    return {"metrics": [{"name": f"m{index}", "max": "1%", **one} for index, one in enumerate(told)], **analysis}


# ---------------------------------------------------------------- which run stands


@pytest.mark.parametrize(
    ("now", "errors", "outcome", "asked_until"),
    [
        (1, [], UNKNOWN, None),
        (5, [], UNKNOWN, 4),
        (10.5, [], PASS, 10),
        (5, [GOOD, GOOD, BAD], FAIL, 4),
        # the last finished run stands while the next is under way
        (15, [], PASS, 10),
        (15, [None] * 10, UNKNOWN, 10),
        (15, [BAD] * 10, FAIL, 10),
        (15, [GOOD] * 10 + [None] * 5, PASS, 10),
        # a FAIL of the run under way counts at once, and needs three measurements of its own
        (15, [GOOD] * 10 + [BAD] * 5, FAIL, 14),
        (12.5, [GOOD] * 10 + [BAD] * 5, PASS, 10),
        (15, [BAD] * 10 + [BAD] * 5, FAIL, 14),
        (20.5, [BAD] * 10, PASS, 20),
    ],
)
def test_a_run_under_way_counts_only_when_it_fails(
    now: float, errors: list[float], outcome: Outcome, asked_until: float | None
) -> None:
    (check,) = decided(ladder(), {"errors": errors}, now=now).checks
    assert check.outcome is outcome
    assert [query.end for query in check.queries] == ([at(asked_until)] if asked_until else [])


def test_the_queries_of_a_check_are_those_of_the_run_that_decided() -> None:
    (check,) = decided(ladder(analysis={"bake": "3m"}), {"errors": [BAD] * 3}, now=9).checks
    assert (check.outcome, [query.start for query in check.queries]) == (PASS, [at(4)])
    (check,) = decided(ladder(analysis={"bake": "4m"}), {"errors": [BAD] * 8}, now=7.5).checks
    assert (check.outcome, [query.start for query in check.queries]) == (FAIL, [at(5)])


def test_what_is_asked_is_every_metric_in_every_cluster_for_each_run() -> None:
    policy = ladder(clusters=["eu", "us"])
    queries = ask(policy, trial(), at(15))
    assert [(query.cluster, query.start, query.end) for query in queries] == [
        ("eu", at(1), at(10)),
        ("eu", at(11), at(14)),
        ("us", at(1), at(10)),
        ("us", at(11), at(14)),
    ]
    assert ask(policy, None, at(15)) == ()
    assert ask(promotion(), trial(), at(15)) == ()


def test_a_restart_asks_the_same_questions() -> None:
    assert ask(ladder(), trial(), at(15)) == ask(ladder(), trial(), at(15.2))


# ---------------------------------------------------------------- ratios

RATIO = {"ratio": {"bad": "bad", "total": "all"}}
ZERO = "(bad) or on() vector(0)"


@pytest.mark.parametrize(
    ("bad", "total", "outcome"),
    [
        ([0] * 10, [100] * 10, PASS),
        ([1] * 10, [100] * 10, PASS),
        ([2] * 10, [100] * 10, FAIL),
        ([0] * 10, [0] * 10, UNKNOWN),
        ([0] * 10, [None] * 10, UNKNOWN),
        ([None] * 10, [100] * 10, UNKNOWN),
        ([0] * 10, [100] * 9 + [0], UNKNOWN),
        ([0] * 10, [-1] * 10, UNKNOWN),
    ],
)
def test_a_ratio_needs_traffic(bad: list[float | None], total: list[float | None], outcome: Outcome) -> None:
    assert decided(ladder(analysis=metrics(RATIO)), {ZERO: bad, "all": total}).outcome is outcome


def test_no_traffic_says_so() -> None:
    found = decided(ladder(analysis=metrics(RATIO)), {ZERO: [0.0] * 10, "all": [0.0] * 10})
    assert found.because == "m0: 10 of 10 measurements have no number: no traffic"


def test_the_requests_of_a_ratio_are_its_samples() -> None:
    for needed, outcome in ((1000, PASS), (1001, UNKNOWN)):
        analysis = metrics({**RATIO, "minSamples": needed})
        assert decided(ladder(analysis=analysis), {ZERO: [0.0] * 10, "all": [100.0] * 10}).outcome is outcome


# ---------------------------------------------------------------- several checks


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (GOOD, GOOD, PASS),
        (GOOD, BAD, FAIL),
        (BAD, None, FAIL),
        (GOOD, None, UNKNOWN),
    ],
)
def test_fail_beats_unknown_beats_pass(first: float | None, second: float | None, outcome: Outcome) -> None:
    policy = ladder(analysis=metrics({"query": "a"}, {"query": "b"}))
    assert decided(policy, {"a": [first] * 10, "b": [second] * 10}).outcome is outcome


@pytest.mark.parametrize("value", [BAD, None])
def test_what_is_not_critical_is_reported_and_does_not_decide(value: float | None) -> None:
    policy = ladder(analysis=metrics({"query": "a"}, {"query": "b", "critical": False}))
    found = decided(policy, {"b": [value] * 10})
    assert found.outcome is PASS
    assert outcomes(found)["m1"] is (FAIL if value == BAD else UNKNOWN)


def test_no_checks_are_no_good_news() -> None:
    assert Verdict().outcome is UNKNOWN
    assert Verdict().because == "nothing was checked"
    assert Verdict((CheckResult("a", PASS, "ok", critical=False),)).outcome is UNKNOWN


def test_a_version_that_does_not_go_into_a_query_leaves_the_metric_undecided() -> None:
    tried = Trial(at(0), Version('v"2'), None, 5)
    found = decided(ladder(), tried=tried)
    assert found.outcome is UNKNOWN
    assert "do not go into a query" in found.because


@pytest.mark.parametrize(("us", "outcome"), [(GOOD, PASS), (BAD, FAIL), (None, UNKNOWN)])
def test_checks_run_in_every_cluster(us: float | None, outcome: Outcome) -> None:
    found = decided(ladder(clusters=["eu", "us"]), {"us: errors": [us] * 10})
    assert outcomes(found) == {"errors (eu)": PASS, "errors (us)": outcome}
    assert found.outcome is outcome


# ---------------------------------------------------------------- the controller's word


@pytest.mark.parametrize("phase", Phase)
def test_only_a_controllers_succeeded_passes_and_only_its_failed_fails(phase: Phase) -> None:
    expected = {Phase.SUCCEEDED: PASS, Phase.FAILED: FAIL}.get(phase, UNKNOWN)
    found = decided(promotion(), {}, says(ROLLOUT, "v2", phase, step="3/7"))
    assert outcomes(found) == {"experiment": expected}
    assert found.because == f"experiment: Rollout shop/cart {phase.said}: as told, step 3/7"


def test_an_experiment_that_was_not_seen_is_unknown_with_the_reason() -> None:
    found = decided(promotion(), {}, Unseen(ROLLOUT, "no answer in 10 s"))
    assert (found.outcome, found.because) == (UNKNOWN, "experiment: Rollout shop/cart: no answer in 10 s")


def test_an_experiment_must_succeed_in_every_cluster() -> None:
    both = cluster(says(ROLLOUT, "v2"), name="eu") | cluster(Unseen(ROLLOUT, "away"), name="us")
    found = decided(promotion(clusters=["eu", "us"]), statuses=both)
    assert outcomes(found) == {"experiment (eu)": PASS, "experiment (us)": UNKNOWN}


@pytest.mark.parametrize(
    ("source", "checks"),
    [
        ("experiment", {"experiment"}),
        ("metrics", {"errors"}),
        ("both", {"experiment", "errors"}),
        (None, {"experiment", "errors"}),
    ],
)
def test_the_source_says_who_is_asked(source: str | None, checks: set[str]) -> None:
    errors = [{"name": "errors", "query": "errors", "max": 1}]
    policy = promotion(analysis={"source": source, "metrics": errors})
    assert set(outcomes(decided(policy, {}, says(ROLLOUT, "v2")))) == checks


def test_a_version_given_by_hand_passes_where_nothing_is_measured() -> None:
    by_hand = {"experiment": None, "version": "v2"}
    assert outcomes(decided(promotion(candidate=by_hand))) == {"requested": PASS}
    errors = [{"name": "errors", "query": "errors", "max": 1}]
    measured = promotion(candidate=by_hand, analysis={"metrics": errors})
    assert outcomes(decided(measured, now=5)) == {"errors": UNKNOWN}


# ---------------------------------------------------------------- live and healthy


@pytest.mark.parametrize(
    ("seen", "check"),
    [
        (says(CANARY, "v2"), None),
        (says(CANARY, "v2", Phase.RUNNING), None),
        (says(CANARY, "v2", Phase.UNKNOWN), None),
        (says(CANARY, "v2", Phase.FAILED), ("health", FAIL)),
        (says(CANARY, "v1"), ("live", UNKNOWN)),
        (says(CANARY, "v1", Phase.FAILED), ("live", UNKNOWN)),
        (says(CANARY, None, Phase.FAILED), ("live", UNKNOWN)),
        (Unseen(CANARY, "away"), ("live", UNKNOWN)),
    ],
)
def test_the_candidates_workload_must_run_it_and_not_have_failed(seen: Seen, check: tuple[str, Outcome] | None) -> None:
    found = outcomes(decided(watched_ladder(), {}, seen))
    assert found == {"errors": PASS, **({check[0]: check[1]} if check else {})}


@pytest.mark.parametrize(("phase", "fails"), [(Phase.ERROR, True), (Phase.FAILED, True), (Phase.PAUSED, False)])
def test_a_degraded_rollout_at_its_own_generation_fails_its_health(phase: Phase, fails: bool) -> None:
    workload = {"kind": "Rollout", "namespace": "shop", "name": "cart"}
    policy = ladder(candidate={"workload": workload})
    found = outcomes(decided(policy, {}, says(ROLLOUT, "v2", phase)))
    assert found == {"errors": PASS, **({"health": FAIL} if fails else {})}


def test_a_canary_that_is_being_deleted_is_no_bad_news_of_the_version() -> None:
    canary = ObjectRef("Canary", "shop", "cart")
    experiment = {"kind": "Canary", "namespace": "shop", "name": "cart"}
    errors = [{"name": "errors", "query": "errors", "max": 1}]
    policy = promotion(candidate={"experiment": experiment}, analysis={"source": "metrics", "metrics": errors})
    assert outcomes(decided(policy, {}, says(canary, "v2", Phase.ERROR))) == {"errors": PASS}
    assert outcomes(decided(policy, {}, says(canary, "v2", Phase.FAILED)))["health"] is FAIL


def test_health_is_asked_of_every_cluster() -> None:
    both = cluster(says(CANARY, "v2"), name="eu") | cluster(says(CANARY, "v2", Phase.FAILED), name="us")
    found = decided(watched_ladder(clusters=["eu", "us"]), statuses=both)
    assert outcomes(found)["health (us)"] is FAIL


def test_without_a_candidate_nothing_is_said_of_its_workload() -> None:
    assert verdict(watched_ladder(), None, None, cluster(Unseen(CANARY, "away")), {}, at(5)).checks == ()


# ---------------------------------------------------------------- the deadline


def late(on: str, told: Told, *, now: float = 120, watching: bool = False) -> Verdict:
    policy = ladder(analysis={"deadline": "2h", "onDeadline": on})
    return decided(policy, told, now=now, tried=trial(watching=watching))


@pytest.mark.parametrize(
    ("on", "value", "outcome"),
    [
        ("rollback", None, FAIL),
        ("rollback", "down", UNKNOWN),
        ("rollback", GOOD, PASS),
        ("rollback", BAD, FAIL),
        ("hold", None, UNKNOWN),
        ("hold", "down", UNKNOWN),
        ("hold", GOOD, PASS),
    ],
)
def test_still_undecided_at_the_deadline_fails_only_when_the_metrics_answered(
    on: str, value: float | str | None, outcome: Outcome
) -> None:
    found = late(on, {"errors": [value] * 200})
    assert found.outcome is outcome
    assert ("deadline" in outcomes(found)) is (value in (None, "down"))


def test_before_the_deadline_and_while_watching_there_is_none() -> None:
    undecided: Told = {"errors": [None] * 200}
    assert "deadline" not in outcomes(late("rollback", undecided, now=119.9))
    assert "deadline" not in outcomes(late("rollback", undecided, watching=True))


# ---------------------------------------------------------------- monotone

SEVERITY = {PASS: 0, UNKNOWN: 1, FAIL: 2}
VALUES = st.lists(st.sampled_from([GOOD, BAD, None]), min_size=25, max_size=25)


@given(VALUES, st.integers(0, 24), st.integers(1, 26))
def test_a_good_measurement_gone_bad_never_improves_a_verdict(values: list[float | None], index: int, now: int) -> None:
    if values[index] != GOOD:
        return
    worse = [*values[:index], BAD, *values[index + 1 :]]
    before, after = (decided(ladder(), {"errors": one}, now=now + 0.5).outcome for one in (values, worse))
    assert SEVERITY[after] >= SEVERITY[before]


@given(VALUES, st.integers(0, 24), st.integers(1, 26))
def test_a_lost_measurement_never_makes_a_pass(values: list[float | None], index: int, now: int) -> None:
    fewer = [*values[:index], None, *values[index + 1 :]]
    before, after = (decided(ladder(), {"errors": one}, now=now + 0.5).outcome for one in (values, fewer))
    assert after is not PASS or before is PASS or values[index] == BAD
