"""A file that several overlays are built from is not written for one of them, unless the edit says so."""

from __future__ import annotations

from gitops_bot.edits.locators.kustomization_users import steps_up
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree
from gitops_bot.policy.places import Target

_MOST_NAMED = 12


def refuse_shared_base(target: Target, file: str, tree: Tree) -> None:
    """EditRefused: several kustomizations would change with the file, and the edit does not allow it."""
    if target.shared_base == "allow":
        return
    for step in steps_up(file, tree):
        if len(step) > 1:
            named = ", ".join(step[:_MOST_NAMED]) + (", …" if len(step) > _MOST_NAMED else "")
            raise EditRefused(
                f"{len(step)} kustomizations use this file, and would all change: {named}",
                where=file,
                remedy="Edit the overlay that is meant, or give the edit `sharedBase: allow`",
            )
