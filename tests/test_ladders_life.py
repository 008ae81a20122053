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


VIRTUAL = "apps/shop/route.yaml"
ROUTE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  http:
    - name: primary
      route:
        - destination: {host: shop}
          weight: 100
        - destination: {host: shop-canary}
          weight: 0
"""


def test_a_release_goes_by_preview_and_mirror_to_the_users_and_the_mirror_goes_first(tmp_path: Path) -> None:
    targets = {"file": VIRTUAL, "stable": "shop", "canary": "shop-canary"}
    edits = [
        *LADDER["edits"][:2],
        {"virtualService": targets, "set": "weight"},
        {"virtualService": {**targets, "field": "mirror"}, "set": "mirror"},
    ]
    rungs = [{"preview": True}, {"mirror": 50}, {"weight": 20}]
    ours = shop(tmp_path, {"canary": {"rungs": rungs, "userInterface": True}}, edits=edits)
    ours.environment.commit({VIRTUAL: ROUTE}, at=T0 - timedelta(days=1))
    seen = []
    for _ in range(5):
        plan = ours.plan(7)
        assert plan.proposal is not None
        seen.append((plan.proposal.title, plan.step.slots.weight, plan.step.slots.mirror))
        if plan.step.kind is StepKind.ADVANCE:
            body = ours.open()[0]["body"]
            assert ("Users may see both versions in turn" in body) is (plan.step.slots.weight == 20)
            assert f"**{'20 %' if plan.step.slots.weight else 'mirror 50 %'}**" in body
        ours.merge()
        if plan.step.kind is StepKind.FINISH:
            break
    assert seen == [
        ("promote(shop): 2.0.0 from preview to mirror 50 %", 0, 50),
        ("promote(shop): 2.0.0 from mirror 50 % to 20 %", 20, 0),
        ("promote(shop): 1.0.0 → 2.0.0", 20, 0),
        ("promote(shop): finish 2.0.0, traffic returns to stable", 0, 0),
    ]
    assert "mirrorPercentage:\n        value: 0\n" in ours.environment.read(VIRTUAL)


def test_a_preview_that_fails_goes_back_and_is_not_tried_again(tmp_path: Path) -> None:
    ours = shop(tmp_path, {"canary": {"rungs": [{"preview": True}, {"weight": 20}]}})
    ours.measure(0.2)
    plan = ours.plan(7)
    assert (plan.step.kind, plan.step.slots.candidate) == (StepKind.ROLLBACK, plan.slots.stable)
    ours.merge()
    ours.environment.replace("apps/shop/canary/kustomization.yaml", "1.0.0", "2.0.0", at=ours.clock.at)
    again = ours.plan(7)
    assert (again.step.kind, again.step.held) == (StepKind.HOLD, None)
    assert "is not proposed" in again.step.reason


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


def test_a_ladder_with_a_rung_that_no_number_of_pods_makes_is_not_begun(tmp_path: Path) -> None:
    workloads = {"apps/shop/old.yaml": 10, "apps/shop/new.yaml": 0}
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: shop}}\nspec: {{replicas: {}, template: {{}}}}\n"
    stable, canary = ({"deployment": {"file": file}} for file in workloads)
    edits = [*LADDER["edits"][:2], {"replicaRatio": {"stable": stable, "canary": canary}, "set": "weight"}]
    ours = shop(tmp_path, {"canary": {"weights": [10, 50, 75]}}, edits=edits)
    files: dict[str, str | None] = {file: text.format(count) for file, count in workloads.items()}
    ours.environment.commit(files, at=T0 - timedelta(days=1))
    (failure,) = ours.tick().failures
    assert "75 % of 10 replicas is no whole number of pods: the trial could not reach 75 %, so it is not begun" in str(
        failure.error
    )
    assert ours.open() == []


def test_a_template_that_is_missed_on_one_rung_holds_that_rung_and_not_the_way_back(tmp_path: Path) -> None:
    borrowed = {"analysisTemplate": "gone", "file": TEMPLATE, "args": {"metric": "errors"}}
    rungs = [{"weight": 5}, {"weight": 25, "templates": [borrowed]}]
    ours = started(shop(tmp_path, {"canary": {"rungs": rungs}}))
    report = ours.tick(7)
    assert report.plans[0].step.slots.weight == 25
    assert "there is no AnalysisTemplate gone" in str(report.failures[0].error)
    ours.merge()
    held = ours.tick(10).plans[0]
    assert held.step.kind is StepKind.HOLD
    assert "what is measured here is not known: there is no AnalysisTemplate gone" in held.step.reason
    ours.measure(0.2)
    assert ours.tick(10).plans[0].step.kind is StepKind.ROLLBACK
