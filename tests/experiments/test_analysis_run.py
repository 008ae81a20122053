"""Argo Rollouts' AnalysisRun and Experiment: evidence, its lack, and whose it is."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.experiments import Lookup, argo_experiment
from gitops_bot.experiments.analysis_run import read
from gitops_bot.model import ExperimentStatus, Phase, Version
from tests.experiments.objects import rollout
from tests.experiments.samples import Json, alone, having, lacking, sample

HASH = "5f7cb8d9c"


def run(**status: Any) -> Json:
    return {
        "metadata": {
            "namespace": "shop",
            "name": "cart-1",
            "uid": "run",
            "labels": {"rollouts-pod-template-hash": HASH},
            "ownerReferences": [{"kind": "Rollout", "name": "cart", "uid": "owner"}],
        },
        "status": status,
    }


def metric(*values: str, phase: str = "Successful", **said: Any) -> Json:
    measurements = [{"phase": phase, "value": value} for value in values]
    return {"name": "errors", "phase": phase, "measurements": measurements, **said}


def said(told: Json) -> ExperimentStatus:
    return read(told, alone(), None)


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("", Phase.PENDING),
        ("Pending", Phase.PENDING),
        ("Running", Phase.RUNNING),
        ("Successful", Phase.SUCCEEDED),
        ("Failed", Phase.FAILED),
        ("Inconclusive", Phase.INCONCLUSIVE),
        ("Error", Phase.ERROR),
        ("Undreamt", Phase.UNKNOWN),
    ],
)
def test_the_phase_is_the_controllers(phase: str, expected: Phase) -> None:
    assert said(run(phase=phase, metricResults=[metric("[0.1]", count=1)])).phase is expected


@pytest.mark.parametrize(
    ("results", "phase"),
    [
        ([], Phase.INCONCLUSIVE),
        ([metric()], Phase.INCONCLUSIVE),
        ([metric(count=0)], Phase.INCONCLUSIVE),
        ([metric("[0.1]", "[0.2]", phase="Error")], Phase.INCONCLUSIVE),
        ([metric("[0.1]", count=1, dryRun=True)], Phase.INCONCLUSIVE),
        ([metric("[0.1]")], Phase.SUCCEEDED),
        ([metric(count=7)], Phase.SUCCEEDED),
        ([metric(), metric("[0.1]")], Phase.SUCCEEDED),
    ],
)
def test_successful_without_a_measurement_that_decides_is_no_evidence(results: list[Json], phase: Phase) -> None:
    assert said(run(phase="Successful", message="Run Terminated", metricResults=results)).phase is phase


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["[0.998]", "[0.94]"], 0.94),
        (["0.5"], 0.5),
        (["[1, 2]"], 1),
        (["[0.97]", "[NaN]"], None),
        (["[]"], None),
        (["[Infinity]"], None),
        (["true"], None),
        (['"0.5"'], None),
        (["not json"], None),
        (["9" * 400], None),
        (["[" * 5000], None),
        ([], None),
    ],
)
def test_the_value_of_a_metric_is_what_was_measured_last(values: list[str], expected: float | None) -> None:
    metrics = said(run(phase="Running", metricResults=[metric(*values)])).metrics
    assert metrics.get("errors") == expected


def test_a_dry_run_that_fails_warns_and_does_not_decide() -> None:
    status = said(run(phase="Successful", metricResults=[metric("1"), metric("[9]", phase="Failed", dryRun=True)]))
    assert (status.phase, status.warnings, dict(status.metrics)) == (Phase.SUCCEEDED, ("errors",), {"errors": 1})


@pytest.mark.parametrize(
    ("uid", "present", "fresh"), [("owner", HASH, True), ("owner", "newer", False), ("another", HASH, False)]
)
def test_a_run_speaks_of_the_pods_that_its_rollout_runs_now_or_not_at_all(uid: str, present: str, fresh: bool) -> None:
    owner = rollout(currentPodHash=present)
    owner["metadata"]["uid"] = uid
    around = Lookup(lambda kind: {("shop", "cart"): owner} if kind == "Rollout" else {})
    status = read(run(phase="Successful", metricResults=[metric("[0.1]")]), around, None)
    assert (status.phase is Phase.SUCCEEDED) is fresh
    assert (status.candidate, dict(status.metrics)) == ((Version("v2"), {"errors": 0.1}) if fresh else (None, {}))


def test_a_run_is_known_by_its_uid_and_its_times() -> None:
    status = said(sample("argo-rollouts/analysisrun-failed.yaml"))
    assert status.identity == "9862b9d7-53b0-4b9e-8550-b2dd8cb39d7b"
    assert status.began is not None
    assert status.ended is not None
    assert (status.began.isoformat(), status.ended.isoformat()) == (
        "2026-03-02T08:20:00+00:00",
        "2026-03-02T08:25:00+00:00",
    )


# ---------------------------------------------------------------- experiments


def experiment(phase: str, analyses: str | None = None) -> Json:
    told = sample("argo-rollouts/experiment-running.yaml")
    told["status"]["phase"] = phase
    told["status"]["analysisRuns"][0]["phase"] = phase if analyses is None else analyses
    return told


def test_an_experiment_names_both_sides_by_hash_and_by_version() -> None:
    status = argo_experiment.read(experiment("Running"), alone(), "cart")
    assert (status.baseline, status.candidate) == (Version("1.8.3"), Version("1.9.0"))
    assert (status.baseline_name, status.candidate_name) == ("78bd6f94fb", HASH)


def test_without_a_telling_name_the_first_template_is_the_baseline() -> None:
    told = experiment("Running")
    for number, name in enumerate(("one", "two")):
        having(told, f"spec.templates.{number}.name", name)
        having(told, f"status.templateStatuses.{number}.name", name)
    status = argo_experiment.read(told, alone(), None)
    assert (status.baseline_name, status.candidate_name) == ("78bd6f94fb", HASH)


def test_success_counts_where_an_analysis_succeeded() -> None:
    assert argo_experiment.read(experiment("Successful"), alone(), None).phase is Phase.SUCCEEDED
    assert argo_experiment.read(experiment("Successful", "Pending"), alone(), None).phase is Phase.INCONCLUSIVE
    bare = lacking(lacking(experiment("Successful"), "spec.analyses"), "status.analysisRuns")
    assert argo_experiment.read(bare, alone(), None).phase is Phase.COMPLETED


@pytest.mark.parametrize(("results", "phase"), [([metric("[0.1]")], Phase.SUCCEEDED), ([], Phase.INCONCLUSIVE)])
def test_success_is_checked_in_the_runs_that_can_be_seen(results: list[Json], phase: Phase) -> None:
    runs = {("shop-prod", "cart-5f7cb8d9c-12-3-compare"): run(phase="Successful", metricResults=results)}
    around = Lookup(lambda kind: runs if kind == "AnalysisRun" else {})
    status = argo_experiment.read(experiment("Successful"), around, None)
    assert status.phase is phase
    assert dict(status.metrics) == ({"errors": 0.1} if results else {})


def test_pods_of_the_baseline_that_fail_are_no_failure_of_the_candidate() -> None:
    told = having(experiment("Failed", "Successful"), "status.templateStatuses.0.status", "Failed")
    assert argo_experiment.read(told, alone(), None).phase is Phase.ERROR
    told = having(told, "status.templateStatuses.1.status", "Failed")
    assert argo_experiment.read(told, alone(), None).phase is Phase.FAILED
    assert argo_experiment.read(experiment("Failed"), alone(), None).phase is Phase.FAILED


def test_an_experiment_of_pods_that_are_gone_is_stale() -> None:
    told = experiment("Successful")
    owner_of = {"kind": "Rollout", "name": "cart", "uid": "owner"}
    told["metadata"] |= {"ownerReferences": [owner_of], "labels": {"rollouts-pod-template-hash": HASH}}
    owner = rollout(currentPodHash="newer")
    owner["metadata"]["uid"] = "owner"
    around = Lookup(lambda kind: {("shop-prod", "cart"): owner} if kind == "Rollout" else {})
    assert argo_experiment.read(told, around, None).phase is Phase.UNKNOWN
    owner["status"]["currentPodHash"] = HASH
    assert argo_experiment.read(told, around, None).phase is Phase.SUCCEEDED
