"""Changes, pull requests, and what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gitops_bot.errors import InternalError
from gitops_bot.model.evidence import Verdict
from gitops_bot.model.git import SlotName, Slots, Version
from gitops_bot.model.notify import Notify
from gitops_bot.model.remarks import Reaction
from gitops_bot.model.steps import Gate, Step, StepKind


@dataclass(frozen=True, slots=True)
class SlotMove:
    """One slot at one place going from one value to another."""

    slot: SlotName | None
    """None: a value that no slot names."""
    place: str
    """`file: path in it`."""
    old: str
    new: str
    of: str = ""
    """The variant whose slot it is."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file before and after; equal bytes are not a change."""

    path: str
    before: bytes | None
    """None: the file is new."""
    after: bytes | None
    """None: the file is removed."""
    moves: tuple[SlotMove, ...]

    def __post_init__(self) -> None:
        if self.before == self.after:
            raise InternalError(f"{self.path}: nothing changes")


PREFIX = "gitops-bot/"
"""What the bot's branches are below, where its configuration says nothing else."""


class Direction(StrEnum):
    """The two branches of a policy."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Manner:
    """How the bot speaks in one repository, as its configuration says."""

    links: Mapping[str, str] = field(default_factory=dict)
    """Where people look further: templates by name."""
    consoles: Mapping[str, str] = field(default_factory=dict)
    """Where people ask a metrics server again: a template by server."""
    servers: Mapping[str, str] = field(default_factory=dict)
    """The metrics server of each cluster."""
    sign_off: bool = False
    """Commit messages end with `Signed-off-by`."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """All a human will see of one step, decided purely."""

    policy: str
    direction: Direction
    step: StepKind
    key: str
    """hash(repository, base, policy, step, candidate, slots before, slots after): a person's no is to this."""
    branch: str
    base: str
    base_commit: str
    title: str
    body: str
    message: str
    labels: tuple[str, ...]
    reviewers: tuple[str, ...]
    draft: bool
    changes: tuple[Change, ...]
    commit: str = ""
    """What the branch is to be, where a commit that is there brings the changes; empty: one is made of them."""


class PrState(StrEnum):
    """Where a pull request is in its life."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Queued:
    """The forge merges it by itself when it may: auto-merge is on, or it waits in a queue or a train."""

    ours: bool
    """The bot switched it on."""
    commit: str = ""
    """What a merge queue made of it, base and what is before it; empty where checks are asked of the head alone."""
    passed: frozenset[str] = frozenset()
    """The checks that are green on `commit`."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as the forge lists it."""

    number: int
    url: str
    state: PrState
    branch: str
    base: str
    head: str
    title: str
    body: str
    ours: bool
    """The bot opened it, from a branch of the repository itself."""
    created_at: datetime
    updated_at: datetime
    labels: tuple[str, ...] = ()
    draft: bool = False
    closed_at: datetime | None = None
    merge_commit: str = ""
    """The merge or squash commit; empty while it is not merged."""
    queued: Queued | None = None
    pipeline: str = ""
    """What the forge waits for besides statuses of the head alone, by its own name: they count if they stand in it."""


class StatusState(StrEnum):
    """A commit status."""

    SUCCESS = "success"
    PENDING = "pending"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """What `gitops-bot/<policy>` says on a head."""

    context: str
    state: StatusState
    description: str
    """At most 140 characters."""


class MergeMode(StrEnum):
    """Who merges."""

    NEVER = "never"
    """People."""
    AUTO = "auto"
    """The bot."""
    QUEUE = "queue"
    """The forge by itself: auto-merge, merge queue or merge train."""


@dataclass(frozen=True, slots=True)
class OpenPr:
    """Push the branch, open the pull request, set its status."""

    proposal: Proposal
    expected: str | None
    """The branch's present object name; None: it must not exist."""
    current: bool
    """The branch already holds exactly the proposed commit's tree on a fit parent: nothing is pushed."""
    status: CommitStatus
    first: str = ""
    """The body to open it with, which remembers that labels and reviewers are owed; empty: the proposal's."""


@dataclass(frozen=True, slots=True)
class UpdatePr:
    """Rewrite an open pull request of ours in place."""

    number: int
    proposal: Proposal
    expected: str
    current: bool
    """Only the text changes: nothing is pushed."""
    status: CommitStatus
    comment: str = ""
    """Said once when the step or the candidate changed."""
    bare: bool = False
    """Labels and reviewers are still owed."""


@dataclass(frozen=True, slots=True)
class MergePr:
    """Merge, pinned to the head that this tick evaluated."""

    number: int
    head: str
    title: str
    branch: str


@dataclass(frozen=True, slots=True)
class EnqueuePr:
    """Have the forge merge by itself, pinned to the head that this tick evaluated."""

    number: int
    head: str
    title: str
    branch: str


@dataclass(frozen=True, slots=True)
class DequeuePr:
    """Auto-merge off, out of the queue or train: done before anything is pushed."""

    number: int


@dataclass(frozen=True, slots=True)
class Vouch:
    """Set the status of the commit that a merge queue made of a pull request of ours."""

    number: int
    commit: str
    status: CommitStatus


@dataclass(frozen=True, slots=True)
class ClosePr:
    """Mark the reason, then close; the branch goes when it is wholly ours."""

    number: int
    body: str
    """The present body with the reason in its marker."""
    reason: str
    comment: str
    """The reason as Markdown, for people."""
    delete_branch: str = ""
    """Empty keeps it."""
    head: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """Say something once; the label remembers that it was said."""

    number: int
    key: str
    text: str
    label: str


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Set the status of an existing head."""

    head: str
    status: CommitStatus
    number: int
    body: str
    """The body whose digest remembers it, written after the status."""
    branch: str = ""  # whose head it is: others may have the commit, too


@dataclass(frozen=True, slots=True)
class HoldPr:
    """Label an open pull request so that nothing happens to it, and say for whom."""

    number: int
    label: str
    comment: str
    key: str
    """Of the comment: said once."""


@dataclass(frozen=True, slots=True)
class ResumePr:
    """Take the labels off by which an open pull request was held."""

    number: int
    labels: tuple[str, ...]
    body: str
    """Without what it remembered of the hold."""


@dataclass(frozen=True, slots=True)
class DeleteBranch:
    """Remove a branch that has served: its pull request is merged, or the bot closed it."""

    number: int
    """Of that pull request."""
    branch: str
    head: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a command in a comment: by a reaction, which remembers that it was heard, and by words where needed."""

    number: int
    remark: str
    """The forge's name for the comment."""
    reaction: Reaction
    text: str = ""
    """Said once, before the reaction."""
    merges: bool = False
    """It is answered only when the merge went through: until then it is asked for again."""


Effect = (
    OpenPr
    | UpdatePr
    | MergePr
    | EnqueuePr
    | DequeuePr
    | Vouch
    | ClosePr
    | Comment
    | SetStatus
    | HoldPr
    | ResumePr
    | DeleteBranch
    | Answer
)
"""What is done to the repository and on the forge."""

Action = Effect | Notify


@dataclass(frozen=True, slots=True)
class Plan:
    """What one policy's tick decided, whole: the audit record."""

    policy: str
    repository: str
    base: str
    base_commit: str
    slots: Slots
    candidate: Version | None
    since: datetime | None
    verdict: Verdict
    step: Step
    gates: tuple[Gate, ...] = ()
    proposal: Proposal | None = None
    actions: tuple[Action, ...] = ()
    rung: str = ""
    """Where git has the candidate on its ladder: `25 %`, `preview`, `3 clusters`; empty without a ladder."""
    notes: tuple[str, ...] = ()
    """What keeps the step from being delivered, or what people should know."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """The other branches on which it rests, as they were read: where the policies are, the environments before."""


class ReceiptState(StrEnum):
    """How an action ended."""

    DONE = "done"
    SKIPPED = "skipped"
    NOT_READY = "not ready"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one action."""

    policy: str
    action: str
    state: ReceiptState
    detail: str = ""
    number: int | None = None
    url: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
