"""Whole ticks of a promotion that is judged once it stands, because nothing runs the version before."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.model import Outcome, StepKind
from gitops_bot.policy.rules import problems
from tests.support.build import ERRORS, PROMOTION, policy
from tests.support.stage import Stage

OVERLAY = "images:\n  - name: ghcr.io/acme/cart\n    newTag: {}\n"
AFTER: dict[str, Any] = {
    "repository": "environments",
    "candidate": {"version": "1.9.0"},
    "analysis": {
        "bake": "10m",
        "metrics": [{"name": "errors", "query": 'errors{version="{{ version }}"}', "max": "1%"}],
    },
    "strategy": {"promote": {"analysis": "after"}},
    "edits": [{"kustomizeImage": {"path": "prod", "name": "ghcr.io/acme/cart"}, "set": "version"}],
}


def stage(**changed: Any) -> Stage:
    return Stage({**AFTER, **changed}, {"prod/kustomization.yaml": OVERLAY.format("1.8.0")})


def promoted(life: Stage) -> Stage:
    plan = life.tick(60)
    assert (plan.step.kind, plan.verdict.outcome) == (StepKind.PROMOTE, Outcome.PASS)
    assert plan.step.reason == "requested: 1.9.0 was given by hand"
    life.merge()
    return life


def test_what_is_judged_before_waits_for_a_version_that_nothing_runs() -> None:
    life = stage(strategy={"promote": {}})
    assert (life.tick(60).step.kind, life.open()) == (StepKind.HOLD, [])


def test_it_is_promoted_as_it_comes_and_stays_while_it_is_well() -> None:
    life = promoted(stage())
    life.levels['"1.9.0"'] = 0.0
    assert life.tick(5).step.reason == "nothing to promote: 1.9.0 is in place"
    assert life.at_rest()


def test_it_goes_back_on_evidence_and_is_not_proposed_again() -> None:
    life = promoted(stage())
    life.levels['"1.9.0"'] = 0.5
    assert life.tick(6).step.kind is StepKind.ROLLBACK
    life.merge()
    assert life.tick(30).step.reason.startswith("1.9.0 is not proposed: the stable version went back to 1.8.0")
    assert life.at_rest()


def test_without_data_it_stays_and_an_open_way_back_stays_when_the_watch_is_over() -> None:
    quiet = promoted(stage())
    assert (quiet.tick(6).verdict.outcome, quiet.open()) == (Outcome.UNKNOWN, [])
    life = promoted(stage())
    life.levels['"1.9.0"'] = 0.5
    life.tick(6)
    assert life.tick(300).step.kind is StepKind.HOLD
    assert life.open() == ["rollback(cart): 1.9.0 → 1.8.0"]


BY_REGISTRY = {"registry": {"image": "ghcr.io/acme/cart", "semver": "^1"}}
WORKLOAD = {"namespace": "shop", "name": "cart"}


@pytest.mark.parametrize(
    ("candidate", "analysis", "said"),
    [
        (BY_REGISTRY, {"metrics": [ERRORS]}, ""),
        ({**BY_REGISTRY, "workload": WORKLOAD}, {}, ""),
        ({"environments": ["dev"]}, {"metrics": [ERRORS]}, ""),
        ({"slot": "stableVersion"}, {"metrics": [ERRORS]}, ""),
        (BY_REGISTRY, {}, "after needs metrics, or candidate.workload: nothing would be judged"),
        ({"slot": "candidateVersion"}, {"metrics": [ERRORS]}, "after does not go with a candidate that runs somewhere"),
        (PROMOTION["candidate"], {}, "after does not go with an experiment, whose verdict is waited for"),
    ],
)
def test_it_goes_with_candidates_that_nothing_runs_before(
    candidate: dict[str, Any], analysis: dict[str, Any], said: str
) -> None:
    edits = [*PROMOTION["edits"], {"kustomizeImage": {"path": "next", "name": "cart"}, "set": "candidateVersion"}]
    wanted = {**PROMOTION, "candidate": candidate, "analysis": analysis, "edits": edits}
    found = problems(policy({**wanted, "strategy": {"promote": {"analysis": "after"}}}))
    assert [path for path, message in found if message.startswith(said)] == (
        [("spec", "strategy", "promote", "analysis")] if said else []
    )
    assert len(found) == bool(said)
