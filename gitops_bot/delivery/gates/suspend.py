"""suspend: nothing is opened, changed, merged or closed."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import Gate

NAME = "suspend"


def gates(round_: Round) -> Iterator[Gate]:
    """Closed by the policy itself, rollbacks included."""
    suspended = round_.policy.spec.suspend
    yield Gate(NAME, not suspended, "spec.suspend is true" if suspended else "not suspended")
