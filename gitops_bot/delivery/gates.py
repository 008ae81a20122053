"""What may hold a step besides its verdict: suspend and the stop file."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase

from gitops_bot.model import Gate, Step, StepKind, Stop
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.stopfile import PATH

SUSPEND = "suspend"


def gates(policy: PromotionPolicy, step: Step, stop: Stop | None, now: datetime) -> tuple[Gate, ...]:
    """Every gate of a policy, open or closed, with its reason."""
    suspended = policy.spec.suspend
    reason = "spec.suspend is true" if suspended else "not suspended"
    return Gate(SUSPEND, not suspended, reason), _stop(policy.name, step, stop, now)


def _stop(name: str, step: Step, stop: Stop | None, now: datetime) -> Gate:
    if stop is None:
        return Gate("stop", True, f"no {PATH} on base")
    until = stop.until and stop.until.astimezone(UTC)
    if until and until <= now:
        return Gate("stop", True, f"{PATH} ended at {until:%Y-%m-%d %H:%M} UTC")
    if stop.policies and not any(fnmatchcase(name, pattern) for pattern in stop.policies):
        return Gate("stop", True, f"{PATH} does not name this policy")
    if step.kind is StepKind.ROLLBACK and not stop.rollbacks:
        return Gate("stop", True, f"{PATH} does not hold rollbacks")
    return Gate("stop", False, f"{PATH}: {stop.reason}", until)
