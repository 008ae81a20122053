"""soak: the candidate has stood where it was before, long enough and without a break."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import Gate, Stays, StepKind
from gitops_bot.policy.gating.soak import Soak, lacking
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
    elif not round_.policy.spec.soak_environments and round_.step.kind is not StepKind.PROMOTE:
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
    assert round_.candidate is not None  # asked where there is one
    if not (why := lacking(told, round_.candidate, soak.for_, round_.now)):
        return Gate(told.environment, True, "")
    newest = told.stays[0] if told.stays and not told.trouble else None
    going_on = newest is not None and newest.until is None and newest.whole
    return Gate(told.environment, False, why, newest.since + soak.for_ if newest and going_on else None)
