"""Whole ticks of A/B tests whose variant is in files of its own: they come with the test, and go with its end."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from gitops_bot.errors import PolicyInvalid
from gitops_bot.model import StepKind
from gitops_bot.policy.loading import Source, load_policies
from tests.support.world import BASE, BOT
from tests.test_experiments_life import Shelf
from tests.test_trial_files_life import GONE, HOUR, NEW, NEWER, OLD, TRIAL, Trials, by_registry, trial


def spec(**changed: Any) -> dict[str, Any]:
    """Iter8 compares one variant, which files bring; the bot's own metrics say nothing."""
    version = {"set": "version", "of": "trial"}
    files = [{"file": {"path": path, "template": f"templates/{path[5:]}"}, **version} for path in TRIAL]
    return {
        "repository": "environments",
        "candidate": {
            "slot": "candidateVersion",
            "experiment": {"kind": "Experiment", "namespace": "shop", "selector": {"app": "cart"}},
        },
        "analysis": {"bake": "10m"},
        "strategy": {"abTest": {"variants": [{"name": "trial"}], "decide": "bot"}},
        "edits": [{"deployment": {"file": "shop/cart.yaml", "container": "app"}, "set": "version"}, *files],
        **changed,
    }


def from_registry(**changed: Any) -> dict[str, Any]:
    return by_registry(spec(**changed))


def test_a_winner_becomes_stable_and_its_files_go_in_one_commit() -> None:
    life = Trials(spec())
    life.begin()
    assert life.settle().step.kind is StepKind.HOLD
    life.iter8()
    assert (life.tick().step.kind, life.open()) == (StepKind.PROMOTE, ["promote(cart): 1.0.0 → 2.0.0, variant trial"])
    life.merge()
    assert life.stands() == (NEW, [])
    life.objects = []
    life.world.pass_time(HOUR)
    assert (life.settle().step.reason, life.open()) == ("no variant is on trial, 2.0.0 is stable", [])


def test_a_baseline_that_won_ends_the_test_and_its_files_go() -> None:
    life = Trials(spec())
    life.begin()
    life.iter8(good=False)
    assert life.tick().step.kind is StepKind.FINISH
    assert life.open() == ["promote(cart): keep 1.0.0, its test is taken down"]
    life.merge()
    assert (life.stands(), life.settle().step.kind) == ((OLD, []), StepKind.HOLD)


def test_a_test_of_what_is_stable_already_is_removed() -> None:
    life = Trials(spec())
    life.begin(OLD)
    assert life.tick().step.kind is StepKind.FINISH
    life.merge()
    assert life.stands() == (OLD, [])


def test_a_new_image_begins_its_test_and_a_newer_one_waits_for_its_end() -> None:
    life = Trials(from_registry())
    life.registries = {"ghcr.io": Shelf(OLD, NEW)}
    plan = life.settle()
    assert (plan.step.kind, life.open()) == (StepKind.START, ["promote(cart): test 2.0.0 as trial beside 1.0.0"])
    assert plan.proposal is not None
    assert "**Start** trial `none` → `2.0.0`" in plan.proposal.body
    assert "remove what the candidate brought on base; the bot takes it as a no" in plan.proposal.body
    assert "### Variants" not in plan.proposal.body
    life.merge()
    files = life.world.commits[life.world.refs[BASE]].files
    assert {path: files.get(path) for path in TRIAL} == trial(NEW)
    life.registries = {"ghcr.io": Shelf(OLD, NEW, NEWER)}
    life.world.pass_time(HOUR)
    held = life.settle()
    assert (held.step.kind, held.notes) == (StepKind.HOLD, ("3.0.0 waits until 2.0.0 is promoted or gone",))
    life.iter8()
    life.tick()
    life.merge()
    assert life.stands() == (NEW, [])
    life.objects = []
    life.world.pass_time(HOUR)
    life.tick()
    assert life.open() == ["promote(cart): test 3.0.0 as trial beside 2.0.0"]


def test_what_lost_or_was_removed_is_not_tested_again() -> None:
    life = Trials(from_registry())
    life.registries = {"ghcr.io": Shelf(OLD, NEW)}
    life.tick()
    life.merge()
    life.world.pass_time(HOUR)
    life.iter8(good=False)
    life.tick()
    life.merge()
    rest = life.settle()
    assert (rest.step.kind, life.stands(), life.open()) == (StepKind.HOLD, (OLD, []), [])
    assert "2.0.0 is not proposed: its trial was taken away in " in rest.step.reason
    life.begin(NEWER, who=BOT)
    life.world.commit(BASE, GONE)
    life.registries = {"ghcr.io": Shelf(OLD, NEW, NEWER)}
    assert "3.0.0 is not proposed: its trial was taken away in " in life.settle().step.reason


WEIGHT = {"virtualService": {"file": "r.yaml", "stable": "a", "canary": "b"}, "set": "weight", "of": "trial"}
TWO = {"abTest": {"variants": [{"name": "trial"}, {"name": "more"}]}}
MORE = {"deployment": {"file": "more.yaml"}, "set": "version", "of": "more"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"edits": [*spec()["edits"], WEIGHT]}, "users would be sent to a variant whose files are gone"),
        ({"edits": [*spec()["edits"], {**MORE, "of": "trial"}]}, "stays when the files of trial are removed"),
        (
            {
                "candidate": from_registry()["candidate"],
                "strategy": TWO,
                "edits": [*spec()["edits"], MORE],
            },
            "the bot begins one of a single variant that templates make",
        ),
    ],
)
def test_what_could_not_begin_or_end_is_no_policy(changed: dict[str, Any], said: str) -> None:
    head = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "PromotionPolicy", "metadata": {"name": "cart"}}
    with pytest.raises(PolicyInvalid, match=re.escape(said)):
        load_policies([Source("cart.yaml", yaml.safe_dump({**head, "spec": spec(**changed)}).encode())])
