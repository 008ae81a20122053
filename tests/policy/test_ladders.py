"""The ways to write a ladder: which rungs each means, and what is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.analysis.flagger.scheduler import Plan
from gitops_bot.analysis.flagger.scheduler import ladder as flagger_ladder
from gitops_bot.policy.loading import InvalidProblems, Source, load_policies
from gitops_bot.policy.rules import problems
from gitops_bot.policy.strategies import Canary
from gitops_bot.policy.strategies.reading import LadderProblem, of_canary, of_rollout, read
from gitops_bot.policy.strategies.rungs import Rung
from tests.support.build import ERRORS, LADDER, policy
from tests.support.environment import policy as policy_text

Spec = dict[str, Any]
MIRROR = {"yaml": {"file": "route.yaml", "path": "mirror"}, "set": "mirror"}
REGIONS = {
    "regions": {"each": {n: {"yaml": {"file": "r.yaml", "path": n}} for n in ("eu", "us")}},
    "set": "ring",
}
COMPARED = {"name": "errors", "builtin": {"istio": "request-error-ratio", "namespace": "shop", "workload": "cart"}}


def canary(**fields: Any) -> Canary:
    return Canary.model_validate(fields)


def names(ladder: tuple[Rung, ...]) -> list[str]:
    return [rung.name for rung in ladder]


@pytest.mark.parametrize(
    ("fields", "rungs"),
    [
        ({"weights": [5, 25, 50, 100]}, [5, 25, 50, 100]),
        # exactly to max
        ({"step": 20, "max": 60}, [20, 40, 60]),
        ({"step": 20, "max": 50}, [20, 40, 50]),
        ({"step": 30}, [30, 60, 90, 100]),
        # Flagger goes on until the highest is reached or passed
        ({"stepWeight": 20, "maxWeight": 60}, [20, 40, 60]),
        ({"stepWeight": 20, "maxWeight": 50}, [20, 40, 60]),
        ({"stepWeight": 30}, [30, 60, 90, 100]),
        ({"stepWeight": 100, "maxWeight": 1}, [100]),
        ({"stepWeights": [1, 2, 10, 80]}, [1, 2, 10, 80]),
    ],
)
def test_weights_are_written_in_several_ways(fields: Spec, rungs: list[int]) -> None:
    assert names(canary(**fields).ladder) == [f"{weight} %" for weight in rungs]


@given(st.integers(1, 100), st.integers(1, 100))
def test_flaggers_words_mean_what_they_mean_in_flagger(step: int, most: int) -> None:
    ours = tuple(rung.weight for rung in canary(stepWeight=step, maxWeight=most).ladder)
    theirs, promotes = flagger_ladder(Plan(step_weight=step, max_weight=most))
    assert (ours, promotes) == (theirs, True)


@given(st.lists(st.integers(1, 100), min_size=1, unique=True).map(sorted))
def test_flaggers_list_means_what_it_means_in_flagger(weights: list[int]) -> None:
    ours = tuple(rung.weight for rung in canary(stepWeights=weights).ladder)
    theirs, promotes = flagger_ladder(Plan(step_weights=tuple(weights)))
    assert (ours, promotes) == (theirs, True)


MINUTE = timedelta(minutes=1)
WORDS = [
    *("setWeight", "pause", "duration", "analysis", "templates", "templateName", "args", "name", "value", "experiment"),
    *("setCanaryScale", "replicas", "setHeaderRoute", "setMirrorRoute", "match", "percentage", "plugin", "config"),
    *("startingStep", "managedRoutes", "stepWeight", "stepWeights", "maxWeight", "interval", "mirror", "strategy"),
    *("canary", "steps", "namespace", "odd"),
]
ROUTED = [{"headers": {"x": {"exact": "y"}}}]


@pytest.mark.parametrize(
    ("steps", "rungs"),
    [
        ([{"setWeight": 20}, {"setWeight": 40}], ["20 %", "40 %"]),
        ([{"setWeight": 20}, {"pause": {}}, {"setWeight": 40}], ["20 % people", "40 %"]),
        ([{"setWeight": 20}, {"pause": {"duration": 10}}], ["20 % 0:00:10"]),
        ([{"setWeight": 20}, {"pause": {"duration": "10"}}], ["20 % 0:00:10"]),
        ([{"setWeight": 20}, {"pause": {"duration": "10m"}}, {"pause": {"duration": "1h"}}], ["20 % 1:10:00"]),
        ([{"setWeight": 20}, {"setWeight": 20}, {"pause": {"duration": "90s"}}], ["20 % 0:01:30"]),
        # without a weight, or before the first one: 0 %
        ([{"pause": {"duration": "5m"}}, {"setWeight": 20}], ["preview 0:05:00", "20 %"]),
        ([{"setWeight": 0}, {"pause": {}}, {"setWeight": 20}], ["preview people", "20 %"]),
        ([{"setCanaryScale": {"replicas": 1}}, {"setWeight": 20}], ["preview (1)", "20 %"]),
        ([{"pause": {}}], ["preview people"]),
        ([{"setWeight": 20}, {"setCanaryScale": {"matchTrafficWeight": True}}], ["20 % (1)"]),
        # what the bot does not run is left to people
        ([{"setWeight": 20}, {"experiment": {"duration": "1h"}}, {"setWeight": 40}], ["20 % people (1)", "40 %"]),
        ([{"setWeight": 20}, {"plugin": {"name": "acme/step", "config": {"a": 1}}}], ["20 % people (1)"]),
        # header and mirror
        ([{"setHeaderRoute": {"name": "h", "match": ROUTED}}, {"setWeight": 5}], ["preview (1)", "5 %"]),
        (
            [{"setMirrorRoute": {"name": "m", "match": ROUTED, "percentage": 35}}, {"pause": {}}, {"setWeight": 5}],
            ["mirror 35 % people", "5 %"],
        ),
        ([{"setMirrorRoute": {"name": "m", "match": ROUTED}}, {"setWeight": 5}], ["mirror 100 %", "5 %"]),
        (
            [{"setMirrorRoute": {"name": "m", "match": ROUTED}}, {"setMirrorRoute": {"name": "m"}}, {"setWeight": 5}],
            ["mirror 100 % (1)", "5 %"],
        ),
        ([{"setWeight": 5}, {"setMirrorRoute": {"name": "m", "match": ROUTED}}], ["5 % (1)"]),
        # analysis
        ([{"setWeight": 5}, {"analysis": {"templates": [{"templateName": "ok"}]}}], ["5 % AnalysisTemplate ok"]),
        (
            [
                {"setWeight": 5},
                {
                    "analysis": {
                        "templates": [{"templateName": "ok", "clusterScope": True}],
                        "args": [{"name": "a", "value": "b"}],
                    }
                },
            ],
            ["5 % ClusterAnalysisTemplate ok a=b"],
        ),
    ],
)
def test_argos_steps_become_rungs(steps: list[Spec], rungs: list[str]) -> None:
    assert list(map(shown, canary(steps=steps).ladder)) == rungs


def shown(rung: Rung) -> str:
    templates = [f"{one.kind} {one.name}{''.join(f' {k}={v}' for k, v in one.args.items())}" for one in rung.templates]
    parts = [rung.name, str(rung.least) if rung.least else "", "people" if rung.pause else "", *templates]
    return " ".join(part for part in (*parts, f"({len(rung.notes)})" if rung.notes else "") if part)


def test_a_long_name_is_cut_and_not_refused() -> None:
    (rung,) = canary(steps=[{"setWeight": 5}, {"plugin": {"name": "x" * 4000}}]).ladder
    assert len(rung.notes[0]) == 300


def test_what_argo_does_and_the_bot_does_not_is_said_on_its_rung() -> None:
    steps = [{"setWeight": 5}, {"setCanaryScale": {"weight": 25}}, {"plugin": {"name": "acme/wait"}}]
    (rung,) = canary(steps=steps).ladder
    assert rung.notes == ("setCanaryScale 25 %: the bot writes no replicas", "plugin acme/wait is not run here")


def test_the_ladders_duration_is_every_rungs_that_has_none() -> None:
    rungs = [{"weight": 5, "stepDuration": "1m"}, {"weight": 25}]
    assert [rung.least for rung in canary(rungs=rungs, stepDuration="10m").ladder] == [MINUTE, 10 * MINUTE]


@pytest.mark.parametrize(("start", "begins"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2)])
def test_the_analysis_begins_on_the_rung_of_a_step(start: int, begins: int) -> None:
    steps = [{"setWeight": 5}, {"pause": {}}, {"setWeight": 25}, {"pause": {}}, {"setWeight": 50}]
    assert canary(steps=steps, startingStep=start).begins == begins


# ---------------------------------------------------------------- what is refused


def found(fields: Spec, **changed: Any) -> list[tuple[str, str]]:
    """`path below spec.strategy`, message."""
    told = policy({**LADDER, "strategy": {"canary": fields}}, **changed)
    return [(".".join(map(str, path[1:])), message) for path, message in problems(told)]


@pytest.mark.parametrize(
    ("fields", "changed", "path", "message"),
    [
        ({}, {}, "", "one of weights, step, stepWeight, stepWeights, steps, rungs, rings or ladderFrom is needed"),
        ({"weights": [5], "step": 5}, {}, ".step", "only one ladder may be given, and weights is one"),
        ({"weights": [5], "max": 50}, {}, ".max", "goes with step"),
        ({"weights": [5], "maxWeight": 50}, {}, ".maxWeight", "goes with stepWeight"),
        ({"weights": [5], "trafficRouting": {}}, {}, ".trafficRouting", "goes with steps"),
        ({"step": 60, "max": 50}, {}, ".step", "is greater than max"),
        ({"weights": [5, 5]}, {}, ".weights.1", "5 does not rise above 5"),
        ({"stepWeights": [5, 4]}, {}, ".stepWeights.1", "4 does not rise above 5"),
        ({"steps": [{"setWeight": 20}, {"pause": {}}, {"setWeight": 10}]}, {}, ".steps.2", "10 does not rise above 20"),
        ({"steps": [{"setWeight": 20}, {"setWeight": 0}]}, {}, ".steps.1", "preview does not come after 20 %"),
        ({"steps": [{}, {"setWeight": 5}]}, {}, ".steps.0", "one of setWeight, pause, analysis, experiment"),
        ({"steps": [{"setWeight": 5, "pause": {}}]}, {}, ".steps.0.pause", "only one of"),
        ({"steps": [{"setWeight": 5}, {"analysis": {}}]}, {}, ".steps.1.analysis", "needs templates"),
        (
            {"steps": [{"setWeight": 5}, {"analysis": {"templates": [{"templateName": "a"}]}}]},
            {},
            ".steps.1.analysis.templates.0",
            "needs namespace or file",
        ),
        (
            {
                "steps": [{"setHeaderRoute": {"name": "h"}}, {"setWeight": 5}],
                "trafficRouting": {"managedRoutes": [{"name": "m"}]},
            },
            {},
            ".steps.0",
            "h is not among trafficRouting.managedRoutes",
        ),
        ({"rungs": [{"weight": 5, "preview": True}]}, {}, ".rungs.0.preview", "only one of weight, preview, mirror"),
        ({"rungs": [{"preview": False}, {"weight": 5}]}, {}, ".rungs.0.preview", "is true, or left out"),
        ({"rungs": [{"bake": "5m"}]}, {}, ".rungs.0", "one of weight, preview, mirror, ring is needed"),
        ({"rungs": [{"weight": 5, "bake": "1s"}]}, {}, ".rungs.0.bake", "must be at least one interval"),
        ({"rungs": [{"weight": 5}, {"preview": True}]}, {}, ".rungs.1", "preview does not come after 5 %"),
        ({"rungs": [{"weight": 5, "metrics": [ERRORS]}]}, {}, ".rungs.0.metrics.0.name", "is the name of another"),
        ({"rungs": [{"mirror": 5}, {"weight": 5}]}, {}, "", "a mirror rung needs an edit that sets mirror"),
        (
            {"rungs": [{"preview": True}, {"weight": 5}]},
            {"analysis": {"metrics": [COMPARED]}},
            ".rungs.0",
            "preview could never be left: only comparisons are measured",
        ),
        (
            {"rungs": [{"weight": 5, "metrics": [ERRORS]}, {"weight": 25}]},
            {"analysis": {"metrics": []}},
            ".rungs.1",
            "25 % has no metrics: without evidence it could never be left",
        ),
        ({"weights": [5, 50], "maxStep": 30}, {}, ".weights.1", "goes up by 45 points, and maxStep allows 30"),
        ({"weights": [50], "maxStep": 30}, {}, ".weights.0", "goes up by 50 points"),
        ({"weights": [5], "startingStep": 1}, {}, ".startingStep", "there are 1 steps, counted from 0"),
        ({"weights": [5], "onNewer": "finish"}, {}, ".onNewer", "finish cannot be kept with candidate.slot"),
        ({"rings": [1, 3, 3]}, {}, ".rings.2", "3 does not rise above 3"),
        ({"rings": [1, "eu"]}, {}, ".rings", "are numbers of clusters, or names of regions, not both"),
        ({"rungs": [{"ring": 1}, {"weight": 5}]}, {}, ".rungs.1", "5 % is no ring"),
        ({"rings": [1, 9], "maxStep": 5}, {}, ".rings.1", "goes up by 8 clusters"),
        ({"weights": [5], "placement": {"namespace": "a", "name": "b"}}, {}, ".placement", "goes with rings"),
        ({"ladderFrom": {}}, {}, ".ladderFrom", "one of rollout, canary is needed"),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused_where_it_is_wrong(
    fields: Spec, changed: Spec, path: str, message: str
) -> None:
    told = found(fields, **changed)
    assert any(where == f"strategy.canary{path}" and message in what for where, what in told), told


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({"rungs": [{"preview": True}, {"mirror": 20}, {"weight": 5}]}, {"edits": [*LADDER["edits"], MIRROR]}),
        ({"rungs": [{"weight": 5, "metrics": [{**ERRORS, "name": "more"}]}]}, {"analysis": {"metrics": []}}),
        (
            {"rungs": [{"weight": 5}, {"weight": 9, "metrics": [ERRORS]}], "startingStep": 1},
            {"analysis": {"metrics": []}},
        ),
        ({"ladderFrom": {"rollout": {"file": "rollout.yaml"}}, "startingStep": 3}, {}),
        ({"rings": [1, 3, 250], "placement": {"namespace": "shop", "name": "rings"}}, {}),
        ({"rungs": [{"preview": True}, {"ring": 3, "called": "eu"}]}, {}),
        ({"rings": ["eu", "us"]}, {"edits": [*LADDER["edits"][:2], REGIONS]}),
        ({"weights": [5, 35], "maxStep": 30, "onFail": "stepBack", "userInterface": True}, {}),
        ({"weights": [5], "onNewer": "finish"}, {"candidate": {"slot": None, "version": "v2"}}),
    ],
)
def test_a_ladder_that_can_be_climbed_has_no_problem(fields: Spec, changed: Spec) -> None:
    assert found(fields, **changed) == []


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([{"setWeigth": 5}], "unknown key"),
        ([{"setWeight": 5}, {"sleep": {"duration": "5m"}}], "unknown key"),
        ([{"setWeight": "5"}], "must be a whole number, not text"),
        ([{"setWeight": 101}], "must be at most 100"),
        ([{"pause": {"duration": "soon"}}], "'soon' is not a duration; write seconds (10) or a time (10m)"),
        ([{"pause": {"duration": -1}}], "is not a duration"),
        ([{"pause": {"duration": True}}], "must be text like 10 or 10m, not true or false"),
    ],
)
def test_an_unknown_step_is_an_error_that_names_it(steps: list[Spec], message: str) -> None:
    text = policy_text(strategy={"canary": {"steps": steps}})
    with pytest.raises(InvalidProblems) as refused:
        load_policies([Source("shop.yaml", text.encode())])
    assert message in str(refused.value)
    assert all(kind in str(refused.value) for step in steps for kind in step if kind not in ("setWeight", "pause"))


# ---------------------------------------------------------------- a ladder in a file


def rollout(canary: Spec) -> Spec:
    return {"kind": "Rollout", "metadata": {"namespace": "shop"}, "spec": {"strategy": {"canary": canary}}}


def flagger(**analysis: Any) -> Spec:
    return {"kind": "Canary", "spec": {"analysis": analysis}}


def of(fields: Spec, *, mirrors: bool = True) -> list[str]:
    return list(map(shown, read(canary(), fields, mirrors=mirrors).ladder))


def test_a_rollouts_ladder_is_read_with_its_analysis_from_the_step_where_that_begins() -> None:
    steps = [{"setWeight": "5"}, {"pause": {"duration": "5m"}}, {"setWeight": "25"}, {"pause": ""}]
    background = {"templates": [{"templateName": "ok"}], "startingStep": "2"}
    fields = of_rollout(rollout({"steps": steps, "analysis": background}))
    assert of(fields) == ["5 % 0:05:00", "25 % people AnalysisTemplate ok"]
    told = read(canary(), fields, mirrors=True)
    assert told.begins == 1
    assert told.ladder[1].templates[0].namespace == "shop"


def test_a_step_that_is_not_known_is_shown_and_left_to_people() -> None:
    steps = [{"setWeight": "5"}, {"waitForMoon": {"phase": "full"}}, {"setWeight": "25"}]
    first, second = read(canary(), of_rollout(rollout({"steps": steps})), mirrors=True).ladder
    assert (first.pause, first.notes) == (True, ("step 1 is not known here: waitForMoon",))
    assert (second.pause, second.notes) == (False, ())


@pytest.mark.parametrize(
    ("analysis", "rungs"),
    [
        ({"stepWeight": "20", "maxWeight": "50"}, ["20 % 0:01:00", "40 % 0:01:00", "60 % 0:01:00"]),
        ({"stepWeights": ["1", "10"], "interval": "30s"}, ["1 % 0:00:30", "10 % 0:00:30"]),
        ({"stepWeights": ["1"], "mirror": "true"}, ["mirror 100 % 0:01:00", "1 % 0:01:00"]),
        ({"stepWeights": ["1"], "mirror": "True"}, ["mirror 100 % 0:01:00", "1 % 0:01:00"]),
    ],
)
def test_a_canarys_ladder_is_read_with_its_interval(analysis: Spec, rungs: list[str]) -> None:
    assert of(of_canary(flagger(**analysis))) == rungs


def test_without_a_place_for_it_a_mirror_rung_is_a_preview_and_says_so() -> None:
    assert of(of_canary(flagger(stepWeights=["1"], mirror="true")), mirrors=False)[0] == "preview 0:01:00 (1)"


def test_the_policys_own_duration_goes_before_the_one_that_was_read() -> None:
    told = read(canary(stepDuration="5m"), of_canary(flagger(stepWeights=["1"])), mirrors=True)
    assert told.ladder[0].least == 5 * MINUTE


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "the Rollout has no spec.strategy.canary"),
        (rollout({}), "the Rollout has no spec.strategy.canary"),
        (rollout({"steps": []}), "the Rollout's canary has no steps"),
        (rollout({"steps": "5"}), "the Rollout's canary has no steps"),
        (rollout({"steps": [{"setWeight": "many"}]}), "steps[0].setWeight: "),
        (rollout({"steps": [{"setWeight": "5", "pause": {}}, {"setWeight": "4"}]}), ""),
        (rollout({"steps": [{"setWeight": "5"}, {"setWeight": "4"}]}), "4 does not rise above 5"),
        (
            rollout(
                {
                    "steps": [{"setMirrorRoute": {"name": "m", "match": ROUTED}}],
                    "trafficRouting": {"managedRoutes": [], "istio": {}},
                }
            ),
            "steps[0]: m is not among trafficRouting.managedRoutes",
        ),
        (rollout({"steps": [{"setWeight": "5"}], "analysis": {"startingStep": "x"}}), "is no number of a step"),
        (
            {
                **rollout({"steps": [{"setWeight": "5"}, {"analysis": {"templates": [{"templateName": "ok"}]}}]}),
                "metadata": {"namespace": ["a b"]},
            },
            "is no namespace",
        ),
    ],
)
def test_a_rollout_without_a_ladder_says_why(document: Spec, message: str) -> None:
    if not message:  # two kinds in one step are not known, and what follows still counts
        assert of(of_rollout(document)) == ["preview people (1)", "4 %"]
        return
    with pytest.raises(LadderProblem) as refused:
        read(canary(), of_rollout(document), mirrors=True)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "the Canary has no spec.analysis"),
        (flagger(iterations="10"), "the Canary has iterations and no weights"),
        (flagger(interval="1m"), "neither stepWeight nor stepWeights"),
        (flagger(stepWeight="0.5"), "analysis.stepWeight: '0.5' is no percent"),
        (flagger(stepWeights=["5", "x"]), "analysis.stepWeights: 'x' is no percent"),
        (flagger(stepWeights=["5"], interval="soon"), "analysis.interval: 'soon' is not a duration"),
        (flagger(stepWeights=["5", "5"]), "5 does not rise above 5"),
    ],
)
def test_a_canary_without_a_ladder_says_why(document: Spec, message: str) -> None:
    with pytest.raises(LadderProblem) as refused:
        read(canary(), of_canary(document), mirrors=True)
    assert message in str(refused.value)


def test_why_there_is_no_ladder_is_not_told_at_any_length() -> None:
    with pytest.raises(LadderProblem) as refused:
        of_canary(flagger(stepWeight=5000 * "x"))
    assert len(str(refused.value)) < 320


def test_rings_of_names_need_their_regions() -> None:
    told = found({"rings": ["eu", "asia"]}, edits=[*LADDER["edits"][:2], REGIONS])
    assert told == [("edits", "an edit with regions needs each of eu, asia, in this order")]


RUBBISH = st.recursive(
    st.none() | st.sampled_from(["", "5", "40", "-1", "9999999999", "x", "true", "10m", "٣"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@given(steps=RUBBISH, analysis=RUBBISH, routing=RUBBISH, mirrors=st.booleans())
def test_rubbish_in_a_file_is_a_ladder_or_says_why_it_is_none(
    steps: object, analysis: object, routing: object, *, mirrors: bool
) -> None:
    documents = (
        (of_rollout, rollout({"steps": steps, "analysis": analysis, "trafficRouting": routing})),
        (of_canary, {"kind": "Canary", "spec": {"analysis": analysis}}),
        (of_rollout, {"spec": steps, "metadata": routing}),
    )
    for reads, document in documents:
        levels: list[tuple[int, int]] = []
        with suppress(LadderProblem):
            levels = [rung.level for rung in read(canary(), reads(document), mirrors=mirrors).ladder]
        assert levels == sorted(set(levels))
