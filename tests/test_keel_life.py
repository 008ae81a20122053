"""What Keel changed in the cluster is written back to git by a pull request, once, and never over something newer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gitops_bot.model import Outcome, Plan, StepKind
from tests.experiments.samples import sample
from tests.support.controllers import Object
from tests.support.life import MINUTE, Life, in_place


def written_back(**changed: Any) -> dict[str, Any]:
    """Production's version in git follows the Deployment that Keel updates."""
    return {**in_place("KeelDeployment"), **changed}


def deployment(life: Life, version: str, ago: timedelta = 20 * MINUTE, **annotations: str) -> Object:
    """The recorded Deployment with Keel's annotations, whose pods got a version some time ago."""
    found = sample("keel/deployment.yaml")
    found["kind"] = "Deployment"
    found["metadata"] |= {"namespace": "shop", "annotations": {"keel.sh/policy": "minor", **annotations}}
    found["spec"]["template"]["spec"]["containers"][0]["image"] = f"ghcr.io/acme/cart:{version}"
    at = (life.world.now() - ago).isoformat()
    found["metadata"]["managedFields"] = [{"manager": "keel", "time": at, "fieldsV1": {"f:spec": {"f:template": {}}}}]
    return found


def kept(version: str = "1.0.0") -> Life:
    """Git has had a version for two hours."""
    life = Life(written_back())
    life.world.pass_time(MINUTE)
    if version != "1.0.0":
        life.write(prod=version)
    life.world.pass_time(120 * MINUTE)
    return life


def held(plan: Plan) -> str:
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.HOLD, Outcome.UNKNOWN)
    return plan.verdict.because


def test_an_update_is_written_back_when_it_has_been_healthy_for_a_while_and_only_once() -> None:
    life = kept()
    life.objects = [deployment(life, "1.1.0", 5 * MINUTE)]
    assert "for 5m of 10m" in held(life.tick())
    life.world.pass_time(10 * MINUTE)
    plan = life.tick()
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.PROMOTE, Outcome.PASS)
    assert "Keel updates it by the policy minor" in plan.verdict.because
    (title,) = life.open()
    assert "1.1.0" in title
    life.merge()
    assert life.prod() == "1.1.0"
    for _ in range(3):
        life.world.pass_time(30 * MINUTE)
        assert (life.tick().step.kind, life.open(), life.prod()) == (StepKind.HOLD, [], "1.1.0")


def test_a_newer_update_rewrites_what_is_open() -> None:
    life = kept()
    life.objects = [deployment(life, "1.1.0")]
    life.tick()
    life.world.pass_time(30 * MINUTE)
    life.objects = [deployment(life, "1.2.0")]
    life.tick()
    (title,) = life.open()
    assert "1.2.0" in title


@pytest.mark.parametrize(
    ("version", "ago", "annotations", "said"),
    [
        ("1.1.0", 20, {"keel.sh/policy": "never"}, "Keel does not update it: keel.sh/policy is never"),
        ("1.1.0", 20, {"keel.sh/policy": ""}, "Keel does not update it: keel.sh/policy is not set"),
        ("1.9.1", 20, {}, "cluster and git disagree: it runs 1.9.1, git has 2.0.0, which is newer"),
        ("v1.9.1", 20, {}, "which is newer"),
        ("nightly", 180, {}, "stale: it began at"),
        ("2.1.0", 180, {}, "stale: it began at"),
    ],
)
def test_what_keel_did_not_do_or_did_before_gits_last_word_is_not_written_back(
    version: str, ago: int, annotations: dict[str, str], said: str
) -> None:
    life = kept("2.0.0")
    life.objects = [deployment(life, version, ago * MINUTE, **annotations)]
    assert said in held(life.tick())
    assert life.open() == []


def failing(found: Object) -> None:
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    found["status"] |= {"conditions": [late], "availableReplicas": 0}


def waiting(found: Object) -> None:
    found["status"]["updatedReplicas"] = 3


def timeless(found: Object) -> None:
    found["metadata"]["managedFields"] = []


def unobserved(found: Object) -> None:
    found["metadata"]["generation"] = 99


@pytest.mark.parametrize("change", [failing, waiting, timeless, unobserved])
def test_an_update_that_is_not_seen_to_be_well_is_not_written_back(change: Any) -> None:
    life = kept()
    (found,) = life.objects = [deployment(life, "1.1.0")]
    change(found)
    assert (life.tick().step.kind, life.open()) == (StepKind.HOLD, [])


def test_what_a_person_sent_back_in_git_is_not_written_again() -> None:
    life = kept()
    life.objects = [deployment(life, "1.1.0")]
    life.tick()
    life.merge()
    life.world.pass_time(10 * MINUTE)
    life.write(prod="1.0.0")
    life.world.pass_time(10 * MINUTE)
    life.objects = [deployment(life, "1.1.0", MINUTE)]
    life.world.pass_time(60 * MINUTE)
    plan = life.tick()
    assert (plan.step.kind, life.open()) == (StepKind.HOLD, [])
    assert "1.1.0 is not proposed" in plan.step.reason
