"""`strategy.canary`: a ladder in git, written in one of several ways, and how it is climbed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from gitops_bot.model import ObjectRef, Slots
from gitops_bot.policy.base import Name, Percent, RepoPath, Spec
from gitops_bot.policy.quantities import Duration
from gitops_bot.policy.strategies import argo
from gitops_bot.policy.strategies.rungs import Clusters, Rung, level_name, ring_name


class Placement(Spec):
    """A Placement or PlacementRule of Open Cluster Management, in spec.clusters."""

    kind: Literal["Placement", "PlacementRule"] = "Placement"
    namespace: Name
    name: Name

    @property
    def ref(self) -> ObjectRef:
        """The object."""
        return ObjectRef(self.kind, self.namespace, self.name)


class LadderFile(Spec):
    """An object in a file of the repository."""

    file: RepoPath
    name: Name | None = None
    """Its `metadata.name`, when the file has several of the kind."""


class LadderFrom(Spec):
    """Whose ladder is climbed, read from base: exactly one of rollout, canary."""

    rollout: LadderFile | None = None
    """The `steps` of an Argo Rollout, with their analysis and its background analysis."""
    canary: LadderFile | None = None
    """`stepWeight`, `maxWeight`, `stepWeights`, `mirror` and `interval` of a Flagger Canary."""


class LadderRead(LadderFrom):
    """The same once it was read; the rungs are then the canary's own."""

    trouble: str = ""
    """Why there is no ladder."""


class Canary(Spec):
    """A ladder in git; the promotion follows the last rung. Exactly one way to write it: weights; step and max;
    stepWeight and maxWeight; stepWeights; steps; rungs; rings; ladderFrom."""

    weights: tuple[Percent, ...] = ()
    """`[5, 25, 50, 100]`"""
    step: Percent | None = None
    """So many points more each time, up to `max` exactly."""
    max: Percent | None = None
    step_weight: Percent | None = None
    """As in Flagger: so many points more each time, until `maxWeight` is reached or passed."""
    max_weight: Percent | None = None
    """As in Flagger; default: 100."""
    step_weights: tuple[Percent, ...] = ()
    """As in Flagger: the weights, the last of which is the highest."""
    steps: tuple[argo.Step, ...] = ()
    """The steps of an Argo Rollouts canary, as written there."""
    traffic_routing: argo.TrafficRouting | None = None
    """With steps: the `managedRoutes` that header and mirror steps name."""
    rungs: tuple[Rung, ...] = ()
    """Rungs with everything that one can have: preview, mirror or weight, its own duration and analysis."""
    rings: tuple[Clusters | Name, ...] = ()
    """Instead of percents: on so many clusters (`[1, 3, 10]`), or region by region (`[eu, us, asia]`)."""
    placement: Placement | None = None
    """With rings: what chooses the clusters; its decision must be satisfied before a ring is judged."""
    ladder_from: LadderFrom | None = None
    """The ladder of an object in the repository, so that there is one ladder."""
    step_duration: Duration | None = None
    """On every rung at least this long; a rung may have its own."""
    starting_step: Annotated[int, Field(ge=0)] = 0
    """spec.analysis counts from this rung on (with steps: from the rung of this step), from 0; a rung before it without
    analysis of its own is left after its duration, or the bake."""
    max_step: Percent | None = None
    """An advance by more points than this is held, whoever asks for it."""
    on_fail: Literal["rollback", "stepBack"] = "rollback"
    """stepBack: one rung down at the first failure of a rung, all the way at the second or from the lowest."""
    on_newer: Literal["restart", "finish"] = "restart"
    """finish: a newer candidate waits until the present one is promoted or gone."""
    user_interface: bool = False
    """Users see pages of this workload: a percentage split mixes versions for one user, and pull requests say so."""

    @property
    def ladder(self) -> tuple[Rung, ...]:
        """The rungs, rising; empty while a ladder of a file is not read."""
        return tuple(rung for _, rung in self._numbered())

    @property
    def begins(self) -> int:
        """The number of the rung from which spec.analysis counts."""
        return sum(first <= self.starting_step for first, _ in self._numbered()[1:]) if self.starting_step else 0

    @property
    def trouble(self) -> str:
        """Why the ladder of a file is not known; empty when it is."""
        if self.ladder_from is None or self.rungs:
            return ""
        return self.ladder_from.trouble if isinstance(self.ladder_from, LadderRead) else "the ladder was not read"

    @property
    def ringed(self) -> bool:
        """It goes by clusters or regions, not by percents: the slot `weight` counts them."""
        return any(rung.ring for rung in self.ladder)

    def named(self, slots: Slots) -> str:
        """Where the slots are on the ladder: `25 %`, `0 %`, `preview`, `mirror 50 %`, `3 clusters`, `eu`."""
        weight, mirror = slots.weight or 0, slots.mirror or 0
        if any(rung.level == (weight, mirror) for rung in self.ladder) or weight or mirror:
            return ring_name(weight, self.ladder) if weight and self.ringed else level_name(weight, mirror)
        return ring_name(0) if self.ringed else "0 %"

    def _numbered(self) -> tuple[tuple[int, Rung], ...]:
        """Each rung with the number by which `startingStep` means it, and the ladder's duration where it has none."""
        rungs = argo.rungs(self.steps) if self.steps else tuple(enumerate(self.rungs or self._plain()))
        if self.step_duration is None:
            return rungs
        least = {"step_duration": self.step_duration}
        return tuple((n, rung if rung.step_duration else rung.model_copy(update=least)) for n, rung in rungs)

    def _plain(self) -> tuple[Rung, ...]:
        if self.rings:
            counts = [(one, None) if isinstance(one, int) else (n + 1, one) for n, one in enumerate(self.rings)]
            return tuple(Rung(ring=count, called=called) for count, called in counts)
        return tuple(Rung(weight=weight) for weight in self._weights())

    def _weights(self) -> Iterator[int]:
        if self.weights or self.step_weights:
            yield from self.weights or self.step_weights
        elif self.step:
            top = self.max or 100
            yield from (*range(self.step, top, self.step), top)
        elif self.step_weight:
            yield from flagger_weights(self.step_weight, self.max_weight or 100)


def flagger_weights(step: int, most: int) -> Iterator[int]:
    """The weights by which Flagger climbs: it goes on until the highest is reached or passed, never above 100."""
    weight = 0
    while weight < most:
        weight = min(100, weight + step)
        yield weight
