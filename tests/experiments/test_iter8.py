"""Iter8 in its three generations: who won, what was never measured, and which numbers it leaves to others."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest
import yaml

from gitops_bot.experiments import iter8_dashboards, iter8_experiment, iter8_secret, iter8_weights
from gitops_bot.experiments.act import act
from gitops_bot.model import Act, ExperimentStatus, Phase, Version
from tests.experiments.samples import Json, alone, having, holding, lacking, sample, stating

# ---------------------------------------------------------------- v0.7: the Experiment


def experiment(name: str = "succeeded-candidate-wins") -> Json:
    return sample(f"iter8-v2alpha2/{name}.yaml")


def said(told: Json) -> ExperimentStatus:
    return iter8_experiment.read(told, alone(), None)


@pytest.mark.parametrize(
    ("stage", "phase"),
    [
        ("", Phase.PENDING),
        ("Waiting", Phase.PENDING),
        ("Initializing", Phase.RUNNING),
        ("Running", Phase.RUNNING),
        ("Finishing", Phase.RUNNING),
        ("Undreamt", Phase.UNKNOWN),
    ],
)
@pytest.mark.parametrize("recommended", ["stable", "candidate"])
def test_a_recommendation_before_the_end_is_no_verdict(stage: str, phase: Phase, recommended: str) -> None:
    told = having(experiment(), "status.stage", stage)
    told = having(told, "status.versionRecommendedForPromotion", recommended)
    status = said(told)
    assert (status.phase, status.winner, act(status)) == (phase, "", Act.NOTHING)


def test_a_recommendation_that_falls_back_to_the_baseline_is_no_winner() -> None:
    status = said(experiment("inconclusive-no-traffic"))
    assert (status.phase, status.winner) == (Phase.INCONCLUSIVE, "")
    assert "mean-latency (no value)" in status.reason


def test_a_baseline_that_wins_is_the_candidates_failure_with_what_it_missed() -> None:
    status = said(experiment("succeeded-baseline-wins"))
    assert (status.phase, status.winner) == (Phase.FAILED, "stable")
    assert "candidate misses iter8-istio/mean-latency, iter8-istio/error-rate" in status.reason


def test_without_candidates_the_baseline_is_what_is_on_trial() -> None:
    status = said(experiment("succeeded-conformance"))
    assert (status.phase, status.candidate_name, status.candidate) == (Phase.SUCCEEDED, "stable", Version("1.8.3"))


def test_of_several_candidates_the_winners_version_and_weight_are_told() -> None:
    status = said(experiment("succeeded-abn-hybrid"))
    assert (status.candidate_name, status.candidate, status.weight) == ("blue", Version("1.9.0"), 80)
    assert status.metrics["shop-prod/basket-value"] == 24.5


@pytest.mark.parametrize(
    ("path", "value", "phase"),
    [
        ("analysis.winnerAssessment.data.winnerFound", False, Phase.INCONCLUSIVE),
        ("analysis.winnerAssessment.data.winnerFound", "true", Phase.INCONCLUSIVE),
        ("analysis.winnerAssessment.data.winner", "", Phase.INCONCLUSIVE),
        ("analysis.winnerAssessment.data.winner", "nobody", Phase.UNKNOWN),
        ("analysis", None, Phase.INCONCLUSIVE),
    ],
)
def test_completed_is_a_success_only_with_a_winner_among_the_candidates(path: str, value: Any, phase: Phase) -> None:
    assert said(having(experiment(), f"status.{path}", value)).phase is phase


def test_completed_needs_the_condition_and_no_failure() -> None:
    assert said(stating(experiment(), "Completed", status="False")).phase is Phase.UNKNOWN
    failed = said(stating(experiment(), "Failed", status="True", reason="AnalyticsServiceError", message="HTTP 503"))
    assert (failed.phase, failed.winner, failed.reason) == (Phase.ERROR, "", "AnalyticsServiceError: HTTP 503")


def test_a_run_is_known_by_its_uid_its_start_and_its_iterations() -> None:
    status = said(experiment())
    assert (status.identity, status.step) == ("43e8ca13-60b8-46d3-8a62-e840c510d81d", "10/10")
    assert status.began is not None
    assert status.began.isoformat() == "2026-03-02T08:00:40+00:00"
    assert said(lacking(experiment(), "spec.duration")).step == "10/15"


@pytest.mark.parametrize(
    ("revision", "version"),
    [("1.9.0", Version("1.9.0")), ("registry.example/cart:1.9.0", Version("1.9.0")), ("", None), ("a/b", None)],
)
def test_the_revision_is_a_version_or_an_image(revision: str, version: Version | None) -> None:
    told = having(experiment(), "spec.versionInfo.candidates.0.variables", [{"name": "revision", "value": revision}])
    assert said(told).candidate == version


# ---------------------------------------------------------------- 0.8 to 0.13: the Secret


def inside(name: str = "succeeded") -> Json:
    found: Json = yaml.safe_load(sample(f"iter8-v1/secret-{name}.yaml")["stringData"]["experiment.yaml"])
    return found


def secret(inner: Json) -> Json:
    """As the API gives it: base64."""
    written = base64.b64encode(yaml.safe_dump(inner).encode()).decode()
    metadata = {"namespace": "shop-prod", "name": "cart", "uid": "u"}
    return {"metadata": metadata, "data": {"experiment.yaml": written, "token": "aHVudGVyMg=="}}


def group(inner: Json) -> ExperimentStatus:
    return iter8_secret.read(secret(inner), alone(), None)


@pytest.mark.parametrize(
    ("path", "value", "phase"),
    [
        ("result.numCompletedTasks", 3, Phase.RUNNING),
        ("result.numCompletedTasks", None, Phase.RUNNING),
        ("result", None, Phase.PENDING),
        ("result.failure", True, Phase.ERROR),
        ("spec", [], Phase.UNKNOWN),
        ("result.insights", None, Phase.COMPLETED),
        ("result.insights.SLOsSatisfied.upper", [[True], [False]], Phase.FAILED),
        ("result.insights.SLOsSatisfied.upper", [[True]], Phase.INCONCLUSIVE),
        ("result.insights.SLOsSatisfied.upper", [[True], []], Phase.INCONCLUSIVE),
        ("result.insights.SLOsSatisfied.upper", [[True], ["true"]], Phase.INCONCLUSIVE),
        ("result.insights.SLOsSatisfied.lower", [[True]], Phase.SUCCEEDED),
    ],
)
def test_all_tasks_done_and_all_objectives_met_is_a_success(path: str, value: Any, phase: Phase) -> None:
    assert group(having(inside(), path, value)).phase is phase


def test_an_objective_that_was_never_observed_is_not_violated() -> None:
    status = group(inside("no-value"))
    assert (status.phase, status.reason) == (Phase.INCONCLUSIVE, "never observed: istio-prom/latency-mean")


def test_a_percentile_is_observed_in_its_histogram() -> None:
    inner = having(inside(), "result.insights.SLOs.upper.0.metric", "http/latency-p95")
    inner = having(inner, "result.insights.SLOsSatisfied.upper.0", [False])
    assert group(inner).phase is Phase.INCONCLUSIVE
    assert group(having(inner, "result.insights.histMetricValues", [{"http/lat": [{}]}])).phase is Phase.INCONCLUSIVE
    assert group(having(inner, "result.insights.histMetricValues", [{"http/latency": [{}]}])).phase is Phase.FAILED


def test_of_two_versions_the_last_is_on_trial() -> None:
    inner = inside()
    insights = inner["result"]["insights"]
    insights["versionNames"] = [{"version": "1.8.3", "track": "stable"}, {"version": "1.9.0", "track": "candidate"}]
    insights["nonHistMetricValues"].append(copy.deepcopy(insights["nonHistMetricValues"][0]))
    insights["SLOsSatisfied"]["upper"] = [[False, True], [True, True]]
    status = group(inner)
    assert (status.phase, status.baseline, status.candidate) == (Phase.INCONCLUSIVE, Version("1.8.3"), Version("1.9.0"))
    insights["SLOsSatisfied"]["upper"] = [[True, False], [True, True]]
    assert group(inner).phase is Phase.FAILED


def test_every_run_of_a_group_has_an_identity_of_its_own() -> None:
    assert group(inside()).identity != group(having(inside(), "result.revision", 3)).identity


@pytest.mark.parametrize(
    "data", [{}, {"experiment.yaml": "???"}, {"experiment.yaml": base64.b64encode(b"\xff").decode()}, {"other": "e30="}]
)
def test_a_secret_without_an_experiment_is_unknown_and_nothing_of_it_is_shown(data: dict[str, str]) -> None:
    told = {"metadata": {"namespace": "shop-prod", "name": "cart"}, "data": data | {"token": "aHVudGVyMg=="}}
    status = iter8_secret.read(told, alone(), None)
    assert status.phase is Phase.UNKNOWN
    assert "aHVudGVyMg" not in repr(status)


def test_aliases_that_would_grow_without_end_are_refused() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nspec: [*b]\n"
    status = iter8_secret.read({"stringData": {"experiment.yaml": bomb}}, alone(), None)
    assert status.phase is Phase.UNKNOWN


# ---------------------------------------------------------------- 1.x: dashboards


def answered(*, tasks: int | None = 3, **result: Any) -> ExperimentStatus:
    answer = sample("iter8-v1/httpdashboard-completed.yaml")
    answer["ExperimentResult"] |= result
    around = alone()
    if tasks is not None:
        inner = {"spec": [{"task": f"t{number}"} for number in range(tasks)]}
        around = holding("Secret", having(secret(inner), "metadata.name", "cart-http"))
    return iter8_dashboards.load_test(answer, around, None)


def test_a_load_test_ends_without_a_verdict_and_leaves_its_numbers() -> None:
    status = answered()
    assert (status.phase, status.step, act(status)) == (Phase.COMPLETED, "3/3", Act.EVALUATE)
    assert dict(status.metrics) == {
        "request-count": 400,
        "error-count": 1,
        "error-rate": 0.0025,
        "latency-mean": 120,
    }


def test_a_load_test_runs_until_the_last_of_its_tasks_is_done() -> None:
    assert answered(**{"Completed tasks": 2}).phase is Phase.RUNNING
    assert answered(tasks=None).phase is Phase.UNKNOWN
    assert answered(Failure=True).phase is Phase.FAILED


def test_a_load_test_that_nobody_answered_proves_nothing() -> None:
    answer = sample("iter8-v1/httpdashboard-completed.yaml") | {"Endpoints": {}}
    inner = {"spec": [{"task": "http"}]}
    around = holding("Secret", having(secret(inner), "metadata.name", "cart-http"))
    assert iter8_dashboards.load_test(answer, around, None).phase is Phase.INCONCLUSIVE


def test_an_ab_test_names_no_winner_and_gives_what_a_test_needs() -> None:
    status = iter8_dashboards.rewards(sample("iter8-v1/abndashboard.yaml"), alone(), None)
    assert (status.phase, status.baseline_name, status.candidate_name) == (Phase.COMPLETED, "0", "1")
    assert (status.winner, dict(status.metrics)) == ("", {"basket-value": 59.8})
    rows = status.results["basket-value"]
    assert isinstance(rows, list)
    assert [(row["Count"], row["Mean"], row["StdDev"]) for row in rows] == [(1980, 56.3, 31.0), (1961, 59.8, 32.2)]


def test_an_ab_test_with_one_version_has_not_begun() -> None:
    answer = having(sample("iter8-v1/abndashboard.yaml"), "basket-value.SummaryOverUsers.1.Count", 0)
    assert iter8_dashboards.rewards(answer, alone(), None).phase is Phase.PENDING


# ---------------------------------------------------------------- 1.x: weights


def routemap(*weights: int | None) -> Json:
    versions = [
        {"resources": [{"gvrShort": "deploy", "name": f"cart-{number}"}], **({} if one is None else {"weight": one})}
        for number, one in enumerate(weights)
    ]
    told = sample("iter8-v1/routemap.yaml")
    return having(told, "data.strSpec", yaml.safe_dump({"versions": versions}))


@pytest.mark.parametrize(
    ("weights", "percent"),
    [
        ((80, 20), 20),
        ((2, 1), 33.33),
        ((None, None), 50),
        ((None, 3), 75),
        ((5,), 0),
        ((0, 0), None),
        ((-1, 5), None),
        ((), None),
    ],
)
def test_weights_of_a_routemap_are_relative_and_one_by_default(weights: tuple[int | None, ...], percent: float) -> None:
    assert iter8_weights.config_map(routemap(*weights), alone(), None).weight == percent


def test_an_annotation_on_the_first_resource_goes_before_the_routemap() -> None:
    metadata = {"namespace": "shop-prod", "name": "cart-1", "annotations": {"iter8.tools/weight": "240"}}
    around = holding("Deployment", {"metadata": metadata})
    assert iter8_weights.config_map(routemap(80, 20), around, None).weight == 75


@pytest.mark.parametrize("number", [0, 1])
def test_weight_config_maps_are_read_together_whichever_is_asked(number: int) -> None:
    both = [sample("iter8-v1/weight-config.yaml", index) for index in (0, 1)]
    status = iter8_weights.config_map(both[number], holding("ConfigMap", *both), None)
    assert (status.phase, status.weight) == (Phase.NONE, 20)


def test_any_other_config_map_is_unknown() -> None:
    assert iter8_weights.config_map({"data": {"strSpec": "{}"}}, alone(), None).phase is Phase.UNKNOWN


@pytest.mark.parametrize(("strategy", "weight"), [("blue-green", 20), ("canary", None)])
def test_in_the_release_chart_blue_green_is_the_split(strategy: str, weight: int | None) -> None:
    values = having(sample("iter8-v1/release-values.yaml"), "application.strategy", strategy)
    status = iter8_weights.chart(values, alone(), None)
    assert (status.weight, status.baseline, status.candidate) == (weight, Version("1.8.3"), Version("1.9.0"))
