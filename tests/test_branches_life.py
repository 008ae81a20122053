"""A pipeline with a branch for each environment, in real ticks with git and the local forge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from gitops_bot import apply, tick
from gitops_bot.adapters.local import LocalForge
from gitops_bot.cli import load
from gitops_bot.delivery import marker
from gitops_bot.delivery.marker import Marker
from gitops_bot.errors import PlaceConflict
from gitops_bot.model import Ask, AskKind, Plan, Version
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


OPEN = ExitStack()


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    OPEN.close()


@dataclass
class Branches:
    """An environment repository with a branch for each environment, and the people around it."""

    folder: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def environment(self) -> Environment:
        return Environment(self.folder / "environments.git")

    @cached_property
    def job(self) -> tick.Job:
        """The bot, as a process that goes on."""
        return OPEN.enter_context(opened(load(self.folder / "gitops-bot.yaml"), Options(self.clock)))["environments"]

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
        return tick.run(replace(self.job, asks=words))

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
    site = branches.job.site
    plan = tick.plan(branches.job)
    assert any(one.policy == "shop-staging" and one.actions for one in plan.plans)
    branches.environment.commit({"note.txt": what}, at=branches.clock.at, branch=stage)
    outcome = apply.apply(plan.plans, site.repo, site.forge, lambda: False)
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


@pytest.mark.parametrize(
    ("source", "body"), [("", {}), ("here", {"body": "The new text of a person."})], ids=["nameless", "body gone"]
)
def test_it_is_theirs_as_well_where_nothing_says_from_where_its_policy_came(
    waiting: Branches, source: str, body: Mapping[str, str]
) -> None:
    (pull,) = waiting.open()
    waiting.job.site.source = source
    body = body or {"body": marker.write(Marker("shop-staging", "", "", "", ""), "text")}
    _retarget(waiting, pull["number"], "release/1.x", **body)
    for _ in range(3):
        assert "give it that again, or close it" in waiting.tick(1)["staging"].notes[0]
    assert len(waiting.open()) == 1


def _retarget(branches: Branches, number: int, base: str, **changed: str) -> None:
    folder = branches.environment.path.with_name(f"{branches.environment.path.name}.pulls")
    (file,) = folder.glob(f"*{number}.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "base": base, **changed}))


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


# ---------------------------------------------------------------- by branch


@pytest.fixture
def whole(tmp_path: Path) -> Branches:
    """Everything runs 1.0, for days; branches are merged as a whole."""
    return made(tmp_path, pipeline("branch"))


def test_a_version_is_merged_from_branch_to_branch_at_the_commit_that_proved_it(whole: Branches) -> None:
    dev = whole.write("dev", "2.0", CI, **{"config/a.yaml": "a: 1\n"})
    whole.clock.at += timedelta(minutes=30)
    whole.write("dev", "2.0", CI, **{"config/late.yaml": "b: 1\n"})
    whole.tick(89)
    assert whole.versions()["staging"] == "1.0"
    whole.tick(1)
    assert whole.versions() == {"dev": "2.0", "staging": "2.0", "prod": "1.0"}
    staging = whole.environment.heads()["env/staging"]
    assert whole.environment.git("rev-parse", f"{staging}^2").strip() == dev
    assert whole.environment.read("config/a.yaml", "env/staging") == "a: 1\n"
    assert "late" not in whole.environment.git("ls-tree", "-r", "--name-only", "env/staging")
    whole.tick(2 * HOUR)
    assert whole.environment.git("rev-parse", "env/prod^2").strip() == staging
    assert set(whole.versions().values()) == {"2.0"}
    assert sorted(whole.environment.heads()) == ["env/dev", "env/prod", "env/staging", "main"]
    assert not whole.report(60).receipts


NEVER: Mapping[str, Any] = {"pullRequest": {"merge": "never"}}
POINTER = "gitops-bot/shop-staging/promote"


@pytest.fixture
def waiting(tmp_path: Path) -> Branches:
    """2.0 is proven on dev, and people merge to staging: the pull request is open."""
    branches = made(tmp_path, pipeline("branch", staging=NEVER))
    branches.write("dev", "2.0", CI)
    branches.tick(2 * HOUR)
    assert len(branches.open()) == 1
    return branches


def _move(branches: Branches, branch: str, commit: str) -> None:
    branches.environment.git("update-ref", f"refs/heads/{branch}", commit)


def _status(branches: Branches) -> str:
    (pull,) = branches.open()
    return branches.forge.statuses(pull["head"])["gitops-bot/shop-staging"]["description"]


def test_the_pull_request_says_what_comes_along(tmp_path: Path) -> None:
    branches = made(tmp_path, pipeline("branch", staging=NEVER))
    branches.environment.commit({"config/`x`.yaml": "a"}, at=T0, branch="env/dev")
    branches.write("dev", "2.0", CI, **{f"config/{name}.yaml": "a" for name in "abcdef"})
    branches.tick(2 * HOUR)
    (pull,) = branches.open()
    assert (
        f"`{pull['head'][:12]}` of `env/dev` and 1 more commit under it, merged as a whole. With it comes "
        "**7 other files**: `` config/`x`.yaml ``, `config/a.yaml`, `config/b.yaml`, `config/c.yaml`, "
        "`config/d.yaml` and 2 more."
    ) in pull["body"]
    assert "put `.gitops-bot/stop.yaml` on `main`" in pull["body"]
    before = branches.environment.snapshot()
    branches.tick(1)
    assert branches.environment.snapshot() == before


def test_what_people_push_onto_the_branch_is_theirs(waiting: Branches) -> None:
    theirs = waiting.environment.commit({"note.txt": "mine"}, at=waiting.clock.at, who=ALICE, branch=POINTER)
    waiting.environment.commit({"policies/shop.yaml": pipeline("branch")}, at=waiting.clock.at)
    waiting.tick(1)
    (pull,) = waiting.open()
    assert waiting.environment.heads()[POINTER] == theirs
    assert pull["labels"] == ["gitops-bot/foreign-commits"]
    assert "The head of this branch is no commit of `env/dev`: somebody pushed to it" in pull["comments"][0]["text"]
    _move(waiting, POINTER, waiting.environment.heads()["env/dev"])
    waiting.tick(1)
    assert waiting.versions()["staging"] == "2.0"


def test_the_branch_is_brought_back_to_what_was_proven(waiting: Branches) -> None:
    proven = waiting.environment.heads()[POINTER]
    late = waiting.environment.commit({"late.yaml": "a"}, at=waiting.clock.at, branch="env/dev")
    _move(waiting, POINTER, late)
    waiting.tick(1)
    assert waiting.environment.heads()[POINTER] == proven


def test_a_newer_version_takes_the_pull_request_over(waiting: Branches) -> None:
    newer = waiting.write("dev", "3.0", CI)
    waiting.tick(2 * HOUR)
    (pull,) = waiting.open()
    assert (pull["head"], pull["title"]) == (newer, "promote(shop-staging): 1.0 → 3.0")


def test_a_source_that_is_rewritten_leaves_the_pull_request_to_people(waiting: Branches) -> None:
    first = waiting.environment.git("rev-parse", "env/staging").strip()
    _move(waiting, "env/dev", first)
    again = waiting.write("dev", "2.0", CI, **{"other.yaml": "a"})
    waiting.tick(1)
    waiting.tick(2 * HOUR)
    (pull,) = waiting.open()
    assert "somebody pushed to it, or `env/dev` was rewritten, so it is yours now" in pull["comments"][0]["text"]
    _move(waiting, POINTER, again)
    waiting.environment.commit({"policies/shop.yaml": pipeline("branch")}, at=waiting.clock.at)
    waiting.tick(1)
    assert waiting.versions()["staging"] == "2.0"


def test_what_people_merge_beside_it_stays(waiting: Branches) -> None:
    waiting.environment.commit({"other.yaml": "a"}, at=waiting.clock.at, branch="env/staging")
    waiting.environment.commit({"policies/shop.yaml": pipeline("branch")}, at=waiting.clock.at)
    waiting.tick(1)
    assert waiting.versions()["staging"] == "2.0"
    assert waiting.environment.read("other.yaml", "env/staging") == "a"


def test_a_merge_that_would_conflict_is_not_tried_and_says_why(waiting: Branches) -> None:
    waiting.environment.commit({"policies/shop.yaml": pipeline("branch")}, at=waiting.clock.at)
    waiting.write("staging", "1.5")
    commit = waiting.environment.heads()["env/dev"][:12]
    why = f"merging {commit} of env/dev into env/staging would conflict: 1.0 became 1.5 here and 2.0 there"
    assert waiting.tick(1)["staging"].step.reason == f"{why}. Merge it once by hand"
    assert _status(waiting).startswith("merging ")
    assert waiting.versions()["staging"] == "1.5"


def test_the_first_version_after_a_squash_needs_a_hand(waiting: Branches) -> None:
    waiting.environment.commit({FILE: app("2.0")}, at=waiting.clock.at, who=ALICE, branch="env/staging")
    waiting.tick(1)
    assert not waiting.open()
    waiting.write("dev", "3.0", CI)
    reason = waiting.tick(2 * HOUR)["staging"].step.reason
    assert "would conflict: 1.0 became 2.0 here and 3.0 there. Merge it once by hand" in reason


def test_the_way_back_is_an_edit_and_what_comes_next_needs_a_hand(tmp_path: Path) -> None:
    branches = made(tmp_path, pipeline("branch", prod=NEVER))
    branches.write("dev", "2.0", CI)
    branches.tick(2 * HOUR)
    branches.tick(1, staging=Ask(AskKind.ROLLBACK, "ada"))
    assert branches.versions()["staging"] == "1.0"
    assert branches.tick(3 * HOUR)["staging"].step.reason.startswith(
        "2.0 is not proposed: the stable version went back"
    )
    reason = branches.tick(1, staging=Ask(AskKind.PROMOTE, "ada", Version("2.0")))["staging"].step.reason
    assert reason.endswith("of env/dev already, so merging it brings nothing: write 2.0 there by hand")
    branches.write("dev", "3.0", CI)
    reason = branches.tick(2 * HOUR)["staging"].step.reason
    assert "would conflict: 2.0 became 1.0 here and 3.0 there" in reason
    branches.environment.git("update-ref", "refs/heads/env/staging", _merged_by_hand(branches))
    branches.tick(1)
    assert branches.versions() == {"dev": "3.0", "staging": "3.0", "prod": "1.0"}
    branches.write("dev", "4.0", CI)
    branches.tick(2 * HOUR)
    assert branches.versions()["staging"] == "4.0"


def _merged_by_hand(branches: Branches) -> str:
    tree = branches.environment.git("rev-parse", "env/dev^{tree}").strip()
    env = ("-c", "user.name=Alice", "-c", "user.email=alice@acme.example")
    made_of = ("-p", "env/staging", "-p", "env/dev", "-m", "by hand", tree)
    return branches.environment.git(*env, "commit-tree", *made_of).strip()


def test_a_version_that_is_not_proven_comes_by_nobodys_word(whole: Branches) -> None:
    whole.write("dev", "2.0", CI)
    plan = whole.tick(1, staging=Ask(AskKind.PROMOTE, "ada", Version("2.0")))["staging"]
    assert plan.step.reason == "by branch comes only what was proven before, and 2.0 was not"
    assert not plan.actions


def test_what_the_merge_does_not_bring_is_not_promised(tmp_path: Path) -> None:
    own = [{"yaml": {"file": "staging.yaml", "path": "version"}, "set": "version"}]
    branches = made(tmp_path, pipeline("branch", staging={"edits": own}))
    branches.environment.commit({"staging.yaml": app("1.0")}, at=T0 - timedelta(days=2), branch="env/staging")
    branches.environment.commit({"staging.yaml": app("1.0")}, at=T0 - timedelta(days=2), branch="env/dev")
    commit = branches.write("dev", "2.0", CI)[:12]
    reason = branches.tick(2 * HOUR)["staging"].step.reason
    assert reason == f"merging {commit} of env/dev into env/staging would leave 1.0 there, not 2.0"


@pytest.mark.parametrize(
    ("changed", "repository", "why"),
    [
        ({"base": "main"}, {}, "by: branch would bring to main what shop-dev has in the place of the policies"),
        (
            {},
            {"mergeMethod": "squash"},
            "by: branch needs mergeMethod: merge; with squash the next merge would conflict",
        ),
    ],
)
def test_what_cannot_be_merged_is_refused(
    tmp_path: Path, changed: Mapping[str, Any], repository: Mapping[str, Any], why: str
) -> None:
    branches = made(tmp_path, pipeline("branch", staging=changed))
    config(tmp_path, repository=repository)
    failures = {one.subject: one.error for one in branches.report().failures}
    assert failures["shop-staging"].what == why


def test_a_branch_that_is_merged_as_a_whole_has_one_policy(tmp_path: Path) -> None:
    branches = made(tmp_path, pipeline("branch"))
    other = json.loads(pipeline())
    other["metadata"]["name"] = "cart"
    other["spec"]["edits"][0]["yaml"]["file"] = "cart.yaml"
    branches.environment.commit({"policies/cart.yaml": json.dumps(other)}, at=branches.clock.at)
    failures = {one.subject: one.error for one in branches.report().failures}
    assert {name for name, one in failures.items() if isinstance(one, PlaceConflict)} == {
        "shop-staging", "shop-prod", "cart-staging", "cart-prod",
    }  # fmt: skip
    assert failures["cart-prod"].what == "shop-prod merges into env/prod as a whole, and cart-prod writes it"
