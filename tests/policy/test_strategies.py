"""Rules of the strategies that give all the traffic at once, or to several versions: each with where it is shown."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_bot.policy.rules import problems
from tests.support.build import COLORS, ERRORS, LADDER, policy

Spec = dict[str, Any]
BLUE, GREEN, ACTIVE = COLORS["edits"]
STABLE, CANDIDATE, WEIGHT = LADDER["edits"]
WORKLOAD = {"namespace": "shop", "name": "cart-blue"}
COMPARED = {"name": "errors", "query": 'e{v="{{ version }}"}', "compare": {}}


def found(spec: Spec, **changed: Any) -> list[tuple[str, str]]:
    """`path below the document` without `spec.`, message."""
    return [(".".join(map(str, path[1:])), message) for path, message in problems(policy(spec, **changed))]


@pytest.mark.parametrize(
    ("spec", "changed"),
    [
        (COLORS, {}),
        (COLORS, {"candidate": {"slot": "candidateVersion", "version": None}}),
        (COLORS, {"strategy": {"blueGreen": {"postAnalysis": "5m", "workloads": {"blue": WORKLOAD}}}}),
        (COLORS, {"edits": [STABLE, CANDIDATE], "candidate": {"version": "v2", "workload": WORKLOAD}}),
        (COLORS, {"analysis": {"metrics": [ERRORS, {**COMPARED, "name": "compared"}]}}),
    ],
)
def test_a_policy_that_works_has_no_problem(spec: Spec, changed: Spec) -> None:
    assert found(spec, **changed) == []


@pytest.mark.parametrize(
    ("spec", "changed", "path", "message"),
    [
        (COLORS, {"edits": [BLUE, ACTIVE]}, "edits", "places of exactly two colours, by `of:`: there is blue"),
        (COLORS, {"edits": [BLUE, GREEN, {**GREEN, "of": "red"}, ACTIVE]}, "edits", "there are blue, green, red"),
        (COLORS, {"edits": [STABLE, ACTIVE]}, "edits.0", "whose place is it?"),
        (COLORS, {"edits": [BLUE, GREEN, ACTIVE, CANDIDATE]}, "edits.3.set", "write set: version, and of:"),
        (COLORS, {"edits": [BLUE, GREEN, {**ACTIVE, "of": "blue"}]}, "edits.2.of", "is nobody's place"),
        (COLORS, {"edits": [BLUE, GREEN, ACTIVE, WEIGHT]}, "edits.3.set", "set activeColor there"),
        (COLORS, {"edits": [BLUE, {**BLUE, "of": "green"}, ACTIVE]}, "edits.1", "writes the same place"),
        (COLORS, {"edits": [BLUE, GREEN]}, "edits.0.of", "needs an edit that sets activeColor"),
        (COLORS, {"edits": [STABLE]}, "edits", "needs an edit that sets candidateVersion"),
        (COLORS, {"edits": [STABLE, CANDIDATE, WEIGHT]}, "edits.2.set", "climb with strategy.canary"),
        (COLORS, {"analysis": {"metrics": []}}, "analysis", "nothing else could say PASS"),
        (COLORS, {"analysis": {"metrics": [COMPARED]}}, "analysis.metrics", "no users' traffic to compare"),
        (
            COLORS,
            {"strategy": {"blueGreen": {"workloads": {"red": WORKLOAD}}}},
            "strategy.blueGreen.workloads.red",
            "none of the colours",
        ),
        (
            COLORS,
            {
                "candidate": {"version": "v2", "workload": WORKLOAD},
                "strategy": {"blueGreen": {"workloads": {"blue": WORKLOAD}}},
            },
            "candidate.workload",
            "strategy.blueGreen.workloads names both",
        ),
        (
            COLORS,
            {"candidate": {"version": None, "experiment": {"kind": "Canary", "namespace": "shop", "name": "cart"}}},
            "strategy.blueGreen",
            "Flagger flips Canary shop/cart itself",
        ),
        (
            LADDER,
            {"edits": [{**STABLE, "of": "blue"}, CANDIDATE, WEIGHT]},
            "edits.0.of",
            "goes with strategy.blueGreen",
        ),
        (LADDER, {"edits": [STABLE, CANDIDATE, WEIGHT, ACTIVE]}, "edits.3.set", "goes with strategy.blueGreen"),
    ],
)
def test_a_broken_rule_is_shown_where_it_is_broken(spec: Spec, changed: Spec, path: str, message: str) -> None:
    matching = [shown for where, shown in found(spec, **changed) if where == path]
    assert any(message in shown for shown in matching), found(spec, **changed)


IMAGE = {"rollout": {"file": "cart.yaml"}, "set": "version"}
SWITCH = {"rollout": {"file": "cart.yaml", "field": "autoPromotionEnabled"}, "set": "weight"}
ROLLOUT = {"kind": "Rollout", "namespace": "shop", "name": "cart"}
HANDED: Spec = {
    **COLORS,
    "candidate": {"version": "v2", "experiment": ROLLOUT},
    "analysis": {"bake": "10m"},
    "edits": [IMAGE, SWITCH],
}


@pytest.mark.parametrize(
    "changed",
    [{}, {"candidate": {"version": None}, "edits": [IMAGE]}, {"analysis": {"source": "both", "metrics": [ERRORS]}}],
)
def test_a_rollout_that_flips_by_itself_needs_its_image_and_its_switch(changed: Spec) -> None:
    assert found(HANDED, **changed) == []


@pytest.mark.parametrize(
    ("changed", "path", "message"),
    [
        ({"edits": [IMAGE]}, "edits", "must see that it waits"),
        ({"edits": [SWITCH]}, "edits", "the Rollout's image"),
        ({"edits": [IMAGE, SWITCH, WEIGHT]}, "edits.2.set", "only its autoPromotionEnabled is a weight"),
        ({"edits": [IMAGE, SWITCH, ACTIVE]}, "edits.2", "Argo Rollouts has the colours"),
        ({"edits": [IMAGE, SWITCH, BLUE]}, "edits.2", "Argo Rollouts has the colours"),
        ({"strategy": {"blueGreen": {"workloads": {"blue": WORKLOAD}}}}, "strategy.blueGreen.workloads", "runs both"),
    ],
)
def test_what_does_not_go_with_a_rollout_that_flips_by_itself(changed: Spec, path: str, message: str) -> None:
    matching = [shown for where, shown in found(HANDED, **changed) if where == path]
    assert any(message in shown for shown in matching), found(HANDED, **changed)
