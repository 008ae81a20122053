"""`clusters`: by name, or those that a hub of Open Cluster Management chooses. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from gitops_bot.policy.base import Name, Spec, Text
from gitops_bot.policy.strategies.canary import Placement


class ByPlacement(Placement):
    """A Placement (or PlacementRule) of Open Cluster Management whose decisions are clusters of the bot configuration,
    by the names of their ManagedClusters."""

    hub: Name
    """The cluster of the bot configuration where it lies."""
    group: Text | int | None = None
    """One of the placement's decision groups, by its name, or by its number where it has none. Default: all that it
    chose."""

    def __str__(self) -> str:
        group = "" if self.group is None else f", group {self.group},"
        return f"{self.ref}{group} in {self.hub}"


class ChosenClusters(Spec):
    """Clusters that something else chooses. While they are not known, all of them, nothing goes on but the way back."""

    placement: ByPlacement


class ReadClusters(ChosenClusters):
    """The same once it was read."""

    names: tuple[str, ...] = ()
    """Those that are known."""
    trouble: str = ""
    """Why they are not all."""
    since: datetime | None = None
    """When they were chosen, where that is said."""


def _way(value: Any) -> str:
    return "chosen" if isinstance(value, dict | Spec) else "named"


Clusters = Annotated[
    Annotated[tuple[Name, ...], Tag("named")] | Annotated[ChosenClusters, Tag("chosen")], Discriminator(_way)
]
