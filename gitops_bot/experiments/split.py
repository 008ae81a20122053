"""Who of a route's targets is the candidate, and what share of the traffic it has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gitops_bot.experiments.fields import share
from gitops_bot.experiments.said import Said
from gitops_bot.model import Phase

_CANDIDATE = {"candidate", "canary", "preview", "experiment", "experimental", "next", "new", "challenger"}
_STABLE = {"stable", "primary", "baseline", "production", "prod", "main", "current", "old", "champion"}


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a route, by what it is called."""

    name: str
    weight: int


@dataclass(frozen=True, slots=True)
class Split:
    """What a route does, as far as one candidate can be told from the others."""

    baseline: str = ""
    candidate: str = ""
    weight: float | None = None
    """Percent, of all targets together: weights are relative."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a route."""

    targets: tuple[Target, ...]
    chosen: bool
    """Only requests that carry something (a header, a cookie) are routed by it."""


def splits(rules: Sequence[Rule]) -> tuple[Split, ...]:
    """What a route does with the traffic, each answer once.

    The rules that split it say so, those for everybody before those for chosen requests; where none splits it, the last
    one for everybody does.
    """
    dividing = [rule for rule in rules if len({target.name for target in rule.targets}) > 1]
    plain = [rule for rule in dividing if not rule.chosen]
    whole = [rule for rule in rules if rule.targets and not rule.chosen]
    return tuple(dict.fromkeys(split(rule.targets) for rule in plain or dividing or whole[-1:]))


def splits_between(rules: Sequence[Rule], stable: str, canary: str) -> tuple[Split, ...]:
    """What a route does with the traffic of versions whose names are known, each answer once.

    Only rules that go to either of them count, those for everybody before those for chosen requests.
    """
    found = [rule for rule in rules if any(_is(target, stable) or _is(target, canary) for target in rule.targets)]
    plain = [rule for rule in found if not rule.chosen]
    return tuple(dict.fromkeys(_between(rule.targets, stable, canary) for rule in plain or found))


def _between(targets: Sequence[Target], stable: str, canary: str) -> Split:
    """A lone target takes everything, whatever its weight; a third one keeps its share."""
    if len({target.name for target in targets}) == 1:
        return Split(stable, canary, 100 if _is(targets[0], canary) else 0)
    part = sum(target.weight for target in targets if _is(target, canary))
    return Split(stable, canary, share(part, sum(target.weight for target in targets)))


def _is(target: Target, name: str) -> bool:
    """Whether a target is called so: by itself, by its host or its subset, with or without the host's domain."""
    host, _, subset = target.name.partition("/")
    return bool(name) and name in (target.name, host, subset, host.partition(".")[0])


def agreed(found: Sequence[Split]) -> tuple[Split, Said]:
    """The one answer of a route's rules, in words too; rules that disagree leave it open."""
    if len(found) > 1:
        told = ", ".join("?" if one.weight is None else f"{one.weight:g} %" for one in found)
        return Split(), Said(Phase.UNKNOWN, f"its rules disagree on the candidate's share: {told}")
    one = found[0] if found else Split()
    if one.weight is None:
        return one, Said(Phase.NONE, "it does not say what the candidate's share is")
    return one, Said(Phase.NONE, f"{one.weight:g} % of the traffic goes to the candidate")


def split(targets: Sequence[Target]) -> Split:
    """The candidate's share. A lone target takes everything, whatever its weight; who cannot be told has no share."""
    names = list(dict.fromkeys(target.name for target in targets))
    position = candidate(names)
    if position is None:
        return Split()
    name = names[position]
    if len(names) == 1:
        return Split(candidate=name, weight=100) if _says(name, _CANDIDATE) else Split(baseline=name, weight=0)
    part = sum(target.weight for target in targets if target.name == name)
    others = {one: sum(target.weight for target in targets if target.name == one) for one in names if one != name}
    return Split(max(others, key=lambda one: others[one]), name, share(part, part + sum(others.values())))


def candidate(names: Sequence[str]) -> int | None:
    """Which of these names is the candidate's: the one that says so, the one beside a stable one, the later of two."""
    told = [index for index, name in enumerate(names) if _says(name, _CANDIDATE)]
    if len(told) == 1:
        return told[0]
    others = [index for index, name in enumerate(names) if not _says(name, _STABLE)]
    if len(others) == 1:
        return others[0]
    return len(names) - 1 if 1 <= len(names) <= 2 else None


def stable(names: Sequence[str], trial: int | None) -> int | None:
    """Which of these names is what the candidate is tried against: the one that says so, or the only other one."""
    others = [index for index in range(len(names)) if index != trial]
    told = [index for index in others if _says(names[index], _STABLE)]
    certain = told if len(told) == 1 else others
    return certain[0] if len(certain) == 1 and (told or trial is not None) else None


def _says(name: str, words: set[str]) -> bool:
    return not words.isdisjoint(re.split(r"[^a-z]+", name.lower()))
