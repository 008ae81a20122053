"""What can be wrong with a condition: a value for callers, an exception only inside this package."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A condition could not be read or evaluated, and why. Argo Rollouts makes an Error measurement of it."""

    message: str


class Stop(Exception):
    """Reading, checking or evaluating a condition cannot go on; the message is the problem's."""
