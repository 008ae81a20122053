"""Two policies that would write the same bytes of one file of one base: neither may."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import combinations

from gitops_bot.model import Change, Plan

Span = tuple[int, int, int]
"""Line, first and last character that a change replaces in it."""


def overlapping(plans: Sequence[Plan]) -> list[tuple[str, str, str]]:
    """The pairs of policies whose proposals write the same bytes, with the file."""
    writers: dict[tuple[str, str], list[tuple[str, Change]]] = {}
    for plan in plans:
        for change in plan.proposal.changes if plan.proposal else ():
            writers.setdefault((plan.base, change.path), []).append((plan.policy, change))
    return [
        (one, other, path)
        for (_, path), changes in writers.items()
        for (one, mine), (other, theirs) in combinations(changes, 2)
        if any(_meet(span, another) for span in _spans(mine) for another in _spans(theirs))
    ]


def _spans(change: Change) -> list[Span]:
    """Where a change is: within lines that correspond, and whole lines where some come or go."""
    before, after = ((data or b"").split(b"\n") for data in (change.before, change.after))
    if len(before) == len(after):
        return [
            (n, *_differing(old, new)) for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new
        ]
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    touched = (n for tag, i, j, _, _ in blocks if tag != "equal" for n in range(i, max(j, i + 1)))
    return [(n, 0, len(before[n]) if n < len(before) else 0) for n in touched]


def _differing(old: bytes, new: bytes) -> tuple[int, int]:
    """Where two lines differ, in the old one: behind what they begin with in common, before what they end with."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    return head, len(old) - tail


def _common(one: bytes, other: bytes) -> int:
    """How many bytes two lines begin with in common."""
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _meet(one: Span, other: Span) -> bool:
    return one[0] == other[0] and one[1] <= other[2] and other[1] <= one[2]
