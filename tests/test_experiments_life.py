"""Whole ticks on what each system's controller writes: it promotes once, holds on what is stale, and goes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import yaml

from gitops_bot.errors import RegistryError, RegistryUnreachable
from gitops_bot.model import Outcome, StepKind
from gitops_bot.policy.watched import DEPLOYERS, RUNS
from tests.support.controllers import CONTROLLERS, Told
from tests.support.life import MINUTE, START, Life, good, in_place, spec
from tests.support.world import BASE

BAKE = 10 * MINUTE
KINDS = sorted(CONTROLLERS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_end_promotes_once(kind: str) -> None:
    life = Life(spec(kind))
    life.objects = CONTROLLERS[kind](good(life, life.released()))
    plan = life.tick()
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.PROMOTE, Outcome.PASS)
    life.merge()
    assert life.prod() == "2.0.0"
    life.world.pass_time(MINUTE)
    after = life.tick()
    assert (after.step.kind, life.open(), life.prod()) == (StepKind.HOLD, [], "2.0.0")


def older(kind: str, told: Told, before: str) -> Told:
    """The same, about what was there before the commit, by what the system's objects say about that."""
    if kind in RUNS:
        return replace(told, at=START + 30 * MINUTE)
    return replace(told, commit=before) if kind in DEPLOYERS else replace(told, version="1.9.0")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_about_something_older_holds_and_says_so(kind: str) -> None:
    life = Life(spec(kind))
    before = life.world.refs[BASE]
    told = good(life, life.released())
    told = replace(told, at=life.world.now() - 30 * MINUTE)
    life.objects = CONTROLLERS[kind](older(kind, told, before))
    plan = life.tick()
    assert (plan.step.kind, plan.verdict.outcome, life.open()) == (StepKind.HOLD, Outcome.UNKNOWN, [])
    said = ("stale: it began at", "cluster and git disagree", "which does not contain the merged one")
    assert any(one in plan.step.reason for one in said), plan.step.reason


@pytest.mark.parametrize("kind", KINDS)
def test_what_fails_while_the_promotion_is_watched_goes_back_once(kind: str) -> None:
    life = Life(spec(kind))
    life.objects = CONTROLLERS[kind](good(life, life.released()))
    life.tick()
    life.merge()
    life.world.pass_time(5 * MINUTE)
    told = Told("2.0.0", life.world.refs[BASE], life.world.now() - 2 * MINUTE, good=False)
    life.objects = CONTROLLERS[kind](told)
    assert life.tick().step.kind is StepKind.ROLLBACK
    life.merge()
    assert life.prod() == "1.0.0"
    life.world.pass_time(MINUTE)
    assert (life.tick().step.kind, life.open()) == (StepKind.HOLD, [])


@pytest.mark.parametrize("kind", KINDS)
def test_no_object_at_all_holds(kind: str) -> None:
    life = Life(spec(kind))
    life.released()
    life.objects = CONTROLLERS[kind](Told("2.0.0", "", START))
    for one in life.objects:
        one["metadata"]["deletionTimestamp"] = "2026-03-02T09:00:00Z"
    plan = life.tick()
    assert (plan.step.kind, plan.verdict.outcome, life.open()) == (StepKind.HOLD, Outcome.UNKNOWN, [])


# ---------------------------------------------------------------- a ladder in git, judged by runs

ROUTE = """\
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {{name: cart, namespace: shop}}
spec:
  http:
    - route:
        - destination: {{host: cart, subset: old}}
          weight: {stable}
        - destination: {{host: cart, subset: fresh}}
          weight: {canary}
"""


def ladder(**candidate: Any) -> dict[str, Any]:
    """5 %, 50 %, everything: each step on a pipeline's word."""
    wanted = spec("PipelineRun", **candidate)
    places = {"file": "route.yaml", "name": "cart", "stable": "old", "canary": "fresh"}
    return {
        **wanted,
        "strategy": {"canary": {"weights": [5, 50]}},
        "edits": [*wanted["edits"], {"virtualService": places, "set": "weight"}],
    }


def on_air(weight: int, **candidate: Any) -> Life:
    """2.0.0 has had a weight in git for an hour."""
    life = Life(ladder(**candidate))
    life.write(staging="2.0.0")
    life.world.commit(BASE, {"route.yaml": ROUTE.format(stable=100, canary=0).encode()})
    life.world.pass_time(MINUTE)
    life.world.commit(BASE, {"route.yaml": ROUTE.format(stable=100 - weight, canary=weight).encode()})
    life.world.pass_time(60 * MINUTE)
    return life


def test_one_run_of_a_pipeline_moves_a_ladder_one_rung() -> None:
    life = on_air(5)
    life.objects = CONTROLLERS["PipelineRun"](good(life, life.world.refs[BASE]))
    assert life.tick().step.slots.weight == 50
    life.merge()
    life.world.pass_time(60 * MINUTE)
    held = life.tick()
    assert (held.step.kind, held.verdict.outcome) == (StepKind.HOLD, Outcome.UNKNOWN)
    assert "stale: it began at" in held.step.reason
    life.objects += CONTROLLERS["PipelineRun"](good(life, life.world.refs[BASE]))
    assert life.tick().step.kind is StepKind.PROMOTE


def test_a_newer_run_that_is_still_going_hides_the_good_one_before() -> None:
    life = on_air(5)
    (done,) = CONTROLLERS["PipelineRun"](good(life, life.world.refs[BASE]))
    (going,) = CONTROLLERS["PipelineRun"](replace(good(life, ""), at=life.world.now() - MINUTE))
    going["status"] = {"conditions": [{"type": "Succeeded", "status": "Unknown", "reason": "Running"}]}
    life.objects = [going, done]
    assert (life.tick().step.kind, life.open()) == (StepKind.HOLD, [])


def test_runs_of_another_version_or_pipeline_are_nobodys_word() -> None:
    life = on_air(5)
    (other,) = CONTROLLERS["PipelineRun"](replace(good(life, ""), version="1.9.0"))
    (another,) = CONTROLLERS["PipelineRun"](good(life, ""))
    another["metadata"] |= {"name": "build-cart", "labels": {"tekton.dev/pipeline": "build"}}
    life.objects = [other, another]
    plan = life.tick()
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.HOLD, Outcome.UNKNOWN)
    assert "there is no run of it yet that is about 2.0.0" in plan.step.reason


def test_a_run_is_known_by_the_commit_that_brought_the_values() -> None:
    life = on_air(5)
    (run,) = CONTROLLERS["PipelineRun"](good(life, ""))
    run["spec"]["params"] = [{"name": "revision", "value": life.world.refs[BASE]}]
    life.objects = [run]
    assert life.tick().step.slots.weight == 50


@pytest.mark.parametrize(
    ("wanted", "kind", "outcome"),
    [
        ({"verdict": "pass"}, StepKind.ADVANCE, Outcome.PASS),
        ({"verdict": "pass", "grade": "A"}, StepKind.HOLD, Outcome.UNKNOWN),
        ({"verdict": "PASS"}, StepKind.ROLLBACK, Outcome.FAIL),
    ],
)
def test_a_policy_names_the_results_that_it_wants(wanted: dict[str, str], kind: StepKind, outcome: Outcome) -> None:
    life = on_air(5, experiment={"kind": "PipelineRun", "namespace": "shop", "name": "verify", "results": wanted})
    life.objects = CONTROLLERS["PipelineRun"](good(life, ""))
    plan = life.tick()
    assert (plan.step.kind, plan.verdict.outcome) == (kind, outcome)


@pytest.mark.parametrize(
    ("live", "kind", "said"),
    [
        (5, StepKind.ADVANCE, ""),
        (0, StepKind.HOLD, "cluster and git disagree: VirtualService shop/cart sends 0 %, git says 5 %"),
        (50, StepKind.HOLD, "cluster and git disagree: VirtualService shop/cart sends 50 %, git says 5 %"),
    ],
)
def test_the_live_traffic_must_be_what_git_says(live: int, kind: StepKind, said: str) -> None:
    route = {"kind": "VirtualService", "namespace": "shop", "name": "cart", "stable": "old", "canary": "fresh"}
    life = on_air(5, traffic=route)
    object_ = yaml.safe_load(ROUTE.format(stable=100 - live, canary=live))
    life.objects = [*CONTROLLERS["PipelineRun"](good(life, "")), object_]
    plan = life.tick()
    assert plan.step.kind is kind
    assert said in plan.step.reason


# ---------------------------------------------------------------- in place, and where people must look


def test_traffic_left_on_a_failed_candidate_is_for_people_to_look_at() -> None:
    life = Life(in_place("Canary", rollback={"merge": "auto"}))
    life.world.pass_time(60 * MINUTE)
    life.write(prod="2.0.0")
    life.world.pass_time(3 * MINUTE)
    told = Told("2.0.0", "", life.world.now() - MINUTE, good=False)
    life.objects = CONTROLLERS["Canary"](told)
    life.objects[0]["status"]["canaryWeight"] = 100
    plan = life.tick()
    assert plan.step.kind is StepKind.ROLLBACK
    assert [caution for caution in plan.step.cautions if "100 % of the traffic is still on the candidate" in caution]
    assert (life.tick().step.kind, life.prod(), len(life.open())) == (StepKind.ROLLBACK, "2.0.0", 1)


def test_a_failure_from_before_the_commit_takes_nothing_back() -> None:
    life = Life(in_place("Canary", rollback={"merge": "auto"}))
    life.world.pass_time(60 * MINUTE)
    life.write(prod="2.0.0")
    told = Told("2.0.0", "", life.world.now() - 30 * MINUTE, good=False)
    life.world.pass_time(MINUTE)
    life.objects = CONTROLLERS["Canary"](told)
    assert (life.tick().step.kind, life.open()) == (StepKind.HOLD, [])


def test_health_must_have_lasted_before_it_is_good_news() -> None:
    life = Life(spec("Deployment"))
    life.world.pass_time(60 * MINUTE)
    commit = life.write(staging="2.0.0")
    life.world.pass_time(4 * MINUTE)
    life.objects = CONTROLLERS["Deployment"](Told("2.0.0", commit, life.world.now() - 2 * MINUTE))
    plan = life.tick()
    assert (plan.step.kind, life.open()) == (StepKind.HOLD, [])
    assert "for 4m of 10m" in plan.step.reason
    life.world.pass_time(BAKE)
    assert life.tick().step.kind is StepKind.PROMOTE


def test_several_clusters_must_agree() -> None:
    wanted = {**spec("Rollout"), "clusters": ["eu", "us"]}
    life = Life(wanted)
    told = good(life, life.released())
    there = {"eu": CONTROLLERS["Rollout"](told), "us": CONTROLLERS["Rollout"](replace(told, version="1.9.0"))}
    plan = life.tick_in(there)
    assert plan.step.kind is StepKind.HOLD
    assert "experiment (us)" in plan.step.reason
    assert "cluster and git disagree" in plan.step.reason
    there["us"] = CONTROLLERS["Rollout"](told)
    assert life.tick_in(there).step.kind is StepKind.PROMOTE


# ---------------------------------------------------------------- from a registry


class Shelf:
    """A registry of one image."""

    def __init__(self, *tags: str) -> None:
        self.found: Sequence[str] | RegistryError = tags
        self.listings = 0

    def tags(self, repository: str) -> Sequence[str]:
        """What it holds."""
        assert repository == "acme/cart"
        self.listings += 1
        if isinstance(self.found, RegistryError):
            raise self.found
        return self.found

    def manifest(self, repository: str, tag: str) -> tuple[bytes, str]:
        """One that says its own tag."""
        return f"{repository}:{tag}".encode(), ""


def offered(**more: Any) -> dict[str, Any]:
    """What the registry offers goes to production."""
    wanted = in_place("Rollout")
    registry = {"registry": {"image": "ghcr.io/acme/cart", "semver": ">=1 <3", **more}}
    return {**wanted, "candidate": registry}


def test_the_newest_tag_of_a_range_is_proposed_and_a_newer_one_replaces_it() -> None:
    life = Life(offered())
    life.registries = {"ghcr.io": Shelf("1.0.0", "2.1.0", "3.0.0", "latest", "2.2.0-rc.1")}
    plan = life.tick()
    assert (plan.step.kind, str(plan.candidate)) == (StepKind.PROMOTE, "2.1.0")
    life.registries = {"ghcr.io": Shelf("1.0.0", "2.1.0", "2.3.0")}
    assert str(life.tick().candidate) == "2.3.0"
    assert len(life.open()) == 1
    life.merge()
    assert life.prod() == "2.3.0"
    assert (life.tick().step.kind, life.open()) == (StepKind.HOLD, [])


def test_a_registry_that_cannot_be_asked_closes_nothing() -> None:
    life = Life(offered())
    shelf = Shelf("2.0.0")
    life.registries = {"ghcr.io": shelf}
    life.tick()
    shelf.found = RegistryUnreachable("no answer", where="https://ghcr.io")
    life.failures = ["https://ghcr.io: no answer"]
    plan = life.tick()
    assert (plan.step.kind, plan.step.reason) == (StepKind.HOLD, "https://ghcr.io: no answer")
    assert len(life.open()) == 1


def test_a_registry_that_nobody_configured_is_never_asked() -> None:
    life = Life(offered(image="evil.example/acme/cart"))
    life.registries = {"ghcr.io": Shelf("2.0.0")}
    (error,) = life.errors()
    assert "no registry is configured for evil.example" in error
    assert "known: ghcr.io" in error


def test_a_tag_that_moves_is_pinned_to_what_it_stands_for() -> None:
    life = Life(offered(semver=None, tag="stable"))
    life.registries = {"ghcr.io": Shelf("stable")}
    candidate = life.tick().candidate
    assert candidate is not None
    assert (candidate.tag, candidate.digest[:7], len(candidate.digest)) == ("stable", "sha256:", 71)


def test_what_a_registry_offers_waits_for_the_pipeline_that_is_asked_about_it() -> None:
    wanted = offered()
    wanted["candidate"] |= spec("PipelineRun")["candidate"]
    del wanted["candidate"]["slot"]
    life = Life(wanted)
    life.registries = {"ghcr.io": Shelf("2.0.0")}
    life.world.pass_time(60 * MINUTE)
    assert (life.tick().step.kind, life.open()) == (StepKind.HOLD, [])
    life.objects = CONTROLLERS["PipelineRun"](good(life, ""))
    assert life.tick().step.kind is StepKind.PROMOTE


def test_an_experiment_on_another_version_than_git_says_holds_what_is_open() -> None:
    wanted = spec("Rollout")
    del wanted["candidate"]["slot"]
    life = Life(wanted)
    told = good(life, life.released())
    life.objects = CONTROLLERS["Rollout"](told)
    assert life.tick().step.kind is StepKind.PROMOTE
    life.objects = CONTROLLERS["Rollout"](replace(told, version="3.0.0"))
    plan = life.tick()
    assert plan.step.kind is StepKind.HOLD
    assert "cluster and git disagree: Rollout shop/cart in default is about 3.0.0, git says 2.0.0" in plan.step.reason
    assert len(life.open()) == 1
