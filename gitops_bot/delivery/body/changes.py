"""What changes: every slot at every place, from and to."""

from __future__ import annotations

from gitops_bot.delivery.body.markup import section, table
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import code
from gitops_bot.model import SlotMove, SlotName


def changes(page: Page) -> str:
    """A row per place."""
    rows = [
        (_named(move), code(move.place), _shown(move.old), _shown(move.new))
        for change in page.changes
        for move in change.moves
    ]
    return section("What changes", table(("Slot", "Place", "From", "To"), rows))


def _named(move: SlotMove) -> str:
    """The slot, and of a variant whose."""
    if not move.of:
        return move.slot or ""
    return f"{'weight' if move.slot is SlotName.WEIGHT else 'version'} of {move.of}"


def _shown(value: str) -> str:
    return code(value) if value else "–"
