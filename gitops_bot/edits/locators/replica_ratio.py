"""`replicaRatio`: a weight made of pods: what two workloads behind one Service have of a number of replicas.

The total stays, so that a release has the pods it had. Where pods are too few for a percent, it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gitops_bot.edits.locators import deployment, helm_value, kustomize_replicas
from gitops_bot.edits.locators.split import asked_weight, refuse_version
from gitops_bot.edits.operations import Operation
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree
from gitops_bot.policy.places.replicas import Counted, ReplicaRatio

_AS_IS = Sense()
_REMEDY = "Set both by hand, or correct `total`"


def candidates(spot: ReplicaRatio) -> tuple[str, ...]:
    """The files of both."""
    return tuple(dict.fromkeys((*_row(spot.stable).candidates(), *_row(spot.canary).candidates())))


def places(spot: ReplicaRatio) -> tuple[Place, ...]:
    """Both numbers."""
    return (*_row(spot.stable).places(), *_row(spot.canary).places())


def file(spot: ReplicaRatio, tree: Tree) -> str:
    """The stable workload's file."""
    return _row(spot.stable).file(tree)


def read(spot: ReplicaRatio, sense: Sense, tree: Tree) -> Value:
    """The candidate's percent of the pods. EditRefused: no whole one, or another total."""
    refuse_version(sense, file(spot, tree))
    stable, canary, total = _counts(spot, tree)
    if stable + canary != total:
        raise EditRefused(f"{_told(stable, canary)}, not {total}", where=file(spot, tree), remedy=_REMEDY)
    percent, rest = divmod(100 * canary, total)
    if rest:
        raise EditRefused(f"{_told(stable, canary)}: no whole percent", where=file(spot, tree), remedy=_REMEDY)
    return percent


def operations(spot: ReplicaRatio, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """Both numbers, in one change. EditRefused: the percent is no whole number of pods."""
    percent = asked_weight(sense, value, file(spot, tree))
    total = _counts(spot, tree)[2]
    canary, rest = divmod(percent * total, 100)
    if rest:
        what = f"{percent} % of {total} replicas is no whole number of pods"
        raise EditRefused(what, where=file(spot, tree), remedy="Choose a total of which every rung is one")
    return (*_row(spot.stable).operations(total - canary, tree), *_row(spot.canary).operations(canary, tree))


def _counts(spot: ReplicaRatio, tree: Tree) -> tuple[int, int, int]:
    """The stable workload's, the canary's, and what both must have together."""
    stable, canary = _row(spot.stable).count(tree), _row(spot.canary).count(tree)
    total = spot.total or stable + canary
    if not total:
        raise EditRefused("neither of the two has replicas", where=file(spot, tree), remedy="Give one of them some")
    return stable, canary, total


def _told(stable: int, canary: int) -> str:
    return f"the stable workload has {stable} replicas and the canary {canary}, together {stable + canary}"


# ---------------------------------------------------------------- one of the two


@dataclass(frozen=True, slots=True)
class _Row:
    """One number of replicas, by the locator that knows its place."""

    locator: Any
    spot: Any
    absent: int | None = None
    """What an absent number counts."""

    def candidates(self) -> tuple[str, ...]:
        return tuple(self.locator.candidates(self.spot))

    def places(self) -> tuple[Place, ...]:
        return tuple(self.locator.places(self.spot))

    def file(self, tree: Tree) -> str:
        return str(self.locator.file(self.spot, tree))

    def count(self, tree: Tree) -> int:
        """EditRefused: no number from 0."""
        found = self.locator.read(self.spot, _AS_IS, tree)
        found = self.absent if found is None else found
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            shown = "nothing" if found is None else repr(found)
            raise EditRefused(f"{shown} stands there, which is no number of replicas", where=self.file(tree))
        return found

    def operations(self, count: int, tree: Tree) -> tuple[Operation, ...]:
        if self.count(tree) == count:
            return ()
        return tuple(self.locator.operations(self.spot, _AS_IS, count, tree))


def _row(counted: Counted) -> _Row:
    if counted.deployment:
        return _Row(deployment, counted.deployment.model_copy(update={"field": "replicas"}), 1)
    if counted.kustomize_replicas:
        return _Row(kustomize_replicas, counted.kustomize_replicas)
    return _Row(helm_value, counted.helm_value)
