"""Rules of `spec.strategy`: what each strategy needs of the rest of the policy. Pure: spec → problems."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.model import SlotName
from gitops_bot.policy.fields import Problem, one_of
from gitops_bot.policy.schema import PolicySpec
from gitops_bot.policy.strategies import blue_green, ladders, variants
from gitops_bot.policy.strategies.canary import Canary
from gitops_bot.policy.watched import WEIGHERS


def problems(spec: PolicySpec) -> Iterator[Problem]:
    """What is wrong with a strategy whose shape is right, or with what it needs around it."""
    yield from one_of(("spec", "strategy"), spec.strategy, "canary", "promote", "blue_green", "ab_test")
    yield from _trial_files(spec)
    slots = {edit.set for edit in spec.edits}
    if spec.candidate.slot == SlotName.STABLE.value and not spec.strategy.promote:
        yield ("spec", "candidate", "slot"), "stableVersion, which others write, goes with strategy.promote"
    if spec.strategy.canary:
        yield from ladders.problems(spec, spec.strategy.canary)
        yield from _canary(spec, spec.strategy.canary, slots)
    if spec.strategy.promote:
        yield from _promote(spec, slots)
    if spec.strategy.blue_green:
        yield from blue_green.problems(spec, spec.strategy.blue_green)
    elif spec.strategy.ab_test:
        yield from variants.problems(spec, spec.strategy.ab_test)
    else:
        for index, edit in enumerate(spec.edits):
            if edit.of or edit.set is SlotName.COLOR:
                yield (
                    ("spec", "edits", index, "of" if edit.of else "set"),
                    "goes with strategy.blueGreen and abTest" if edit.of else "goes with strategy.blueGreen",
                )


def _canary(spec: PolicySpec, canary: Canary, slots: set[SlotName]) -> Iterator[Problem]:
    experiment = spec.candidate.experiment
    if experiment and (owner := WEIGHERS.get(experiment.kind)):
        yield (
            ("spec", "strategy", "canary"),
            f"a ladder in git cannot go with {experiment.ref}: "
            f"{owner} owns its weight; use strategy.promote, or candidate.slot where git owns it",
        )
        return
    if spec.candidate.told_by_experiment:
        what = "a ladder in git tries the version that git names: write slot: candidateVersion beside the experiment"
        yield ("spec", "candidate"), what
        return
    for name in (SlotName.STABLE, SlotName.CANDIDATE, SlotName.WEIGHT):
        if name not in slots:
            yield ("spec", "edits"), f"strategy.canary needs an edit that sets {name.value}"
    if not spec.analysis.measures and not experiment and not any(one.metrics or one.templates for one in canary.ladder):
        yield ("spec", "analysis"), "strategy.canary needs metrics: without evidence it could never advance"


def _promote(spec: PolicySpec, slots: set[SlotName]) -> Iterator[Problem]:
    if SlotName.STABLE not in slots:
        yield ("spec", "edits"), "strategy.promote needs an edit that sets version (stableVersion)"
    tried = spec.candidate.slot == SlotName.CANDIDATE.value
    if tried and SlotName.CANDIDATE not in slots:
        yield ("spec", "candidate", "slot"), "needs an edit that sets candidateVersion, to read it from"
    if tried and not spec.analysis.measures and not spec.candidate.experiment:
        yield ("spec", "analysis"), "a candidate from git needs metrics or an experiment: nothing else could say PASS"
    if spec.trial_files and spec.candidate.told_by_experiment:
        what = "what files of its own bring is known from git: write slot: candidateVersion beside the experiment"
        yield ("spec", "candidate"), what
    if spec.strategy.promote and spec.strategy.promote.analysis == "after":
        yield from _judged_after(spec)
    if spec.candidate.traffic:
        yield ("spec", "candidate", "traffic"), "goes with strategy.canary: only there git has a weight"
    for index, edit in enumerate(spec.edits):
        if edit.set in (SlotName.WEIGHT, SlotName.MIRROR):
            yield ("spec", "edits", index, "set"), "strategy.promote writes versions only"


def _judged_after(spec: PolicySpec) -> Iterator[Problem]:
    path = ("spec", "strategy", "promote", "analysis")
    if spec.candidate.experiment:
        yield path, "after does not go with an experiment, whose verdict is waited for"
    elif spec.trial_files or spec.candidate.slot == SlotName.CANDIDATE.value:
        yield path, "after does not go with a candidate that runs somewhere before: what git names is judged there"
    elif not spec.analysis.measures and not spec.candidate.workload:
        yield path, "after needs metrics, or candidate.workload: nothing would be judged"


def _trial_files(spec: PolicySpec) -> Iterator[Problem]:
    """Where one place of the candidate goes away, its slot is empty: no other place could stay."""
    for index, edit in enumerate(spec.edits if spec.trial_files else ()):
        if edit.set is SlotName.CANDIDATE and not edit.comes_and_goes:
            what = "stays when the candidate's files are removed: give it a file of its own, or none to the others"
            yield ("spec", "edits", index), what
        if edit.document and edit.document.path and not spec.candidate.slot:
            what = "is for a document that others bring, with candidate.slot; the bot makes one from a template"
            yield ("spec", "edits", index, "document", "path"), what
