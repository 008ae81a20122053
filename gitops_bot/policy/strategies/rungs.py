"""One rung of a ladder: how far the candidate goes, how long it stays there, and on what evidence it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from gitops_bot.policy.base import Percent, Spec, Text
from gitops_bot.policy.metrics import Borrowed, Metric
from gitops_bot.policy.quantities import Duration

MOST_CLUSTERS = 10_000
Clusters = Annotated[int, Field(ge=1, le=MOST_CLUSTERS)]


class Rung(Spec):
    """One rung: exactly one of weight, preview, mirror, ring; and what holds while the candidate stands on it."""

    weight: Percent | None = None
    """The candidate's percent of the users' traffic."""
    preview: bool | None = None
    """No user's traffic: the candidate is in place, and reached by a tag, a header or an address of its own."""
    mirror: Percent | None = None
    """No user's traffic: this percent of the requests is copied to the candidate, and its answers are thrown away."""
    ring: Clusters | None = None
    """The candidate is on so many clusters, or in so many regions."""
    called: Text | None = None
    """What people call the ring; default: its number of clusters."""
    step_duration: Duration | None = None
    """It stays here at least this long; default: the ladder's."""
    pause: bool = False
    """A person goes on from here: the bot opens the pull request and leaves the merge to people."""
    bake: Duration | None = None
    """Instead of spec.analysis.bake, while it is here."""
    metrics: tuple[Metric, ...] = ()
    """Measured here besides spec.analysis.metrics."""
    templates: tuple[Borrowed, ...] = ()
    """Measured here besides spec.analysis.templates."""
    notes: tuple[Text, ...] = ()
    """What people should know here; shown in the pull request."""

    @property
    def level(self) -> tuple[int, int]:
        """How far up it is: the users' percent or the clusters, then the mirrored percent."""
        return self.weight or self.ring or 0, self.mirror or 0

    @property
    def users(self) -> bool:
        """Users reach the candidate."""
        return bool(self.weight or self.ring)

    @property
    def least(self) -> timedelta:
        """It stays at least this long."""
        return self.step_duration or timedelta(0)

    @property
    def name(self) -> str:
        """`25 %`, `preview`, `mirror 50 %`, `3 clusters`."""
        return self.called or (ring_name(self.ring) if self.ring else level_name(*self.level))


def ring_name(clusters: int, rungs: Sequence[Rung] = ()) -> str:
    """`3 clusters`, or what one of the rungs calls that many."""
    called = next((rung.called for rung in rungs if rung.ring == clusters and rung.called), None)
    return called or f"{clusters or 'no'} cluster{'' if clusters == 1 else 's'}"


def level_name(weight: int, mirror: int) -> str:
    """`25 %`, `preview`, `mirror 50 %`."""
    if weight or not mirror:
        return f"{weight} %" if weight else "preview"
    return f"mirror {mirror} %"
