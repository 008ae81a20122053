"""Two Deployments behind one Service, and what may stand beside them."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.experiments.deployment_pair import read
from gitops_bot.model import Phase, Version
from tests.experiments.objects import among, deployment
from tests.experiments.samples import Json


def side(name: str, pods: int, image: str = "cart:v1", **status: Any) -> Json:
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), pods)
    told = deployment(image, name=name, **{**counts, **status})
    told["spec"]["replicas"] = pods
    return told


STABLE, CANARY = side("cart-stable", 9), side("cart-canary", 1, "cart:v2")


@pytest.mark.parametrize("asked", [STABLE, CANARY])
def test_a_pair_is_read_alike_from_either_side(asked: Json) -> None:
    status = read(asked, among(STABLE, CANARY, side("cartel", 5)), None)
    assert (status.phase, status.weight) == (Phase.NONE, 10)
    assert (status.baseline, status.candidate) == (Version("v1"), Version("v2"))
    assert (status.baseline_name, status.candidate_name) == ("cart-stable", "cart-canary")


@pytest.mark.parametrize(
    "names", [("cart", "cart-candidate"), ("cart-primary", "cart-preview"), ("cart", "cart-canary")]
)
def test_the_one_called_a_canary_is_the_candidate(names: tuple[str, str]) -> None:
    pair = [side(name, pods) for name, pods in zip(names, (3, 1), strict=True)]
    assert read(pair[0], among(*pair), None).weight == 25


def test_a_label_goes_before_the_name() -> None:
    told = [side("cart-canary", 3), side("cart", 1)]
    for one, track in zip(told, ("stable", "candidate"), strict=True):
        one["metadata"]["labels"] = {"track": track}
    assert read(told[0], among(*told), None).weight == 25


@pytest.mark.parametrize(
    "others", [[STABLE], [STABLE, side("cart", 1)], [STABLE, CANARY, side("cart-candidate", 1)], []]
)
def test_without_exactly_one_of_each_there_is_no_pair(others: list[Json]) -> None:
    assert read(STABLE, among(*others), None).phase is Phase.UNKNOWN


@pytest.mark.parametrize(
    ("stable", "canary", "phase", "weight"),
    [
        ({}, {"observedGeneration": 3}, Phase.UNKNOWN, None),
        ({"observedGeneration": 3}, {}, Phase.UNKNOWN, None),
        ({}, {"updatedReplicas": 0}, Phase.RUNNING, 10),
        ({"updatedReplicas": 0}, {}, Phase.RUNNING, 10),
        ({"availableReplicas": 1}, {}, Phase.RUNNING, 50),
    ],
)
def test_both_must_be_fresh_and_settled(stable: Json, canary: Json, phase: Phase, weight: float | None) -> None:
    pair = [side("cart-stable", 9, **stable), side("cart-canary", 1, **canary)]
    status = read(pair[0], among(*pair), None)
    assert (status.phase, status.weight) == (phase, weight)


@pytest.mark.parametrize(("failing", "phase"), [(0, Phase.ERROR), (1, Phase.FAILED)])
def test_only_the_candidates_failure_is_the_candidates(failing: int, phase: Phase) -> None:
    pair = [side("cart-stable", 9), side("cart-canary", 1)]
    pair[failing]["status"]["conditions"] = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]
    assert read(pair[0], among(*pair), None).phase is phase


def test_a_candidate_that_is_scaled_to_zero_has_no_traffic() -> None:
    pair = [side("cart-stable", 9), side("cart-canary", 0)]
    assert read(pair[0], among(*pair), None).weight == 0
