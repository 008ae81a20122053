"""hold: a label that people put on the pull request; what must outlast it is the stop file."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_bot.delivery import marker
from gitops_bot.delivery.gates.round import Round
from gitops_bot.model import Ask, AskKind, Gate, PullRequest, StepKind

NAME = "hold"


def gates(round_: Round) -> Iterator[Gate]:
    """Closed while the open pull request of this step bears one of the labels, or as a person says; never a rollback.

    Open where the label is borne and the hold has ended: it is taken off then.
    """
    if round_.step.kind is StepKind.ROLLBACK:
        return
    pull, labels = round_.pull, round_.spec.hold.labels
    words = [one for one in round_.asks if one.kind in (AskKind.HOLD, AskKind.RESUME)]
    if words and words[-1].kind is AskKind.HOLD:
        word = words[-1]
        reason = _borne(pull, labels[0], said(word)) if pull and labels else said(word)
        yield Gate(NAME, False, reason, word.until)
        return
    borne = next((label for label in pull.labels if label in labels), "") if pull else ""
    if pull is None or not borne:
        return
    if words:
        yield Gate(NAME, True, f"{words[-1].by} lets it go")
        return
    held = marker.held(pull.body)
    if held and held.until and held.until <= round_.now:
        yield Gate(NAME, True, f"over since {held.until:%Y-%m-%d %H:%M} UTC: {held.text}")
        return
    yield Gate(NAME, False, _borne(pull, borne, held.text if held else ""), held.until if held else None)


def _borne(pull: PullRequest, label: str, who: str) -> str:
    return f"#{pull.number} bears the label {label}" + (f": {who}" if who else "")


def said(word: Ask, *, timed: bool = False) -> str:
    """Who holds it, and why; until when, where nothing else says it."""
    until = f" until {word.until:%Y-%m-%d %H:%M} UTC" if timed and word.until else ""
    return f"{word.by} holds it{until}" + (f": {word.reason}" if word.reason else "")
