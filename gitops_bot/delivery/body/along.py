"""What comes along with a version that is brought by a branch: a merge takes all that the commit has."""

from __future__ import annotations

from gitops_bot.delivery.body.markup import section
from gitops_bot.delivery.body.page import Page
from gitops_bot.delivery.text import code

_NAMED = 5
"""Files by name; the others are counted."""


def along(page: Page) -> str:
    """By which commit, how many others are under it, and which files besides those above."""
    coming = page.coming
    if coming is None:
        return ""
    under = len(coming.beyond.commits) - 1
    others = f" and {under} more commit{'s' * (under != 1)} under it" if under else ""
    what = f"{code(coming.commit[:12])} of {code(coming.source)}{others}, merged as a whole. "
    shown = {change.path for change in page.changes}
    files = [path for path in coming.beyond.paths if path not in shown]
    if not files:
        return section("What comes along", f"{what}No other file changes.")
    named = ", ".join(code(path) for path in files[:_NAMED])
    more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
    return section(
        "What comes along", f"{what}**{len(files)} other file{'s' * (len(files) != 1)}** with it: {named}{more}."
    )
