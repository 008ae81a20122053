"""statuses: named commit statuses and check runs, on the pull request's head or on base."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import Gate, StatusState
from gitops_bot.policy.gating.people import StatusCheck

NAME = "statuses"


def gates(round_: Round) -> Iterator[Gate]:
    """One gate: closed until each of them has succeeded."""
    wanted = round_.spec.statuses
    if not wanted:
        return
    if round_.step.urgent:
        yield Gate(NAME, True, "a way back waits for no status", merging=True)
        return
    missing = [why for one in wanted if (why := _missing(round_, one))]
    yield Gate(NAME, not missing, "; ".join(missing) or "all have succeeded", merging=True)


def _missing(round_: Round, wanted: StatusCheck) -> str:
    """Why a status does not let it pass; empty when it does."""
    commit = round_.base_commit if wanted.on == "base" else round_.pull.head if round_.pull else ""
    if not commit:
        return f"{wanted.name}: no pull request is open yet"
    told = round_.readings.checks.get(commit, "it was not read")
    if isinstance(told, str):
        return f"{wanted.name}: {told}"
    found = [check for check in told if check.name == wanted.name]
    if not found:
        return f"{wanted.name} has not reported on {wanted.on}"
    worst = next((check for check in found if check.state is not StatusState.SUCCESS), None)
    return f"{wanted.name} on {wanted.on}: {worst.said or worst.state.value}" if worst else ""
