"""What may hold a step besides its verdict: one small module per gate, one table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gitops_bot.delivery.gates import approvals, clusters, hold, soak, statuses, stop, suspend, sync, windows
from gitops_bot.delivery.gates.round import Round
from gitops_bot.delivery.gates.stop import unknown
from gitops_bot.model import Gate

SUSPEND = suspend.NAME

_ALWAYS: tuple[Callable[[Round], Iterable[Gate]], ...] = (suspend.gates, stop.gates)
"""Shown even when nothing is wanted."""
_OF_A_STEP: tuple[Callable[[Round], Iterable[Gate]], ...] = (
    hold.gates,
    clusters.gates,
    sync.gates,
    soak.gates,
    windows.gates,
    statuses.gates,
    approvals.gates,
)


def gates(round_: Round) -> tuple[Gate, ...]:
    """Every gate of a policy, open or closed, with its reason: those that hold opening first."""
    wanted = round_.step.wanted is not None
    found = [gate for keeper in (*_ALWAYS, *(_OF_A_STEP if wanted else ())) for gate in keeper(round_)]
    return tuple(sorted(found, key=lambda gate: gate.merging))


__all__ = ["SUSPEND", "Round", "gates", "unknown"]
