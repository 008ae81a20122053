"""stop: the stop file on base, a brake that several people may hold, each with a reason and an end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from fnmatch import fnmatchcase

from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import Gate, StepKind, Stop
from gitops_bot.policy.stopfile import PATH

NAME = "stop"


def gates(round_: Round) -> Iterator[Gate]:
    """One gate: closed by those that hold this step, with all their reasons, until the last of them lets go."""
    released = {stop: why for stop in round_.stops if (why := _released(stop, round_))}
    holding = [stop for stop in round_.stops if stop not in released]
    if holding:
        ends = [stop.until.astimezone(UTC) for stop in holding if stop.until]
        until = max(ends) if len(ends) == len(holding) else None
        yield Gate(NAME, False, f"{PATH}: {'; '.join(map(_said, holding))}", until)
        return
    yield Gate(NAME, True, "; ".join(dict.fromkeys(released.values())) or f"no {PATH} on base")


def unknown(stops: Sequence[Stop], policies: Sequence[str]) -> tuple[str, ...]:
    """The names in the stop file that no policy has: a brake that brakes nothing."""
    named = dict.fromkeys(pattern for stop in stops for pattern in stop.policies)
    return tuple(pattern for pattern in named if not any(fnmatchcase(name, pattern) for name in policies))


def _said(stop: Stop) -> str:
    return f"{stop.reason} ({stop.holder})" if stop.holder else stop.reason


def _released(stop: Stop, round_: Round) -> str:
    """Why a stop does not hold this step; empty when it does."""
    until = stop.until and stop.until.astimezone(UTC)
    if until and until <= round_.now:
        return f"{PATH} ended at {until:%Y-%m-%d %H:%M} UTC"
    if stop.policies and not any(fnmatchcase(round_.policy.name, pattern) for pattern in stop.policies):
        return f"{PATH} does not name this policy"
    if round_.step.kind is StepKind.ROLLBACK and not stop.rollbacks:
        return f"{PATH} does not hold rollbacks"
    return ""
