"""The values that flow between the stages: frozen, standard library only, no behaviour beyond their own invariants.

Times are aware UTC datetimes; weights are whole percents of traffic on the candidate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, Self

from gitops_bot.errors import InternalError

# ---------------------------------------------------------------- what git says


@dataclass(frozen=True, slots=True)
class Version:
    """What a workload runs: a tag, a digest, or both; never neither."""

    tag: str = ""
    digest: str = ""
    """`sha256:…`, empty when the version is named by its tag alone."""

    def __post_init__(self) -> None:
        if not self.tag and not self.digest:
            raise InternalError("a version needs a tag or a digest")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `tag`, `tag@sha256:…` or `sha256:…`."""
        tag, at, digest = text.partition("@")
        if not at and re.fullmatch(r"sha256:[0-9a-f]{64}", tag):
            return cls(digest=tag)
        return cls(tag=tag, digest=digest)

    @classmethod
    def of_image(cls, image: str) -> Self | None:
        """The version in an image reference (`registry:5000/name:tag@digest`); None when it names none."""
        name, _, digest = image.partition("@")
        last = name.rpartition("/")[2]
        tag = last.partition(":")[2]
        return cls(tag=tag, digest=digest) if tag or digest else None

    def runs(self, other: Version) -> bool:
        """Whether both name the same artefact as far as both say: digests when both have one, else tags."""
        if self.digest and other.digest:
            return self.digest == other.digest
        return self.tag == other.tag

    def __str__(self) -> str:
        return "@".join(part for part in (self.tag, self.digest) if part)


class SlotName(StrEnum):
    """The values a policy may write."""

    STABLE = "stableVersion"
    CANDIDATE = "candidateVersion"
    WEIGHT = "weight"


@dataclass(frozen=True, slots=True)
class Slots:
    """The named values the bot may write, as one commit has them. None: the policy has no such slot, or it is empty."""

    stable: Version | None = None
    candidate: Version | None = None
    weight: int | None = None

    def get(self, name: SlotName) -> Version | int | None:
        """The value of one slot."""
        match name:
            case SlotName.STABLE:
                return self.stable
            case SlotName.CANDIDATE:
                return self.candidate
            case SlotName.WEIGHT:
                return self.weight

    def having(self, name: SlotName, value: Version | int | None) -> Slots:
        """The same slots with one value set."""
        match name, value:
            case SlotName.STABLE, Version() | None:
                return replace(self, stable=value)
            case SlotName.CANDIDATE, Version() | None:
                return replace(self, candidate=value)
            case SlotName.WEIGHT, int() | None:
                return replace(self, weight=value)
        raise InternalError(f"{name} cannot hold {value!r}")


class Tree(Protocol):
    """A read-only look-up in one commit."""

    @property
    def commit(self) -> str:
        """The commit's object name."""
        ...

    def read(self, path: str) -> bytes | None:
        """The content of a regular file; None when there is none (a link or a submodule is none)."""
        ...

    def names(self, folder: str) -> tuple[str, ...]:
        """The names directly in a folder (`""` is the root); empty when there is no such folder."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """What the slots were after one commit of base's first-parent history."""

    commit: str
    at: datetime
    """The committer's date, not before its parent's and not after now."""
    slots: Slots | None
    """None where the places could not be read (a file that did not exist yet, or was not YAML)."""
    by_person: bool
    """Neither the bot nor a named automation wrote it."""
    author: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Base's first-parent history as far as the policy's files changed, newest first."""

    moments: tuple[Moment, ...]
    complete: bool = True
    """It reaches the commit that began the history."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of a branch of ours."""

    oid: str
    parents: tuple[str, ...]
    author: str
    """`Name <email>`."""
    committer: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Head:
    """What git knows of one of the bot's branches."""

    oid: str
    fork: str
    """Where it left base: the merge base with it."""
    commits: tuple[Commit, ...]
    """Those that base lacks, newest first."""
    files: Mapping[str, tuple[bytes | None, bytes | None]]
    """Every path that differs between fork and head: content there and here; None is absent."""


# ---------------------------------------------------------------- what the cluster says


class Phase(StrEnum):
    """Where an experiment stands, in one vocabulary for every system."""

    IDLE = "idle"
    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object in a cluster."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class ExperimentStatus:
    """What a controller says about one object, fresh or not at all: a stale status has the phase UNKNOWN."""

    ref: ObjectRef
    phase: Phase
    reason: str
    baseline: Version | None = None
    candidate: Version | None = None
    weight: int | None = None
    """Percent of live traffic on the candidate; None where the object does not say."""
    step: str = ""
    """`index/count`, empty where there are no steps."""
    applied: datetime | None = None
    """When the object's present template was written, by its managed fields."""
    url: str = ""


# ---------------------------------------------------------------- what the metrics say


@dataclass(frozen=True, slots=True)
class Sample:
    """One finite number at one instant."""

    value: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Missing:
    """No number at that instant, and why: never good news and never bad news."""

    reason: str
    at: datetime


Reading = Sample | Missing


@dataclass(frozen=True, slots=True)
class Query:
    """One range query: the measurements at `start + k·step` up to `end`."""

    cluster: str
    """Whose metrics server is asked."""
    expression: str
    """PromQL that a person can run again."""
    start: datetime
    end: datetime
    step: timedelta

    def instants(self) -> tuple[datetime, ...]:
        """When it measures."""
        count = int((self.end - self.start) / self.step) + 1
        return tuple(self.start + k * self.step for k in range(count))


Series = Mapping[Query, tuple[Reading, ...]]
"""One reading per instant of each query."""


# ---------------------------------------------------------------- verdicts


class Outcome(StrEnum):
    """FAIL beats UNKNOWN beats PASS."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    UNKNOWN = "UNKNOWN"
    FAIL = "FAIL"


_SEVERITY = {Outcome.PASS: 0, Outcome.UNKNOWN: 1, Outcome.FAIL: 2}


def worst(outcomes: tuple[Outcome, ...]) -> Outcome:
    """The most severe of several; UNKNOWN for none, because nothing is not good news."""
    return max(outcomes, key=_SEVERITY.__getitem__, default=Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number behind a check, as people read it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found, with its reason and its figures."""

    name: str
    outcome: Outcome
    because: str
    figures: tuple[Figure, ...] = ()
    queries: tuple[Query, ...] = ()
    critical: bool = True
    """False: reported, does not decide."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """PASS, FAIL or UNKNOWN with the checks behind it. Without a passing check there is no PASS."""

    checks: tuple[CheckResult, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst of the deciding checks."""
        return worst(tuple(check.outcome for check in self.checks if check.critical))

    @property
    def because(self) -> str:
        """One sentence: the deciding checks that have the verdict's outcome."""
        deciding = [check for check in self.checks if check.critical and check.outcome is self.outcome]
        return "; ".join(f"{check.name}: {check.because}" for check in deciding) or "nothing was checked"


@dataclass(frozen=True, slots=True)
class Trial:
    """What is judged now: a version against another, since a moment."""

    since: datetime
    candidate: Version
    baseline: Version | None
    weight: int | None
    watching: bool = False
    """After the promotion: only a FAIL matters."""


# ---------------------------------------------------------------- steps


class StepKind(StrEnum):
    """What happens next in git."""

    START = "Start"
    ADVANCE = "Advance"
    PROMOTE = "Promote"
    FINISH = "Finish"
    ROLLBACK = "Rollback"
    HOLD = "Hold"


@dataclass(frozen=True, slots=True)
class Step:
    """The next step: what git should say after it, and why."""

    kind: StepKind
    slots: Slots
    reason: str
    held: Step | None = None
    """For Hold: the step that waits for evidence."""
    urgent: bool = False
    """Delivered as a rollback is: past caps, merged by `rollback.merge`."""
    cautions: tuple[str, ...] = ()
    """What the bot could not see: people are told, and it does not merge by itself."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether something outside the verdict lets a step pass."""

    name: str
    open: bool
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """The stop file on base: nothing moves while it is there."""

    reason: str
    until: datetime | None = None
    policies: tuple[str, ...] = ()
    """Shell patterns of policy names; empty is all."""
    rollbacks: bool = False
    """It holds rollbacks too."""


# ---------------------------------------------------------------- changes and pull requests


@dataclass(frozen=True, slots=True)
class SlotMove:
    """One slot at one place going from one value to another."""

    slot: SlotName
    place: str
    """`file: path in it`."""
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """One file before and after; equal bytes are not a change."""

    path: str
    before: bytes
    after: bytes
    moves: tuple[SlotMove, ...]

    def __post_init__(self) -> None:
        if self.before == self.after:
            raise InternalError(f"{self.path}: nothing changes")


class Direction(StrEnum):
    """The two branches of a policy."""

    PROMOTE = "promote"
    ROLLBACK = "rollback"


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


class PrState(StrEnum):
    """Where a pull request is in its life."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


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
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class OpenPr:
    """Push the branch, open the pull request, set its status."""

    proposal: Proposal
    expected: str | None
    """The branch's present object name; None: it must not exist."""
    current: bool
    """The branch already holds exactly the proposed commit's tree on a fit parent: nothing is pushed."""
    status: CommitStatus


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


@dataclass(frozen=True, slots=True)
class MergePr:
    """Merge, pinned to the head that this tick evaluated."""

    number: int
    head: str
    title: str
    branch: str


@dataclass(frozen=True, slots=True)
class ClosePr:
    """Mark the reason, then close; the branch goes when it is wholly ours."""

    number: int
    body: str
    """The present body with the reason in its marker."""
    reason: str
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


Action = OpenPr | UpdatePr | MergePr | ClosePr | Comment | SetStatus


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
    notes: tuple[str, ...] = ()
    """What keeps the step from being delivered, or what people should know."""


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
