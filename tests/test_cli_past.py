"""`evaluate --at`: a past decision judged again, on base as it was and what the metrics server says of that time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.cli.past import as_then
from gitops_bot.model import Act, ExperimentStatus, ObjectRef, Phase, Unseen, Version
from tests.support.commands import Bot, Done, runner
from tests.support.environment import LADDER, T0, Environment, config, policy, record, tree

WORKLOADS: dict[str, Any] = {
    "candidate": {
        "slot": "candidateVersion",
        "workload": {"kind": "Deployment", "namespace": "shop", "name": "shop-canary"},
    },
    "baseline": {"slot": "stableVersion", "workload": {"kind": "Deployment", "namespace": "shop", "name": "shop"}},
}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bot:
    monkeypatch.setenv("NO_COLOR", "1")
    return runner(monkeypatch, capsys)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """2.0.0 had 5 % from T0, was sent back after 20 minutes, and after 40 came 3.0.0."""
    environment = Environment(tmp_path / "environments.git")
    environment.commit({**tree(weight=5), "policies/shop.yaml": policy()}, at=T0)
    environment.commit(tree(), at=T0 + 20 * MINUTE)
    environment.commit(tree(candidate="3.0.0", weight=5), at=T0 + 40 * MINUTE)
    record(tmp_path, [0.001] * 12 + [0.05] * 8 + [0.0] * 20 + [0.002] * 9)
    config(tmp_path)
    return environment


Evaluate = Callable[..., Done]


@pytest.fixture
def evaluate(bot: Bot, environment: Environment) -> Evaluate:
    folder = environment.path.parent
    return lambda at, *options: bot(
        "evaluate", "shop", "-c", folder / "gitops-bot.yaml", "--at", at.isoformat(), *options
    )


@pytest.mark.parametrize(
    ("minutes", "code", "verdict"),
    [(3, 3, "UNKNOWN"), (7, 0, "PASS"), (15, 4, "FAIL"), (19, 4, "FAIL"), (47, 0, "PASS")],
)
def test_a_past_decision_is_judged_again(evaluate: Evaluate, minutes: int, code: int, verdict: str) -> None:
    done = evaluate(T0 + minutes * MINUTE, "-o", "json")
    assert (done.code, done.json[0]["verdict"]["outcome"], done.err) == (code, verdict, "")
    landed = T0 + (40 if minutes > 40 else 0) * MINUTE
    assert datetime.fromisoformat(done.json[0]["since"]) == landed


def test_the_table_has_the_figures_and_below_it_a_line_of_blocks(evaluate: Evaluate) -> None:
    lines = evaluate(T0 + 15 * MINUTE).out.splitlines()
    assert lines[0].split() == ["POLICY", "CHECK", "RESULT", "WHY", "FIGURES"]
    assert lines[1].split()[:3] == ["shop", "errors", "FAIL"]
    assert "worst 5%" in lines[1]
    assert lines[-2:] == ["shop", "  errors  ▁▁██ 0.1% to 5% (at most 1%: up to ▄)"]


def test_between_two_trials_nothing_was_on_trial(evaluate: Evaluate) -> None:
    done = evaluate(T0 + 30 * MINUTE)
    assert (done.code, done.out) == (0, "Nothing is on trial.\n")


def test_before_the_first_landing_there_is_nothing_to_judge(evaluate: Evaluate) -> None:
    done = evaluate(T0 - MINUTE)
    assert done.code == 2
    assert (
        "main held nothing of shop at 2026-03-02T07:59:00Z. Ask for a time after its first values landed." in done.err
    )


def test_the_policy_is_the_one_of_today_or_the_one_that_is_given(evaluate: Evaluate, tmp_path: Path) -> None:
    stricter = {**LADDER["analysis"], "metrics": [{"name": "errors", "query": "errors", "max": "0.05%"}]}
    (tmp_path / "shop.yaml").write_text(policy(analysis=stricter))
    assert evaluate(T0 + 7 * MINUTE, "--policies", tmp_path / "shop.yaml").code == 4


def test_nothing_is_written(evaluate: Evaluate, environment: Environment) -> None:
    before = environment.snapshot()
    evaluate(T0 + 15 * MINUTE)
    assert environment.snapshot() == before


# ---------------------------------------------------------------- clusters, which do not remember


def deployment(folder: Path, name: str, tag: str, written: datetime) -> None:
    fields = {"time": written.isoformat(), "fieldsV1": {"f:spec": {"f:template": {}}}}
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "generation": 1, "managedFields": [fields]},
        "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "shop", "image": f"acme/shop:{tag}"}]}}},
        "status": {
            "observedGeneration": 1,
            "replicas": 1,
            "updatedReplicas": 1,
            "readyReplicas": 1,
            "availableReplicas": 1,
            "conditions": [{"type": "Available", "status": "True"}],
        },
    }
    (folder / "cluster" / f"{name}.json").write_text(json.dumps(manifest))


@pytest.fixture
def watched(environment: Environment) -> Path:
    """The policy watches workloads; the canary's was changed with the last candidate, the stable one's never."""
    folder = environment.path.parent
    environment.commit({"policies/shop.yaml": policy(**WORKLOADS)}, at=T0 + 41 * MINUTE)
    deployment(folder, "shop-canary", "3.0.0", T0 + 41 * MINUTE)
    deployment(folder, "shop", "1.0.0", T0 - MINUTE)
    return folder


def test_a_workload_that_was_changed_since_is_taken_to_have_run_what_git_said(
    evaluate: Evaluate, watched: Path
) -> None:
    done = evaluate(T0 + 15 * MINUTE, "-o", "json")
    assert (done.code, done.json[0]["verdict"]["outcome"]) == (4, "FAIL")
    assert done.err == (
        "note: Deployment shop/shop-canary in prod was changed at 2026-03-02T08:41:00Z; "
        "it is taken to have run 2.0.0 from when git said so\n"
    )


def test_a_workload_that_was_not_changed_since_speaks_for_itself(evaluate: Evaluate, watched: Path) -> None:
    done = evaluate(T0 + 47 * MINUTE, "-o", "json")
    assert (done.code, done.err) == (0, "")
    assert datetime.fromisoformat(done.json[0]["since"]) == T0 + 41 * MINUTE
    deployment(watched, "shop-canary", "2.9.9", T0 + 41 * MINUTE)
    done = evaluate(T0 + 47 * MINUTE, "-o", "json")
    assert (done.code, done.err) == (3, "")
    assert "cluster and git disagree" in done.json[0]["verdict"]["because"]


def said_then(status: ExperimentStatus, at: datetime) -> ExperimentStatus | Unseen:
    return as_then("prod", status.ref, status, {}, at, pytest.fail)


def word(kind: str, **times: Any) -> ExperimentStatus:
    return replace(
        ExperimentStatus(ObjectRef(kind, "shop", "shop"), Phase.SUCCEEDED, "well", candidate=Version("3.0.0")), **times
    )


@pytest.mark.parametrize(
    ("status", "since"),
    [
        (word("Rollout", applied=T0), 0),
        (word("Rollout", applied=T0, turned=T0 + 3 * MINUTE), 3),
        (word("Canary", applied=T0, turned=T0 + 5 * MINUTE), 5),
        (word("Application", ended=T0, turned=T0 + MINUTE, began=T0 + 9 * MINUTE), 1),
        (word("AnalysisRun", began=T0, ended=T0 + 4 * MINUTE), 4),
    ],
)
def test_what_says_the_same_since_before_then_speaks_for_then(status: ExperimentStatus, since: int) -> None:
    assert said_then(status, T0 + since * MINUTE) is status
    before = said_then(status, T0 + since * MINUTE - MINUTE)
    assert isinstance(before, Unseen) or before.phase is Phase.RUNNING


def test_a_run_that_ended_later_was_running_and_one_that_began_later_was_not_there() -> None:
    run = word("PipelineRun", began=T0, ended=T0 + 4 * MINUTE)
    then = said_then(run, T0 + 3 * MINUTE)
    assert isinstance(then, ExperimentStatus)
    assert (then.phase, then.act, then.ended) == (Phase.RUNNING, Act.NOTHING, None)
    assert then.reason == "it was running, and ended at 2026-03-02T08:04:00Z"
    before = said_then(run, T0 - MINUTE)
    assert isinstance(before, Unseen)
    assert before.reason.endswith("was changed at 2026-03-02T08:04:00Z; what it said before is not known")


@pytest.mark.parametrize(
    "status", [word("ArgoExperiment", began=T0), word("HttpDashboard", began=T0), word("Rollout"), word("AbnDashboard")]
)
def test_what_does_not_say_since_when_it_says_so_does_not_speak_for_then(status: ExperimentStatus) -> None:
    then = said_then(status, T0 + MINUTE)
    assert isinstance(then, Unseen)
    assert "does not say since when it says so" in then.reason


def run_of_tekton(folder: Path, name: str, began: datetime, ended: datetime, *, good: bool) -> None:
    manifest = {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "metadata": {
            "name": name,
            "namespace": "ci",
            "uid": name,
            "creationTimestamp": began.isoformat(),
            "labels": {"tekton.dev/pipeline": "verify"},
        },
        "spec": {"params": [{"name": "image", "value": "ghcr.io/acme/shop:2.0.0"}]},
        "status": {
            "startTime": began.isoformat(),
            "completionTime": ended.isoformat(),
            "conditions": [{"type": "Succeeded", "status": "True", "reason": "Succeeded"}],
            "results": [{"name": "verdict", "value": "pass" if good else "fail"}],
        },
    }
    (folder / "cluster" / f"{name}.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("minutes", "outcome", "said"),
    [
        (1, "UNKNOWN", "there is no run of it yet"),
        (3, "UNKNOWN", "it was running, and ended at 2026-03-02T08:05:00Z"),
        (7, "PASS", "PipelineRun ci/verify-1 succeeded"),
        (15, "UNKNOWN", "it was running, and ended at 2026-03-02T08:18:00Z"),
        (19, "FAIL", "PipelineRun ci/verify-2 failed"),
    ],
)
def test_the_run_of_then_is_read_and_not_a_later_one(
    evaluate: Evaluate, environment: Environment, minutes: int, outcome: str, said: str
) -> None:
    folder = environment.path.parent
    experiment = {"kind": "PipelineRun", "namespace": "ci", "name": "verify"}
    candidate = {"slot": "candidateVersion", "experiment": experiment}
    later: dict[str, Any] = {"candidate": candidate, "analysis": {"source": "experiment", "bake": "5m"}}
    environment.commit({"policies/shop.yaml": policy(**later)}, at=T0 + 50 * MINUTE)
    run_of_tekton(folder, "verify-1", T0 + 2 * MINUTE, T0 + 5 * MINUTE, good=True)
    run_of_tekton(folder, "verify-2", T0 + 10 * MINUTE, T0 + 18 * MINUTE, good=False)
    run_of_tekton(folder, "verify-3", T0 + 60 * MINUTE, T0 + 70 * MINUTE, good=True)
    verdict = evaluate(T0 + minutes * MINUTE, "-o", "json").json[0]["verdict"]
    assert (verdict["outcome"], said in verdict["because"]) == (outcome, True), verdict["because"]


def test_how_a_route_split_the_traffic_is_taken_from_git_and_said(evaluate: Evaluate, environment: Environment) -> None:
    route = {"kind": "VirtualService", "namespace": "shop", "name": "shop", "stable": "stable", "canary": "canary"}
    later: dict[str, Any] = {"candidate": {"slot": "candidateVersion", "traffic": route}}
    environment.commit({"policies/shop.yaml": policy(**later)}, at=T0 + 50 * MINUTE)
    done = evaluate(T0 + 7 * MINUTE)
    assert (done.code, done.err.count("note: ")) == (30, 1)  # the object itself is not there today
    assert "is not known; it is taken to have sent 5 %, as git said" in done.err


def test_what_a_registry_offered_then_is_unknown_and_it_is_not_asked(
    evaluate: Evaluate, environment: Environment
) -> None:
    config(environment.path.parent, registries={"ghcr.io": {"url": "http://127.0.0.1:1"}})
    spec: dict[str, Any] = {
        **LADDER,
        "candidate": {"registry": {"image": "ghcr.io/acme/shop", "semver": "*"}},
        "analysis": {},
        "strategy": {"promote": {}},
        "edits": [{**LADDER["edits"][0], "set": "version"}],
    }
    environment.commit({"policies/shop.yaml": policy(spec=spec)}, at=T0 + 50 * MINUTE)
    done = evaluate(T0 + 7 * MINUTE, "-o", "json")
    assert (done.code, done.json[0]["verdict"]["outcome"]) == (3, "UNKNOWN")
    assert done.err == (
        "note: what ghcr.io/acme/shop offered at 2026-03-02T08:07:00Z is not known: a registry does not remember\n"
    )
