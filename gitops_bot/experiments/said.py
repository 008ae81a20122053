"""What several readers share: a phase with its reason, and conditions that say which spec they speak of."""

from __future__ import annotations

from dataclasses import dataclass

from gitops_bot.experiments.fields import Resource, number, numeral, text
from gitops_bot.model import Act, Phase


@dataclass(frozen=True, slots=True)
class Said:
    """What an object says, in our words."""

    phase: Phase
    reason: str
    advice: Act | None = None
    """What follows, where the phase alone does not say it."""


def outdated(part: Resource, resource: Resource) -> bool:
    """Whether a part of a status (a condition, or all of it) says itself that it speaks of an older spec.

    Istio's API takes the number as text too.
    """
    generation, seen = number(resource, "metadata", "generation"), number(part, "observedGeneration")
    seen = numeral(text(part, "observedGeneration")) if seen is None else seen
    return generation is not None and seen is not None and seen < generation


def explained(condition: Resource, otherwise: str) -> str:
    """A condition's message, else its reason, else what the reader says."""
    return text(condition, "message").strip() or text(condition, "reason").strip() or otherwise
