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


# ---------------------------------------------------------------- several versions at once

REWARD = {"name": "conversion", "query": 'c{v="{{ version }}"}'}
OF_B = {"kustomizeImage": {"path": "b", "name": "cart"}, "set": "version", "of": "b"}
OF_C = {"kustomizeImage": {"path": "c", "name": "cart"}, "set": "version", "of": "c"}
SHARE_B = {"yaml": {"file": "route.yaml", "path": "b"}, "set": "weight", "of": "b"}
ITER8 = {"kind": "Experiment", "namespace": "shop", "name": "cart"}
TEST: Spec = {
    "repository": "environments",
    "candidate": {"slot": "candidateVersion"},
    "analysis": {"interval": "1h", "bake": "3h", "metrics": [REWARD, ERRORS]},
    "strategy": {"abTest": {"variants": [{"name": "b"}, {"name": "c"}], "reward": "conversion"}},
    "edits": [STABLE, OF_B, OF_C],
}


def worded(**changed: Any) -> Spec:
    """The strategy with other words."""
    return {"strategy": {"abTest": {**TEST["strategy"]["abTest"], **changed}}}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        worded(decide="bot", minimumLift="1%", better="lower", duration="7d", confidence="99%"),
        {**worded(reward=None), "candidate": {"experiment": ITER8}, "analysis": {"metrics": []}},
        {"edits": [STABLE, OF_B, OF_C, SHARE_B, {**SHARE_B, "yaml": {"file": "r.yaml", "path": "c"}, "of": "c"}]},
    ],
)
def test_a_test_that_works_has_no_problem(changed: Spec) -> None:
    assert found(TEST, **changed) == []


@pytest.mark.parametrize(
    ("changed", "path", "message"),
    [
        ({"edits": [STABLE, OF_B]}, "strategy.abTest.variants.1", "needs an edit that sets version, of: c"),
        ({"edits": [STABLE, OF_B, OF_C, SHARE_B]}, "strategy.abTest.variants.1", "weight, of: c, as others have one"),
        ({"edits": [STABLE, OF_B, {**OF_C, "of": "d"}]}, "edits.2.of", "is no variant; there are b, c"),
        ({"edits": [OF_B, OF_C]}, "edits", "needs an edit that sets version (stableVersion)"),
        ({"edits": [STABLE, OF_B, OF_C, WEIGHT]}, "edits.3.set", "of each variant (by `of:`) its version and weight"),
        ({"edits": [STABLE, OF_B, OF_C, CANDIDATE]}, "edits.3.set", "a test has the stable version"),
        (worded(variants=[{"name": "b"}, {"name": "b"}]), "strategy.abTest.variants.1.name", "named twice"),
        (worded(reward="orders"), "strategy.abTest.reward", "no metric of spec.analysis is named orders"),
        (worded(reward=None), "strategy.abTest", "either reward, or spec.candidate.experiment"),
        (worded(duration="30s"), "strategy.abTest.duration", "3 to 1000 intervals, this one 0"),
        (worded(duration="60d"), "strategy.abTest.duration", "this one 1440: choose analysis.interval"),
        (worded(minimumLift="20ms"), "strategy.abTest.minimumLift", "from 0 to 1000%"),
        (worded(minimumLift="-1%"), "strategy.abTest.minimumLift", "from 0 to 1000%"),
        (worded(confidence="40%"), "strategy.abTest.confidence", "between 50% and 100%"),
        (
            {"analysis": {"metrics": [{**REWARD, "max": 1}, ERRORS]}},
            "analysis.metrics.0",
            "no min, max, compare or judge",
        ),
        ({"analysis": {"deadline": "1h"}}, "analysis.deadline", "ends by strategy.abTest.duration"),
        ({"candidate": {"slot": None, "version": "v2"}}, "candidate", "write slot: candidateVersion"),
        ({"candidate": {"workload": WORKLOAD}}, "candidate.workload", "strategy.abTest.variants"),
        ({"clusters": ["eu", "us"]}, "clusters", "compared in one cluster"),
        (
            {**worded(reward=None), "candidate": {"experiment": {**ITER8, "kind": "Canary"}}},
            "candidate.experiment",
            "a Canary names no winner of several",
        ),
    ],
)
def test_what_is_wrong_with_a_test_is_shown_where_it_is_wrong(changed: Spec, path: str, message: str) -> None:
    matching = [shown for where, shown in found(TEST, **changed) if where == path]
    assert any(message in shown for shown in matching), found(TEST, **changed)
