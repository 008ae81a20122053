"""A pipeline with a branch for each environment, in real ticks with git and the local forge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot import apply, tick
from gitops_bot.adapters.local import LocalForge
from gitops_bot.cli import load
from gitops_bot.errors import PlaceConflict
from gitops_bot.model import Ask, Plan
from gitops_bot.wiring import Options, local_forge, opened
from tests.support.environment import ALICE, CI, T0, Environment, config
from tests.test_breaker_a import Clock

STAGES = {"dev": (), "staging": ("dev",), "prod": ("staging",)}
FILE = "app.yaml"
HOUR = 60


def pipeline(by: str = "slots", **environments: Mapping[str, Any]) -> str:
    """One file on the branch of each environment; the policies are on main."""
    listed = [
        {
            "name": name,
            "base": f"env/{name}",
            **({"after": list(after), "by": by} if after else {"candidate": {"slot": "stableVersion"}}),
            **environments.get(name, {}),
        }
        for name, after in STAGES.items()
    ]
    spec = {
        "repository": "environments",
        "clusters": ["prod"],
        "edits": [{"yaml": {"file": FILE, "path": "version"}, "set": "version"}],
        "gates": {"soak": "2h"},
        "pullRequest": {"merge": "auto"},
        "rollback": {"merge": "auto"},
        "environments": listed,
    }
    head = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "PromotionPipeline", "metadata": {"name": "shop"}}
    return json.dumps({**head, "spec": spec}, indent=1)


def app(version: str, replicas: int = 1) -> str:
    return f'version: "{version}"\n\n\n\nreplicas: {replicas}\n'


@dataclass
class Branches:
    """An environment repository with a branch for each environment, and the people around it."""

    folder: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def environment(self) -> Environment:
        return Environment(self.folder / "environments.git")

    @property
    def forge(self) -> LocalForge:
        repository = load(self.folder / "gitops-bot.yaml").spec.repositories["environments"]
        return local_forge(repository, self.clock, who=ALICE)

    def write(self, stage: str, version: str, who: str = ALICE, **files: str) -> str:
        """By hand, or by CI."""
        changed = {FILE: app(version), **files}
        return self.environment.commit(changed, at=self.clock.at, who=who, branch=f"env/{stage}")

    def report(self, minutes: int = 0, **asks: Ask) -> tick.Report:
        self.clock.at += timedelta(minutes=minutes)
        words = {f"shop-{name}": (word,) for name, word in asks.items()}
        with opened(load(self.folder / "gitops-bot.yaml"), Options(self.clock)) as jobs:
            return tick.run(replace(jobs["environments"], asks=words))

    def tick(self, minutes: int = 0, **asks: Ask) -> dict[str, Plan]:
        report = self.report(minutes, **asks)
        assert not report.failures
        return {one.policy.removeprefix("shop-"): one for one in report.plans}

    def versions(self) -> dict[str, str]:
        return {name: self.environment.read(FILE, f"env/{name}").split('"')[1] for name in STAGES}

    def open(self) -> list[dict[str, Any]]:
        return [one for one in self.environment.pulls() if one["state"] == "open"]


def made(folder: Path, text: str) -> Branches:
    branches = Branches(folder)
    first = branches.environment.commit({FILE: app("1.0")}, at=T0 - timedelta(days=3))
    for name in STAGES:
        branches.environment.git("update-ref", f"refs/heads/env/{name}", first)
    branches.environment.commit({"policies/shop.yaml": text, FILE: None}, at=T0 - timedelta(days=3))
    config(folder)
    return branches


@pytest.fixture
def branches(tmp_path: Path) -> Branches:
    """Everything runs 1.0, for days; slots are edited."""
    return made(tmp_path, pipeline())


def test_a_version_goes_from_branch_to_branch_as_each_has_held_it(branches: Branches) -> None:
    main = branches.environment.heads()["main"]
    branches.write("dev", "2.0", CI)
    assert branches.tick(119)["staging"].notes == (
        "2.0 is on its way: shop-dev has held 2.0 since 2026-03-02 08:00 UTC, 2h are asked for",
    )
    branches.tick(1)
    assert branches.versions() == {"dev": "2.0", "staging": "2.0", "prod": "1.0"}
    branches.tick(119)
    assert branches.versions()["prod"] == "1.0"
    branches.tick(1)
    assert set(branches.versions().values()) == {"2.0"}
    assert branches.environment.heads()["main"] == main
    assert [one["base"] for one in branches.environment.pulls()] == ["env/staging", "env/prod"]
    assert not branches.report(60).receipts


def test_the_body_names_the_branch(tmp_path: Path) -> None:
    branches = made(tmp_path, pipeline(staging={"pullRequest": {"merge": "never"}}))
    branches.write("dev", "2.0", CI)
    branches.tick(2 * HOUR)
    (pull,) = branches.open()
    assert "- Files: `app.yaml`, on `env/staging` of `environments`" in pull["body"]
    assert "dev ✓ 2.0 for 2h → **staging**" in pull["body"]
    before = branches.environment.snapshot()
    branches.tick(1)
    assert branches.environment.snapshot() == before


def test_a_branch_that_is_not_there_fails_its_policy_alone(branches: Branches) -> None:
    branches.write("dev", "2.0", CI)
    branches.environment.git("update-ref", "-d", "refs/heads/env/prod")
    report = branches.report(2 * HOUR)
    (failure,) = report.failures
    assert (failure.subject, failure.error.exit_code) == ("shop-prod", 40)
    assert "there is no branch env/prod" in str(failure.error)
    assert branches.environment.read(FILE, "env/staging") == app("2.0")


def test_what_comes_after_a_branch_that_is_gone_waits(branches: Branches) -> None:
    branches.write("dev", "2.0", CI)
    branches.environment.git("update-ref", "-d", "refs/heads/env/dev")
    report = branches.report(2 * HOUR)
    assert [one.subject for one in report.failures] == ["shop-dev"]
    plans = {one.policy: one for one in report.plans}
    assert plans["shop-staging"].step.reason == "shop-dev: there is no branch env/dev"
    assert not report.receipts


def test_the_policies_of_other_branches_count_for_nothing(branches: Branches) -> None:
    hostile = pipeline(prod={"gates": {"soak": "1m"}}, staging={"gates": {"soak": "1m"}})
    for stage in STAGES:
        branches.environment.commit({"policies/shop.yaml": hostile}, at=branches.clock.at, branch=f"env/{stage}")
    branches.write("dev", "2.0", CI)
    branches.tick(5)
    assert branches.versions()["staging"] == "1.0"


def test_the_stop_file_is_the_one_beside_the_policies(branches: Branches) -> None:
    branches.write("dev", "2.0", CI, **{".gitops-bot/stop.yaml": "{reason: not here}"})
    branches.environment.commit(
        {".gitops-bot/stop.yaml": "{reason: audit, policies: [shop-prod]}"}, at=branches.clock.at
    )
    branches.tick(2 * HOUR)
    branches.tick(2 * HOUR)
    assert branches.versions() == {"dev": "2.0", "staging": "2.0", "prod": "1.0"}


@pytest.mark.parametrize(("stage", "what"), [("main", "a stop"), ("env/dev", "the way back")])
def test_what_others_say_on_another_branch_meanwhile_is_looked_at_before_a_merge(
    tmp_path: Path, stage: str, what: str
) -> None:
    branches = made(tmp_path, pipeline(staging={"pullRequest": {"merge": "never"}}))
    branches.write("dev", "2.0", CI)
    branches.tick(2 * HOUR)
    auto = pipeline()
    branches.environment.commit({"policies/shop.yaml": auto}, at=branches.clock.at)
    with opened(load(tmp_path / "gitops-bot.yaml"), Options(branches.clock)) as jobs:
        forge = jobs["environments"].site.forge
        plan = tick.plan(jobs["environments"])
        assert any(one.policy == "shop-staging" and one.actions for one in plan.plans), what
        branches.environment.commit({"note.txt": what}, at=branches.clock.at, branch=stage)
        outcome = apply.apply(plan.plans, jobs["environments"].site.repo, forge, lambda: False)
    merges = [one for one in outcome.receipts if one.action == "merge"]
    assert [one.detail for one in merges] == [f"{stage} moved meanwhile: the next tick looks again"]
    assert branches.versions()["staging"] == "1.0"


def test_a_pull_request_whose_base_a_person_changed_is_theirs(tmp_path: Path) -> None:
    branches = made(tmp_path, pipeline(staging={"pullRequest": {"merge": "never"}}))
    branches.write("dev", "2.0", CI)
    branches.tick(2 * HOUR)
    (pull,) = branches.open()
    _retarget(branches, pull["number"], "env/prod")
    branches.environment.commit({"policies/shop.yaml": pipeline()}, at=branches.clock.at)
    branches.write("dev", "3.0", CI)
    note = f"#{pull['number']} goes to env/prod, which is not the policy's base: give it that again, or close it"
    assert branches.tick(3 * HOUR)["staging"].notes == (note,)
    assert branches.versions() == {"dev": "3.0", "staging": "1.0", "prod": "1.0"}
    status = branches.forge.statuses(pull["head"])["gitops-bot/shop-staging"]
    assert (status["state"], status["description"].replace("\u200b", "")) == ("pending", note)
    _retarget(branches, pull["number"], "env/staging")
    branches.tick(1)
    assert branches.versions()["staging"] == "3.0"


def _retarget(branches: Branches, number: int, base: str) -> None:
    folder = branches.environment.path.with_name(f"{branches.environment.path.name}.pulls")
    (file,) = folder.glob(f"*{number}.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "base": base}))


def test_two_policies_that_write_one_place_of_one_branch_clash_though_one_leaves_the_base_out(tmp_path: Path) -> None:
    branches = made(tmp_path, pipeline(prod={"base": "main"}))
    other = json.loads(pipeline())
    other["metadata"]["name"] = "cart"
    other["spec"]["environments"] = [{"name": "prod", "candidate": {"slot": "stableVersion"}, "gates": {"soak": None}}]
    del other["spec"]["gates"], other["spec"]["environments"][0]["gates"]
    branches.environment.commit({"policies/cart.yaml": json.dumps(other)}, at=branches.clock.at)
    failures = {one.subject: one.error for one in branches.report().failures}
    assert set(failures) == {"shop-prod", "cart-prod"}
    assert isinstance(failures["cart-prod"], PlaceConflict)


@pytest.mark.parametrize(
    ("base", "why"),
    [
        ("gitops-bot/shop-prod", "what is below gitops-bot/ is the bot's alone to write"),
        ("gitops-bot", "git cannot have a branch and the bot's branches below it"),
    ],
)
def test_a_base_among_the_bots_own_branches_is_refused(tmp_path: Path, base: str, why: str) -> None:
    branches = made(tmp_path, pipeline(prod={"base": base}))
    (failure,) = branches.report().failures
    assert (failure.subject, failure.error.exit_code) == ("shop-prod", 11)
    assert str(failure.error).startswith(f"policies/shop.yaml:46: spec.base is {base}, and {why}")
