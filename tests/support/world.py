"""A small git and forge in one object, in memory, with people in it; what the bot must never do is noticed at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gitops_bot.delivery import marker
from gitops_bot.errors import ForgeRefused
from gitops_bot.model import Commit, CommitStatus, Head, PrState, PullRequest
from gitops_bot.ports import BranchUpdate, Merged, NotReady, Pushed

BOT = "gitops-bot <gitops-bot@example.com>"
ALICE = "Alice <alice@example.com>"
BASE = "main"

Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Snapshot:
    """One commit with its whole tree."""

    commit_: Commit
    files: Files

    @property
    def commit(self) -> str:
        """The object name."""
        return self.commit_.oid

    def read(self, path: str) -> bytes | None:
        """A file."""
        return self.files.get(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """What lies in a folder."""
        prefix = f"{folder}/" if folder else ""
        below = (path[len(prefix) :] for path in self.files if path.startswith(prefix))
        return tuple(sorted({path.partition("/")[0] for path in below}))

    def below(self, folder: str) -> tuple[str, ...]:
        """Every file below a folder."""
        return tuple(sorted(path for path in self.files if not folder or path.startswith(f"{folder}/")))

    def fetch(self, paths: Sequence[str]) -> None:
        """Everything is near."""


@dataclass
class World:
    """`EnvironmentRepo` and `Forge`; its clock moves when a test says so."""

    now_: datetime
    commits: dict[str, Snapshot] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    statuses: dict[tuple[str, str], CommitStatus] = field(default_factory=dict)
    comments: set[tuple[int, str]] = field(default_factory=set)
    writes: list[str] = field(default_factory=list)
    """What the bot changed since a test last looked."""
    evaluated: set[str] = field(default_factory=set)
    """The heads that were there when the bot last looked."""
    noes: set[str] = field(default_factory=set)
    """Keys of proposals that a person closed."""
    broken: list[str] = field(default_factory=list)
    """What the bot did and must not do."""
    meanwhile: Callable[[], None] | None = None
    """What a person does between the bot's look and its first write."""
    on_merge: Callable[[Snapshot, Snapshot], None] = lambda _before, _after: None
    """Told of base before and after each merge by the bot."""

    def now(self) -> datetime:
        """The clock's."""
        return self.now_

    # ------------------------------------------------------------ git, for people

    def commit(self, branch: str, files: Mapping[str, bytes | None], *, who: str = ALICE, on: str = "") -> str:
        """One commit on a branch; None removes a file."""
        parent = on or self.refs.get(branch, "")
        before = self.commits[parent].files if parent else {}
        after = {path: data for path, data in {**before, **files}.items() if data is not None}
        self.refs[branch] = self._keep((parent,) if parent else (), after, who, self.now_)
        return self.refs[branch]

    def _keep(self, parents: tuple[str, ...], files: Files, who: str, at: datetime, message: str = "") -> str:
        said = repr((parents, sorted(files.items()), who, at, message))
        oid = hashlib.sha1(said.encode()).hexdigest()
        self.commits[oid] = Snapshot(Commit(oid, parents, who, who, message, at), files)
        return oid

    def delete(self, branch: str) -> None:
        """A person deletes a branch: its open pull request closes, without the bot's word."""
        if self.refs.pop(branch, None):
            for pull in self._open(branch):
                self._end(pull, PrState.CLOSED)
                self._no(pull)

    def contains(self, commit: str, ancestor: str) -> bool:
        """Whether one commit is the other or among its ancestors."""
        return commit in self.commits and ancestor in self._ancestors(commit)

    def _ancestors(self, oid: str) -> set[str]:
        found: set[str] = set()
        waiting = [oid]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.commits[one].commit_.parents
        return found

    def _line(self, oid: str) -> list[Snapshot]:
        """First parents, newest first."""
        line = [self.commits[oid]]
        while parents := line[-1].commit_.parents:
            line.append(self.commits[parents[0]])
        return line

    # ------------------------------------------------------------ git, for the bot

    def refresh(self) -> Mapping[str, str]:
        """Where the branches are."""
        self.evaluated = set(self.refs.values())
        return {name: oid for name, oid in self.refs.items() if name == BASE or name.startswith("gitops-bot/")}

    def tree(self, commit: str) -> Snapshot:
        """A look-up."""
        return self.commits[commit]

    def prefetch(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Everything is here."""

    def log(self, commit: str, paths: Sequence[str]) -> Sequence[Commit]:
        """First-parent commits that changed one of the paths, newest first."""
        line = self._line(commit)
        parents: list[Files] = [*(one.files for one in line[1:]), {}]
        pairs = zip(line, parents, strict=True)
        return [one.commit_ for one, before in pairs if any(one.files.get(path) != before.get(path) for path in paths)]

    def head(self, branch_head: str, base: str) -> Head:
        """How a branch differs from base."""
        on_base = self._ancestors(base)
        fork = self._fork(branch_head, base)
        own = [one for one in self._ancestors(branch_head) if one not in on_base]
        before, after = self.commits[fork].files, self.commits[branch_head].files
        differing = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        return Head(
            branch_head,
            fork,
            tuple(self.commits[one].commit_ for one in own),
            {path: (before.get(path), after.get(path)) for path in differing},
        )

    def _fork(self, head: str, base: str) -> str:
        """The merge base: of the commits that both have, the one that has most of the others."""
        common = self._ancestors(head) & self._ancestors(base)
        return head if head in common else max(common, key=lambda one: (len(self._ancestors(one)), one))

    def push(self, updates: Sequence[BranchUpdate]) -> Sequence[Pushed]:
        """Each compared and swapped."""
        self._meanwhile()
        return [self._pushed(update) for update in updates]

    def _pushed(self, update: BranchUpdate) -> Pushed:
        standing = self.refs.get(update.branch)
        if standing != update.expected:
            return Pushed(update.branch, "", "stale info")
        if standing:
            self._guard(update.branch, standing)
        self.writes.append(f"push {update.branch}")
        if not update.parent:
            del self.refs[update.branch]
            for pull in self._open(update.branch):
                self._end(pull, PrState.CLOSED)
            return Pushed(update.branch, "")
        parent = self.commits[update.parent]
        if not all(path in parent.files for path, data in update.files.items() if data is None):
            self.broken.append(f"{update.branch}: a file that is not there is removed")
        at = parent.commit_.at
        files = {path: data for path, data in {**parent.files, **update.files}.items() if data is not None}
        oid = self._keep((update.parent,), files, BOT, at, update.message)
        self.refs[update.branch] = oid
        self._follow()
        return Pushed(update.branch, oid)

    def _guard(self, branch: str, standing: str) -> None:
        """No commit of a person goes from a branch unless base has it."""
        on_base = self._ancestors(self.refs[BASE])
        lost = [self.commits[one].commit_ for one in self._ancestors(standing) if one not in on_base]
        if any(one.author != BOT for one in lost):
            self.broken.append(f"{branch}: a person's commit was overwritten")

    # ------------------------------------------------------------ forge, for people

    def _open(self, branch: str) -> list[PullRequest]:
        return [one for one in self.pulls.values() if one.branch == branch and one.state is PrState.OPEN]

    def _put(self, pull: PullRequest) -> None:
        self.pulls[pull.number] = replace(pull, updated_at=self.now_)

    def _end(self, pull: PullRequest, state: PrState, commit: str = "") -> None:
        self._put(replace(pull, state=state, closed_at=self.now_, merge_commit=commit))

    def _no(self, pull: PullRequest) -> None:
        said = marker.read(pull.body)
        if pull.ours and said:
            self.noes.add(said.key)

    def _follow(self) -> None:
        """Pull requests follow their branches; one whose head base has is merged."""
        for pull in [one for one in self.pulls.values() if one.state is PrState.OPEN]:
            head = self.refs[pull.branch]
            if head != pull.head:
                self._put(replace(pull, head=head))
            if self.contains(self.refs[BASE], head):
                self._end(self.pulls[pull.number], PrState.MERGED, head)

    def person_pushes(self, branch: str, files: Mapping[str, bytes | None], who: str = ALICE) -> None:
        """On top of a branch that is there."""
        self.commit(branch, files, who=who)
        self._follow()

    def person_opens(self, branch: str) -> None:
        """A pull request of a person's, from a branch that is there and has none."""
        if branch in self.refs and not self._open(branch) and not self.contains(self.refs[BASE], self.refs[branch]):
            self._put(self._new(branch, "By hand", "", ours=False))

    def person_closes(self, pull: PullRequest) -> None:
        """A no."""
        self._end(pull, PrState.CLOSED)
        self._no(pull)

    def person_reopens(self, pull: PullRequest) -> None:
        """The no is taken back, where the forge lets them."""
        head = self.refs.get(pull.branch)
        if head is None or self._open(pull.branch) or self.contains(self.refs[BASE], head):
            return
        self._put(replace(pull, state=PrState.OPEN, closed_at=None, head=head))
        if said := marker.read(pull.body):
            self.noes.discard(said.key)

    def person_merges(self, pull: PullRequest) -> None:
        """By a merge commit."""
        self._merged(pull, ALICE)

    def _merged(self, pull: PullRequest, who: str) -> str:
        base, head = self.refs[BASE], self.refs[pull.branch]
        fork = self.commits[self._fork(head, base)].files
        ours, theirs = self.commits[base].files, self.commits[head].files
        files: dict[str, bytes] = {}
        for path in {*ours, *theirs, *fork}:
            was, here, there = fork.get(path), ours.get(path), theirs.get(path)
            if here != was and there not in (was, here):
                return ""
            merged = there if here == was else here
            files |= {path: merged} if merged is not None else {}
        commit = self._keep((base, head), files, who, self.now_, f"Merge #{pull.number}")
        self.refs[BASE] = commit
        self._end(pull, PrState.MERGED, commit)
        self._follow()
        return commit

    # ------------------------------------------------------------ forge, for the bot

    def _meanwhile(self) -> None:
        act, self.meanwhile = self.meanwhile, None
        if act:
            act()

    def _new(self, branch: str, title: str, body: str, *, ours: bool, draft: bool = False) -> PullRequest:
        number = len(self.pulls) + 1
        return PullRequest(
            number=number,
            url=f"world#{number}",
            state=PrState.OPEN,
            branch=branch,
            base=BASE,
            head=self.refs[branch],
            title=title,
            body=body,
            ours=ours,
            created_at=self.now_,
            updated_at=self.now_,
            draft=draft,
        )

    def pull_requests(self, closed_since: datetime) -> Sequence[PullRequest]:
        """The open ones, and those closed since."""
        return [one for one in self.pulls.values() if one.closed_at is None or one.closed_at >= closed_since]

    def open(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        """One that is open already is the answer."""
        self._meanwhile()
        if standing := self._open(branch):
            return standing[0]
        if branch not in self.refs or self.contains(self.refs[base], self.refs[branch]):
            raise ForgeRefused(f"no commits between {base} and {branch}")
        said = marker.read(body)
        if said is None or said.key in self.noes:
            self.broken.append(f"{branch}: opened again what a person closed")
        self.writes.append(f"open {branch}")
        pull = self._new(branch, title, body, ours=True, draft=draft)
        self._put(pull)
        return pull

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Rewrite."""
        self._meanwhile()
        pull = self.pulls[number]
        changed = replace(pull, title=title or pull.title, body=pull.body if body is None else body)
        if changed != pull:
            self.writes.append(f"update #{number}")
            self._put(changed)

    def close(self, number: int) -> None:
        """Close; what is closed stays so."""
        self._meanwhile()
        if self.pulls[number].state is PrState.OPEN:
            self.writes.append(f"close #{number}")
            self._end(self.pulls[number], PrState.CLOSED)

    def merge(self, number: int, *, head: str, title: str) -> Merged | NotReady:
        """If and only if the head is still that."""
        self._meanwhile()
        pull = self.pulls[number]
        if head not in self.evaluated:
            self.broken.append(f"#{number}: a head was merged that the tick did not evaluate")
        if pull.state is not PrState.OPEN or pull.draft or pull.head != head:
            return NotReady("it is not what it was")
        before = self.commits[self.refs[BASE]]
        commit = self._merged(pull, BOT)
        if not commit:
            return NotReady("it conflicts")
        self.writes.append(f"merge #{number}")
        self.on_merge(before, self.commits[commit])
        return Merged(commit)

    def comment(self, number: int, text: str, *, key: str) -> None:
        """Once."""
        if (number, key) not in self.comments:
            self.writes.append(f"comment #{number}")
            self.comments.add((number, key))

    def set_status(self, commit: str, status: CommitStatus) -> None:
        """The same again is nothing."""
        self._meanwhile()
        if self.statuses.get((commit, status.context)) != status:
            self.writes.append(f"status {commit[:7]}")
            self.statuses[commit, status.context] = status

    def decorate(self, number: int, *, labels: Sequence[str], reviewers: Sequence[str]) -> Sequence[str]:
        """Labels."""
        pull = self.pulls[number]
        added = tuple(dict.fromkeys((*pull.labels, *labels)))
        if added != pull.labels:
            self.writes.append(f"label #{number}")
            self._put(replace(pull, labels=added))
        return ()

    def unlabel(self, number: int, labels: Sequence[str]) -> None:
        """Labels."""
        pull = self.pulls[number]
        left = tuple(one for one in pull.labels if one not in labels)
        if left != pull.labels:
            self.writes.append(f"unlabel #{number}")
            self._put(replace(pull, labels=left))

    def pass_time(self, length: timedelta) -> None:
        """Later."""
        self.now_ += length
