"""Ladders that are written elsewhere, tick by tick: read from base, followed when they change, missed when broken."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from gitops_bot.model import Outcome, StepKind
from tests.support.environment import LADDER, T0, config, policy, tree
from tests.test_borrowed_templates import ERRORS, TEMPLATE
from tests.test_breaker_a import Shop, started

ROLLOUT = "apps/shop/rollout.yaml"
STEPS = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop, namespace: shop}
spec:
  strategy:
    canary:
      steps:
        - setWeight: 10
        - pause: {duration: 8m}
        - setWeight: 40
        - analysis:
            templates: [{templateName: errors}]
        - waitForMoon: {phase: full}
"""
FROM = {"canary": {"ladderFrom": {"rollout": {"file": ROLLOUT}}, "startingStep": 0}}


def shop(folder: Path, strategy: dict[str, Any], steps: str = STEPS, **spec: Any) -> Shop:
    found = Shop(folder)
    written = {**tree(), ROLLOUT: steps, TEMPLATE: ERRORS}
    written["policies/shop.yaml"] = policy(spec=LADDER, strategy=strategy, **spec)
    found.environment.commit(written, at=T0 - timedelta(days=1))
    config(folder)
    found.measure(0.001)
    return found


def test_the_ladder_of_a_rollout_in_the_repository_is_climbed_and_followed(tmp_path: Path) -> None:
    steps = STEPS.replace("        - analysis:\n            templates: [{templateName: errors}]\n", "")
    ours = started(shop(tmp_path, FROM, steps))
    assert ours.plan(6).step.reason == "it stays at 10 % for at least 8m"
    assert ours.plan(4).step.slots.weight == 40
    body = ours.open()[0]["body"]
    assert "10 % ✓ → **40 %** → promote → finish" in body
    assert "- step 3 is not known here: waitForMoon" in body
    ours.environment.replace(ROLLOUT, "setWeight: 40", "setWeight: 30", at=ours.clock.at)
    assert ours.plan().step.slots.weight == 30
    ours.merge()
    promote = ours.plan(12).step
    assert promote.kind is StepKind.PROMOTE
    assert promote.cautions == (
        "the ladder pauses at 30 %: who merges this goes on",
        "step 3 is not known here: waitForMoon",
    )


def test_a_ladder_that_breaks_holds_what_climbs_and_not_the_way_back(tmp_path: Path) -> None:
    steps = STEPS.replace("        - analysis:\n            templates: [{templateName: errors}]\n", "")
    ours = started(shop(tmp_path, FROM, steps))
    ours.plan(10)
    (opened,) = ours.open()
    ours.environment.commit({ROLLOUT: "kind: Rollout\nspec: [\n"}, at=ours.clock.at)
    held = ours.plan(1)
    assert held.step.kind is StepKind.HOLD
    assert held.step.reason.startswith(f"the ladder of Rollout in {ROLLOUT} cannot be read: ")
    assert [one["number"] for one in ours.open()] == [opened["number"]]
    ours.measure(0.2)
    assert ours.plan(12).step.kind is StepKind.ROLLBACK


def test_a_file_without_the_ladder_holds_and_says_which(tmp_path: Path) -> None:
    missing = {"canary": {"ladderFrom": {"canary": {"file": ROLLOUT, "name": "shop"}}}}
    plan = shop(tmp_path, missing).plan()
    assert (plan.step.kind, plan.step.reason) == (
        StepKind.HOLD,
        f"the ladder of Canary in {ROLLOUT} cannot be read: there is none",
    )


def test_a_template_of_one_rung_is_measured_there_alone(tmp_path: Path) -> None:
    borrowed = {"analysisTemplate": "errors", "file": TEMPLATE, "args": {"metric": "errors"}}
    rungs = [{"weight": 5}, {"weight": 25, "templates": [borrowed]}]
    given = [{"name": "always", "query": "errors", "max": "50%"}]
    analysis = {"interval": "1m", "bake": "5m", "metrics": given}
    ours = started(shop(tmp_path, {"canary": {"rungs": rungs}}, analysis=analysis))
    ours.measure(0.2)
    first = ours.plan(7)
    assert [check.name for check in first.verdict.checks] == ["always"]
    assert first.step.slots.weight == 25
    ours.merge()
    second = ours.plan(10)
    assert {check.name: check.outcome for check in second.verdict.checks} == {
        "always": Outcome.PASS,
        "errors": Outcome.FAIL,
    }
    assert second.step.kind is StepKind.ROLLBACK
