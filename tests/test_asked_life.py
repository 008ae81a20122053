"""What people ask for, in real ticks: promote, rollback, hold, resume, reopen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_bot import tick
from gitops_bot.cli import load
from gitops_bot.model import Ask, AskKind, Plan, StepKind, Version
from gitops_bot.wiring import Options, opened
from tests.support.environment import T0, config, policy, tree
from tests.test_breaker_a import PROMOTE, ROLLBACK, Shop, promoted, started

NEVER = {"windows": [{"allow": "Sun 03:00-04:00"}]}
WORD = Ask(AskKind.PROMOTE, "ada")
BACK = Ask(AskKind.ROLLBACK, "ada", reason="customers complain")
HOLD = Ask(AskKind.HOLD, "ada", reason="the audit")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A candidate that waits to be started; people merge what goes up and what goes down."""
    return made(tmp_path)


def made(folder: Path, **spec: Any) -> Shop:
    shop = Shop(folder)
    shop.environment.commit({**tree(), "policies/shop.yaml": policy(**spec)}, at=T0 - timedelta(days=1))
    config(folder)
    shop.measure(0.001)
    return shop


def asked(shop: Shop, *asks: Ask, minutes: int = 0) -> tick.Report:
    shop.clock.at += timedelta(minutes=minutes)
    with opened(load(shop.folder / "gitops-bot.yaml"), Options(shop.clock)) as jobs:
        report = tick.run(replace(jobs["environments"], asks={"shop": asks}))
    assert not report.failures
    return report


def plan(report: tick.Report) -> Plan:
    return report.plans[0]


def actions(report: tick.Report) -> list[str]:
    return [receipt.action for receipt in report.receipts]


# ---------------------------------------------------------------- promote


def test_promote_opens_and_merges_in_one_run_though_people_merge_and_no_window_is_open(tmp_path: Path) -> None:
    shop = made(tmp_path, gates=NEVER)
    assert actions(asked(shop, WORD)) == ["open", "merge"]
    assert shop.environment.values() == ("1.0.0", "2.0.0", 5)


def test_promote_goes_one_step_past_what_is_not_known_yet(shop: Shop) -> None:
    started(shop)
    assert plan(shop.tick(1)).step.kind is StepKind.HOLD
    asked(shop, WORD)
    assert shop.environment.values() == ("1.0.0", "2.0.0", 25)


def test_promote_never_goes_past_a_fail_or_a_stop_or_a_hold(shop: Shop) -> None:
    started(shop)
    shop.tick(1)
    shop.measure(0.9)
    report = asked(shop, WORD, minutes=5)
    assert plan(report).step.kind is StepKind.ROLLBACK
    assert shop.environment.values() == ("1.0.0", "2.0.0", 5)


@pytest.mark.parametrize(
    "files", [{".gitops-bot/stop.yaml": "{reason: audit}"}, {"policies/shop.yaml": policy(suspend=True)}]
)
def test_promote_never_goes_past_a_brake(shop: Shop, files: dict[str, str]) -> None:
    shop.environment.commit(files)
    assert not asked(shop, WORD).receipts


def test_promote_does_not_stand_in_for_an_approval(tmp_path: Path) -> None:
    shop = made(tmp_path, gates={**NEVER, "approvals": {"from": ["alice@acme.example"]}})
    assert "merge" not in actions(asked(shop, WORD))
    (pull,) = shop.open()
    shop.forge.review(pull["number"], approve=True)
    assert "merge" in actions(asked(shop, WORD, minutes=1))


def test_a_version_that_is_named_goes_before_what_git_names_and_stays_while_it_is_open(tmp_path: Path) -> None:
    shop = made(tmp_path, gates={"approvals": {"from": ["alice@acme.example"]}})
    asked(shop, replace(WORD, version=Version("3.0.0")))
    (pull,) = shop.open()
    assert "start 3.0.0" in pull["title"]
    assert not shop.tick(1).receipts
    shop.forge.close(pull["number"])
    shop.tick(1)
    (own,) = shop.open()
    assert "start 2.0.0" in own["title"]


def test_a_rejected_version_comes_again_when_a_person_asks_for_it(shop: Shop) -> None:
    started(shop)
    asked(shop, BACK)
    shop.merge()
    assert shop.environment.values() == ("1.0.0", "1.0.0", 0)
    asked(shop, replace(WORD, version=Version("2.0.0")), minutes=1)
    assert shop.environment.values() == ("1.0.0", "2.0.0", 5)


# ---------------------------------------------------------------- rollback


def test_rollback_is_a_fail_that_outlives_its_tick_whatever_is_measured(shop: Shop) -> None:
    started(shop)
    report = asked(shop, BACK)
    assert plan(report).verdict.because == "asked: ada asks to go back: customers complain"
    (pull,) = shop.open()
    assert pull["branch"] == ROLLBACK
    assert actions(shop.tick(6)) == ["refresh"], "a PASS of the metrics closes nothing that a person asked for"
    assert not shop.tick(1).receipts
    shop.merge()
    assert shop.environment.values() == ("1.0.0", "1.0.0", 0)


def test_rollback_goes_back_from_what_was_promoted_long_ago(shop: Shop) -> None:
    promoted(shop)
    shop.tick(7)
    shop.merge()
    shop.tick(60)
    assert shop.environment.values() == ("2.0.0", "2.0.0", 0)
    asked(shop, BACK)
    shop.merge()
    assert shop.environment.values() == ("1.0.0", "1.0.0", 0)
    assert plan(shop.tick(1)).step.kind is StepKind.HOLD


def test_a_newer_word_for_the_other_way_replaces_the_open_one(shop: Shop) -> None:
    started(shop)
    asked(shop, BACK)
    report = asked(shop, WORD, minutes=6)
    assert actions(report) == ["close", "open", "merge"]
    assert shop.environment.values() == ("1.0.0", "2.0.0", 25)


def test_where_there_is_nothing_to_go_back_to_that_is_said(shop: Shop) -> None:
    report = asked(shop, BACK)
    assert not report.receipts
    assert "nothing to go back to: git held no version before" in plan(report).step.reason


# ---------------------------------------------------------------- hold, resume, reopen


def test_hold_labels_the_open_pull_request_and_resume_takes_the_label_off(tmp_path: Path) -> None:
    shop = made(tmp_path, pullRequest={"merge": "auto"}, gates={"approvals": {"from": ["alice@acme.example"]}})
    shop.tick()
    assert actions(asked(shop, HOLD)) == ["hold", "refresh"]
    (pull,) = shop.open()
    assert pull["labels"] == ["gitops-bot/hold"]
    shop.forge.review(pull["number"], approve=True)
    report = shop.tick(1)
    (shut,) = (gate.reason for gate in plan(report).gates if not gate.open)
    assert shut == "#1 bears the label gitops-bot/hold: ada holds it: the audit"
    assert "merge" not in actions(report)
    assert not shop.tick(1).receipts
    report = asked(shop, Ask(AskKind.RESUME, "bob"), minutes=1)
    assert actions(report) == ["resume", "refresh", "merge"]
    assert shop.environment.values() == ("1.0.0", "2.0.0", 5)


def test_a_hold_with_an_end_ends_by_itself(tmp_path: Path) -> None:
    shop = made(tmp_path, pullRequest={"merge": "auto"}, gates={"approvals": {"from": ["alice@acme.example"]}})
    shop.tick()
    asked(shop, replace(HOLD, until=T0 + timedelta(minutes=10)))
    (pull,) = shop.open()
    shop.forge.review(pull["number"], approve=True)
    assert "merge" not in actions(shop.tick(9))
    assert "merge" in actions(shop.tick(1))


def test_the_label_is_what_holds_and_a_person_may_take_it_off(shop: Shop) -> None:
    shop.tick()
    asked(shop, HOLD)
    shop.forge.unlabel(1, ["gitops-bot/hold"])
    report = shop.tick(1)
    assert all(gate.open for gate in plan(report).gates)
    (pull,) = shop.open()
    assert "the audit" not in pull["body"]


def test_a_hold_that_nothing_can_bear_is_said(shop: Shop) -> None:
    report = asked(shop, HOLD)
    assert not report.receipts
    assert plan(report).notes[-1] == (
        "ada's hold does not last, no promotion is open to bear the label: put .gitops-bot/stop.yaml on base"
    )


@pytest.mark.parametrize("word", [Ask(AskKind.REOPEN, "ada"), WORD])
def test_a_no_is_taken_back_by_a_word_and_stays_so(shop: Shop, word: Ask) -> None:
    shop.tick()
    (pull,) = shop.open()
    shop.forge.close(pull["number"])
    assert not shop.tick(1).receipts
    assert "open" in actions(asked(shop, word, minutes=1))
    assert {one["branch"] for one in shop.environment.pulls()} == {PROMOTE}


# ---------------------------------------------------------------- who may approve a rollback


def test_a_rollback_waits_for_approvals_only_where_the_policy_says_so(tmp_path: Path) -> None:
    people = {"from": ["alice@acme.example"]}
    shop = made(tmp_path, rollback={"merge": "auto", "approvals": people}, gates={"approvals": {"from": ["nobody"]}})
    shop.tick()
    shop.merge()
    shop.tick(1)
    shop.measure(0.9)
    shop.tick(5)
    (pull,) = shop.open()
    assert pull["branch"] == ROLLBACK
    assert "0 of 1 approval of its present head by alice" in shop.forge.statuses(pull["head"])["gitops-bot/shop"][
        "description"
    ].replace("\u200b", "")
    shop.forge.review(pull["number"], approve=True)
    assert "merge" in actions(shop.tick(1))
    assert shop.environment.values() == ("1.0.0", "1.0.0", 0)
