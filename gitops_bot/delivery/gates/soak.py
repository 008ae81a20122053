"""soak: the candidate has stood where it was before, long enough and without a break."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import Gate, Stays, StepKind
from gitops_bot.policy.gating.soak import Soak
from gitops_bot.policy.quantities import format_duration

NAME = "soak"


def gates(round_: Round) -> Iterator[Gate]:
    """One gate: closed while any environment has not held the candidate long enough."""
    soak = round_.spec.soak
    if soak is None:
        return
    if round_.step.urgent:
        yield Gate(NAME, True, "a way back waits for no soak")
    elif round_.forced:
        yield Gate(NAME, True, f"{round_.forced.by} asks for it now")
    elif not soak.environments and round_.step.kind is not StepKind.PROMOTE:
        yield Gate(NAME, True, "asked before the promotion")
    elif round_.candidate is None:
        yield Gate(NAME, False, "no candidate is known")
    else:
        yield _combined([_one(round_, soak, stays) for stays in round_.stays], format_duration(soak.for_))


def _combined(found: list[Gate], length: str) -> Gate:
    shut = [gate for gate in found if not gate.open]
    if not found:
        return Gate(NAME, False, "nothing says how long it has stood anywhere")
    if not shut:
        return Gate(NAME, True, f"{', '.join(gate.name for gate in found)} held it for {length}")
    ends = [gate.until for gate in shut if gate.until]
    return Gate(NAME, False, "; ".join(gate.reason for gate in shut), max(ends) if len(ends) == len(shut) else None)


def _one(round_: Round, soak: Soak, told: Stays) -> Gate:
    where, length = told.environment, format_duration(soak.for_)
    if told.trouble:
        return Gate(where, False, f"{where}: {told.trouble}")
    if any((stay.until or round_.now) - stay.since >= soak.for_ for stay in told.stays):
        return Gate(where, True, "")
    newest = told.stays[0] if told.stays else None
    if newest is None:
        return Gate(where, False, f"{where} has not held {round_.candidate}")
    if newest.until:
        left = f"{newest.until:%Y-%m-%d %H:%M} UTC"
        return Gate(where, False, f"{where} left {round_.candidate} at {left}, before it had held it for {length}")
    begun = f"since {newest.since:%Y-%m-%d %H:%M} UTC"
    if not newest.whole:
        return Gate(
            where, False, f"{where} has held {round_.candidate} {begun} as far as history is read, not {length}"
        )
    reason = f"{where} has held {round_.candidate} {begun}, {length} are asked for"
    return Gate(where, False, reason, newest.since + soak.for_)
