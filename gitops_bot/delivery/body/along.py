"""What comes along with a version that is brought by a branch: a merge takes all that the commit has."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_bot.delivery.body.markup import section
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import code

_NAMED = 5
"""Files by name; the others are counted."""


def along(page: Page) -> str:
    """By which commit, how many others are under it, and what they change besides what is said above."""
    coming = page.coming
    if coming is None:
        return ""
    under = len(coming.beyond.commits) - 1
    others = f" and {under} more commit{'s' * (under != 1)} under it" if under else ""
    shown = {change.path for change in page.changes}
    files = [path for path in coming.beyond.paths if path not in shown]
    found = [
        *([f"more than the version in {_names(coming.more)}"] if coming.more else []),
        *([f"**{len(files)} other file{'s' * (len(files) != 1)}**: {_names(files)}"] if files else []),
    ]
    said = f"With it comes {', and '.join(found)}." if found else "Nothing else changes."
    return section(
        "What comes along", f"{code(coming.commit[:12])} of {code(coming.source)}{others}, merged as a whole. {said}"
    )


def _names(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return f"{', '.join(code(path) for path in paths[:_NAMED])}{more}"
