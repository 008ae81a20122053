"""Rules of `candidate.experiment` and `candidate.registry`: how they are found, which version they give. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.policy.fields import Path, Problem
from gitops_bot.policy.ranges import Range
from gitops_bot.policy.schema import Candidate
from gitops_bot.policy.watched import (
    BY_PIPELINE,
    LOAD_TESTS,
    REWARDED,
    SELECTABLE,
    WITH_PODS,
    WORDLESS,
    Experiment,
    Registry,
)


def problems(path: Path, experiment: Experiment, candidate: Candidate) -> Iterator[Problem]:
    """What is wrong with an experiment whose shape is right."""
    kind = experiment.kind
    if kind in SELECTABLE:
        yield from _name_or_selector(path, experiment)
    elif experiment.selector:
        yield (*path, "selector"), f"goes with {', '.join(sorted(SELECTABLE))}; a {kind} has a name"
    elif not experiment.name:
        what = "the name of its pipeline or task" if kind in BY_PIPELINE else "a name"
        yield path, f"{kind} needs {what}: write name"
    if experiment.results and kind not in BY_PIPELINE:
        yield (*path, "results"), f"goes with {' and '.join(BY_PIPELINE)}"
    if experiment.container and kind not in WITH_PODS:
        yield (*path, "container"), f"a {kind} has no containers"
    yield from _dashboards(path, experiment, candidate)
    if kind in WORDLESS and not candidate.slot:
        yield path, f"{kind} does not say which version it is about: give the version by candidate.slot beside it"


def _dashboards(path: Path, experiment: Experiment, candidate: Candidate) -> Iterator[Problem]:
    """Iter8 1.x gives numbers: the policy says what is good, and the workload whose numbers they are."""
    kind = experiment.kind
    if kind in LOAD_TESTS and not experiment.objectives:
        yield path, f"needs objectives: a {kind} gives numbers and no verdict"
    if kind not in LOAD_TESTS and experiment.objectives:
        yield (*path, "objectives"), f"goes with {' and '.join(LOAD_TESTS)}"
    for name, objective in experiment.objectives.items():
        if objective.max is None and objective.min is None:
            yield (*path, "objectives", name), "max or min is needed"
    if kind == REWARDED and not experiment.reward:
        yield path, f"needs reward: an {kind} counts and names no winner"
    if kind != REWARDED and experiment.reward:
        yield (*path, "reward"), f"goes with {REWARDED}"
    if kind == REWARDED and not candidate.workload:
        yield path, f"needs candidate.workload: an {kind} does not say since when it counts which version"


def _name_or_selector(path: Path, experiment: Experiment) -> Iterator[Problem]:
    if bool(experiment.name) == bool(experiment.selector):
        yield path, "exactly one of name, selector is needed"


def registry_problems(path: Path, registry: Registry) -> Iterator[Problem]:
    """What is wrong with a registry's images whose shape is right."""
    if bool(registry.semver) == bool(registry.tag):
        yield path, "exactly one of semver, tag is needed"
    if registry.tag and registry.suffix:
        yield (*path, "suffix"), "goes with semver"
    if registry.semver:
        try:
            Range.parse(registry.semver)
        except ValueError as error:
            yield (*path, "semver"), str(error)
