"""Flagger: checks, failed checks, steps, phases, conditions and webhooks, each case of the table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest

from gitops_bot.analysis.flagger.checks import Bounds, Check, bounds_of, check
from gitops_bot.analysis.flagger.scheduler import (
    CanaryPhase,
    Plan,
    State,
    Tick,
    advance,
    after_checks,
    approves,
    ladder,
    promoted_status,
    starts_analysis,
)

FIXTURE = {"stepWeight": 10, "maxWeight": 50, "threshold": 10}
"""The analysis of the Canary in Flagger's own tests; what a case says of the analysis replaces it."""
NAMES = {
    "stepWeight": "step_weight",
    "maxWeight": "max_weight",
    "stepWeightPromotion": "step_weight_promotion",
    "stepWeights": "step_weights",
}


def plan(given: Mapping[str, Any], **more: Any) -> Plan:
    told = {NAMES.get(name, name): tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Plan(**{**told, "match": bool(told.get("match")), **more})


# ---------------------------------------------------------------- checks


@pytest.mark.table("flagger", "metric_checks")
def test_metric_check(case: dict[str, Any]) -> None:
    metric, given = case["metric"], case["value"]
    bounds = metric.get("thresholdRange")
    found = check(
        metric["name"],
        bounds_of(metric["name"], Bounds(**bounds) if bounds is not None else None, metric.get("threshold", 0)),
        float(given) if isinstance(given, str) else given,
    )
    assert found == case["expected"]


@pytest.mark.table("flagger", "failure_budget")
def test_failure_budget(case: dict[str, Any]) -> None:
    expected = case["expected"]
    if "event" in case:
        # which of the two known templates the event brings back, if any; both are the same where one was promoted
        brought = next((word for word in ("promoted", "same") if word in case["event"]), "new")
        assert starts_analysis(brought, applied="same", promoted="promoted") is expected["newAnalysis"]
        return
    found = after_checks(case.get("threshold") or 0, [Check(one) for one in case["checks"]])
    assert found.failed_checks == expected["failedChecks"]
    assert found.phase == expected["phaseAfterNextTick"]


# ---------------------------------------------------------------- phases and weights


@pytest.mark.table("flagger", "step_arithmetic")
def test_steps(case: dict[str, Any]) -> None:
    weights, promoted = ladder(plan(case["analysis"]))
    assert [*weights, "PROMOTE" if promoted else "STUCK: no step"] == case["expected"]


@pytest.mark.table("flagger", "sequences")
def test_sequence(case: dict[str, Any]) -> None:
    told, expected = case.get("start"), case.get("expected", {})
    scheme = plan({**FIXTURE, **case.get("analysis", {})}, skip="skipAnalysis" in case["note"])
    state = start(told or {})
    if "ticks" in case:
        for number, (phase, weight) in enumerate(case["ticks"]):
            # a Canary that begins from nothing is initialised and then finds a new revision
            state = advance(scheme, state, Tick(changed=told is None and number == 1))
            assert state.phase == phase, number
            assert weight in (None, state.candidate), number
        return
    if "routes" in case:
        states = whole_life(scheme)
        assert case["routes"] in [[one.primary, one.candidate] for one in states]
        assert [one.phase for one in states[-2:]] == [CanaryPhase.FINALISING, CanaryPhase.SUCCEEDED]
        return
    if told is None:
        state = whole_life(scheme)[-1]
    else:
        promoting = state.phase in (CanaryPhase.PROMOTING, CanaryPhase.FINALISING)
        state = advance(scheme, state, Tick(changed="revision" in case["note"], primary_ready=not promoting))
    found = {
        "phase": state.phase,
        "primary": state.primary,
        "canary": state.candidate,
        "canaryWeight": state.candidate,
        "failedChecks": state.failed_checks,
        "iterations": state.iterations,
    }
    assert expected
    assert {name: found[name] for name in expected} == expected


def start(told: Mapping[str, Any]) -> State:
    """A Canary in the middle of an analysis, or one that Flagger has not seen."""
    if not told:
        return State()
    return State(
        CanaryPhase(told.get("phase", "Progressing")),
        candidate=told.get("canary", told.get("canaryWeight", 0)),
        iterations=told.get("iterations", 0),
        failed_checks=told.get("failedChecks", 0),
    )


def whole_life(scheme: Plan) -> list[State]:
    """From nothing to the end, without a failed check."""
    states = [advance(scheme, State())]
    while len(states) < 200 and states[-1].phase not in (CanaryPhase.SUCCEEDED, CanaryPhase.FAILED):
        states.append(advance(scheme, states[-1], Tick(changed=len(states) == 1)))
    return states


# ---------------------------------------------------------------- conditions and webhooks


@pytest.mark.table("flagger", "promoted_condition")
def test_promoted_condition(case: dict[str, Any]) -> None:
    found = {"type": "Promoted", "status": promoted_status(case["phase"]), "reason": case["phase"]}
    assert found == case["expected"]


@pytest.mark.table("flagger", "webhook_status")
def test_webhook_status(case: dict[str, Any]) -> None:
    assert ("approve" if approves(case["status"]) else "deny") == case["expected"]


def test_no_number_is_no_value() -> None:
    assert check("request-duration", Bounds(max=500), math.inf) is Check.HALT
    assert check("request-duration", Bounds(min=1), None) is Check.NO_VALUES
