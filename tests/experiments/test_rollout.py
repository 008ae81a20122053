"""Argo Rollouts: staleness, phases, versions, weights."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.experiments import SYSTEMS
from gitops_bot.experiments.rollout import read
from gitops_bot.model import ObjectRef, Phase, Version
from tests.experiments.objects import among, deployment, rollout, template

ALONE = among()
STEPS = [{"setWeight": 10}, {"pause": {"duration": "5m"}}, {"pause": {}}]
CANARY = {"strategy": {"canary": {"steps": STEPS}}}
ROUTED: dict[str, Any] = {"strategy": {"canary": {"trafficRouting": {"istio": {}}}}}


def phase(**told: Any) -> Phase:
    return read(rollout(**told), ALONE, None).phase


@pytest.mark.parametrize(
    ("seen", "generation", "fresh"),
    [
        ("7", 7, True),
        ("8", 7, True),
        ("6", 7, False),
        ("7d66d4485f", 9, True),
        ("", 9, True),
        ("7", None, True),
        ("9" * 5000, 7, True),
        ("²", 7, True),
    ],
)
def test_what_is_no_number_counts_as_observed_and_a_lower_number_is_stale(
    seen: str, generation: int | None, fresh: bool
) -> None:
    told = rollout(phase="Progressing", observedGeneration=seen)
    told["metadata"]["generation"] = generation
    assert (read(told, ALONE, None).phase is not Phase.UNKNOWN) is fresh


@pytest.mark.parametrize(
    ("annotation", "seen", "fresh"),
    [
        ("15", "15", True),
        ("15", "14", False),
        ("15", "", True),
        ("", "14", True),
        ("x", "14", True),
        ("9" * 5000, "14", True),
    ],
)
def test_a_referenced_workload_must_be_observed_too(annotation: str, seen: str, fresh: bool) -> None:
    told = rollout(spec={"workloadRef": {"name": "cart"}}, phase="Progressing", workloadObservedGeneration=seen)
    told["metadata"]["annotations"] = {"rollout.argoproj.io/workload-generation": annotation}
    assert (read(told, ALONE, None).phase is not Phase.UNKNOWN) is fresh


def test_a_workload_generation_means_nothing_without_a_reference() -> None:
    told = rollout(phase="Progressing", workloadObservedGeneration="1")
    told["metadata"]["annotations"] = {"rollout.argoproj.io/workload-generation": "2"}
    assert read(told, ALONE, None).phase is Phase.RUNNING


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, Phase.PENDING),
        ({"phase": "Undreamt"}, Phase.PENDING),
        ({"phase": "Progressing"}, Phase.RUNNING),
        ({"phase": "Healthy", "stableRS": "a", "currentPodHash": "a"}, Phase.SUCCEEDED),
        ({"phase": "Healthy", "stableRS": "a", "currentPodHash": "b"}, Phase.RUNNING),
        ({"phase": "Healthy"}, Phase.RUNNING),
        ({"phase": "Degraded", "abort": True, "stableRS": "a", "currentPodHash": "b"}, Phase.FAILED),
        ({"phase": "Degraded", "stableRS": "a", "currentPodHash": "b"}, Phase.ERROR),
        ({"phase": "Degraded", "abort": True, "stableRS": "a", "currentPodHash": "a"}, Phase.ERROR),
        ({"phase": "Paused"}, Phase.PAUSED),
        ({"phase": "Paused", "pauseConditions": [{"reason": "BlueGreenPause"}]}, Phase.PAUSED),
        ({"phase": "Paused", "pauseConditions": [{"reason": "InconclusiveAnalysisRun"}]}, Phase.INCONCLUSIVE),
        ({"phase": "Paused", "pauseConditions": [{"reason": "InconclusiveExperiment"}]}, Phase.INCONCLUSIVE),
    ],
)
def test_the_phase_follows_the_controllers_own(status: dict[str, Any], expected: Phase) -> None:
    assert phase(**status) is expected


@pytest.mark.parametrize(
    ("reason", "said", "expected"),
    [
        ("ProgressDeadlineExceeded", "False", Phase.FAILED),
        ("RolloutAborted", "False", Phase.FAILED),
        ("ProgressDeadlineExceeded", "Unknown", Phase.ERROR),
        ("ReplicaSetUpdated", "False", Phase.ERROR),
    ],
)
def test_degraded_fails_the_candidate_when_the_controller_gave_it_up(reason: str, said: str, expected: Phase) -> None:
    conditions = [{"type": "Progressing", "status": said, "reason": reason, "message": "timed out"}]
    told = rollout(phase="Degraded", stableRS="a", currentPodHash="b", conditions=conditions)
    assert (read(told, ALONE, None).phase, read(told, ALONE, None).reason) == (expected, "timed out")


@pytest.mark.parametrize(
    ("index", "paused", "expected"),
    [
        (1, False, Phase.RUNNING),
        (2, False, Phase.PAUSED),
        (1, True, Phase.PAUSED),
        (None, False, Phase.PAUSED),
        (3, False, Phase.PAUSED),
        (-1, False, Phase.PAUSED),
    ],
)
def test_a_timed_pause_runs_and_an_endless_one_waits_for_a_person(
    index: int | None, paused: bool, expected: Phase
) -> None:
    conditions = [{"reason": "CanaryPauseStep"}]
    told = rollout(
        spec={**CANARY, "paused": paused}, phase="Paused", currentStepIndex=index, pauseConditions=conditions
    )
    assert read(told, ALONE, None).phase is expected


def test_an_invalid_spec_is_an_error_with_the_controllers_message() -> None:
    invalid = [{"type": "InvalidSpec", "status": "True", "message": "spec.replicas: -1"}]
    status = read(rollout(phase="Degraded", conditions=invalid), ALONE, None)
    assert (status.phase, status.reason) == (Phase.ERROR, "invalid spec: spec.replicas: -1")


@pytest.mark.parametrize(
    ("spec", "status", "weight"),
    [
        (ROUTED, {"canary": {"weights": {"canary": {"weight": 30}}}}, 30),
        (ROUTED, {"replicas": 10, "updatedReplicas": 3}, 0),
        ({"strategy": {"blueGreen": {"activeService": "a"}}}, {"replicas": 10, "updatedReplicas": 5}, 0),
        (CANARY, {"replicas": 10, "updatedReplicas": 3}, 30),
        (CANARY, {"replicas": 10, "updatedReplicas": 10, "stableRS": "a", "currentPodHash": "a"}, 0),
        (CANARY, {"replicas": 10, "updatedReplicas": 3, "abort": True}, 0),
        (CANARY, {}, 0),
        (CANARY, {"replicas": 1, "updatedReplicas": 10**400}, 0),
    ],
)
def test_the_weight_is_the_routers_and_without_one_the_share_of_pods(
    spec: dict[str, Any], status: dict[str, Any], weight: int
) -> None:
    assert read(rollout(spec=spec, phase="Progressing", **status), ALONE, None).weight == weight


def test_a_stale_status_tells_neither_weight_nor_step() -> None:
    told = rollout(spec=CANARY, phase="Healthy", observedGeneration="6", currentStepIndex=2, replicas=1)
    status = read(told, ALONE, None)
    assert (status.phase, status.weight, status.step) == (Phase.UNKNOWN, None, "")


@pytest.mark.parametrize(("index", "shown"), [(0, "0/3"), (2, "2/3"), (3, "3/3"), (None, "3/3")])
def test_steps_are_counted_and_none_left_is_the_last(index: int | None, shown: str) -> None:
    assert read(rollout(spec=CANARY, phase="Progressing", currentStepIndex=index), ALONE, None).step == shown


def test_a_referenced_deployment_that_is_scaled_to_zero_is_no_failure() -> None:
    told = rollout(spec={"workloadRef": {"name": "cart"}}, phase="Healthy", stableRS="a", currentPodHash="a")
    empty = deployment("cart:v3", replicas=0, updatedReplicas=0, availableReplicas=0)
    empty["spec"]["replicas"] = 0
    status = read(told, among(empty), None)
    assert (status.phase, status.candidate) == (Phase.SUCCEEDED, Version("v3"))
    assert SYSTEMS["Deployment"].read(empty, ALONE, None).phase is Phase.IDLE


def test_the_template_of_a_reference_is_the_deployments() -> None:
    told = rollout(spec={"workloadRef": {"kind": "Deployment", "name": "cart"}, **template("ignored:v0")})
    seen = read(told, among(deployment("cart:v3")), None)
    assert seen.candidate == Version("v3")
    assert seen.applied is not None
    unseen = read(told, ALONE, None)
    assert (unseen.candidate, unseen.applied) == (None, None)
    assert unseen.ref == ObjectRef("Rollout", "shop", "cart")
