"""`evaluate --at`: a past decision judged again, on base as it was and what the metrics server says of that time."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

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


def test_an_experiment_that_was_changed_since_is_unknown() -> None:
    from gitops_bot.cli.past import as_then
    from gitops_bot.model import ExperimentStatus, ObjectRef, Phase, Unseen, Version

    ref = ObjectRef("Rollout", "shop", "shop")
    status = ExperimentStatus(ref, Phase.SUCCEEDED, "healthy", candidate=Version("3.0.0"), applied=T0)
    said: list[str] = []
    assert as_then("prod", ref, status, {}, T0, said.append) is status
    before = as_then("prod", ref, status, {}, T0 - MINUTE, said.append)
    assert isinstance(before, Unseen)
    assert before.reason.endswith("was changed at 2026-03-02T08:00:00Z; what it said before is not known")
    assert said == []
