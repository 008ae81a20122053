"""clusters: a placement has chosen them, all of them are known, and only then does anything come to them."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import Gate
from gitops_bot.policy.fleet import ChosenClusters

NAME = "clusters"


def gates(round_: Round) -> Iterator[Gate]:
    """One gate, where clusters are not named by the policy itself."""
    spec = round_.policy.spec
    if not isinstance(spec.given_clusters, ChosenClusters):
        return
    if round_.step.urgent:
        yield Gate(NAME, True, "a way back waits for no placement")
    elif spec.unknown_clusters and round_.forced:
        yield Gate(NAME, True, f"{round_.forced.by} asks for it now; {spec.unknown_clusters}")
    else:
        chosen = f"{spec.given_clusters.placement} chose {', '.join(spec.clusters)}"
        yield Gate(NAME, not spec.unknown_clusters, spec.unknown_clusters or chosen)
