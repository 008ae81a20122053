"""What is read for gates: never good news when it could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gitops_bot.model.delivery import StatusState
from gitops_bot.model.evidence import ExperimentStatus, Unseen
from gitops_bot.model.git import History, Version


@dataclass(frozen=True, slots=True)
class Stay:
    """A version stood in an environment without a break."""

    since: datetime
    until: datetime | None = None
    """When it left; None while it is there."""
    whole: bool = True
    """Its beginning is known; else it has stood at least since then."""


@dataclass(frozen=True, slots=True)
class Stays:
    """How long a version has stood in an environment."""

    environment: str
    stays: tuple[Stay, ...] = ()
    """Newest first."""
    trouble: str = ""
    """Why it does not count, or is not known."""


@dataclass(frozen=True, slots=True)
class Hop:
    """An environment on the way of a version."""

    environment: str
    held: str
    """`1.9.0 for 26h`; empty where it did not hold it, or turned it away."""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Unproven:
    """No version comes from the environments before this one, though all of them could be seen."""

    because: str


Offer = Version | Unproven | str | None
"""What comes from elsewhere: a version, none, or (text) why that cannot be seen; None where nothing is asked."""


@dataclass(frozen=True, slots=True)
class CommitCheck:
    """A commit status or a check run, as it is now."""

    name: str
    state: StatusState
    said: str = ""
    """Why, where it has not succeeded."""


@dataclass(frozen=True, slots=True)
class Review:
    """What one person said last of a pull request; remarks do not count."""

    author: str
    """The name on the forge."""
    approves: bool
    """False: changes are asked for, until the same person approves or that is dismissed."""
    commit: str
    """The head that was looked at."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Readings:
    """What one policy's gates look at."""

    syncs: tuple[tuple[str, ExperimentStatus | Unseen], ...] = ()
    """Cluster and what it says of an object that must have what was merged, as far as it speaks of it."""
    no_landing: str = ""
    """Why nobody can tell which commit must be live; empty when it is known."""
    histories: Mapping[str, History | str] = field(default_factory=dict)
    """By environment (the policy's name): what base's history says of its slots, or why that is not known."""
    going_back: Mapping[str, int] = field(default_factory=dict)
    """By environment: the open pull request of ours that would take its present version back."""
    before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By environment: those from which its own candidate comes."""
    checks: Mapping[str, tuple[CommitCheck, ...] | str] = field(default_factory=dict)
    """By commit: what was reported on it, or why that is not known."""
    reviews: tuple[Review, ...] | str = ()
    """Of the open promotion, or why they are not known."""
    reviews_back: tuple[Review, ...] | str = ()
    """Of the open rollback, where the policy asks for approvals of it."""
    votes: tuple[tuple[str, tuple[ExperimentStatus, ...] | Unseen], ...] = ()
    """Cluster and the approvals that Keel holds there of the workload's updates, newest first."""
    members: Mapping[str, frozenset[str] | str] = field(default_factory=dict)
    """By team: the names of its members in lower case, or why they are not known."""
