"""A small git and forge in one object, in memory, with people in it; what the bot must never do is noticed at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gitops_bot.delivery import marker
from gitops_bot.errors import ForgeRefused
from gitops_bot.model import CommitStatus, PrState, PullRequest
from gitops_bot.ports import Merged, NotReady
from tests.support.memory_git import ALICE, BASE, BOT, MemoryGit, Snapshot

__all__ = ["ALICE", "BASE", "BOT", "Snapshot", "World"]


@dataclass
class World(MemoryGit):
    """`EnvironmentRepo` and `Forge`; its clock moves when a test says so."""

    pulls: dict[int, PullRequest] = field(default_factory=dict)
    statuses: dict[tuple[str, str], CommitStatus] = field(default_factory=dict)
    comments: set[tuple[int, str]] = field(default_factory=set)
    noes: set[str] = field(default_factory=set)
    """Keys of proposals that a person closed."""
    on_merge: Callable[[Snapshot, Snapshot], None] = lambda _before, _after: None
    """Told of base before and after each merge by the bot."""

    def now(self) -> datetime:
        """The clock's."""
        return self.now_

    def delete(self, branch: str) -> None:
        """A person deletes a branch: its open pull request closes, without the bot's word."""
        if self.refs.pop(branch, None):
            for pull in self._open(branch):
                self._end(pull, PrState.CLOSED)
                self._no(pull)

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
            head = self.refs.get(pull.branch)
            if head is None:
                self._end(pull, PrState.CLOSED)
                continue
            if head != pull.head:
                self._put(replace(pull, head=head))
            if self.contains(self.refs[BASE], head):
                self._end(self.pulls[pull.number], PrState.MERGED, head)

    def followed(self) -> None:
        self._follow()

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
        files = self.three_way(base, head)
        if files is None:
            return ""
        commit = self.keep((base, head), files, who, self.now_, f"Merge #{pull.number}")
        self.refs[BASE] = commit
        self._end(pull, PrState.MERGED, commit)
        self._follow()
        return commit

    # ------------------------------------------------------------ forge, for the bot

    def forge(self) -> World:
        """Itself."""
        return self

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

    def set_status(self, commit: str, status: CommitStatus, branch: str = "") -> None:
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
