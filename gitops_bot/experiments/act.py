"""What should follow from a reading, as one table; a reader gives advice of its own where the phase does not say it."""

from __future__ import annotations

from gitops_bot.model import Act, ExperimentStatus, Phase

_BY_PHASE = {
    Phase.IDLE: Act.NOTHING,
    Phase.PENDING: Act.NOTHING,
    Phase.RUNNING: Act.NOTHING,
    Phase.PAUSED: Act.EVALUATE,
    Phase.SUCCEEDED: Act.PROCEED,
    Phase.FAILED: Act.ROLLBACK,
    Phase.INCONCLUSIVE: Act.HOLD,
    Phase.ERROR: Act.HOLD,
    Phase.COMPLETED: Act.EVALUATE,
    Phase.NONE: Act.NOTHING,
    Phase.UNKNOWN: Act.NOTHING,
}


def act(status: ExperimentStatus) -> Act:
    """What follows."""
    return status.advice or _BY_PHASE[status.phase]
