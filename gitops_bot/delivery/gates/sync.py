"""sync: every cluster has what was merged last, and it is well there, before the next step is proposed."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import ExperimentStatus, Gate, Phase, Unseen

NAME = "sync"


def gates(round_: Round) -> Iterator[Gate]:
    """One gate for all objects in all clusters."""
    if not round_.spec.sync:
        return
    readings = round_.readings
    if round_.step.urgent:
        yield Gate(NAME, True, "a way back waits for no sync")
    elif readings.no_landing:
        yield Gate(NAME, False, readings.no_landing)
    elif not readings.syncs:
        yield Gate(NAME, False, "no cluster was asked")
    else:
        behind = [f"{one.ref} in {cluster}: {why}" for cluster, one in readings.syncs if (why := _behind(one))]
        yield Gate(NAME, not behind, "; ".join(behind) or "what was merged is live and well")


def _behind(seen: ExperimentStatus | Unseen) -> str:
    if isinstance(seen, Unseen) or seen.phase is Phase.SUCCEEDED:
        return seen.reason if isinstance(seen, Unseen) else ""
    return f"{seen.phase.value}: {seen.reason}"
