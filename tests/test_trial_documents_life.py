"""Whole ticks of trials whose documents stand among others in one file: exactly they come, and exactly they go."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.model import StepKind
from tests.support.world import BASE, BOT
from tests.test_experiments_life import Shelf
from tests.test_trial_files_life import (
    BASELINE,
    CANDIDATE,
    CI,
    EXPERIMENT,
    HOUR,
    NEW,
    NEWER,
    OLD,
    TEMPLATES,
    Trials,
    spec,
)

FILE, LISTED = "shop/all.yaml", "shop/kustomization.yaml"
ROUTE = "# who gets what\nkind: VirtualService\nmetadata: {name: cart, namespace: shop}\n"
ALL = f"# the shop\n---\n{BASELINE.format(OLD)}---\n{ROUTE}"
IMAGE = "spec.template.spec.containers[name=app].image"
TRIED = "spec.versionInfo.candidates[0].variables[name=revision].value"


def documents(file: str = FILE, *, made: bool, **changed: Any) -> dict[str, Any]:
    """Iter8 judges what stands among other documents."""
    said = [{"template": path} for path in TEMPLATES] if made else [{"path": IMAGE}, {"path": TRIED}]
    named = [{"kind": "Deployment", "name": "cart-candidate"}, {"kind": "Experiment", "namespace": "shop"}]
    trial = [
        {"document": {"file": file, **where, **how}, "set": "candidateVersion"}
        for where, how in zip(named, said, strict=True)
    ]
    baseline = {"deployment": {"file": FILE, "name": "cart", "container": "app"}, "set": "version"}
    wanted = spec(edits=[baseline, *trial], **changed)
    if made:
        registry = {"image": "ghcr.io/acme/cart", "semver": ">=1"}
        wanted["candidate"] = {"registry": registry, "experiment": wanted["candidate"]["experiment"]}
    return wanted


class Documents(Trials):
    """Everything is in one file."""

    def __init__(self, wanted: dict[str, Any], **more: str) -> None:
        super().__init__(wanted)
        self.world.commit(BASE, {"shop/cart.yaml": None, FILE: ALL.replace(OLD, "0.9.0").encode()})
        self.world.pass_time(24 * HOUR)
        files = {FILE: ALL, **{name.replace("__", "/") + ".yaml": text for name, text in more.items()}}
        self.world.commit(BASE, {path: text.encode() for path, text in files.items()})
        self.world.pass_time(24 * HOUR)

    def text(self, path: str = FILE) -> str:
        return self.world.commits[self.world.refs[BASE]].files[path].decode()

    def ci_adds(self, text: str, who: str = CI) -> None:
        self.world.commit(BASE, {FILE: text.encode()}, who=who)
        self.world.pass_time(HOUR)


TRIAL = f"---\n{CANDIDATE.format(NEW)}  replicas: 3 # as CI likes it\n--- # the test\n{EXPERIMENT.format(NEW)}"
BETWEEN = ALL.replace(f"---\n{ROUTE}", f"{TRIAL}---\n{ROUTE}")


@pytest.mark.parametrize(
    "text", [ALL + TRIAL, BETWEEN, TRIAL + ALL.partition("\n")[2]], ids=["below", "between", "above"]
)
def test_a_winner_takes_its_documents_away_and_leaves_the_others_to_the_byte(text: str) -> None:
    life = Documents(documents(made=False))
    life.ci_adds(text)
    life.iter8()
    assert (life.tick().step.kind, life.open()) == (StepKind.PROMOTE, ["promote(cart): 1.0.0 → 2.0.0"])
    life.merge()
    assert life.text() == text.replace(TRIAL, "").replace(OLD, NEW)
    assert life.settle().step.reason == "nothing to promote: 2.0.0 is in place"


def test_a_loser_takes_its_documents_away_and_is_not_tried_again() -> None:
    life = Documents(documents(made=False, rollback={"merge": "auto"}))
    life.ci_adds(BETWEEN)
    life.iter8(good=False)
    life.tick()
    assert life.text() == ALL
    life.ci_adds(BETWEEN, BOT)
    life.iter8()
    assert "2.0.0 is not proposed: its trial was taken away" in life.settle().step.reason


def test_the_bot_adds_its_documents_to_a_file_and_takes_them_away() -> None:
    life = Documents(documents(made=True))
    life.registries = {"ghcr.io": Shelf(OLD, NEW)}
    assert (life.settle().step.kind, life.open()) == (StepKind.START, ["promote(cart): try 2.0.0 beside 1.0.0"])
    life.registries = {"ghcr.io": Shelf(OLD, NEW, NEWER)}
    life.settle()
    life.merge()
    assert life.text() == f"{ALL}---\n{CANDIDATE.format(NEWER)}---\n{EXPERIMENT.format(NEWER)}"
    life.world.pass_time(HOUR)
    life.iter8(NEWER)
    assert life.tick().step.kind is StepKind.PROMOTE
    life.merge()
    assert life.text() == ALL.replace(OLD, NEWER)


def test_a_trial_in_a_file_of_its_own_is_built_while_it_is_there() -> None:
    listed = "resources: # of the shop\n  - all.yaml\n  # - old.yaml\n\nimages: []\n"
    life = Documents(documents("shop/trial.yaml", made=True, rollback={"merge": "auto"}), shop__kustomization=listed)
    life.registries = {"ghcr.io": Shelf(OLD, NEW)}
    life.tick()
    life.merge()
    assert life.text("shop/trial.yaml") == f"{CANDIDATE.format(NEW)}---\n{EXPERIMENT.format(NEW)}"
    assert life.text(LISTED) == listed.replace("  # - old.yaml\n", "  # - old.yaml\n  - trial.yaml\n")
    life.world.pass_time(HOUR)
    life.iter8(good=False)
    life.tick()
    files = life.world.commits[life.world.refs[BASE]].files
    assert (life.text(LISTED), "shop/trial.yaml" in files) == (listed, False)


def test_a_trial_that_could_not_be_removed_again_is_not_begun() -> None:
    wanted = documents("shop/trial.yaml", made=True)
    life = Documents(wanted, shop__kustomization="patches: [{path: trial.yaml}]\n")
    life.registries = {"ghcr.io": Shelf(OLD, NEW)}
    (error,) = life.errors()
    assert "uses shop/trial.yaml, which goes, otherwise than by `resources`: the trial could not promote" in error
    assert life.open() == []


def test_what_people_changed_in_the_kustomization_stays_theirs() -> None:
    life = Documents(documents("shop/trial.yaml", made=True), shop__kustomization="resources: [all.yaml]\n")
    life.registries = {"ghcr.io": Shelf(OLD, NEW)}
    life.tick()
    life.merge()
    life.world.commit(BASE, {LISTED: b"resources: [all.yaml, more.yaml, trial.yaml]\nnamePrefix: x-\n"})
    life.world.pass_time(HOUR)
    life.iter8()
    life.tick()
    life.merge()
    assert life.text(LISTED) == "resources: [all.yaml, more.yaml]\nnamePrefix: x-\n"
