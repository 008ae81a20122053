"""Everything one decision is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gitops_bot.model.asks import Ask
from gitops_bot.model.delivery import PREFIX, Direction, Manner, PullRequest
from gitops_bot.model.evidence import ExperimentStatus, ObjectRef, Unseen
from gitops_bot.model.gating import Offer, Readings
from gitops_bot.model.git import Beyond, Head, History, Tree, Version
from gitops_bot.model.remarks import Heard
from gitops_bot.model.steps import Stop


@dataclass(frozen=True, slots=True)
class BranchView:
    """One of the bot's branches, with look-ups where it left base, at its own commit, and where it is."""

    head: Head
    at_fork: Tree
    at_own: Tree
    """At the one commit that is no merge; at the head where there is no such commit, or more than one."""
    at_head: Tree


@dataclass(frozen=True, slots=True)
class Coming:
    """The commit of the environment before that proves a version, and what a merge of it would bring."""

    version: Version
    commit: str
    source: str
    """The branch that it is on."""
    beyond: Beyond
    """What base lacks of it."""
    at_commit: Tree
    at_fork: Tree | None
    """Where it and base parted; None where they share no history."""
    more: tuple[str, ...] = ()
    """The files with slots in which it changes more than these."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A branch of ours that is to be a commit of the environment before."""

    oid: str
    source: str
    """The branch of that environment."""
    ours: bool
    """It is a commit of that branch's first-parent history."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """What the clusters say about who writes a field that an edit writes."""

    owner: str = ""
    """Who writes it at run time; empty: nobody that was seen."""
    unseen: tuple[str, ...] = ()
    """What could not be read, and why."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What git, the clusters and the forge said to one policy in one tick."""

    now: datetime
    base: str
    """The branch."""
    tree: Tree
    """Base at the commit that was read."""
    history: History
    statuses: Mapping[tuple[str, ObjectRef], ExperimentStatus | Unseen]
    """By cluster and object."""
    pulls: tuple[PullRequest, ...]
    """The policy's that go to base, open and closed, newest first; those of ours from another prefix than today's among
    them."""
    branches: Mapping[Direction, BranchView]
    stops: tuple[Stop, ...]
    """The holders of the stop file."""
    identity: str
    """The committer of the bot's own commits, `Name <email>`."""
    source: str = ""
    """Where the policy came from: the bot's configuration and the place it names."""
    prefix: str = PREFIX
    """What the bot's branches are below."""
    offered: Offer = None
    """What the policy's registry gives, or the environments before it."""
    contained: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    """By commits (a live one, one of base): whether the live one has the other in it."""
    owners: Mapping[int, Ownership] = field(default_factory=dict)
    """By the number of the edit, where a controller could write its field."""
    readings: Readings = field(default_factory=Readings)
    """What its gates look at."""
    asks: tuple[Ask, ...] = ()
    """What people asked of it for this tick, in the order in which they said it."""
    manner: Manner = field(default_factory=Manner)
    unbound: str = "the forge was not asked whether it requires our status"
    """Why the forge must not merge by itself: our status does not bind it. Empty where it does."""
    heard: tuple[Heard, ...] | str = ()
    """The commands in comments, those of `asks` among them, or why they cannot be read."""
    strays: tuple[PullRequest, ...] = ()
    """The open ones of ours from the policy's branches that go elsewhere than to base."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Where the other branches are on which the decision rests, by name."""
    home: str = ""
    """The branch of the policies and the stop file."""
    coming: Coming | None = None
    """Of a policy by branch: what would bring its candidate; None where nothing is proven, or nothing is to come."""
    pointer: Pointer | None = None
    """Of a policy by branch: its branch for promotions, which is then not among `branches`."""
