"""Bad news is read twice before anything is taken back: it has stood for a minute, or it says the same once more."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from gitops_bot.errors import ClusterDenied, ObjectAbsent
from gitops_bot.experiments import SYSTEMS
from gitops_bot.model import Kind, Outcome, Plan, StepKind
from tests.support.controllers import CONTROLLERS, Object, Told
from tests.support.life import MINUTE, Life, good, spec

HEALTH = {"Deployment", "Application", "Kustomization", "HelmRelease", "KnativeService"}


class Live:
    """A cluster whose lists are a little older than what it says of one object."""

    def __init__(self, listed: Sequence[Object]) -> None:
        self.listed = listed
        self.now: list[Object] = [copy.deepcopy(one) for one in listed]
        self.got: list[str] = []
        self.denied = False

    def list(self, kind: Kind) -> Sequence[Object]:
        """As it was."""
        return [one for one in self.listed if SYSTEMS[one["kind"]].kind == kind]

    def get(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any]:
        """As it is."""
        if self.denied:
            raise ClusterDenied(f"the bot may not get {kind.plural}/{name}")
        self.got.append(f"{kind.plural}/{name}")
        for one in self.now:
            if SYSTEMS[one["kind"]].kind == kind and one["metadata"]["name"] == name:
                return one
        raise ObjectAbsent(f"there is no {name}")

    def events(self, namespace: str, uid: str) -> Sequence[Object]:
        """None."""
        return ()


def promoted(kind: str, ago: timedelta) -> tuple[Life, Live]:
    """2.0.0 was promoted five minutes ago; the controller says that it failed, as written some time ago."""
    life = Life(spec(kind))
    life.objects = CONTROLLERS[kind](good(life, life.released()))
    life.tick()
    life.merge()
    life.world.pass_time(5 * MINUTE)
    failed = Told("2.0.0", life.world.refs["main"], life.world.now() - ago, good=False)
    return life, Live(CONTROLLERS[kind](failed))


def turned(objects: Sequence[Object], at: datetime) -> None:
    """Health turned bad then, by the system's own words."""
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    status = objects[0]["status"]
    for one in status.get("conditions", []):
        one["lastTransitionTime"] = stamp
    if "health" in status:
        status["health"]["lastTransitionTime"] = stamp


def look(life: Life, live: Live) -> Plan:
    return life.look({"default": live})


def test_what_has_stood_for_a_minute_is_not_asked_for_again() -> None:
    life, live = promoted("Rollout", ago=2 * MINUTE)
    assert look(life, live).step.kind is StepKind.ROLLBACK
    assert live.got == []


@pytest.mark.parametrize("kind", sorted(set(CONTROLLERS) - {"Secret"}))
def test_what_was_written_just_now_is_asked_for_once_more(kind: str) -> None:
    life, live = promoted(kind, ago=MINUTE / 2)
    assert look(life, live).step.kind is StepKind.ROLLBACK
    assert len(live.got) >= 1


def healthy(objects: list[Object]) -> None:
    objects[0]["status"] |= {"phase": "Progressing", "abort": False}


def replaced(objects: list[Object]) -> None:
    objects[0]["metadata"]["uid"] = "another"


def gone(objects: list[Object]) -> None:
    del objects[0]


def unobserved(objects: list[Object]) -> None:
    objects[0]["metadata"]["generation"] = 3


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        (healthy, "it says running"),
        (replaced, "it was replaced while it was read"),
        (gone, "it is gone"),
        (unobserved, "it says unknown"),
    ],
)
def test_a_second_reading_that_says_otherwise_takes_nothing_back(
    meanwhile: Callable[[list[Object]], None], said: str
) -> None:
    life, live = promoted("Rollout", ago=MINUTE / 2)
    meanwhile(live.now)
    plan = look(life, live)
    assert (plan.step.kind, plan.verdict.outcome, life.open()) == (StepKind.HOLD, Outcome.UNKNOWN, [])
    assert said in plan.verdict.because


def test_a_second_reading_that_is_not_allowed_takes_nothing_back_and_names_the_verb() -> None:
    life, live = promoted("Rollout", ago=MINUTE / 2)
    live.denied = True
    life.failures = ["the bot may not get rollouts/cart"]
    plan = look(life, live)
    assert (plan.step.kind, plan.verdict.outcome, life.open()) == (StepKind.HOLD, Outcome.UNKNOWN, [])


@pytest.mark.parametrize("kind", sorted(HEALTH))
def test_health_that_has_just_turned_is_waited_for(kind: str) -> None:
    life, live = promoted(kind, ago=MINUTE / 2)
    turned(live.listed, life.world.now() - MINUTE / 2)
    plan = look(life, live)
    assert (plan.step.kind, plan.verdict.outcome, live.got) == (StepKind.HOLD, Outcome.UNKNOWN, [])
    assert "counts when it has lasted" in plan.verdict.because
    life.world.pass_time(MINUTE)
    assert look(life, live).step.kind is StepKind.ROLLBACK


@pytest.mark.parametrize("ahead", [2 * MINUTE, 9000 * 24 * 60 * MINUTE])
def test_health_that_turns_in_the_future_is_asked_for_once_more(ahead: timedelta) -> None:
    life, live = promoted("Deployment", ago=MINUTE / 2)
    turned(live.listed, life.world.now() + ahead)
    turned(live.now, life.world.now() + ahead)
    assert look(life, live).step.kind is StepKind.ROLLBACK
    assert set(live.got) == {"deployments/cart"}


def test_good_news_is_not_asked_for_again() -> None:
    life = Life(spec("Rollout"))
    live = Live(CONTROLLERS["Rollout"](good(life, life.released())))
    assert look(life, live).step.kind is StepKind.PROMOTE
    assert live.got == []
