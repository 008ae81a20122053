"""`yaml`: a value in any YAML file."""

from __future__ import annotations

from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Place
from gitops_bot.policy.schema import YamlValue


def place(spot: YamlValue) -> Place:
    """The path in the document that `where` chooses."""
    return Place(spot.file, Path.parse(spot.path), spot.where)
