"""A policy that judges by somebody else's templates, tick by tick: from the repository, and from a cluster."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.errors import BotError, EditError, ObjectAbsent, PolicyInvalid
from gitops_bot.model import Outcome, StepKind
from tests.support.environment import LADDER, T0, config, policy, tree
from tests.test_breaker_a import Shop, started

TEMPLATE = "analysis/errors.yaml"
ERRORS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: errors}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: errors}
spec:
  args: [{name: metric}]
  metrics:
    - name: errors
      failureCondition: result[0] > 0.01
      provider:
        prometheus: {address: "http://elsewhere.example", query: "{{args.metric}}"}
"""
BORROWED = {"analysisTemplate": "errors", "file": TEMPLATE, "args": {"metric": "errors"}}


def shop(folder: Path, borrowed: dict[str, Any], analysis: dict[str, Any] | None = None, **files: str) -> Shop:
    found = Shop(folder)
    analysis = {"interval": "1m", "bake": "5m", "templates": [borrowed], **(analysis or {})}
    written = {**tree(), TEMPLATE: ERRORS, "policies/shop.yaml": policy(spec=LADDER, analysis=analysis)}
    found.environment.commit({**written, **files}, at=T0 - timedelta(days=1))
    config(folder)
    found.measure(0.001)
    return found


def test_a_template_of_the_repository_judges_a_ladder(tmp_path: Path) -> None:
    ours = started(shop(tmp_path, BORROWED))
    plan = ours.plan(7)
    assert plan.step.kind is StepKind.ADVANCE
    (check,) = plan.verdict.checks
    assert (check.name, check.outcome) == ("errors", Outcome.PASS)
    assert "Argo Rollouts says" in check.because


def test_its_failure_rolls_back(tmp_path: Path) -> None:
    ours = started(shop(tmp_path, BORROWED))
    ours.measure(0.2)
    plan = ours.plan(7)
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.ROLLBACK, Outcome.FAIL)


MISSING = [
    ({**BORROWED, "analysisTemplate": "latency"}, PolicyInvalid, "there is no AnalysisTemplate latency"),
    ({**BORROWED, "file": "analysis/none.yaml"}, EditError, "analysis/none.yaml"),
    ({**BORROWED, "args": {}}, PolicyInvalid, "spec.args[0] metric: has no value; give it in args"),
    (
        {"clusterAnalysisTemplate": "errors", "args": {"metric": "errors"}},
        ObjectAbsent,
        "there is no ClusterAnalysisTemplate errors",
    ),
]


@pytest.mark.parametrize(("borrowed", "error", "said"), MISSING)
def test_while_a_template_cannot_be_read_nothing_begins_and_its_name_is_said(
    tmp_path: Path, borrowed: dict[str, Any], error: type[BotError], said: str
) -> None:
    ours = shop(tmp_path, borrowed)
    report = ours.tick()
    (failure,), (plan,) = report.failures, report.plans
    assert isinstance(failure.error, error)
    assert said in str(failure.error)
    assert (plan.step.kind, ours.environment.pulls()) == (StepKind.HOLD, [])
    assert plan.step.reason.startswith("what would be measured is not known: ")


OTHER = {"name": "rate", "query": "errors", "max": 0.01}


@pytest.mark.parametrize(
    ("value", "outcome", "step"),
    [(0.001, Outcome.UNKNOWN, StepKind.HOLD), (0.2, Outcome.FAIL, StepKind.ROLLBACK)],
)
def test_a_template_that_goes_is_neither_good_nor_bad_news_beside_what_is_measured(
    tmp_path: Path, value: float, outcome: Outcome, step: StepKind
) -> None:
    ours = started(shop(tmp_path, BORROWED, analysis={"metrics": [OTHER]}))
    ours.environment.commit({TEMPLATE: "kind: ConfigMap\n"}, at=ours.clock.at)
    ours.measure(value)
    ours.clock.at += timedelta(minutes=7)
    report = ours.tick()
    (plan,), (failure,) = report.plans, report.failures
    assert (plan.step.kind, plan.verdict.outcome) == (step, outcome)
    found = {check.name: check.outcome for check in plan.verdict.checks}
    assert found["templates"] is Outcome.UNKNOWN
    assert "there is no AnalysisTemplate errors" in str(failure.error)


def test_a_template_of_the_cluster_judges_a_ladder(tmp_path: Path) -> None:
    ours = shop(tmp_path, {"clusterAnalysisTemplate": "errors", "args": {"metric": "errors"}})
    content = ERRORS.partition("---\n")[2].replace("kind: Analysis", "kind: ClusterAnalysis")
    (tmp_path / "cluster" / "template.yaml").write_text(content)
    plan = started(ours).plan(7)
    assert plan.step.kind is StepKind.ADVANCE
