"""The seams to the world as Protocols. Adapters implement them; observe reads through them, apply.py writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from gitops_bot.errors import ForgeError
from gitops_bot.model import (
    Beyond,
    Commit,
    CommitCheck,
    CommitStatus,
    Head,
    Kind,
    PullRequest,
    Query,
    Queued,
    Quota,
    Reaction,
    Reading,
    Remark,
    Review,
    Tree,
)


class Clock(Protocol):
    """Where `now` comes from: once a tick."""

    def now(self) -> datetime:
        """Aware, UTC."""
        ...


class Metrics(Protocol):
    """A metrics server."""

    def range(self, query: Query) -> tuple[Reading, ...]:
        """One reading per instant of the query, in order. Never raises: trouble is `Missing` with the reason."""
        ...


@runtime_checkable
class ManyMetrics(Metrics, Protocol):
    """A metrics server that answers many queries by few requests."""

    def ranges(self, queries: Sequence[Query]) -> Mapping[Query, tuple[Reading, ...]]:
        """As `range`, for each of them; a query that is wrong harms no other. Never raises."""
        ...


class Cluster(Protocol):
    """One Kubernetes cluster, read only."""

    def list(self, kind: Kind) -> Sequence[Mapping[str, Any]]:
        """Every object of a kind in the configured namespaces, as the API gives it, as of seconds ago at most.

        Errors: ObjectAbsent (the kind is not installed), ClusterDenied (naming the missing verb), ClusterUnreachable.
        """
        ...


@runtime_checkable
class AskedByName(Cluster, Protocol):
    """A cluster that is also asked for less than a list."""

    def get(self, kind: Kind, namespace: str, name: str) -> Mapping[str, Any]:
        """One object, for kinds of which the bot may read some and not list any.

        Errors: ObjectAbsent, ClusterDenied (naming the missing verb), ClusterUnreachable.
        """
        ...

    def events(self, namespace: str, uid: str) -> Sequence[Mapping[str, Any]]:
        """What controllers have said of one object of late. Errors: ClusterDenied, ClusterUnreachable."""
        ...


class Console(Protocol):
    """The HTTP API of a controller that keeps what it knows outside the cluster's API, read only."""

    def get(self, path: str, params: Mapping[str, str]) -> Any:
        """The JSON at a path. Errors: ObjectAbsent, ClusterDenied, ClusterUnreachable."""
        ...


class Registry(Protocol):
    """A container registry, read only."""

    def tags(self, repository: str) -> Sequence[str]:
        """Every tag of a repository. Errors: RegistryUnreachable, RegistryDenied."""
        ...

    def manifest(self, repository: str, tag: str) -> tuple[bytes, str]:
        """A tag's manifest to the byte, and the digest that the registry claims for it. Errors: as `tags`."""
        ...


class Notifier(Protocol):
    """A place where people are told."""

    def tell(self, title: str, text: str, *, tone: str) -> str:
        """Send a message in plain text; empty when it was taken, else why not, without secrets. Never raises.

        `tone` is info, success, warning or failure.
        """
        ...


@dataclass(frozen=True, slots=True)
class BranchUpdate:
    """One branch to be written, compared and swapped."""

    branch: str
    """Without refs/heads/."""
    expected: str | None
    """What the branch must be now; None: it must not exist."""
    parent: str
    """The commit to build on; empty deletes the branch."""
    files: Mapping[str, bytes | None]
    """New contents, modes kept; a path that the parent lacks is added, None removes it."""
    message: str = ""
    commit: str = ""
    """One that the remote has and the branch is to be; with it no other is made."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of one branch update."""

    branch: str
    oid: str
    """The new head; empty after a deletion or a rejection."""
    rejected: str = ""
    """Why not, empty when it went through."""


@dataclass(frozen=True, slots=True)
class DraftedFile:
    """One file of a commit for a forge to make."""

    path: str
    mode: str
    """Git's."""
    content: bytes | None
    """None removes it."""
    is_new: bool
    """The parent has no such file."""


@dataclass(frozen=True, slots=True)
class CommitDraft:
    """One commit for a forge to make."""

    branch: str
    expected: str | None
    """What the branch must be now; None: it must not exist."""
    parent: str
    base_tree: str
    """The parent's tree."""
    tree: str
    """What the commit's tree must come out as."""
    files: tuple[DraftedFile, ...]
    message: str


@runtime_checkable
class Committer(Protocol):
    """Makes commits on the forge, which may sign them, instead of pushing them."""

    moves_branches: bool
    """Whether it also moves a branch that is there, and has looked at the tree before; else it makes new ones only."""

    def commit(self, draft: CommitDraft) -> Pushed:
        """Make the commit and move the branch, compared and swapped; a lost race is a value. Errors: ForgeError."""
        ...

    def wrote(self, commit: Commit) -> bool:
        """Whether author and committer are those that the forge writes into such commits. Errors: ForgeError."""
        ...


class EnvironmentRepo(Protocol):
    """The environment repository: a bare cache of it, and its remote."""

    def refresh(self, bases: Collection[str] = ()) -> Mapping[str, str]:
        """Ask the remote for base, further ones and the bot's branches, fetch what is new; branch name → object name.

        A further one that is not there is not in the answer. Errors: RepositoryUnreachable, RepositoryDenied.
        """
        ...

    def tree(self, commit: str) -> Tree:
        """A look-up in one commit."""
        ...

    def prefetch(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Fetch the blobs of (commit, path) that the cache lacks, all in one request."""
        ...

    def log(self, commit: str, paths: Sequence[str]) -> Sequence[Commit]:
        """First-parent commits that changed one of the paths, newest first, the beginning of history included."""
        ...

    def head(self, branch_head: str, base: str) -> Head:
        """How a branch differs from base."""
        ...

    def beyond(self, commit: str, base: str) -> Beyond:
        """What a commit has that base lacks, without the contents of any file."""
        ...

    def on_line(self, commit: str, tip: str) -> bool:
        """Whether a commit is the tip of a branch, or was: it is of its first-parent history."""
        ...

    def contains(self, commit: str, ancestor: str) -> bool:
        """Whether a commit is the other one or has it among its ancestors; False where the repository has no such.

        Errors: RepositoryUnreachable.
        """
        ...

    def push(self, updates: Sequence[BranchUpdate]) -> Sequence[Pushed]:
        """Write all branches in one pack and one push, each compared and swapped.

        Errors: RepositoryUnreachable, RepositoryDenied. A branch that lost its race is a value, not an error.
        """
        ...


@runtime_checkable
class TidyRepo(EnvironmentRepo, Protocol):
    """One that may find what a run that was killed left behind."""

    def tidy(self) -> Sequence[Pushed]:
        """Delete the branches of that kind that the last refresh saw. Errors: as `push`."""
        ...


@dataclass(frozen=True, slots=True)
class Merged:
    """The merge went through."""

    commit: str


@dataclass(frozen=True, slots=True)
class NotReady:
    """The forge will not merge now, and why."""

    reason: str


class Forge(Protocol):
    """Where pull requests live. Every method may raise ForgeUnreachable, ForgeDenied, RateLimited or ForgeRefused."""

    def pull_requests(self, closed_since: datetime) -> Sequence[PullRequest]:
        """The open pull requests whose branches are named as the bot's are, below any prefix, and those ended since."""
        ...

    def open(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        """Open a pull request; when one is open from this branch to base already, that one is the answer."""
        ...

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Rewrite title or body."""
        ...

    def close(self, number: int) -> None:
        """Close; closing a closed one is no error."""
        ...

    def merge(self, number: int, *, head: str, title: str) -> Merged | NotReady:
        """Merge if and only if the head is still `head`."""
        ...

    def comment(self, number: int, text: str, *, key: str) -> None:
        """Say something once: a comment of ours that bears the key already is enough."""
        ...

    def set_status(self, commit: str, status: CommitStatus, branch: str = "") -> None:
        """Set a commit status; the same again is no error. `branch`: whose head it is, where others have it, too."""
        ...

    def decorate(self, number: int, *, labels: Sequence[str], reviewers: Sequence[str]) -> Sequence[str]:
        """Add labels and ask for reviews, best effort: what did not work comes back as warnings."""
        ...

    def unlabel(self, number: int, labels: Sequence[str]) -> None:
        """Take labels off; one that is not borne is no error."""
        ...


@dataclass(frozen=True, slots=True)
class NewPull:
    """A pull request that is to be opened."""

    branch: str
    base: str
    title: str
    body: str
    draft: bool


@runtime_checkable
class ForgeOfMany(Forge, Protocol):
    """A forge that opens several pull requests by one request."""

    def at_once(self) -> int:
        """How many it opens so now, with a status set for each of them before: one, at least."""
        ...

    def open_many(self, wanted: Sequence[NewPull]) -> Sequence[PullRequest | ForgeError]:
        """As `open`, for each of them in order; what `open` would raise stands in its place and harms no other."""
        ...


@runtime_checkable
class ForgeWithQuota(Forge, Protocol):
    """A forge that limits how much it is asked."""

    def quota(self) -> Quota:
        """As of now; no request is sent for it."""
        ...


@dataclass(frozen=True, slots=True)
class Required:
    """Which checks a branch asks for before anything is merged into it, as far as the token can see."""

    names: frozenset[str] = frozenset()
    everything: bool = False
    """Whatever reports on a head: GitLab's `pipelines must succeed`."""


@runtime_checkable
class ForgeThatQueues(Forge, Protocol):
    """A forge that merges by itself when it may: by auto-merge, a merge queue or a merge train."""

    def required(self, base: str) -> Required:
        """What a merge into the branch waits for."""
        ...

    def queue(self, base: str) -> Mapping[int, Queued]:
        """The pull requests that wait in the branch's queue, besides what `pull_requests` says of each."""
        ...

    def enqueue(self, number: int, *, head: str, title: str) -> Merged | NotReady | None:
        """Have it merged when it may be, if and only if the head is still `head`; None: it waits for that now."""
        ...

    def dequeue(self, number: int) -> None:
        """Auto-merge off, out of the queue; no error where neither was so, or where it is merged or closed."""
        ...


@runtime_checkable
class ForgeOfCommands(Forge, Protocol):
    """A forge whose comments may hold commands."""

    def remarks(self, numbers: Sequence[int], word: str) -> Sequence[Remark]:
        """The comments of these pull requests that hold a word, are others', as they were written, and unanswered."""
        ...

    def may_write(self, person: str) -> bool:
        """Whether a person may write to the repository; False where nobody can tell."""
        ...

    def react(self, number: int, remark: str, reaction: Reaction) -> None:
        """Answer a comment by a reaction; the same again is no error."""
        ...


@runtime_checkable
class ForgeOfPeople(Forge, Protocol):
    """A forge that also says what checks and people said."""

    def checks(self, commit: str) -> Sequence[CommitCheck]:
        """The commit statuses and check runs of a commit as they are now; one name may come more than once."""
        ...

    def reviews(self, number: int) -> Sequence[Review]:
        """What each person said last of a pull request: an approval, or a request for changes."""
        ...

    def members(self, team: str) -> frozenset[str]:
        """The members of a team, in lower case."""
        ...
