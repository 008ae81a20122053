"""What a forge still lets the bot ask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of what a forge lets one identity ask."""

    requests: int
    """Sent so far."""
    limited: int
    """How often the forge answered with a limit."""
    writes_left: int
    """Of this hour's, by our own count."""
    limit: int | None = None
    """Requests that the forge allows, as it last said; None: it did not."""
    remaining: int | None = None
    waits_s: int = 0
    """How long the forge wants to be left alone from now."""
