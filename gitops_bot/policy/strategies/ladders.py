"""Rules of a ladder: one way to write it, rising rungs, each with evidence. Pure: spec → problems."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from gitops_bot.model import SlotName
from gitops_bot.policy.fields import Path, Problem, one_of
from gitops_bot.policy.metrics import Metric
from gitops_bot.policy.schema import PolicySpec
from gitops_bot.policy.strategies import argo
from gitops_bot.policy.strategies.canary import Canary
from gitops_bot.policy.strategies.rungs import Rung

WHERE: Path = ("spec", "strategy", "canary")
_WAYS = {
    "weights": "weights",
    "step": "step",
    "step_weight": "stepWeight",
    "step_weights": "stepWeights",
    "steps": "steps",
    "rungs": "rungs",
    "rings": "rings",
    "ladder_from": "ladderFrom",
}
_GOES_WITH = {"max": "step", "max_weight": "step_weight", "traffic_routing": "steps"}
_RUNG = ("weight", "preview", "mirror", "ring")
_ABSOLUTE = ("threshold", "argo_analysis", "flagger", "keptn", "iter8")
"""Judges that can do without the stable version."""


def problems(spec: PolicySpec, canary: Canary) -> Iterator[Problem]:
    """What is wrong with a ladder whose shape is right."""
    yield from _ways(canary)
    yield from _numbers(canary)
    yield from _inside(canary)
    yield from _rising(canary)
    yield from _guarded(canary)
    yield from _evidence(spec, canary)
    yield from _ringed(spec, canary)
    if canary.on_newer == "finish" and spec.candidate.slot:
        yield (*WHERE, "onNewer"), "finish cannot be kept with candidate.slot: there git itself replaces the candidate"
    if any(rung.mirror for rung in canary.ladder) and all(edit.set is not SlotName.MIRROR for edit in spec.edits):
        yield WHERE, "a mirror rung needs an edit that sets mirror"


def _ringed(spec: PolicySpec, canary: Canary) -> Iterator[Problem]:
    """Clusters and percents do not mix, and a ring of a name has its place."""
    if canary.placement and not canary.ringed and not canary.ladder_from:
        yield (*WHERE, "placement"), "goes with rings"
    if not canary.ringed:
        return
    for index, rung in enumerate(canary.ladder):
        if rung.weight or rung.mirror:
            yield _at(canary, index), f"{rung.name} is no ring, and rungs before it are"
    if spec.candidate.traffic:
        yield ("spec", "candidate", "traffic"), "goes with percents, not with rings"
    if canary.rings and len({type(one) for one in canary.rings}) > 1:
        yield (*WHERE, "rings"), "are numbers of clusters, or names of regions, not both"
        return
    known = [tuple(edit.regions.each) for edit in spec.edits if edit.regions]
    if any(isinstance(one, str) for one in canary.rings) and tuple(canary.rings) not in known:
        yield (
            ("spec", "edits"),
            f"an edit with regions needs each of {', '.join(map(str, canary.rings))}, in this order",
        )


def of_rungs(canary: Canary) -> str:
    """What is wrong with a ladder that was read from a file; empty when nothing is."""
    wrong = next((what for _, what in _rising(canary)), "")
    return wrong if canary.ladder else "it has no rungs"


def _ways(canary: Canary) -> Iterator[Problem]:
    given = [name for name in _WAYS if getattr(canary, name)]
    if not given:
        *most, last = _WAYS.values()
        yield WHERE, f"one of {', '.join(most)} or {last} is needed"
    if len(given) > 1:
        yield (*WHERE, _WAYS[given[1]]), f"only one ladder may be given, and {_WAYS[given[0]]} is one"
    for name, other in _GOES_WITH.items():
        if getattr(canary, name) is not None and not getattr(canary, other):
            yield (*WHERE, type(canary).model_fields[name].alias or name), f"goes with {_WAYS[other]}"


def _numbers(canary: Canary) -> Iterator[Problem]:
    if canary.step and canary.max and canary.step > canary.max:
        yield (*WHERE, "step"), "is greater than max"
    if canary.ladder_from:
        yield from one_of((*WHERE, "ladderFrom"), canary.ladder_from, "rollout", "canary")
    count = len(canary.steps) or len(canary.ladder)
    if canary.starting_step and not canary.ladder_from and canary.starting_step >= count:
        yield (*WHERE, "startingStep"), f"there are {count} steps, counted from 0"


def _inside(canary: Canary) -> Iterator[Problem]:
    """Each step of one kind, each rung at one place, each route known."""
    for index, step in enumerate(canary.steps):
        yield from one_of((*WHERE, "steps", index), step, *argo.KINDS)
    for index, name in argo.stray_routes(canary.steps, canary.traffic_routing).items():
        yield (*WHERE, "steps", index), f"{name} is not among trafficRouting.managedRoutes"
    for index, rung in enumerate(canary.rungs):
        yield from one_of((*WHERE, "rungs", index), rung, *_RUNG)
        if rung.preview is False:
            yield (*WHERE, "rungs", index, "preview"), "is true, or left out"


def _rising(canary: Canary) -> Iterator[Problem]:
    ladder = canary.ladder
    for index, (lower, higher) in enumerate(pairwise(ladder)):
        if higher.level <= lower.level:
            yield _at(canary, index + 1), _not_above(higher, lower)


def _guarded(canary: Canary) -> Iterator[Problem]:
    if canary.max_step is None:
        return
    unit = "clusters" if canary.ringed else "points"
    for index, (low, high) in enumerate(pairwise((0, *(rung.level[0] for rung in canary.ladder)))):
        if high - low > canary.max_step:
            what = f"goes up by {high - low} {unit}, and maxStep allows {canary.max_step}"
            yield _at(canary, index), what


def _not_above(higher: Rung, lower: Rung) -> str:
    if higher.users and lower.users:
        return f"{higher.level[0]} does not rise above {lower.level[0]}"
    return f"{higher.name} does not come after {lower.name}"


def _at(canary: Canary, index: int) -> Path:
    """Where the rung of that number is written."""
    if canary.steps:
        return (*WHERE, "steps", argo.rungs(canary.steps)[index][0])
    listed = next((name for name in ("weights", "step_weights", "rungs", "rings") if getattr(canary, name)), "")
    return (*WHERE, _WAYS[listed], index) if listed else WHERE


def _evidence(spec: PolicySpec, canary: Canary) -> Iterator[Problem]:
    """No rung that nothing could ever let go of."""
    if spec.asks_experiment or canary.ladder_from:
        return
    for index, rung in enumerate(canary.ladder):
        common = () if index < canary.begins else spec.analysis.metrics
        borrowed = rung.templates or (index >= canary.begins and spec.analysis.templates)
        metrics = (*common, *rung.metrics)
        if not metrics and not borrowed and index >= canary.begins:
            yield _at(canary, index), f"{rung.name} has no metrics: without evidence it could never be left"
        elif not rung.users and metrics and not borrowed and not any(map(_absolute, metrics)):
            what = "only comparisons are measured, and no user's traffic is there to compare"
            yield _at(canary, index), f"{rung.name} could never be left: {what}; give one metric min or max"


def _absolute(metric: Metric) -> bool:
    """It can be judged without the stable version, and decides."""
    bounded = metric.min is not None or metric.max is not None
    told = metric.judge
    judged = told is not None and any(getattr(told, name) is not None for name in _ABSOLUTE)
    if told and told.sequential:
        judged = told.sequential.min is not None or told.sequential.max is not None
    return metric.critical and (bounded or judged)
