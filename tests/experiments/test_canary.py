"""Flagger: phases, weights, and the ways by which a status is known to be stale."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_bot.experiments import Lookup
from gitops_bot.experiments.act import act
from gitops_bot.experiments.canary import read
from gitops_bot.model import Act, Phase, Version
from tests.experiments.objects import HOUR, among, canary, deployment

BOTH = among(deployment("cart:v2"), deployment("cart:v1", name="cart-primary"))
PROMOTED = among(deployment("cart:v2"), deployment("cart:v2", name="cart-primary"))


@pytest.mark.parametrize(
    ("said", "phase"),
    [
        ("Initializing", Phase.PENDING),
        ("Initialized", Phase.IDLE),
        ("Waiting", Phase.PAUSED),
        ("Progressing", Phase.RUNNING),
        ("WaitingPromotion", Phase.PAUSED),
        ("Promoting", Phase.RUNNING),
        ("Finalising", Phase.RUNNING),
        ("Failed", Phase.FAILED),
        ("Terminating", Phase.ERROR),
        ("Terminated", Phase.ERROR),
        ("Undreamt", Phase.UNKNOWN),
        ("", Phase.PENDING),
    ],
)
def test_the_phase_is_flaggers(said: str, phase: Phase) -> None:
    assert read(canary(said), BOTH, None).phase is phase


def test_the_target_runs_the_candidate_and_the_primary_the_baseline() -> None:
    status = read(canary("Progressing"), BOTH, "app")
    assert (status.candidate, status.baseline) == (Version("v2"), Version("v1"))
    assert status.applied == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_workloads_that_are_not_seen_have_no_versions() -> None:
    status = read(canary("Progressing"), among(), None)
    assert (status.candidate, status.baseline, status.applied) == (None, None, None)


def test_succeeded_while_target_and_primary_differ_is_stale() -> None:
    assert read(canary("Succeeded"), BOTH, None).phase is Phase.UNKNOWN
    assert read(canary("Succeeded"), PROMOTED, None).phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("failed_at", "phase"), [(9, Phase.UNKNOWN), (10, Phase.FAILED), (11, Phase.FAILED), (None, Phase.FAILED)]
)
def test_failed_before_the_present_template_was_written_is_stale(failed_at: int | None, phase: Phase) -> None:
    told = canary("Failed", hour=failed_at or 0)
    if failed_at is None:
        del told["status"]["lastTransitionTime"]
    status = read(told, BOTH, None)
    assert status.phase is phase
    assert status.weight is None or phase is Phase.FAILED


def test_a_suspended_canary_is_looked_at_by_nobody() -> None:
    status = read(canary("Succeeded", spec={"suspend": True}, canaryWeight=10), PROMOTED, None)
    assert (status.phase, status.weight) == (Phase.UNKNOWN, None)


@pytest.mark.parametrize(
    ("phase", "analysis", "reported", "weight"),
    [
        ("Progressing", {"maxWeight": 50}, 20, 20),
        ("Failed", {"maxWeight": 50}, 100, 100),
        ("WaitingPromotion", {"maxWeight": 50}, 0, 50),
        ("WaitingPromotion", {"stepWeights": [1, 5, 30]}, 0, 30),
        ("WaitingPromotion", {"stepWeights": [1, "x"], "maxWeight": 50}, 0, 50),
        ("WaitingPromotion", {"stepWeights": [1, True], "maxWeight": 50}, 0, 50),
        ("WaitingPromotion", {"stepWeights": []}, 0, None),
        ("WaitingPromotion", {"iterations": 5, "maxWeight": 50}, 0, None),
        ("WaitingPromotion", {"match": [{"headers": {}}], "maxWeight": 50}, 0, None),
        ("Progressing", {}, "20", None),
    ],
)
def test_a_promotion_that_waits_still_has_the_top_weight(
    phase: str, analysis: dict[str, Any], reported: Any, weight: int | None
) -> None:
    assert read(canary(phase, spec={"analysis": analysis}, canaryWeight=reported), BOTH, None).weight == weight


def test_the_old_name_of_the_analysis_is_read_too() -> None:
    told = canary("WaitingPromotion", spec={"canaryAnalysis": {"maxWeight": 40}})
    assert read(told, BOTH, None).weight == 40


def test_the_reason_is_flaggers_message() -> None:
    conditions = [{"type": "Promoted", "message": "Waiting for approval."}]
    assert read(canary("Waiting", conditions=conditions), BOTH, None).reason == "Waiting for approval."
    assert read(canary("Waiting"), BOTH, None).reason == "Waiting"


def test_an_end_before_the_present_template_was_written_is_stale_though_the_images_agree() -> None:
    assert read(canary("Succeeded", hour=9), PROMOTED, None).phase is Phase.UNKNOWN


def test_succeeded_while_something_newer_is_applied_is_stale() -> None:
    assert read(canary("Succeeded", lastAppliedSpec="b", lastPromotedSpec="a"), PROMOTED, None).phase is Phase.UNKNOWN
    assert read(canary("Succeeded", lastAppliedSpec="a", lastPromotedSpec="a"), PROMOTED, None).winner == "candidate"


@pytest.mark.parametrize(("left", "advice"), [(0, Act.ROLLBACK), (None, Act.ROLLBACK), (100, Act.ASK), (60, Act.ASK)])
def test_failed_with_traffic_on_the_candidate_calls_a_person_and_says_so(left: int | None, advice: Act) -> None:
    status = read(canary("Failed", canaryWeight=left), BOTH, None)
    assert (status.phase, status.weight, act(status)) == (Phase.FAILED, left, advice)
    assert (f"{left} % of the traffic is still on the candidate" in status.reason) is (advice is Act.ASK)


@pytest.mark.parametrize("phase", ["Waiting", "WaitingPromotion"])
def test_a_gate_waits_for_a_person(phase: str) -> None:
    assert act(read(canary(phase), BOTH, None)) is Act.ASK


def test_failed_checks_are_counted_while_the_status_is_fresh() -> None:
    assert read(canary("Progressing", failedChecks=3), BOTH, None).failed_checks == 3
    assert read(canary("Undreamt", failedChecks=3), BOTH, None).failed_checks is None


# ---------------------------------------------------------------- the router's weight while a promotion waits


def routed(primary: int | None, candidate: int | None, kind: str = "VirtualService") -> dict[str, Any]:
    def weighted(name: str, weight: int | None) -> dict[str, Any]:
        to = {"name": name} if kind == "HTTPRoute" else {"destination": {"host": f"{name}.shop.svc.cluster.local"}}
        return to if weight is None else {**to, "weight": weight}

    targets = [weighted("cart-primary", primary), weighted("cart-canary", candidate)]
    spec = {"rules": [{"backendRefs": targets}]} if kind == "HTTPRoute" else {"http": [{"route": targets}]}
    return {"metadata": {"namespace": "shop", "name": "cart"}, "spec": spec}


@pytest.mark.parametrize(
    ("kind", "primary", "candidate", "weight"),
    [
        ("VirtualService", 40, 60, 60),
        ("VirtualService", 2, 1, 33.33),
        ("HTTPRoute", 30, 70, 70),
        ("HTTPRoute", None, None, 50),
        ("VirtualService", 0, 0, 50),
    ],
)
def test_a_promotion_that_waits_has_the_weight_that_its_router_sends(
    kind: str, primary: int | None, candidate: int | None, weight: float
) -> None:
    told = canary("WaitingPromotion", spec={"analysis": {"maxWeight": 50, "stepWeight": 10}}, canaryWeight=0)
    assert read(told, among(routed(primary, candidate, kind), kind=kind), None).weight == weight


def test_of_an_ingress_the_weight_is_its_canary_annotation() -> None:
    annotations = {
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": "35",
    }
    ingress = {"metadata": {"namespace": "shop", "name": "web-canary", "annotations": annotations}}
    told = canary("WaitingPromotion", spec={"ingressRef": {"name": "web"}, "analysis": {"maxWeight": 50}})
    assert read(told, among(ingress, kind="Ingress"), None).weight == 35


def test_routes_that_are_not_flaggers_say_nothing_of_its_weight() -> None:
    told = canary("WaitingPromotion", spec={"service": {"name": "web"}, "analysis": {"maxWeight": 50}})
    others = routed(90, 10)
    others["metadata"]["name"] = "web"
    assert read(told, among(others, kind="VirtualService"), None).weight == 50
    written = {"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "all"}
    ingress = {"metadata": {"namespace": "shop", "name": "web-canary", "annotations": written}}
    told["spec"]["ingressRef"] = {"name": "web"}
    assert read(told, among(ingress, kind="Ingress"), None).weight == 50


@pytest.mark.parametrize(
    ("step", "most", "top"), [(10, 50, 50), (20, 50, 60), (10, None, 100), (3, 10, 12), (60, 100, 100), (-1, 50, 50)]
)
def test_the_ladder_may_pass_its_top_by_the_last_step(step: int, most: int | None, top: int) -> None:
    told = canary("WaitingPromotion", spec={"analysis": {"stepWeight": step, "maxWeight": most}})
    assert read(told, BOTH, None).weight == top


# ---------------------------------------------------------------- why it failed

SILENT = (
    "Halt advancement no values found for istio metric request-success-rate probably cart.shop is not receiving traffic"
)
BAD = "Halt cart.shop advancement success rate 91.00% < 99%"


def event(message: str, hour: int = 10, uid: str = "u1") -> dict[str, Any]:
    metadata = {"namespace": "shop", "name": f"cart.{hour}.{len(message)}"}
    return {
        "metadata": metadata,
        "involvedObject": {"uid": uid},
        "message": message,
        "lastTimestamp": HOUR.format(hour),
    }


@pytest.mark.parametrize(
    ("events", "phase", "said"),
    [
        ([event(SILENT)], Phase.INCONCLUSIVE, "lack of traffic"),
        (
            [event(SILENT), event("Rolling back cart.shop failed checks threshold reached 5", 11)],
            Phase.INCONCLUSIVE,
            "",
        ),
        ([event(SILENT), event(BAD, 11)], Phase.FAILED, "success rate 91.00% < 99%"),
        ([event(BAD)], Phase.FAILED, "success rate 91.00% < 99%"),
        ([event(SILENT, uid="u2")], Phase.FAILED, "Failed"),
        ([event(SILENT, hour=9)], Phase.FAILED, "Failed"),
        ([], Phase.FAILED, "Failed"),
    ],
    ids=[
        "silent",
        "silent and rolled back",
        "silent and bad",
        "bad",
        "of another object",
        "of another release",
        "none",
    ],
)
def test_a_failure_for_lack_of_traffic_is_told_by_its_events(
    events: list[dict[str, Any]], phase: Phase, said: str
) -> None:
    told = canary("Failed", hour=12)
    told["metadata"]["uid"] = "u1"
    seen = {"Event": {("shop", one["metadata"]["name"]): one for one in events}}
    workloads = {("shop", "cart"): deployment("cart:v2", hour=10)}
    status = read(told, Lookup(lambda kind: {"Deployment": workloads, **seen}.get(kind, {})), None)
    assert status.phase is phase
    assert said in status.reason
