"""Label selectors of a cluster: fewer objects are listed, and what is not listed is never taken for absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest

from gitops_bot.adapters.kubernetes import KubernetesCluster
from gitops_bot.errors import PolicyError
from gitops_bot.experiments import SYSTEMS
from gitops_bot.model import StepKind
from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.loading import Source, load_config
from gitops_bot.policy.watched import Narrowed
from gitops_bot.wiring import FixedClock, Options, jobs
from tests.adapters.scripted import in_json, scripted
from tests.adapters.test_kubernetes import kubeconfig
from tests.support.controllers import CONTROLLERS, Told
from tests.support.life import MINUTE, START, Life, good, spec

ROUTE = """\
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {{name: cart, namespace: shop}}
spec:
  http:
    - route:
        - destination: {{host: cart, subset: stable}}
          weight: {stable}
        - destination: {{host: cart, subset: canary}}
          weight: {canary}
"""
ROLLOUTS = SYSTEMS["Rollout"].kind


def configured(clusters: str, url: str = "/srv/env.git") -> BotConfig:
    text = f"""\
apiVersion: gitops-bot.dev/v1alpha1
kind: BotConfig
metadata: {{name: acme}}
spec:
  repositories: {{environments: {{url: {url}, forge: local}}}}
  clusters: {clusters}
"""
    return load_config(Source("gitops-bot.yaml", text.encode()))


def test_every_kind_that_is_listed_for_readings_can_be_narrowed() -> None:
    assert set(get_args(Narrowed)) <= set(SYSTEMS)
    assert set(get_args(Narrowed)) >= set(CONTROLLERS) - {"Secret"}


def test_the_selector_of_a_kind_is_asked_of_the_api_for_that_kind_alone(tmp_path: Path) -> None:
    with scripted() as server:
        server.answers = [in_json({"metadata": {}, "items": []}) for _ in range(2)]
        file = kubeconfig(tmp_path / "config", prod=server.url)
        env = tmp_path / "env.git"
        env.mkdir()
        told = f"{{prod: {{context: prod, kubeconfig: {file}, selectors: {{PipelineRun: {{team: shop, app: cart}}}}}}}}"
        site = jobs(configured(told, str(env)), Options(FixedClock(START)))["environments"].site
        for name in ("PipelineRun", "Rollout"):
            site.clusters["prod"].list(SYSTEMS[name].kind)
        assert [asked.query.get("labelSelector") for asked in server.asked] == ["team=shop,app=cart", None]
    assert site.selectors == {"prod": {SYSTEMS["PipelineRun"].kind: "team=shop,app=cart"}}
    assert isinstance(site.clusters["prod"], KubernetesCluster)


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        ("{context: prod, selectors: {Pod: {team: shop}}}", "Pod"),
        ("{context: prod, selectors: {Rollout: {}}}", "Rollout"),
        ("{context: prod, selectors: {Rollout: {team: 'a,b=c'}}}", "must be the value of a Kubernetes label"),
        ("{context: prod, selectors: {Rollout: {'team!': shop}}}", "team!"),
        ("{recorded: /srv/objects, selectors: {Rollout: {team: shop}}}", "goes with clusters that are asked"),
    ],
)
def test_a_selector_that_cannot_be_is_refused(cluster: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        configured(f"{{prod: {cluster}}}")


def on_a_ladder() -> Life:
    """2.0.0 has had 5 % for an hour, and a pipeline is content."""
    wanted: dict[str, Any] = spec("PipelineRun")
    places = {"file": "route.yaml", "name": "cart", "stable": "stable", "canary": "canary"}
    wanted |= {
        "strategy": {"canary": {"weights": [5, 50]}},
        "edits": [*wanted["edits"], {"virtualService": places, "set": "weight"}],
        "pullRequest": {"merge": "auto"},
    }
    life = Life(wanted)
    life.write(staging="2.0.0")
    for weight in (0, 5):
        life.world.pass_time(MINUTE)
        life.world.commit("main", {"route.yaml": ROUTE.format(stable=100 - weight, canary=weight).encode()})
    life.world.pass_time(60 * MINUTE)
    life.objects = CONTROLLERS["PipelineRun"](good(life, ""))
    return life


def test_an_owner_that_a_selector_may_hide_leaves_the_merge_to_people() -> None:
    life = on_a_ladder()
    life.selectors = {"default": {ROLLOUTS: "team=shop"}}
    plan = life.tick()
    assert plan.step.kind is StepKind.ADVANCE
    (caution,) = plan.step.cautions
    assert "is asked for no rollouts without the labels team=shop" in caution
    assert len(life.open()) == 1


def test_selectors_of_what_owns_nothing_hold_nothing_up() -> None:
    life = on_a_ladder()
    life.selectors = {"default": {SYSTEMS["PipelineRun"].kind: "team=shop"}}
    assert life.tick().step.cautions == ()
    assert life.open() == []


def test_an_object_that_a_selector_may_hide_is_said_so() -> None:
    life = Life(spec("Rollout"))
    life.released()
    life.selectors = {"default": {ROLLOUTS: "team=shop"}}
    assert any("none is listed without the labels team=shop" in one for one in life.errors())
    life.objects = CONTROLLERS["Rollout"](Told("2.0.0", "", life.world.now() - MINUTE))
    assert life.errors() == []
