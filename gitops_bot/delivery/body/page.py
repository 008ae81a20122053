"""What a body is made from, and the two forms in which a section gives itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gitops_bot.model import Change, Coming, Gate, Hop, Manner, MergeMode, Slots, Step, Verdict
from gitops_bot.policy.schema import PromotionPolicy


@dataclass(frozen=True, slots=True)
class Page:
    """All that a body shows."""

    policy: PromotionPolicy
    before: Slots
    step: Step
    verdict: Verdict
    gates: Sequence[Gate]
    changes: Sequence[Change]
    mode: MergeMode
    note: str = ""
    """Why the step waits, when it does."""
    base: str = "main"
    since: datetime | None = None
    """Since when what is on trial stands; None: nothing is on trial."""
    manner: Manner = field(default_factory=Manner)
    path: Sequence[Sequence[Hop]] = ()
    """The environments before this one, those that wait for others in a later row."""
    coming: Coming | None = None
    """The commit of another branch by which it comes."""
    home: str = ""
    """The branch of the policies and the stop file; empty: base."""


Section = Callable[[Page], str]
"""A part of the first screen as Markdown; empty where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A part that opens when it is asked for. Each piece is whole Markdown, so that a cut falls between two."""

    title: str
    pieces: Sequence[str]


Folded = Callable[[Page], Fold]
"""A part below the first screen; without pieces there is nothing to say."""
