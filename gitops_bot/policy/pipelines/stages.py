"""The stages of a pipeline, one for each policy that it becomes, and what is wrong with their graph. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_bot.policy.fields import Path, Problem
from gitops_bot.policy.pipelines.names import policy_name
from gitops_bot.policy.pipelines.schema import Environment, PromotionPipeline

LONGEST_NAME = 63
BEGINNING = "{} comes after nothing, so it needs candidate: {{slot: stableVersion}} where others write its version"
_ENVIRONMENTS: Path = ("spec", "environments")


@dataclass(frozen=True, slots=True)
class Stage:
    """One policy to be: an environment, or one of its rings."""

    name: str
    """`prod`, or `prod-eu` for the ring `eu`."""
    environment: str
    ring: str
    after: tuple[str, ...]
    """The names of the stages before it."""
    told_by: Path
    """Where the document says what it comes after; the item itself where that is only the ring above it."""
    layers: tuple[Path, ...]
    """The mappings of the document that speak of it, the nearest last."""

    @property
    def item(self) -> Path:
        """Its own mapping."""
        return self.layers[-1]

    @property
    def home(self) -> Path:
        """The mapping of its environment."""
        return self.layers[1]


def stages(pipeline: PromotionPipeline) -> tuple[Stage, ...]:
    """In the order of the document. The graph must be right: see `problems`."""
    ends = {one.name: _ends(one) for one in pipeline.spec.environments}
    return tuple(stage for n, one in enumerate(pipeline.spec.environments) for stage in _stages(n, one, ends))


def _ends(environment: Environment) -> str:
    """The stage that an environment ends with: all the others came before it."""
    return f"{environment.name}-{environment.rings[-1].name}" if environment.rings else environment.name


def _stages(number: int, environment: Environment, ends: Mapping[str, str]) -> Iterator[Stage]:
    item = (*_ENVIRONMENTS, number)
    after = tuple(ends[name] for name in environment.after)
    shared = (("spec",), item)
    if not environment.rings:
        yield Stage(environment.name, environment.name, "", after, (*item, "after"), shared)
    told_by: Path = (*item, "after")
    for n, ring in enumerate(environment.rings):
        name, own = f"{environment.name}-{ring.name}", (*item, "rings", n)
        yield Stage(name, environment.name, ring.name, after, told_by, (*shared, own))
        after, told_by = (name,), own


def problems(pipeline: PromotionPipeline) -> list[Problem]:
    """What is wrong with a graph whose shape is right: (path below the document, message)."""
    found = [*_names(pipeline), *_unknown(pipeline), *_beginnings(pipeline)]
    return found or [*_circles(pipeline), *_by_branch(pipeline)]


def _names(pipeline: PromotionPipeline) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for n, environment in enumerate(pipeline.spec.environments):
        item: Path = (*_ENVIRONMENTS, n)
        own: list[tuple[Path, str]] = [((*item, "name"), environment.name)]
        own += [
            ((*item, "rings", m, "name"), f"{environment.name}-{ring.name}") for m, ring in enumerate(environment.rings)
        ]
        for path, name in own:
            policy = policy_name(pipeline.name, name)
            if name in seen:
                yield path, f"{policy} would be the name of two policies"
            elif len(policy) > LONGEST_NAME:
                yield path, f"{policy} is longer than {LONGEST_NAME} characters"
            seen[name] = policy


def _unknown(pipeline: PromotionPipeline) -> Iterator[Problem]:
    known = [one.name for one in pipeline.spec.environments]
    for n, environment in enumerate(pipeline.spec.environments):
        for m, name in enumerate(environment.after):
            path = (*_ENVIRONMENTS, n, "after", m)
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
                yield path, f"{name} is the name of no environment of this pipeline; {hint}"
            elif name in environment.after[:m]:
                yield path, f"{name} is named twice"


def _beginnings(pipeline: PromotionPipeline) -> Iterator[Problem]:
    for n, environment in enumerate(pipeline.spec.environments):
        if not environment.after and environment.candidate is None and pipeline.spec.candidate is None:
            path = (*_ENVIRONMENTS, n, "name")
            yield path, BEGINNING.format(environment.name)


def _circles(pipeline: PromotionPipeline) -> Iterator[Problem]:
    """Each circle once, where the first of its environments says what it comes after."""
    after = {one.name: one.after for one in pipeline.spec.environments}
    told: set[frozenset[str]] = set()
    for n, environment in enumerate(pipeline.spec.environments):
        way = _way_back(environment.name, after)
        if way and frozenset(way) not in told:
            told.add(frozenset(way))
            yield (*_ENVIRONMENTS, n, "after"), f"{environment.name} comes after itself: {' after '.join(way)}"


def _by_branch(pipeline: PromotionPipeline) -> Iterator[Problem]:
    """A branch is merged as a whole, from one other."""
    for n, one in enumerate(pipeline.spec.environments):
        item = (*_ENVIRONMENTS, n)
        if one.by != "branch":
            continue
        if len(one.after) != 1:
            count = len(one.after) or "no"
            yield (*item, "by"), f"branch comes after exactly one environment, and {one.name} comes after {count}"
        if one.rings:
            yield (*item, "rings"), "go with by: slots: a branch is merged for all of its clusters at once"


def _way_back(name: str, after: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The shortest way from an environment over what it comes after to itself; empty where there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen: set[str] = set()
    for way in ways:
        for one in after[way[-1]]:
            if one == name:
                return (*way, name)
            if one not in seen:
                seen.add(one)
                ways.append((*way, one))
    return ()
