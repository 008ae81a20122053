"""What texts and titles have to be for GitLab, and back: no line is a quick action, and a draft is one by its title.

GitLab carries out lines like `/merge` in what is written through the API, with the token's rights.
"""

from __future__ import annotations

import re

BODY_LIMIT = 1_000_000
TITLE_LIMIT = 255
DESCRIPTION_LIMIT = 140
CUT = "\n\n*… cut here: it is longer than GitLab takes.*"
DRAFT = "Draft: "

_GUARD = "\N{WORD JOINER}"
_COMMAND = re.compile(r"^(?=[^\S\n]*/)", re.MULTILINE)
_GUARDED = re.compile(rf"^{_GUARD}(?=[^\S\n]*/)", re.MULTILINE)
_DRAFT_TITLE = re.compile(r"\s*(\[draft\]|\(draft\)|draft:)\s*", re.IGNORECASE)


def outgoing(text: str, limit: int = BODY_LIMIT) -> str:
    """The text, cut visibly, with an invisible character before each line that could be a quick action."""
    guarded = _COMMAND.sub(_GUARD, text.replace("\r\n", "\n").replace("\r", "\n"))
    return guarded if len(guarded) <= limit else guarded[: limit - len(CUT)] + CUT


def incoming(text: str) -> str:
    """The text as it was before `outgoing`."""
    return _GUARDED.sub("", text)


def titled(title: str, *, draft: bool) -> str:
    """The title as GitLab wants it, on one line."""
    line = " ".join(title.split("\n"))
    return f"{DRAFT}{line}"[:TITLE_LIMIT] if draft and not _DRAFT_TITLE.match(line) else line[:TITLE_LIMIT]


def title_of(title: str, *, draft: bool) -> str:
    """The title without the word that makes it a draft's."""
    return _DRAFT_TITLE.sub("", title, count=1) if draft and _DRAFT_TITLE.match(title) else title
