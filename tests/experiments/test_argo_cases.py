"""Rollouts: what the samples say beyond their index, and the cases of the project's own phase test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_bot.experiments import SYSTEMS, Lookup, Resource
from gitops_bot.model import ExperimentStatus, ObjectRef, Phase, Version

DATA = Path(__file__).parents[1] / "conformance" / "data"
SAMPLES = json.loads((DATA / "samples" / "index.json").read_text())["samples"]
ROLLOUTS = [one for one in SAMPLES if one["kind"] == "Rollout"]
CASES = json.loads((DATA / "cases" / "argo_rollouts_phase.json").read_text())["cases"]

NOTHING_ELSE = Lookup(lambda _: {})


def read(resource: Resource) -> ExperimentStatus:
    return SYSTEMS["Rollout"].read(resource, NOTHING_ELSE, None)


def sample(file: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DATA / "samples" / file).read_text())
    return loaded


@pytest.mark.parametrize("entry", ROLLOUTS, ids=lambda one: one["file"])
def test_a_rollout_names_the_candidates_image_and_the_baselines_once_they_are_one(entry: dict[str, Any]) -> None:
    status = read(sample(entry["file"]))
    by_reference = "workloadref" in entry["file"]
    assert (status.candidate is None) is by_reference
    settled = entry.get("baseline") == entry.get("candidate") and entry["verdict"] == "succeeded"
    if settled:
        assert status.baseline == status.candidate == Version("1.9.0")
    if "baseline" in entry and not settled:
        assert status.baseline is None


@pytest.mark.parametrize("entry", [one for one in ROLLOUTS if one["verdict"] == "stale"], ids=lambda one: one["file"])
def test_a_stale_rollout_tells_nothing_but_its_version(entry: dict[str, Any]) -> None:
    status = read(sample(entry["file"]))
    assert (status.weight, status.step, status.candidate_name, status.analyses) == (None, "", "", ())
    assert status.ref == ObjectRef("Rollout", "shop-prod", "cart")


_PHASES = {"Healthy": Phase.SUCCEEDED, "Paused": Phase.PAUSED, "Progressing": Phase.RUNNING}


def rollout_of(case: dict[str, Any]) -> dict[str, Any]:
    """The case's object, as a controller since 1.0 leaves it: it computes the phase itself and writes it."""
    given, expected = case["input"], case["expected"]
    spec: dict[str, Any] = {"paused": given["spec"].get("paused", False)}
    if given["spec"].get("templateResolvedFromRef"):
        spec["workloadRef"] = {"kind": "Deployment", "name": "cart"}
    written = {"phase": expected["phase"], "message": expected["message"]}
    return {"metadata": given["metadata"], "spec": spec, "status": {**given["status"], **written}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_argos_own_cases_read_alike(case: dict[str, Any]) -> None:
    status = read(rollout_of(case))
    if "to be observed" in case["expected"]["message"]:
        assert status.phase is Phase.UNKNOWN
        assert "to be observed" in status.reason
    else:
        assert status.phase is _PHASES[case["expected"]["phase"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_rollout_whose_controller_wrote_no_phase_is_never_good_or_bad_news(case: dict[str, Any]) -> None:
    rollout = rollout_of(case)
    del rollout["status"]["phase"]
    assert read(rollout).phase in (Phase.PENDING, Phase.UNKNOWN)
