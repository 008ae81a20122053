"""Rules of `strategy.blueGreen`: two colours with their places, or a version that the traffic follows. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.model import SlotName
from gitops_bot.policy.fields import Path, Problem
from gitops_bot.policy.metrics import Metric
from gitops_bot.policy.schema import PolicySpec
from gitops_bot.policy.strategies import BlueGreen
from gitops_bot.policy.watched import WEIGHERS

_EDITS: Path = ("spec", "edits")
_SPLITS = "blueGreen gives all the traffic at once: set activeColor there, or climb with strategy.canary"


def problems(spec: PolicySpec, given: BlueGreen) -> Iterator[Problem]:
    """What is wrong with a policy that flips."""
    path = ("spec", "strategy", "blueGreen")
    if spec.handed:
        yield from _handed(spec, given)
        return
    experiment = spec.candidate.experiment
    if experiment and (owner := WEIGHERS.get(experiment.kind)):
        yield path, f"{owner} flips {experiment.ref} itself: use strategy.promote, which writes its image"
        return
    colored = any(edit.set is SlotName.COLOR for edit in spec.edits)
    yield from _colors(spec, given) if colored else _versions(spec, given)
    for index, edit in enumerate(spec.edits):
        if edit.set is SlotName.WEIGHT:
            yield (*_EDITS, index, "set"), _SPLITS
    yield from _evidence(spec)


def _handed(spec: PolicySpec, given: BlueGreen) -> Iterator[Problem]:
    """Argo Rollouts flips: git has the image, and the switch that says whether it waits."""
    slots = {edit.set for edit in spec.edits}
    if SlotName.STABLE not in slots:
        yield _EDITS, "needs an edit that sets version: the Rollout's image"
    for index, edit in enumerate(spec.edits):
        switch = edit.rollout is not None and edit.rollout.field == "autoPromotionEnabled"
        if edit.set is SlotName.WEIGHT and not switch:
            yield (*_EDITS, index, "set"), "Argo Rollouts moves the traffic: only its autoPromotionEnabled is a weight"
        if edit.of or edit.set not in (SlotName.STABLE, SlotName.WEIGHT):
            yield (
                (*_EDITS, index),
                "Argo Rollouts has the colours: git has its image (version), and the switch (weight)",
            )
    if not spec.candidate.told_by_experiment and SlotName.WEIGHT not in slots:
        what = "who writes the image must see that it waits: add {rollout: {field: autoPromotionEnabled}, set: weight}"
        yield _EDITS, what
    if given.workloads:
        yield ("spec", "strategy", "blueGreen", "workloads"), "the Rollout runs both colours"


def _colors(spec: PolicySpec, given: BlueGreen) -> Iterator[Problem]:
    for index, edit in enumerate(spec.edits):
        if edit.set is SlotName.COLOR and edit.of:
            yield (*_EDITS, index, "of"), "the active colour is nobody's place"
        if edit.set is SlotName.STABLE and not edit.of:
            yield (*_EDITS, index), "whose place is it? Say `of:` with the name of its colour"
        if edit.set is SlotName.CANDIDATE:
            yield (*_EDITS, index, "set"), "the colour without traffic runs the candidate: write set: version, and of:"
    if len(spec.colors) != 2:
        named = f": there {'is' if len(spec.colors) == 1 else 'are'} {', '.join(spec.colors)}" if spec.colors else ""
        yield _EDITS, f"activeColor needs places of exactly two colours, by `of:`{named}"
    for color in given.workloads:
        if color not in spec.colors:
            yield ("spec", "strategy", "blueGreen", "workloads", color), "is none of the colours of spec.edits"
    if given.workloads and spec.candidate.workload:
        yield ("spec", "candidate", "workload"), "changes with the colour: strategy.blueGreen.workloads names both"


def _versions(spec: PolicySpec, given: BlueGreen) -> Iterator[Problem]:
    slots = {edit.set for edit in spec.edits}
    for index, edit in enumerate(spec.edits):
        if edit.of:
            yield (*_EDITS, index, "of"), "needs an edit that sets activeColor"
        if edit.comes_and_goes:
            yield (*_EDITS, index), "a preview stands all the time: files that come and go are for promote and canary"
    for name in (SlotName.STABLE, SlotName.CANDIDATE):
        if name not in slots:
            what = "or activeColor and places of two colours"
            yield _EDITS, f"strategy.blueGreen needs an edit that sets {name.value}, {what}"
    if given.workloads:
        yield ("spec", "strategy", "blueGreen", "workloads"), "goes with activeColor; else spec.candidate.workload"


def _evidence(spec: PolicySpec) -> Iterator[Problem]:
    metrics = [metric for metric in spec.analysis.metrics if metric.critical]
    if spec.candidate.experiment or spec.analysis.templates:
        return
    if not metrics:
        yield ("spec", "analysis"), "strategy.blueGreen needs metrics or an experiment: nothing else could say PASS"
    elif all(map(_only_compares, metrics)):
        what = "a preview has no users' traffic to compare: give one metric a min or a max"
        yield ("spec", "analysis", "metrics"), what


def _only_compares(metric: Metric) -> bool:
    if metric.judge:
        return bool(metric.judge.kayenta or metric.judge.sample_ratio)
    return metric.min is None and metric.max is None
