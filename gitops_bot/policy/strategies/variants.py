"""Rules of `strategy.abTest`: places of every variant, and something that they are compared by. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.model import SlotName
from gitops_bot.policy.fields import Path, Problem
from gitops_bot.policy.schema import PolicySpec
from gitops_bot.policy.strategies import AbTest

LEAST, MOST = 3, 1000
"""Intervals of a whole test: with more of them shorter ones say nothing more."""
_PATH: Path = ("spec", "strategy", "abTest")


def problems(spec: PolicySpec, given: AbTest) -> Iterator[Problem]:
    """What is wrong with a test of several versions."""
    yield from _places(spec, given)
    yield from _compared(spec, given)
    yield from _passing(spec)
    candidate = spec.candidate
    if not candidate.slot and not _begins(spec, given):
        what = "a test tries what git says its variants run: write slot: candidateVersion"
        yield ("spec", "candidate"), f"{what}; the bot begins one of a single variant that templates make"
    if candidate.workload:
        yield ("spec", "candidate", "workload"), "each variant has its own: strategy.abTest.variants"
    if candidate.traffic:
        yield ("spec", "candidate", "traffic"), "goes with strategy.canary"
    if spec.analysis.deadline is not None:
        yield ("spec", "analysis", "deadline"), "a test ends by strategy.abTest.duration"


def _places(spec: PolicySpec, given: AbTest) -> Iterator[Problem]:
    names = [one.name for one in given.variants]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield (*_PATH, "variants", index, "name"), f"{name} is named twice"
    for index, edit in enumerate(spec.edits):
        path = ("spec", "edits", index)
        if edit.of and edit.of not in names:
            yield (*path, "of"), f"is no variant; there are {', '.join(names)}"
        if edit.set not in (SlotName.STABLE, SlotName.WEIGHT) or (edit.set is SlotName.WEIGHT and not edit.of):
            what = "a test has the stable version, and of each variant (by `of:`) its version and weight"
            yield (*path, "set"), what
    if not any(edit.set is SlotName.STABLE and not edit.of for edit in spec.edits):
        yield ("spec", "edits"), "strategy.abTest needs an edit that sets version (stableVersion)"
    held = {name: {edit.set for edit in spec.edits if edit.of == name} for name in names}
    for index, (name, slots) in enumerate(held.items()):
        if SlotName.STABLE not in slots:
            yield (*_PATH, "variants", index), f"needs an edit that sets version, of: {name}"
        elif SlotName.WEIGHT not in slots and any(SlotName.WEIGHT in other for other in held.values()):
            yield (*_PATH, "variants", index), f"needs an edit that sets weight, of: {name}, as others have one"


def _begins(spec: PolicySpec, given: AbTest) -> bool:
    """Whether there is one variant for one version that is new, and the bot can bring it."""
    return bool(len(given.variants) == 1 and spec.passing and (spec.candidate.registry or spec.candidate.version))


def _passing(spec: PolicySpec) -> Iterator[Problem]:
    """Variants whose files come and go: nothing else may say what they run, or sends users to them."""
    for index, edit in enumerate(spec.edits if spec.passing else ()):
        path = ("spec", "edits", index)
        if edit.set is SlotName.WEIGHT:
            yield (
                path,
                "users would be sent to a variant whose files are gone: leave its traffic to Iter8, or its files",
            )
        elif edit.of in spec.passing and not edit.comes_and_goes:
            yield (
                path,
                f"stays when the files of {edit.of} are removed: give it a file of its own, or none to the others",
            )
        elif edit.document and edit.document.path and not spec.candidate.slot:
            what = "is for a document that others bring, with candidate.slot; the bot makes one from a template"
            yield (*path, "document", "path"), what


def _compared(spec: PolicySpec, given: AbTest) -> Iterator[Problem]:
    experiment = spec.candidate.experiment
    if bool(given.reward) == bool(experiment):
        yield _PATH, "either reward, or spec.candidate.experiment of Iter8, which names the winner"
    if experiment and experiment.kind != "Experiment":
        yield (
            ("spec", "candidate", "experiment"),
            f"a {experiment.kind} names no winner of several: only an Experiment does",
        )
    if not 0 <= given.minimum_lift.value <= 10 or given.minimum_lift.unit == "s":
        yield (*_PATH, "minimumLift"), "is a part of the stable version's reward, from 0 to 1000%"
    if not 0.5 < given.confidence.value < 1:
        yield (*_PATH, "confidence"), "lies between 50% and 100%"
    if given.reward is None:
        return
    metric = next((one for one in spec.analysis.metrics if one.name == given.reward), None)
    if metric is None:
        yield (*_PATH, "reward"), f"no metric of spec.analysis is named {given.reward}"
    elif metric.min is not None or metric.max is not None or metric.compare or metric.judge:
        index = spec.analysis.metrics.index(metric)
        yield (
            ("spec", "analysis", "metrics", index),
            "is the reward, which is only compared: no min, max, compare or judge",
        )
    if len(spec.clusters) > 1:
        yield ("spec", "clusters"), "a reward is compared in one cluster"
    count = given.duration // spec.analysis.interval if spec.analysis.interval else 0
    if not LEAST <= count <= MOST:
        what = f"a test has {LEAST} to {MOST} intervals, this one {count}: choose analysis.interval for it"
        yield (*_PATH, "duration"), what
