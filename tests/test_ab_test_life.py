"""Whole ticks of a test of several versions: a winner, a tie, a variant that fails, people who choose."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from gitops_bot.model import Ask, AskKind, StepKind, Version
from tests.conftest import Golden
from tests.support.stage import MINUTE, Stage

OVERLAY = "images:\n  - name: ghcr.io/acme/cart\n    newTag: {version}\n"
ROUTE = """\
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {{name: cart, namespace: shop}}
spec:
  http:
    - route:
        - destination: {{host: cart, subset: a}}
          weight: {a}
        - destination: {{host: cart, subset: b}}
          weight: {b}
        - destination: {{host: cart, subset: c}}
          weight: {c}
"""
IMAGE = "ghcr.io/acme/cart"
HOUR = 60


def edits() -> list[dict[str, Any]]:
    """The stable version and two variants, each with its overlay and its share."""
    found: list[dict[str, Any]] = [{"kustomizeImage": {"path": "a", "name": IMAGE}, "set": "version"}]
    for name in ("b", "c"):
        route = {"file": "route.yaml", "name": "cart", "stable": "a", "canary": name}
        found += [
            {"kustomizeImage": {"path": name, "name": IMAGE}, "set": "version", "of": name},
            {"virtualService": route, "set": "weight", "of": name},
        ]
    return found


METRICS = [
    {
        "name": "conversion",
        "ratio": {"bad": 'orders{version="{{ version }}"}', "total": 'visits{version="{{ version }}"}'},
    },
    {"name": "errors", "query": 'errors{version="{{ version }}"}', "max": "1%"},
]
TEST = {
    "variants": [{"name": "b"}, {"name": "c"}],
    "decide": "bot",
    "reward": "conversion",
    "minimumLift": "1%",
    "duration": "5d",
}


def noisy(mean: float) -> Callable[[datetime], float]:
    """Counts that vary by chance, the same at every look."""

    def level(at: datetime) -> float:
        seed = int(hashlib.sha256(f"{mean} {at:%Y%m%d%H%M}".encode()).hexdigest()[:8], 16)
        return float(round(mean + mean**0.5 * (seed / 2**32 * 2 - 1) * 1.7))

    return level


def stage(b: float = 500, c: float = 500, **test: Any) -> Stage:
    """1.8.0 is stable with 500 orders of 5,000 visits an hour, b and c have as many visits and that many orders."""
    spec = {
        "repository": "environments",
        "candidate": {"slot": "candidateVersion"},
        "analysis": {"interval": "1h", "bake": "3h", "metrics": METRICS},
        "strategy": {"abTest": {**TEST, **test}},
        "edits": edits(),
    }
    files = {f"{name}/kustomization.yaml": OVERLAY.format(version="1.8.0") for name in "abc"}
    life = Stage(spec, {**files, "route.yaml": ROUTE.format(a=100, b=0, c=0)})
    for version, orders in (("1.8.0", 501), ("2.0.0", b), ("3.0.0", c)):
        life.levels[f'orders{{version="{version}"}}'] = noisy(orders)
        life.levels[f'visits{{version="{version}"}}'] = 5000
        life.levels[f'errors{{version="{version}"}}'] = 0.0
    return life


def begun(life: Stage) -> Stage:
    """CI gives both variants their versions and their traffic."""
    versions = {"b/kustomization.yaml": "2.0.0", "c/kustomization.yaml": "3.0.0"}
    files = {path: OVERLAY.format(version=version) for path, version in versions.items()}
    life.write({**files, "route.yaml": ROUTE.format(a=50, b=25, c=25)})
    return life


def shares(life: Stage) -> list[str]:
    """What the route gives to each."""
    return [line.split()[-1] for line in life.files()["route.yaml"].splitlines() if "weight" in line]


def test_the_best_variant_wins_and_the_test_is_taken_down(golden: Golden) -> None:
    life = begun(stage(b=600, c=510))
    assert life.tick(2 * HOUR).step.kind is StepKind.HOLD
    won = life.tick(46 * HOUR)
    assert (won.step.kind, str(won.step.slots.stable)) == (StepKind.PROMOTE, "2.0.0")
    life.merge()
    assert life.tick(1 * HOUR).step.kind is StepKind.HOLD
    finish = life.tick(4 * HOUR)
    assert finish.step.kind is StepKind.FINISH
    life.merge()
    assert shares(life) == ["100", "0", "0"]
    assert {life.files()[f"{name}/kustomization.yaml"] for name in "abc"} == {OVERLAY.format(version="2.0.0")}
    assert life.tick(24 * HOUR).step.reason == "no variant is on trial, 2.0.0 is stable"
    assert life.at_rest()
    golden("ab_test/winner.md", life.story())


def test_a_tie_at_the_end_keeps_the_stable_version_and_says_so(golden: Golden) -> None:
    life = begun(stage())
    assert life.tick(60 * HOUR).step.kind is StepKind.HOLD
    over = life.tick(61 * HOUR).step
    assert over.kind is StepKind.FINISH
    assert over.reason == "no variant was found better by at least 1% in 5d: the stable version stays"
    assert life.open() == ["promote(cart): keep 1.8.0, its test is taken down"]
    life.merge()
    assert (shares(life), "1.8.0" in life.files()["b/kustomization.yaml"]) == (["100", "0", "0"], True)
    assert life.at_rest()
    golden("ab_test/tie.md", life.story())


def test_two_that_are_better_and_alike_are_a_tie_too() -> None:
    life = begun(stage(b=700, c=701))
    over = life.tick(121 * HOUR).step
    assert (over.kind, "cannot be told apart" in over.reason) == (StepKind.FINISH, True)


def test_a_lift_below_the_least_is_none() -> None:
    life = begun(stage(b=600, c=500, minimumLift="50%"))
    assert life.tick(121 * HOUR).step.kind is StepKind.FINISH


def test_fewer_can_be_better() -> None:
    life = begun(stage(b=400, c=500, better="lower"))
    won = life.tick(60 * HOUR).step
    assert (won.kind, str(won.slots.stable)) == (StepKind.PROMOTE, "2.0.0")


def test_a_variant_that_fails_its_guard_is_taken_out_and_the_other_goes_on(golden: Golden) -> None:
    life = begun(stage(b=600))
    life.levels['errors{version="3.0.0"}'] = 0.2
    step = life.tick(4 * HOUR).step
    assert (step.kind, life.open()) == (StepKind.ROLLBACK, ["rollback(cart): take out c 3.0.0"])
    life.merge()
    assert shares(life) == ["75", "25", "0"]
    won = life.tick(44 * HOUR)
    assert won.step.kind is StepKind.PROMOTE
    assert won.since is not None
    golden("ab_test/guard.md", life.story())


def test_a_winner_that_fails_its_guard_is_no_winner() -> None:
    life = begun(stage(b=600))
    life.levels['errors{version="2.0.0"}'] = 0.2
    assert life.tick(60 * HOUR).step.kind is StepKind.ROLLBACK


def test_a_winner_without_word_of_its_guard_waits() -> None:
    life = begun(stage(b=600))
    del life.levels['errors{version="2.0.0"}']
    step = life.tick(60 * HOUR).step
    assert (step.kind, step.held and step.held.kind, life.open()) == (StepKind.HOLD, StepKind.PROMOTE, [])


def test_people_decide_by_a_pull_request_that_the_bot_never_merges(golden: Golden) -> None:
    life = begun(stage(b=600, decide="people"))
    step = life.tick(60 * HOUR).step
    assert (step.kind, step.cautions[0].startswith("people decide this test")) == (StepKind.PROMOTE, True)
    life.merge()
    golden("ab_test/people.md", life.story())


@pytest.mark.parametrize("word", ["c", "3.0.0"])
def test_a_person_chooses_another_by_its_name_or_its_version(word: str) -> None:
    life = begun(stage(b=600, decide="people"))
    life.asks = (Ask(AskKind.PROMOTE, "alice", Version.parse(word)),)
    step = life.tick(60 * HOUR).step
    assert (step.kind, str(step.slots.stable)) == (StepKind.PROMOTE, "3.0.0")
    assert step.reason.startswith("alice chooses c")


def test_a_person_who_names_no_variant_promotes_nothing() -> None:
    life = begun(stage(b=600))
    del life.levels['errors{version="2.0.0"}']
    life.asks = (Ask(AskKind.PROMOTE, "alice", Version("4.0.0")),)
    step = life.tick(60 * HOUR).step
    assert (step.kind, life.open()) == (StepKind.HOLD, [])
    assert step.reason == "alice chooses 4.0.0, which is none of b (2.0.0), c (3.0.0)"


def test_metrics_that_are_silent_at_the_end_end_nothing() -> None:
    life = begun(stage())
    life.levels = {piece: level for piece, level in life.levels.items() if not piece.startswith("visits")}
    step = life.tick(121 * HOUR).step
    assert (step.kind, life.open()) == (StepKind.HOLD, [])


def test_what_won_and_fails_before_everybody_goes_back() -> None:
    life = begun(stage(b=600))
    life.tick(48 * HOUR)
    life.merge()
    life.levels['errors{version="2.0.0"}'] = 0.2
    step = life.tick(3 * HOUR + 5).step
    assert (step.kind, str(step.slots.stable)) == (StepKind.ROLLBACK, "1.8.0")
    life.merge()
    assert shares(life) == ["100", "0", "0"]
    assert life.tick(5 * HOUR).step.kind is StepKind.HOLD


def test_a_newer_stable_version_that_no_variant_runs_begins_the_test_anew() -> None:
    life = begun(stage(b=600))
    life.levels['orders{version="1.8.1"}'] = noisy(500)
    life.levels['visits{version="1.8.1"}'] = 5000
    life.tick(30 * HOUR)
    life.write({"a/kustomization.yaml": OVERLAY.format(version="1.8.1")})
    step = life.tick(2 * HOUR).step
    assert (step.kind, step.reason) == (StepKind.HOLD, "b: not decided in 1h of 5d; c: not decided in 1h of 5d")


def test_rewards_that_are_asked_alike_of_all_versions_decide_nothing_and_it_is_said() -> None:
    life = stage()
    same = {"name": "conversion", "query": "conversion", "critical": True}
    spec = {**life.spec, "analysis": {"interval": "1h", "bake": "3h", "metrics": [same, METRICS[1]]}}
    life = begun(Stage(spec, life.files()))
    life.levels = {"conversion": 0.1, "errors": 0.0}
    step = life.tick(121 * HOUR).step
    assert (step.kind, "asks the same of the baseline as of the candidate" in step.reason) == (StepKind.HOLD, True)


# ---------------------------------------------------------------- Iter8


def experiment(life: Stage, winner: str, **status: Any) -> dict[str, Any]:
    """What Iter8 says at the end of an A/B/n experiment."""
    began = life.world.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def version(name: str, tag: str) -> dict[str, Any]:
        return {"name": name, "variables": [{"name": "revision", "value": tag}]}

    info = {"baseline": version("a", "1.8.0"), "candidates": [version("b", "2.0.0"), version("c", "3.0.0")]}
    ended = {"type": "Completed", "status": "True", "lastTransitionTime": began}
    found = {"data": {"winnerFound": bool(winner), "winner": winner}}
    return {
        "kind": "Experiment",
        "metadata": {"name": "cart", "namespace": "shop", "uid": "u1"},
        "spec": {"versionInfo": info, "strategy": {"testingPattern": "A/B/N"}},
        "status": {
            "stage": "Completed",
            "startTime": began,
            "conditions": [ended],
            "analysis": {"winnerAssessment": found},
            **status,
        },
    }


@pytest.mark.parametrize(
    ("winner", "kind", "stable"),
    [
        ("c", StepKind.PROMOTE, "3.0.0"),
        ("a", StepKind.FINISH, "1.8.0"),
        ("", StepKind.FINISH, "1.8.0"),
        ("elsewhere", StepKind.HOLD, "1.8.0"),
    ],
)
def test_the_winner_that_iter8_names_is_promoted_alike(winner: str, kind: StepKind, stable: str) -> None:
    life = stage()
    given = {"slot": "candidateVersion", "experiment": {"kind": "Experiment", "namespace": "shop", "name": "cart"}}
    test = {key: value for key, value in TEST.items() if key != "reward"}
    spec = {**life.spec, "candidate": given, "strategy": {"abTest": test}}
    life = begun(Stage({**spec, "analysis": {"source": "both", "metrics": METRICS[1:]}}, life.files()))
    life.levels = {"errors": 0.0}
    life.world.pass_time(HOUR * MINUTE)
    life.objects = [experiment(life, winner)]
    step = life.tick(30).step
    assert (step.kind, str(step.slots.stable)) == (kind, stable)


def test_what_iter8_said_of_an_earlier_test_is_not_about_this_one() -> None:
    life = stage()
    given = {"slot": "candidateVersion", "experiment": {"kind": "Experiment", "namespace": "shop", "name": "cart"}}
    test = {key: value for key, value in TEST.items() if key != "reward"}
    life = Stage({**life.spec, "candidate": given, "strategy": {"abTest": test}, "analysis": {}}, life.files())
    life.objects = [experiment(life, "c")]
    life.world.pass_time(HOUR * MINUTE)
    begun(life)
    step = life.tick(30).step
    assert (step.kind, life.open()) == (StepKind.HOLD, [])
