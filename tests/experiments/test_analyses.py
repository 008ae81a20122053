"""A Rollout's analyses with their bindings, and what they mean for the Rollout."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.experiments import Lookup
from gitops_bot.experiments.act import act
from gitops_bot.experiments.rollout import read
from gitops_bot.model import Act, ExperimentStatus, Phase
from tests.experiments.objects import rollout
from tests.experiments.samples import Json

NEW, OLD = "new", "old"


def spec(*args: Json, **fields: Any) -> Json:
    return {"templates": [{"templateName": "errors"}], "args": list(args), **fields}


def stepped(index: int | None, *, phase: str = "Progressing", background: str = "Running", **status: Any) -> Json:
    """A canary with an analysis in the background from step 1, one at step 2, and an experiment at step 3."""
    analyses = [{"name": "compare", "templateName": "compare", "args": [{"name": "side", "value": "both"}]}]
    steps = [
        {"setWeight": 10},
        {"pause": {"duration": "5m"}},
        {"analysis": spec({"name": "service", "value": "cart-canary"})},
        {"experiment": {"analyses": analyses}},
    ]
    canary = {"analysis": spec(startingStep=1), "steps": steps}
    told = rollout(
        spec={"strategy": {"canary": canary}},
        phase=phase,
        currentPodHash=NEW,
        stableRS=OLD,
        currentStepIndex=index,
        canary={
            "currentBackgroundAnalysisRunStatus": {"name": "cart-bg", "status": background},
            "currentStepAnalysisRunStatus": {"name": "cart-2", "status": "Inconclusive", "message": "NaN"},
            "currentExperiment": "cart-3",
        },
        **status,
    )
    told["metadata"]["uid"] = "owner"
    return told


def run(phase: str, *, pods: str = NEW, uid: str = "owner", **fields: Any) -> Json:
    metadata = {
        "namespace": "shop",
        "labels": {"rollouts-pod-template-hash": pods},
        "ownerReferences": [{"uid": uid, "kind": "Rollout", "name": "cart"}],
    }
    return {"metadata": metadata, "status": {"phase": phase}, **fields}


def seen(told: Json, kind: str = "AnalysisRun", **objects: Json) -> ExperimentStatus:
    known = {("shop", name.replace("_", "-")): one for name, one in objects.items()}
    return read(told, Lookup(lambda wanted: known if wanted == kind else {}), None)


def test_every_analysis_is_named_with_when_it_runs_and_what_it_is_given() -> None:
    bound = seen(stepped(2)).analyses
    assert [one.binding for one in bound] == [
        "in the background from step 1",
        "at step 2",
        "at step 3, by an experiment",
    ]
    assert [one.templates for one in bound] == [("errors",), ("errors",), ("compare",)]
    assert [dict(one.args) for one in bound] == [{}, {"service": "cart-canary"}, {"side": "both"}]
    assert [(one.run, one.phase) for one in bound[:2]] == [
        ("cart-bg", Phase.RUNNING),
        ("cart-2", Phase.INCONCLUSIVE),
    ]


@pytest.mark.parametrize(
    ("index", "phases"),
    [
        (0, [Phase.PENDING, Phase.PENDING]),
        (2, [Phase.INCONCLUSIVE, Phase.PENDING]),
        (3, [Phase.COMPLETED, Phase.PENDING]),
        (4, [Phase.COMPLETED, Phase.COMPLETED]),
        (None, [Phase.COMPLETED, Phase.COMPLETED]),
    ],
)
def test_a_step_has_a_run_only_while_it_is_the_present_one(index: int | None, phases: list[Phase]) -> None:
    assert [one.phase for one in seen(stepped(index)).analyses[1:]] == phases


@pytest.mark.parametrize(
    ("arg", "value"),
    [
        ({"value": "cart"}, "cart"),
        ({"valueFrom": {"podTemplateHashValue": "Latest"}}, NEW),
        ({"valueFrom": {"podTemplateHashValue": "Stable"}}, OLD),
        ({"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, "cart"),
        ({"valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['example.org/region']"}}}, "eu"),
        ({"valueFrom": {"fieldRef": {"fieldPath": "[]"}}}, ""),
        ({"valueFrom": {"secretKeyRef": {"name": "token", "key": "x"}}}, ""),
        ({}, ""),
    ],
)
def test_an_argument_is_resolved_as_the_controller_does_and_no_secret_is_read(arg: Json, value: str) -> None:
    told = stepped(2)
    told["metadata"]["labels"] = {"example.org/region": "eu"}
    told["spec"]["strategy"]["canary"]["analysis"] = spec({"name": "x", **arg})
    assert dict(seen(told).analyses[0].args) == {"x": value}


def test_a_run_tells_better_than_the_rollout_what_it_was_given_and_what_it_measured() -> None:
    results = [{"name": "errors", "count": 1, "measurements": [{"phase": "Successful", "value": "[0.2]"}]}]
    told = run("Successful", spec={"args": [{"name": "service", "value": "cart-preview"}]})
    told["status"]["metricResults"] = results
    status = seen(stepped(2), cart_2=told)
    assert status.analyses[1].phase is Phase.SUCCEEDED
    assert dict(status.analyses[1].args) == {"service": "cart-preview"}
    assert dict(status.metrics) == {"errors": 0.2}


@pytest.mark.parametrize("stranger", [run("Successful", pods=OLD), run("Successful", uid="another")])
def test_a_run_of_other_pods_or_of_another_rollout_says_nothing(stranger: Json) -> None:
    stranger["status"]["metricResults"] = [{"name": "errors", "measurements": [{"value": "[0.2]"}]}]
    status = seen(stepped(2), cart_2=stranger)
    assert status.analyses[1].phase is Phase.UNKNOWN
    assert dict(status.metrics) == {}


def test_an_experiment_says_how_its_analyses_stand() -> None:
    assert seen(stepped(3), "ArgoExperiment", cart_3=run("Failed")).analyses[2].phase is Phase.FAILED
    assert seen(stepped(3), "ArgoExperiment", cart_3=run("Failed", pods=OLD)).analyses[2].phase is Phase.UNKNOWN


def test_blue_green_is_analysed_before_and_after_the_promotion() -> None:
    strategy = {"blueGreen": {"prePromotionAnalysis": spec(), "postPromotionAnalysis": spec()}}
    told = rollout(
        spec={"strategy": strategy},
        phase="Paused",
        pauseConditions=[{"reason": "BlueGreenPause"}],
        blueGreen={"prePromotionAnalysisRunStatus": {"name": "cart-pre", "status": "Successful"}},
    )
    bound = seen(told).analyses
    assert [(one.binding, one.phase) for one in bound] == [
        ("before the promotion", Phase.SUCCEEDED),
        ("after the promotion", Phase.PENDING),
    ]


@pytest.mark.parametrize(
    ("background", "phase"),
    [
        ("Successful", Phase.SUCCEEDED),
        ("Running", Phase.SUCCEEDED),
        ("", Phase.SUCCEEDED),
        ("Inconclusive", Phase.INCONCLUSIVE),
        ("Error", Phase.INCONCLUSIVE),
        ("Failed", Phase.INCONCLUSIVE),
    ],
)
def test_a_release_that_went_through_in_spite_of_its_analysis_is_no_success(background: str, phase: Phase) -> None:
    told = stepped(None, phase="Healthy", background=background)
    told["status"]["stableRS"] = NEW
    assert seen(told).phase is phase


def test_a_release_whose_analysis_was_terminated_before_it_measured_is_no_success() -> None:
    told = stepped(None, phase="Healthy", background="Successful")
    told["status"]["stableRS"] = NEW
    assert seen(told, cart_bg=run("Successful")).phase is Phase.INCONCLUSIVE


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (rollout(spec={"paused": True}, phase="Paused"), Act.NOTHING),
        (rollout(phase="Paused", pauseConditions=[{"reason": "BlueGreenPause"}]), Act.EVALUATE),
        (rollout(phase="Paused", pauseConditions=[{"reason": "InconclusiveAnalysisRun"}]), Act.HOLD),
        (rollout(phase="Degraded", conditions=[{"type": "InvalidSpec", "status": "True"}]), Act.REVERT),
        (rollout(phase="Degraded", abort=True, stableRS=OLD, currentPodHash=NEW), Act.ROLLBACK),
        (rollout(phase="Degraded", stableRS=OLD, currentPodHash=NEW), Act.HOLD),
    ],
)
def test_what_follows_from_a_rollout(told: Json, expected: Act) -> None:
    assert act(read(told, Lookup(lambda _: {}), None)) is expected


@pytest.mark.parametrize(
    ("weight", "most", "percent"), [(30, None, 30), (300, 1000, 30), (1, 3, 33.33), (1000, 1000, 100)]
)
def test_the_weight_is_a_share_of_what_the_router_counts_to(weight: int, most: int | None, percent: float) -> None:
    routing = {"istio": {}} if most is None else {"istio": {}, "maxTrafficWeight": most}
    told = rollout(
        spec={"strategy": {"canary": {"trafficRouting": routing}}},
        phase="Progressing",
        canary={"weights": {"canary": {"weight": weight}}},
    )
    assert read(told, Lookup(lambda _: {}), None).weight == percent
