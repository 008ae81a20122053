"""Tekton: green is not yet a pass, red is not always a failure, and which run speaks of a candidate."""

from __future__ import annotations

import pytest

from gitops_bot.experiments.act import act
from gitops_bot.experiments.tekton import newest, read_pipeline_run, read_task_run, results
from gitops_bot.model import Act, Phase, Version
from tests.experiments.samples import Json, alone, having, lacking, sample, stating

COMMIT = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"
DIGEST = "sha256:" + "a" * 64


def green(**returned: object) -> Json:
    told = [{"name": name, "value": value} for name, value in returned.items()]
    return having(sample("tekton/pipelinerun-succeeded.yaml"), "status.results", told)


@pytest.mark.parametrize(
    ("name", "value", "phase"),
    [
        ("verdict", "pass", Phase.SUCCEEDED),
        ("verdict", "PASS\n", Phase.SUCCEEDED),
        ("verdict", "fail", Phase.FAILED),
        ("Verdict", "rollback", Phase.FAILED),
        ("verdict", "warning", Phase.INCONCLUSIVE),
        ("verdict", "error", Phase.INCONCLUSIVE),
        ("verdict", "", Phase.INCONCLUSIVE),
        ("passed", "false", Phase.FAILED),
        ("passed", "true", Phase.SUCCEEDED),
        ("outcome", ["pass"], Phase.INCONCLUSIVE),
        ("verdict", {"verdict": "fail", "score": "12"}, Phase.FAILED),
        ("verdict", {"score": "12"}, Phase.INCONCLUSIVE),
        ("TEST_OUTPUT", '{"result": "SUCCESS", "failures": 0}', Phase.SUCCEEDED),
        ("TEST_OUTPUT", '{"result": "FAILURE", "failures": 2}', Phase.FAILED),
        ("TEST_OUTPUT", '{"result": "SKIPPED"}', Phase.INCONCLUSIVE),
        ("TEST_OUTPUT", '{"result": ', Phase.INCONCLUSIVE),
        ("result", "failed", Phase.FAILED),
        ("result", "42", Phase.SUCCEEDED),
        ("status", "200", Phase.SUCCEEDED),
        ("error-rate", "0.0012", Phase.SUCCEEDED),
        ("failures", "fail", Phase.SUCCEEDED),
    ],
)
def test_a_green_run_with_a_red_result_is_not_a_pass(name: str, value: object, phase: Phase) -> None:
    status = read_pipeline_run(green(**{name: value}), alone(), None)
    assert status.phase is phase
    assert phase is Phase.SUCCEEDED or name in status.reason


def test_the_worst_of_several_verdicts_decides() -> None:
    assert read_pipeline_run(green(verdict="pass", outcome="fail"), alone(), None).phase is Phase.FAILED
    assert read_pipeline_run(green(verdict="warning", outcome="fail"), alone(), None).phase is Phase.FAILED


@pytest.mark.parametrize(
    ("status", "reason", "phase"),
    [
        ("True", "Succeeded", Phase.SUCCEEDED),
        ("True", "Completed", Phase.SUCCEEDED),
        ("False", "Failed", Phase.FAILED),
        ("False", "Cancelled", Phase.INCONCLUSIVE),
        ("False", "CancelledRunFinally", Phase.INCONCLUSIVE),
        ("False", "StoppedRunFinally", Phase.INCONCLUSIVE),
        ("False", "PipelineRunTimeout", Phase.INCONCLUSIVE),
        ("False", "TaskRunTimeout", Phase.INCONCLUSIVE),
        ("False", "CouldntGetTask", Phase.INCONCLUSIVE),
        ("False", "TaskRunImagePullFailed", Phase.INCONCLUSIVE),
        ("Unknown", "Running", Phase.RUNNING),
        ("Unknown", "Started", Phase.RUNNING),
        ("Unknown", "PipelineRunPending", Phase.PENDING),
        ("", "", Phase.PENDING),
    ],
)
def test_only_a_failure_of_the_tasks_speaks_of_the_candidate(status: str, reason: str, phase: Phase) -> None:
    run = stating(sample("tekton/taskrun-succeeded.yaml"), "Succeeded", status=status, reason=reason)
    assert read_task_run(run, alone(), None).phase is phase


def test_a_failed_pipeline_is_held_and_a_failed_test_goes_back() -> None:
    assert act(read_pipeline_run(sample("tekton/pipelinerun-failed.yaml"), alone(), None)) is Act.HOLD
    assert act(read_task_run(sample("tekton/taskrun-failed.yaml"), alone(), None)) is Act.ROLLBACK


def test_a_run_whose_spec_was_changed_since_is_stale_and_an_old_controller_says_no_generation() -> None:
    run = sample("tekton/pipelinerun-succeeded.yaml")
    stale = read_pipeline_run(having(run, "metadata.generation", 2), alone(), None)
    assert (stale.phase, dict(stale.results)) == (Phase.UNKNOWN, {})
    assert read_pipeline_run(lacking(run, "status.observedGeneration"), alone(), None).phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("file", "field", "reader"),
    [
        ("tekton/pipelinerun-succeeded.yaml", "pipelineResults", read_pipeline_run),
        ("tekton/taskrun-succeeded.yaml", "taskResults", read_task_run),
    ],
)
def test_the_results_of_v1beta1_are_read_alike(file: str, field: str, reader: object) -> None:
    new = sample(file)
    old = sample(file)
    old["apiVersion"] = "tekton.dev/v1beta1"
    old["status"][field] = old["status"].pop("results")
    assert results(old) == results(new) != {}
    assert callable(reader)
    assert reader(old, alone(), None) == reader(new, alone(), None)


@pytest.mark.parametrize(
    ("values", "version"),
    [
        (["registry.example/cart:1.9.0"], Version("1.9.0")),
        ([f"registry.example/cart@{DIGEST}"], Version(digest=DIGEST)),
        (["registry.example/cart:1.9.0", "registry.example/cart:1.8.3"], None),
        (["https://git.example/cart:7"], None),
        (["1.9.0"], None),
    ],
)
def test_the_version_is_the_one_image_among_the_parameters(values: list[str], version: Version | None) -> None:
    params = [{"name": f"p{index}", "value": value} for index, value in enumerate(values)]
    run = having(sample("tekton/pipelinerun-running.yaml"), "spec.params", params)
    assert read_pipeline_run(run, alone(), None).candidate == version


def run(name: str, hour: int, value: object, *, pipeline: str = "verify", returned: object = None) -> Json:
    results = [] if returned is None else [{"name": "commit", "value": returned}]
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "creationTimestamp": f"2026-03-02T{hour:02}:00:00Z",
            "labels": {"tekton.dev/pipeline": pipeline},
        },
        "spec": {"params": [{"name": "image", "value": value}]},
        "status": {"results": results},
    }


@pytest.mark.parametrize(
    ("value", "bound", "found"),
    [
        ("registry.example/cart:1.9.0", "1.9.0", True),
        ("1.9.0", "1.9.0", True),
        ("registry.example/cart:1.9.0", "registry.example/cart:1.9.0", True),
        (f"registry.example/cart:1.9.0@{DIGEST}", DIGEST, True),
        (f"registry.example/cart:1.9.0@{DIGEST}", "registry.example/cart:1.9.0", True),
        (f"registry.example/cart@{DIGEST}", f"registry.example/cart:1.9.0@{DIGEST}", True),
        (["x", "registry.example/cart:1.9.0"], "1.9.0", True),
        ({"tag": "1.9.0"}, "1.9.0", True),
        (COMMIT, COMMIT, True),
        (COMMIT[:7], COMMIT, True),
        (COMMIT, COMMIT[:12], True),
        (COMMIT[:6], COMMIT, False),
        ("registry.example/cart:1.9.0-rc.1", "1.9.0", False),
        ("registry.example/cart:11.9.0", "1.9.0", False),
        ("registry.example/other:1.9.0", "registry.example/cart:1.9.0", False),
        ("1.9.0", "", False),
        ("", "1.9.0", False),
        (None, "1.9.0", False),
    ],
)
def test_a_run_is_bound_by_the_value_of_a_parameter(value: object, bound: str, found: bool) -> None:
    assert (newest([run("a", 8, value)], "verify", bound) is not None) is found


def test_a_run_is_bound_by_a_result_too() -> None:
    assert newest([run("a", 8, "other", returned=COMMIT)], "verify", "1.9.0", COMMIT) is not None


def test_the_newest_run_of_the_pipeline_counts_whatever_its_name() -> None:
    runs = [
        run("z-first", 8, "1.9.0"),
        run("a-last", 10, "1.9.0"),
        run("m-other-version", 11, "1.8.3"),
        run("k-other-pipeline", 12, "1.9.0", pipeline="build"),
    ]
    found = newest(runs, "verify", "1.9.0")
    assert found is not None
    assert found["metadata"]["name"] == "a-last"
    assert newest([], "verify", "1.9.0") is None


@pytest.mark.parametrize(
    "spec",
    [
        {"pipelineRef": {"name": "verify"}},
        {"pipelineRef": {"resolver": "cluster", "params": [{"name": "name", "value": "verify"}]}},
        {"taskRef": {"name": "verify"}},
    ],
)
def test_a_run_without_the_label_is_known_by_its_reference(spec: Json) -> None:
    one = run("a", 8, "1.9.0")
    del one["metadata"]["labels"]
    one["spec"].update(spec)
    assert newest([one], "verify", "1.9.0") is one
