"""Whole ticks of Argo Rollouts' blue/green: the controller flips, git says which image and whether it waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from gitops_bot.model import StepKind
from tests.conftest import Golden
from tests.support.stage import Stage

FILE = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: cart, namespace: shop}
spec:
  template:
    spec:
      containers:
        - {name: app, image: "ghcr.io/acme/cart:1.8.0"}
  strategy:
    blueGreen:
      activeService: cart
      previewService: cart-preview
"""

IMAGE = {"rollout": {"file": "rollout.yaml", "name": "cart"}, "set": "version"}
SWITCH = {"rollout": {"file": "rollout.yaml", "name": "cart", "field": "autoPromotionEnabled"}, "set": "weight"}
ROLLOUT = {"kind": "Rollout", "namespace": "shop", "name": "cart"}


def stage(**changed: Any) -> Stage:
    """1.8.0 is live; 1.9.0 is given by hand."""
    query = 'errors{version="{{ version }}"}'
    spec = {
        "repository": "environments",
        "candidate": {"version": "1.9.0", "experiment": ROLLOUT},
        "analysis": {"source": "both", "bake": "10m", "metrics": [{"name": "errors", "query": query, "max": "1%"}]},
        "strategy": {"blueGreen": {"postAnalysis": "15m"}},
        "edits": [IMAGE, SWITCH],
        **changed,
    }
    life = Stage(spec, {"rollout.yaml": FILE})
    life.levels = {'"1.8.0"': 0.0, '"1.9.0"': 0.0}
    life.objects = [rollout(life, "1.8.0", phase="Healthy")]
    return life


def rollout(life: Stage, version: str, written: datetime | None = None, **status: Any) -> dict[str, Any]:
    """What Argo Rollouts says; without more the pods on trial are the stable ones."""
    at = (written or life.world.now()).strftime("%Y-%m-%dT%H:%M:%SZ")
    wrote = {"manager": "argocd", "time": at, "fieldsV1": {"f:spec": {"f:template": {}}}}
    pods = {"containers": [{"name": "app", "image": f"ghcr.io/acme/cart:{version}"}]}
    blue_green = {"activeService": "cart", "previewService": "cart-preview"}
    analysed = {"prePromotionAnalysis": {"templates": [{"templateName": "smoke"}]}} if "blueGreen" in status else {}
    return {
        "kind": "Rollout",
        "metadata": {"name": "cart", "namespace": "shop", "generation": 2, "managedFields": [wrote]},
        "spec": {"template": {"spec": pods}, "strategy": {"blueGreen": {**blue_green, **analysed}}},
        "status": {"observedGeneration": "2", "stableRS": version, "currentPodHash": version, **status},
    }


def waiting(life: Stage, version: str, written: datetime, **status: Any) -> dict[str, Any]:
    """On its preview, until somebody says go."""
    paused = {"phase": "Paused", "pauseConditions": [{"reason": "BlueGreenPause"}], "stableRS": "old"}
    return rollout(life, version, written, **{**paused, **status})


def aborted(life: Stage, version: str, written: datetime) -> dict[str, Any]:
    """Its analysis after the promotion failed, and it went back to the old pods by itself."""
    message = 'metric "success-rate" assessed Failed due to failed (2) > failureLimit (1)'
    return rollout(life, version, written, phase="Degraded", abort=True, stableRS="old", message=message)


def previewed(life: Stage) -> datetime:
    """The bot wrote the image, and the Rollout waits with it."""
    assert life.tick(60).step.kind is StepKind.START
    life.merge()
    written = life.world.now()
    life.objects = [waiting(life, "1.9.0", written)]
    return written


def test_from_the_preview_to_the_flip_and_back_when_it_fails_in_front_of_users(golden: Golden) -> None:
    life = stage()
    written = previewed(life)
    assert "autoPromotionEnabled: false" in life.files()["rollout.yaml"]
    assert life.tick(5).step.kind is StepKind.HOLD
    assert life.tick(10).step.kind is StepKind.PROMOTE
    life.merge()
    assert life.tick(1).step.reason == "1.9.0 may go live, and its Rollout has not seen that yet"
    life.objects = [rollout(life, "1.9.0", written, phase="Healthy")]
    life.levels['"1.9.0"'] = 0.3
    assert life.tick(6).step.kind is StepKind.ROLLBACK
    life.merge()
    life.objects = [rollout(life, "1.8.0", phase="Healthy")]
    life.levels['"1.9.0"'] = 0.0
    after = life.tick(5)
    assert 'image: "ghcr.io/acme/cart:1.8.0"' in life.files()["rollout.yaml"]
    assert "1.9.0 is not proposed: the stable version went back to 1.8.0" in after.step.reason
    assert life.at_rest()
    golden("blue_green/argo-rollouts.md", life.story())


def test_what_went_live_waits_again_next_time() -> None:
    life = stage()
    written = previewed(life)
    life.tick(15)
    life.merge()
    life.objects = [rollout(life, "1.9.0", written, phase="Healthy")]
    assert life.tick(5).step.kind is StepKind.HOLD
    assert life.tick(30).step.kind is StepKind.FINISH
    assert life.merge() == "-      autoPromotionEnabled: true\n+      autoPromotionEnabled: false"
    assert life.tick(5).step.reason == "nothing to promote: 1.9.0 is in place"
    assert life.at_rest()


@pytest.mark.parametrize("edits", [[IMAGE, SWITCH], [IMAGE]])
def test_its_own_analysis_after_the_promotion_that_fails_leads_to_a_flip_back(edits: list[dict[str, Any]]) -> None:
    life = stage(candidate={"experiment": ROLLOUT}, edits=edits)
    life.write({"rollout.yaml": FILE.replace("1.8.0", "1.9.0")})
    life.objects = [aborted(life, "1.9.0", life.world.now())]
    step = life.tick(40).step
    assert (step.kind, str(step.slots.stable)) == (StepKind.ROLLBACK, "1.8.0")
    assert "success-rate" in step.reason
    life.merge()
    life.objects = [rollout(life, "1.8.0", phase="Healthy")]
    after = life.tick(5)
    assert (after.step.kind, life.open()) == (StepKind.HOLD, [])


def test_promote_goes_back_after_such_a_failure_too() -> None:
    life = stage(candidate={"experiment": ROLLOUT}, strategy={"promote": {}}, edits=[IMAGE])
    life.write({"rollout.yaml": FILE.replace("1.8.0", "1.9.0")})
    life.objects = [aborted(life, "1.9.0", life.world.now())]
    assert life.tick(5).step.kind is StepKind.ROLLBACK


def test_without_a_switch_in_git_a_person_is_told_how_to_resume() -> None:
    gate = {"sync": {"argoCD": {"application": "cart-prod"}}}
    life = stage(candidate={"experiment": ROLLOUT}, edits=[IMAGE], gates=gate)
    life.write({"rollout.yaml": FILE.replace("1.8.0", "1.9.0")})
    application = {"kind": "Application", "metadata": {"name": "cart-prod", "namespace": "argocd"}}
    life.objects = [waiting(life, "1.9.0", life.world.now()), application]
    held = life.tick(15).step
    assert (held.kind, held.held, life.open()) == (StepKind.HOLD, None, [])
    assert held.reason == (
        "1.9.0 passed on its preview, a person resumes: kubectl argo rollouts promote cart -n shop, or "
        "argocd app actions run cart-prod resume --kind Rollout --resource-name cart --namespace shop"
    )


def test_a_preview_that_fails_goes_back_before_anybody_sees_it() -> None:
    life = stage()
    previewed(life)
    life.levels['"1.9.0"'] = 0.3
    step = life.tick(5).step
    assert (step.kind, str(step.slots.stable)) == (StepKind.ROLLBACK, "1.8.0")


@pytest.mark.parametrize(
    ("phase", "kind"),
    [
        ("Successful", StepKind.PROMOTE),
        ("Running", StepKind.HOLD),
        ("Inconclusive", StepKind.HOLD),
        ("", StepKind.HOLD),
    ],
)
def test_without_metrics_its_own_analysis_before_the_promotion_is_the_evidence(phase: str, kind: StepKind) -> None:
    life = stage(analysis={"bake": "10m"})
    written = previewed(life)
    run = {"prePromotionAnalysisRunStatus": {"name": "cart-1", "status": phase}} if phase else {}
    life.objects = [waiting(life, "1.9.0", written, blueGreen=run)]
    assert life.tick(15).step.kind is kind


def test_a_rollout_that_does_not_wait_yet_holds() -> None:
    life = stage()
    life.tick(60)
    life.merge()
    life.objects = [rollout(life, "1.9.0", phase="Progressing", stableRS="old")]
    assert (life.tick(30).step.kind, life.open()) == (StepKind.HOLD, [])
