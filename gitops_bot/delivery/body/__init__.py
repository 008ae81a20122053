"""The pull request's body: a person decides on one screen, the evidence folded below. Pure text.

A section is a module and a row: `SCREEN` is what is seen at once, `FOLDED` what opens when it is asked for.
"""

from __future__ import annotations

from gitops_bot.delivery.body import headline
from gitops_bot.delivery.body.along import along
from gitops_bot.delivery.body.changes import changes
from gitops_bot.delivery.body.checks import checks
from gitops_bot.delivery.body.colors import colors
from gitops_bot.delivery.body.controls import controls
from gitops_bot.delivery.body.ladder import ladder
from gitops_bot.delivery.body.markup import fold, paragraphs
from gitops_bot.delivery.body.merging import merging
from gitops_bot.delivery.body.page import Fold, Folded, Page, Section
from gitops_bot.delivery.body.path import path
from gitops_bot.delivery.body.queries import queries
from gitops_bot.delivery.body.resume import resume
from gitops_bot.delivery.body.surroundings import surroundings
from gitops_bot.delivery.body.variants import variants

__all__ = ["LIMIT", "Page", "body"]

LIMIT = 60_000
"""Characters of a body; GitHub takes 65,536."""

SCREEN: tuple[Section, ...] = (
    headline.verdict,
    headline.summary,
    path,
    ladder,
    headline.cautions,
    changes,
    along,
    colors,
    variants,
    resume,
    checks,
    merging,
)
FOLDED: tuple[Folded, ...] = (queries, surroundings)

_CUT = "*The rest is cut: `gitops-bot explain` shows it whole.*"
_SPARE = 200
"""Room for a fold with nothing but the notice in it, and the lines between."""


def body(page: Page) -> str:
    """The body without its marker, at most `LIMIT` characters: how to stop it is never what is cut."""
    end = controls(page)
    room = LIMIT - len(end) - _SPARE * len(FOLDED)
    said = _whole_lines(paragraphs(*(section(page) for section in SCREEN)), room)
    room -= len(said)
    folds: list[str] = []
    for folded in FOLDED:
        folds.append(_fitting(folded(page), room))
        room -= len(folds[-1])
    return paragraphs(said, *folds, end) + "\n"


def _whole_lines(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    kept = text[: room - len(_CUT) - 2]
    return paragraphs(kept.rpartition("\n")[0] or kept, _CUT)


def _fitting(given: Fold, room: int) -> str:
    """As many whole pieces as there is room for, so that no fence stays open."""
    shown: list[str] = []
    for piece in given.pieces:
        room -= len(piece) + 2
        shown.append(piece if room >= 0 else _CUT)
        if room < 0:
            break
    return fold(given.title, *shown)
