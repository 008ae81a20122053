"""Iter8 v0.7: assessments, winner and weights, each case of the table."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.analysis.judges import iter8


@pytest.mark.table("iter8", "version_assessments")
def test_version_assessment(case: dict[str, Any]) -> None:
    objectives = [
        iter8.Objective(one["metric"], one.get("upperLimit"), one.get("lowerLimit")) for one in case["objectives"] or ()
    ]
    found = iter8.assessments(objectives, case["metrics"] or {}, case["versions"])
    assert {version: list(met) for version, met in found.items()} == case["expected"]


@pytest.mark.table("iter8", "winner")
def test_winner(case: dict[str, Any]) -> None:
    given = case["reward"]
    reward = iter8.Reward(given.get("preferredDirection"), given.get("values") or {}) if given else None
    found = iter8.winner(case["testing_pattern"], case["versions"], case["version_assessments"] or {}, reward)
    assert {
        "winner_found": found.name is not None,
        "winner": found.name,
        "best_versions": list(found.best),
    } == case["expected"]


@pytest.mark.table("iter8", "weights")
def test_weights(case: dict[str, Any]) -> None:
    given = case["weights_config"]
    names = {"maxCandidateWeight": "most", "maxCandidateWeightIncrement": "most_increase"}
    limits = None if given is None else iter8.WeightLimits(**{names[key]: value for key, value in given.items()})
    found = iter8.weights(
        case["versions"], case["best_versions"], case["old_weights"], limits, case["exploration_percent"]
    )
    assert list(found) == case["expected"]
