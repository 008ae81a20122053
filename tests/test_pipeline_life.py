"""A pipeline in real ticks: dev → staging → prod-eu, prod-us in one repository, with the local forge."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot import tick
from gitops_bot.adapters.local import LocalForge
from gitops_bot.cli import load
from gitops_bot.model import Ask, AskKind, Plan, Version
from gitops_bot.wiring import Options, local_forge, opened
from tests.support.environment import ALICE, CI, T0, Environment, config
from tests.test_breaker_a import Clock

STAGES = {"dev": (), "staging": ("dev",), "prod-eu": ("staging",), "prod-us": ("staging",)}
SOAK = timedelta(hours=2)
HOUR = 60
AUTO: dict[str, Any] = {"merge": "auto"}


def pipeline(**environments: dict[str, Any]) -> str:
    """The pipeline, with keys of its environments changed (`prod_eu` for `prod-eu`)."""
    listed = [
        {
            "name": name,
            "after": list(after),
            **({} if after else {"candidate": {"slot": "stableVersion"}}),
            **environments.get(name.replace("-", "_"), {}),
        }
        for name, after in STAGES.items()
    ]
    spec = {
        "repository": "environments",
        "clusters": ["prod"],
        "edits": [{"yaml": {"file": "envs/{{ environment }}.yaml", "path": "version"}, "set": "version"}],
        "gates": {"soak": "2h"},
        "pullRequest": AUTO,
        "rollback": AUTO,
        "environments": listed,
    }
    head = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "PromotionPipeline", "metadata": {"name": "shop"}}
    return json.dumps({**head, "spec": spec}, indent=1)


@dataclass
class Flow:
    """An environment repository with a pipeline, and the people around it."""

    folder: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def environment(self) -> Environment:
        return Environment(self.folder / "environments.git")

    @property
    def forge(self) -> LocalForge:
        repository = load(self.folder / "gitops-bot.yaml").spec.repositories["environments"]
        return local_forge(repository, self.clock, who=ALICE)

    def write(self, stage: str, version: str, who: str = ALICE) -> None:
        """By hand, or by CI."""
        self.environment.commit({f"envs/{stage}.yaml": f'version: "{version}"\n'}, at=self.clock.at, who=who)

    def tick(self, minutes: int = 0, **asks: Ask) -> tick.Report:
        self.clock.at += timedelta(minutes=minutes)
        words = {f"shop-{name.replace('_', '-')}": (word,) for name, word in asks.items()}
        with opened(load(self.folder / "gitops-bot.yaml"), Options(self.clock)) as jobs:
            report = tick.run(replace(jobs["environments"], asks=words))
        assert not report.failures
        return report

    def plans(self, minutes: int = 0) -> dict[str, Plan]:
        return {one.policy.removeprefix("shop-"): one for one in self.tick(minutes).plans}

    def versions(self) -> dict[str, str]:
        return {name: self.environment.read(f"envs/{name}.yaml").split('"')[1] for name in STAGES}

    def open(self) -> list[dict[str, Any]]:
        return [one for one in self.environment.pulls() if one["state"] == "open"]


def made(folder: Path, text: str = "") -> Flow:
    flow = Flow(folder)
    files = {f"envs/{name}.yaml": 'version: "1.0"\n' for name in STAGES}
    files["policies/shop.yaml"] = text or pipeline()
    flow.environment.commit(files, at=T0 - timedelta(days=3))
    config(folder)
    return flow


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    """Everything runs 1.0, for days."""
    return made(tmp_path)


def test_a_version_goes_from_environment_to_environment_as_each_has_held_it(flow: Flow) -> None:
    flow.write("dev", "2.0", CI)
    assert flow.plans(119)["staging"].notes == (
        "2.0 is on its way: shop-dev has held 2.0 since 2026-03-02 08:00 UTC, 2h are asked for",
    )
    flow.tick(1)
    assert flow.versions() == {"dev": "2.0", "staging": "2.0", "prod-eu": "1.0", "prod-us": "1.0"}
    flow.tick(119)
    assert flow.versions()["prod-eu"] == "1.0"
    flow.tick(1)
    assert set(flow.versions().values()) == {"2.0"}
    assert not flow.tick(60).receipts


def test_the_pull_request_shows_the_path(tmp_path: Path) -> None:
    flow = made(tmp_path, pipeline(prod_eu={"pullRequest": {"merge": "never"}}))
    flow.write("dev", "2.0", CI)
    flow.tick(2 * HOUR)
    flow.tick(2 * HOUR + 5)
    (pull,) = flow.open()
    assert pull["branch"] == "gitops-bot/shop-prod-eu/promote"
    assert "### Path\n\ndev ✓ 2.0 for 4h5m → staging ✓ 2.0 for 2h5m → **prod-eu**" in pull["body"]
    assert "2.0 was held by shop-staging for 2h5m" in pull["body"]


def test_what_staging_turned_away_goes_no_further_and_is_closed_where_it_was_proposed(tmp_path: Path) -> None:
    flow = made(tmp_path, pipeline(prod_eu={"pullRequest": {"merge": "never"}}))
    flow.write("dev", "2.0", CI)
    flow.tick(2 * HOUR)
    flow.tick(2 * HOUR)
    assert len(flow.open()) == 1
    flow.write("staging", "1.0")
    plan = flow.plans(1)["prod-eu"]
    assert not flow.open()
    assert plan.candidate == Version("1.0")
    assert flow.versions()["prod-us"] == "2.0", "what has merged already is for people to take back"
    assert flow.plans(5 * HOUR)["prod-us"].step.reason == "1.0, which shop-staging held, is older than 2.0 here"


def test_an_open_rollback_of_an_environment_stops_what_comes_after_it(tmp_path: Path) -> None:
    flow = made(tmp_path, pipeline(staging={"rollback": {"merge": "never"}}))
    flow.write("dev", "2.0", CI)
    flow.tick(2 * HOUR)
    flow.tick(10, staging=Ask(AskKind.ROLLBACK, "ada"))
    (pull,) = flow.open()
    assert pull["branch"] == "gitops-bot/shop-staging/rollback"
    plans = flow.plans(3 * HOUR)
    assert "would take it back" in plans["prod-eu"].notes[-1]
    assert flow.versions()["prod-eu"] == "1.0"
    flow.forge.close(pull["number"])
    flow.tick(1)
    assert flow.versions()["prod-eu"] == "2.0"


def test_a_newer_version_in_staging_does_not_take_the_proven_one_away(flow: Flow) -> None:
    flow.environment.commit({".gitops-bot/stop.yaml": "{reason: audit, policies: [shop-prod-*]}"}, at=flow.clock.at)
    flow.write("dev", "2.0", CI)
    flow.tick(2 * HOUR)
    flow.tick(2 * HOUR)
    flow.write("dev", "3.0", CI)
    flow.tick(2 * HOUR)
    assert flow.versions() == {"dev": "3.0", "staging": "3.0", "prod-eu": "1.0", "prod-us": "1.0"}
    flow.environment.commit({".gitops-bot/stop.yaml": None}, at=flow.clock.at)
    flow.tick(1)
    assert flow.versions()["prod-eu"] == "2.0"
    flow.tick(2 * HOUR)
    assert flow.versions()["prod-eu"] == "3.0"


def test_a_hotfix_given_by_hand_passes_the_soak_and_is_not_undone_by_what_was_proven_before(flow: Flow) -> None:
    flow.write("dev", "2.0.0", CI)
    flow.tick(2 * HOUR)
    flow.tick(1 * HOUR, prod_eu=Ask(AskKind.PROMOTE, "ada", Version("2.0.1")))
    assert flow.versions() == {"dev": "2.0.0", "staging": "2.0.0", "prod-eu": "2.0.1", "prod-us": "1.0"}
    plans = flow.plans(2 * HOUR)
    assert flow.versions()["prod-us"] == "2.0.0"
    assert plans["prod-eu"].step.reason == "2.0.0, which shop-staging held, is older than 2.0.1 here"
    assert flow.versions()["prod-eu"] == "2.0.1"


def test_fan_in_waits_for_all(tmp_path: Path) -> None:
    flow = made(tmp_path, pipeline(prod_us={"after": ["staging", "prod-eu"]}))
    flow.write("dev", "2.0", CI)
    flow.tick(2 * HOUR)
    flow.tick(2 * HOUR)
    assert flow.versions()["prod-us"] == "1.0"
    assert flow.versions()["prod-eu"] == "2.0"
    flow.tick(2 * HOUR)
    assert flow.versions()["prod-us"] == "2.0"


def test_an_environment_that_is_taken_out_closes_its_pull_request(tmp_path: Path) -> None:
    flow = made(tmp_path, pipeline(prod_eu={"pullRequest": {"merge": "never"}}))
    flow.write("dev", "2.0", CI)
    flow.tick(2 * HOUR)
    flow.tick(2 * HOUR)
    assert len(flow.open()) == 1
    without = json.loads(pipeline())
    without["spec"]["environments"] = [one for one in without["spec"]["environments"] if one["name"] != "prod-eu"]
    flow.environment.commit({"policies/shop.yaml": json.dumps(without)}, at=flow.clock.at)
    report = flow.tick(1)
    assert {one.detail for one in report.receipts} == {"its policy is no longer on base"}
    assert not flow.open()


def test_what_cannot_be_seen_before_it_keeps_an_open_pull_request(tmp_path: Path) -> None:
    flow = made(tmp_path, pipeline(prod_eu={"pullRequest": {"merge": "never"}}))
    flow.write("dev", "2.0", CI)
    flow.tick(2 * HOUR)
    flow.tick(2 * HOUR)
    flow.environment.commit({"envs/staging.yaml": "version: [broken\n"}, at=flow.clock.at)
    with opened(load(flow.folder / "gitops-bot.yaml"), Options(flow.clock)) as jobs:
        report = tick.run(jobs["environments"])
    assert [one.subject for one in report.failures] == ["shop-staging"]
    assert len(flow.open()) == 1


# ---------------------------------------------------------------- for any history


@pytest.mark.parametrize("seed", range(2))
def test_a_version_comes_only_after_all_before_it_held_it_and_did_not_turn_it_away(tmp_path: Path, seed: int) -> None:
    """People and CI write what they like into dev and staging, and hours pass; production is the bot's alone."""
    world, flow = random.Random(seed), made(tmp_path)
    held: dict[str, list[tuple[datetime, str]]] = {name: [(T0 - timedelta(days=3), "1.0")] for name in STAGES}
    number = 1
    for _ in range(11):
        flow.clock.at += timedelta(minutes=world.choice([20, 60, 130]))
        match world.randrange(4):
            case 0 | 1:
                number += 1
                flow.write("dev", f"{number}.0", CI)
            case 2:
                flow.write("staging", held["staging"][-2][1] if len(held["staging"]) > 1 else "1.0")
        _note(flow, held)
        before = {name: list(rows) for name, rows in held.items()}
        flow.tick()
        _note(flow, held)
        for name in ("staging", "prod-eu", "prod-us"):
            if len(held[name]) > len(before[name]):
                (source,) = STAGES[name]
                assert _proven(before[source], held[name][-1][1], flow.clock.at), (name, held[name][-1], before[source])
    assert len(held["prod-eu"]) > 1 or seed == 0, "the dice must let something through"


def _note(flow: Flow, held: dict[str, list[tuple[datetime, str]]]) -> None:
    for name, version in flow.versions().items():
        if held[name][-1][1] != version:
            held[name].append((flow.clock.at, version))


def _proven(rows: list[tuple[datetime, str]], version: str, now: datetime) -> bool:
    ends = [*(at for at, _ in rows[1:]), now]
    long_enough = any(one == version and end - at >= SOAK for (at, one), end in zip(rows, ends, strict=True))
    left = [n for n, (_, one) in enumerate(rows[:-1]) if one == version]
    turned_away = any(rows[n + 1][1] in [one for _, one in rows[:n]] for n in left)
    return long_enough and not turned_away
