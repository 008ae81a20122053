"""What a demanding user broke once: real ticks on a repository on disk, with a clock that stands until it is moved."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot import tick
from gitops_bot.adapters.local import LocalForge
from gitops_bot.cli import load, show
from gitops_bot.errors import EditRefused, PolicyInvalid
from gitops_bot.model import Plan, StepKind
from gitops_bot.wiring import Options, local_forge, opened
from tests.support.environment import ALICE, CANARY, LADDER, ROUTE, STABLE, T0, Environment, config, policy, tree

PROMOTE, ROLLBACK = "gitops-bot/shop/promote", "gitops-bot/shop/rollback"
DIGEST = "sha256:" + "a" * 64


@dataclass
class Clock:
    """Stands."""

    at: datetime = T0

    def now(self) -> datetime:
        return self.at


@dataclass
class Shop:
    """One environment, its metrics, and people."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    values: list[tuple[datetime, float]] = field(default_factory=list)

    @property
    def environment(self) -> Environment:
        return Environment(self.folder / "environments.git")

    @property
    def forge(self) -> LocalForge:
        repository = load(self.folder / "gitops-bot.yaml").spec.repositories["environments"]
        return local_forge(repository, self.clock, who=ALICE)

    def measure(self, value: float) -> None:
        """From now on, for hours."""
        self.values.append((self.clock.at, value))
        ends = [at for at, _ in self.values[1:]] + [self.clock.at + timedelta(hours=3)]
        points = [
            [(at + timedelta(minutes=n)).timestamp(), value]
            for (at, value), end in zip(self.values, ends, strict=True)
            for n in range((end - at) // timedelta(minutes=1))
        ]
        series = [{"query": "errors", "points": points, "every": 60}]
        (self.folder / "metrics.json").write_text(json.dumps({"series": series}))

    def tick(self, minutes: int = 0) -> tick.Report:
        self.clock.at += timedelta(minutes=minutes)
        with opened(load(self.folder / "gitops-bot.yaml"), Options(self.clock)) as jobs:
            return tick.run(jobs["environments"])

    def plan(self, minutes: int = 0) -> Plan:
        report = self.tick(minutes)
        assert not report.failures
        return report.plans[0]

    def open(self) -> list[dict[str, Any]]:
        return [one for one in self.environment.pulls() if one["state"] == "open"]

    def merge(self) -> None:
        """Alice merges what is open."""
        for pull in self.open():
            self.forge.merge(pull["number"], head=pull["head"], title=pull["title"])

    def status(self, head: str) -> str:
        return self.forge.statuses(head).get("gitops-bot/shop", {}).get("state", "")

    def said(self, capsys: pytest.CaptureFixture[str], plan: Plan) -> str:
        show.prose(plan)
        return capsys.readouterr().out


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A candidate that waits to be started, and a canary without errors."""
    shop = Shop(tmp_path)
    shop.environment.commit({**tree(), "policies/shop.yaml": policy()}, at=T0 - timedelta(days=1))
    config(tmp_path)
    shop.measure(0.001)
    return shop


def started(shop: Shop) -> Shop:
    shop.tick()
    shop.merge()
    return shop


def promoted(shop: Shop) -> Shop:
    started(shop)
    for _ in range(2):
        shop.tick(7)
        shop.merge()
    assert shop.environment.values() == ("2.0.0", "2.0.0", 25)
    return shop


# ---------------------------------------------------------------- an open rollback


def failing(shop: Shop) -> Shop:
    shop.tick(1)
    shop.measure(0.9)
    assert shop.plan(5).step.kind is StepKind.ROLLBACK
    return shop


def test_an_open_rollback_outlives_an_outage_of_the_metrics(shop: Shop) -> None:
    failing(started(shop))
    (shop.folder / "metrics.json").unlink()
    plan = shop.plan(1)
    assert plan.step.held is not None
    assert plan.step.held.kind is StepKind.ROLLBACK
    (pull,) = shop.open()
    assert pull["branch"] == ROLLBACK
    assert shop.status(pull["head"]) == "pending"
    assert not shop.tick(10).receipts


def test_an_open_rollback_is_closed_by_evidence_to_the_contrary(shop: Shop) -> None:
    failing(started(shop))
    shop.measure(0.001)
    assert shop.plan(12).step.kind is StepKind.ADVANCE
    assert [pull["branch"] for pull in shop.open()] == [PROMOTE]


def test_an_open_rollback_outlives_the_watch_and_no_traffic_goes_to_what_failed(shop: Shop) -> None:
    failing(promoted(shop))
    plan = shop.plan(20)
    assert plan.step.kind is StepKind.HOLD
    assert [pull["branch"] for pull in shop.open()] == [ROLLBACK]
    shop.merge()
    assert shop.environment.values() == ("1.0.0", "1.0.0", 0)


def test_a_rollback_that_a_person_closed_after_the_watch_is_a_no_and_the_promotion_ends(shop: Shop) -> None:
    failing(promoted(shop))
    shop.forge.close(shop.open()[0]["number"])
    assert shop.plan(20).step.kind is StepKind.FINISH


def test_explain_says_who_ends_an_open_rollback(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    failing(promoted(shop))
    assert "to change it: merge or close the open rollback" in shop.said(capsys, shop.plan(20))


# ---------------------------------------------------------------- a ladder that could not end


@pytest.mark.parametrize(
    ("stable", "candidate", "end"),
    [
        (f"digest: {DIGEST}", "newTag: v2", "promote"),
        ("newTag: v1", f"digest: {DIGEST}", "promote"),
        ("newTag: v1", f"newTag: v2\n    digest: {DIGEST}", "go back"),
    ],
)
def test_a_ladder_that_could_not_end_is_not_begun(shop: Shop, stable: str, candidate: str, end: str) -> None:
    entry = "images:\n  - name: ghcr.io/acme/shop\n    {}\n"
    shop.environment.commit({STABLE: entry.format(stable), CANARY: entry.format(candidate)}, at=T0)
    (failure,) = shop.tick().failures
    assert isinstance(failure.error, EditRefused)
    assert f"the trial could not {end}, so it is not begun" in str(failure.error)
    assert shop.environment.pulls() == []


# ---------------------------------------------------------------- people on the branch


def brought_up(environment: Environment) -> str:
    """What the button "Update branch" does."""
    base, head = (environment.git("rev-parse", name).strip() for name in ("main", PROMOTE))
    merged = environment.git("merge-tree", "--write-tree", head, base).strip()
    who = ["-c", "user.name=Alice", "-c", "user.email=alice@acme.example"]
    made = environment.git(*who, "commit-tree", merged, "-p", head, "-p", base, "-m", "Merge branch 'main'").strip()
    environment.git("update-ref", f"refs/heads/{PROMOTE}", made)
    return made


def test_a_head_that_a_person_brought_up_to_base_gets_its_status_once(shop: Shop) -> None:
    shop.tick()
    shop.environment.commit({"README.md": "more"}, at=T0)
    head = brought_up(shop.environment)
    assert [receipt.action for receipt in shop.tick(1).receipts] == ["refresh"]
    assert shop.status(head) == "success"
    assert not shop.tick(1).receipts
    shop.environment.commit({"README.md": "even more"}, at=T0)
    head = brought_up(shop.environment)
    shop.tick(1)
    assert shop.status(head) == "success"


def test_a_pull_request_that_base_overtook_says_so(shop: Shop) -> None:
    started(shop).tick(7)
    shop.environment.replace(ROUTE, "weight: 5", "weight: 40", at=shop.clock.at, who=ALICE)
    (closed,) = shop.tick(1).receipts
    assert re.match(r"superseded: base has changed, and the next step waits \(errors: ", closed.detail)


# ---------------------------------------------------------------- brakes, words


def test_another_reason_to_stop_is_shown_at_once(shop: Shop) -> None:
    shop.tick()
    for reason in ("the auditors are here", "a holiday"):
        shop.environment.commit({".gitops-bot/stop.yaml": f"reason: {reason}\n"}, at=shop.clock.at)
        shop.tick(1)
        assert reason in shop.open()[0]["body"]


@pytest.mark.parametrize(
    ("brake", "remedy"),
    [
        ({".gitops-bot/stop.yaml": "reason: audit\n"}, "remove .gitops-bot/stop.yaml from base"),
        ({"policies/shop.yaml": policy(suspend=True)}, "set spec.suspend to false"),
    ],
)
def test_explain_says_how_a_brake_is_let_go(
    shop: Shop, capsys: pytest.CaptureFixture[str], brake: dict[str, str], remedy: str
) -> None:
    shop.environment.commit(brake, at=T0)
    assert f"): {remedy}" in shop.said(capsys, shop.plan())


def test_explain_does_not_ask_finish_to_pass_a_check(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    promoted(shop)
    assert "to change it: the promotion has not baked yet; then Finish" in shop.said(capsys, shop.plan(1))


def test_a_draft_is_not_said_to_be_merged_as_it_is(shop: Shop) -> None:
    delivery = {"merge": "auto", "draft": True}
    shop.environment.commit({"policies/shop.yaml": policy(pullRequest=delivery)}, at=T0)
    shop.tick()
    assert "once it is marked as ready and the forge's own rules allow it" in shop.open()[0]["body"]


def test_after_the_promotion_the_weight_0_is_no_way_back(shop: Shop) -> None:
    promoted(shop).tick(7)
    assert "write the old version on base" in shop.open()[0]["body"]


def test_explain_names_the_version_that_a_person_may_set_again(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    started(shop)
    shop.environment.replace(ROUTE, "weight: 5", "weight: 0", at=shop.clock.at, who=ALICE)
    said = shop.said(capsys, shop.plan(1))
    assert "to change it: a new candidate, or a person's commit that takes 2.0.0 up again" in said


# ---------------------------------------------------------------- where policies lie


def test_policies_in_folders_of_the_folder_are_read_as_validate_reads_them(shop: Shop) -> None:
    moved = {"policies/shop.yaml": None, "policies/teams/payments/shop.yaml": policy()}
    shop.environment.commit(moved, at=T0)
    assert [plan.policy for plan in shop.tick().plans] == ["shop"]


def test_a_folder_without_policies_is_said(shop: Shop) -> None:
    shop.tick()
    shop.environment.commit({"policies/shop.yaml": None}, at=T0)
    report = shop.tick()
    (failure,) = report.failures
    assert isinstance(failure.error, PolicyInvalid)
    assert "no policy lies below policies on main" in str(failure.error)
    assert len(shop.open()) == 1


def test_one_pair_of_policies_that_clash_is_one_message(shop: Shop) -> None:
    shop.environment.commit({"policies/again.yaml": policy("again")}, at=T0)
    failures = shop.tick().failures
    assert sorted(failure.subject for failure in failures) == ["again", "shop"]
    assert "and 4 more places" in str(failures[0].error)


def test_an_entry_without_a_version_gets_one_with_the_first_release(shop: Shop) -> None:
    shop.environment.commit({STABLE: "images:\n  - name: ghcr.io/acme/shop\n"}, at=T0)
    (plan,) = shop.tick().plans
    assert plan.proposal
    (change,) = plan.proposal.changes
    assert change.after == b"images:\n  - name: ghcr.io/acme/shop\n    newTag: 2.0.0\n"


# ---------------------------------------------------------------- the language


def test_a_slot_that_the_strategy_does_not_have_says_so(shop: Shop) -> None:
    edits = [*LADDER["edits"], {"yaml": {"file": "a.yaml", "path": "a"}, "set": "activeColor"}]
    shop.environment.commit({"policies/shop.yaml": policy(edits=edits)}, at=T0)
    (failure,) = shop.tick().failures
    assert "spec.edits[3].set: goes with strategy.blueGreen" in str(failure.error)
