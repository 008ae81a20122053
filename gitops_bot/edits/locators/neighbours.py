"""A new item of a list, made like the items that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gitops_bot.edits.locators.objects import Part


def like(items: Sequence[Part], data: Mapping[str, str]) -> dict[str, str]:
    """The data in the order of the last item's keys; what that has not comes last."""
    order = list(items[-1].real.keys or {}) if items else []
    return dict(sorted(data.items(), key=lambda entry: order.index(entry[0]) if entry[0] in order else len(order)))
