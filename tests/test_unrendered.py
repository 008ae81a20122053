"""Git that cannot be rendered at our own commit: nothing was deployed, so nothing is said of the version."""

from __future__ import annotations

import pytest

from gitops_bot.model import Outcome, Plan, StepKind
from tests.support.controllers import CONTROLLERS, Object, Told
from tests.support.life import MINUTE, Life, good, spec

OLD = "0" * 40


def kustomization(told: Told, tried: str) -> list[Object]:
    (found,) = CONTROLLERS["Kustomization"](told)
    why = {
        "type": "Ready",
        "status": "False",
        "reason": "BuildFailed",
        "message": "kustomize build failed: no such file",
    }
    applied, attempted = f"main@sha1:{OLD}", f"main@sha1:{tried}"
    found["status"] |= {"conditions": [why], "lastAppliedRevision": applied, "lastAttemptedRevision": attempted}
    return [found]


def application(told: Told, tried: str) -> list[Object]:
    (found,) = CONTROLLERS["Application"](told)
    why = {"type": "ComparisonError", "message": "Failed to generate manifest: kustomize build failed: no such file"}
    found["status"] |= {"conditions": [why], "health": {"status": "Healthy"}}
    found["status"]["sync"] |= {"status": "Unknown", "revision": tried}
    return [found]


def helm_release(told: Told, _tried: str) -> list[Object]:
    (found,) = CONTROLLERS["HelmRelease"](told)
    why = {"type": "Ready", "status": "False", "reason": "ValuesError", "message": "build failed: no such file"}
    found["status"]["conditions"] = [why]
    return [found]


def watched(kind: str) -> Life:
    """2.0.0 was promoted five minutes ago, and is watched."""
    life = Life(spec(kind))
    life.objects = CONTROLLERS[kind](good(life, life.released()))
    life.tick()
    life.merge()
    life.world.pass_time(5 * MINUTE)
    return life


def held(plan: Plan, life: Life) -> str:
    assert (plan.step.kind, plan.verdict.outcome, life.open()) == (StepKind.HOLD, Outcome.UNKNOWN, [])
    return plan.verdict.because


FAILING = {"Kustomization": kustomization, "Application": application, "HelmRelease": helm_release}


@pytest.mark.parametrize("kind", sorted(FAILING))
def test_it_holds_with_the_reason(kind: str) -> None:
    life = watched(kind)
    told = Told("2.0.0", life.world.refs["main"], life.world.now() - 3 * MINUTE)
    life.objects = FAILING[kind](told, told.commit)
    because = held(life.tick(), life)
    assert f"{kind} shop/cart ended in an error: " in because
    assert "build failed: no such file" in because
    life.objects = CONTROLLERS[kind](told)
    assert life.tick().step.kind is StepKind.HOLD
    assert life.open() == []


@pytest.mark.parametrize("kind", ["Kustomization", "Application"])
def test_an_older_commit_that_cannot_be_rendered_is_said_to_be_older(kind: str) -> None:
    life = watched(kind)
    told = Told("2.0.0", life.world.refs["main"], life.world.now() - 3 * MINUTE)
    life.objects = FAILING[kind](told, "1" * 40)
    because = held(life.tick(), life)
    assert f"at commit {'1' * 40}, which does not contain the merged one" in because
    assert "build failed: no such file" in because
