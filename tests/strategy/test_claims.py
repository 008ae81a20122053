"""What git says that a reading must be about: since when depends on the system and on the strategy."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.strategy import claim
from tests.support.build import LADDER, at, history, policy, slots, version

EDITS = [
    {"kustomizeImage": {"path": name, "name": "cart"}, "set": slot}
    for name, slot in (("prod", "version"), ("staging", "candidateVersion"))
]


def promoting(kind: str, *, by_git: bool = True) -> PromotionPolicy:
    experiment = {"kind": kind, "namespace": "shop", "name": "cart"}
    slot = {"slot": "candidateVersion"} if by_git else {}
    spec: dict[str, Any] = {"repository": "environments", "strategy": {"promote": {}}, "edits": EDITS}
    return policy({**spec, "candidate": {**slot, "experiment": experiment}})


MOVED = history((0, slots("v1", "v1", None)), (10, slots("v1", "v2", None)), (20, slots("v1.1", "v2", None)))
"""At 10 the candidate came, at 20 the stable version moved."""


@pytest.mark.parametrize(
    ("kind", "commit", "minute", "once", "deploys"),
    [
        ("Rollout", "c1", 10, False, False),
        ("Application", "c1", 10, False, True),
        ("Experiment", "c2", 20, True, False),
        ("PipelineRun", "c2", 20, True, False),
    ],
)
def test_a_run_is_asked_for_every_change_and_others_for_the_candidates(
    kind: str, commit: str, minute: float, once: bool, deploys: bool
) -> None:
    found = claim(promoting(kind), slots("v1.1", "v2", None), MOVED, (), at(60))
    assert (found.commit, found.since, found.once, found.deploys) == (commit, at(minute), once, deploys)
    assert (found.candidate, found.baseline, found.named) == (version("v2"), version("v1.1"), True)


def test_on_a_ladder_the_commit_of_the_weight_counts_for_all() -> None:
    experiment = {"kind": "Application", "namespace": "argocd", "name": "cart"}
    chosen = policy(LADDER, candidate={"experiment": experiment})
    told = history((0, slots()), (10, slots("v1", "v2", 5)), (20, slots("v1", "v2", 25)))
    assert claim(chosen, slots("v1", "v2", 25), told, (), at(60)).since == at(20)


@pytest.mark.parametrize(
    ("stable", "told", "named"), [("v1", "v2", False), ("v2", "v2", True), ("v2", None, False), ("v1", "v1", True)]
)
def test_an_experiment_elsewhere_is_bound_to_no_commit_until_git_names_its_version(
    stable: str, told: str | None, named: bool
) -> None:
    chosen = promoting("Rollout", by_git=False)
    rows = history((0, slots("v0", None, None)), (10, slots(stable, None, None)))
    found = claim(chosen, slots(stable, None, None), rows, (), at(60), version(told))
    assert (found.named, found.candidate, found.baseline) == (named, None, None)


def test_a_history_that_ends_too_early_tells_no_time() -> None:
    cut = history((10, slots("v1", "v2", None)), complete=False)
    found = claim(promoting("Rollout"), slots("v1", "v2", None), cut, (), at(60))
    assert (found.named, found.since, found.commit) == (True, None, "")
