"""`helmValue`: a value in a Helm values file."""

from __future__ import annotations

from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Place
from gitops_bot.policy.schema import HelmValue


def place(spot: HelmValue) -> Place:
    """The key in the one document of the file."""
    return Place(spot.file, Path.parse(spot.key))
