"""hold: a label that people put on the pull request; what must outlast it is the stop file."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import Gate, StepKind

NAME = "hold"


def gates(round_: Round) -> Iterator[Gate]:
    """Closed while the open pull request of this step bears one of the labels; a rollback goes on."""
    pull = round_.pull
    if pull is None or round_.step.kind is StepKind.ROLLBACK:
        return
    borne = next((label for label in pull.labels if label in round_.spec.hold.labels), "")
    if borne:
        yield Gate(NAME, False, f"#{pull.number} bears the label {borne}")
