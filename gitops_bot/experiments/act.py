"""What should follow from a reading, before any policy has its say."""

from __future__ import annotations

from gitops_bot.model import Act, ExperimentStatus


def act(status: ExperimentStatus) -> Act:
    """What follows."""
    return status.act
