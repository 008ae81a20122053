"""A policy that judges by somebody else's templates, tick by tick: from the repository, and from a cluster."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from gitops_bot.errors import ObjectAbsent, PolicyInvalid
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


def shop(folder: Path, borrowed: dict[str, Any], **files: str) -> Shop:
    found = Shop(folder)
    analysis = {"interval": "1m", "bake": "5m", "templates": [borrowed]}
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


def test_a_template_that_is_not_there_stops_its_policy_and_says_so(tmp_path: Path) -> None:
    (failure,) = shop(tmp_path, {**BORROWED, "analysisTemplate": "latency"}).tick().failures
    assert isinstance(failure.error, PolicyInvalid)
    assert "there is no AnalysisTemplate latency" in str(failure.error)


def test_a_template_that_cannot_be_filled_in_stops_its_policy_and_says_so(tmp_path: Path) -> None:
    (failure,) = shop(tmp_path, {**BORROWED, "args": {}}).tick().failures
    assert "AnalysisTemplate errors: spec.args[0] metric: has no value; give it in args" in str(failure.error)


def test_a_template_of_the_cluster_that_is_not_there_is_named(tmp_path: Path) -> None:
    borrowed = {"clusterAnalysisTemplate": "errors", "args": {"metric": "errors"}}
    (failure,) = shop(tmp_path, borrowed).tick().failures
    assert isinstance(failure.error, ObjectAbsent)
    assert "there is no ClusterAnalysisTemplate errors" in str(failure.error)


def test_a_template_of_the_cluster_judges_a_ladder(tmp_path: Path) -> None:
    ours = shop(tmp_path, {"clusterAnalysisTemplate": "errors", "args": {"metric": "errors"}})
    content = ERRORS.partition("---\n")[2].replace("kind: Analysis", "kind: ClusterAnalysis")
    (tmp_path / "cluster" / "template.yaml").write_text(content)
    plan = started(ours).plan(7)
    assert plan.step.kind is StepKind.ADVANCE
