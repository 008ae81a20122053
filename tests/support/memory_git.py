"""A small git in memory, with people who commit; what the bot must never do to it is noticed at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gitops_bot.model import Beyond, Commit, Head
from gitops_bot.ports import BranchUpdate, Pushed

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
class MemoryGit:
    """An `EnvironmentRepo`."""

    now_: datetime
    commits: dict[str, Snapshot] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    """What the bot changed since a test last looked."""
    evaluated: set[str] = field(default_factory=set)
    """The heads that were there when the bot last looked."""
    broken: list[str] = field(default_factory=list)
    """What the bot did and must not do."""
    meanwhile: Callable[[], None] | None = None
    """What a person does between the bot's look and its first write."""
    prefix: str = "gitops-bot/"
    """What the bot's branches are below."""

    # ------------------------------------------------------------ for people

    def commit(self, branch: str, files: Mapping[str, bytes | None], *, who: str = ALICE, on: str = "") -> str:
        """One commit on a branch; None removes a file."""
        parent = on or self.refs.get(branch, "")
        before = self.commits[parent].files if parent else {}
        after = {path: data for path, data in {**before, **files}.items() if data is not None}
        self.refs[branch] = self.keep((parent,) if parent else (), after, who, self.now_)
        return self.refs[branch]

    def keep(self, parents: tuple[str, ...], files: Files, who: str, at: datetime, message: str = "") -> str:
        """A commit that no branch has yet."""
        said = repr((parents, sorted(files.items()), who, at, message))
        oid = hashlib.sha1(said.encode()).hexdigest()
        self.commits[oid] = Snapshot(Commit(oid, parents, who, who, message, at), files)
        return oid

    def contains(self, commit: str, ancestor: str) -> bool:
        """Whether one commit is the other or among its ancestors."""
        return commit in self.commits and ancestor in self.ancestors(commit)

    def ancestors(self, oid: str) -> set[str]:
        """A commit and all before it."""
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

    def three_way(self, base: str, head: str) -> Files | None:
        """What a merge of the two would hold; None where both changed one file."""
        fork = self.commits[self.fork(head, base)].files
        ours, theirs = self.commits[base].files, self.commits[head].files
        files: dict[str, bytes] = {}
        for path in {*ours, *theirs, *fork}:
            was, here, there = fork.get(path), ours.get(path), theirs.get(path)
            if here != was and there not in (was, here):
                return None
            merged = there if here == was else here
            files |= {path: merged} if merged is not None else {}
        return files

    # ------------------------------------------------------------ for the bot

    def _meanwhile(self) -> None:
        act, self.meanwhile = self.meanwhile, None
        if act:
            act()

    def followed(self) -> None:
        """Told of every push of the bot's."""

    def refresh(self, bases: Collection[str] = ()) -> Mapping[str, str]:
        """Where the branches are."""
        self.evaluated = set(self.refs.values())
        wanted = {BASE, *bases}
        return {name: oid for name, oid in self.refs.items() if name in wanted or name.startswith(self.prefix)}

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
        on_base = self.ancestors(base)
        fork = self.fork(branch_head, base)
        own = [one for one in self.ancestors(branch_head) if one not in on_base]
        before, after = self.commits[fork].files, self.commits[branch_head].files
        differing = {path for path in {*before, *after} if before.get(path) != after.get(path)}
        return Head(
            branch_head,
            fork,
            tuple(self.commits[one].commit_ for one in own),
            {path: (before.get(path), after.get(path)) for path in differing},
        )

    def fork(self, head: str, base: str) -> str:
        """The merge base: of the commits that both have, the one that has most of the others."""
        common = self.ancestors(head) & self.ancestors(base)
        return head if head in common else max(common, key=lambda one: (len(self.ancestors(one)), one))

    def beyond(self, commit: str, base: str) -> Beyond:
        """What a commit has that base lacks."""
        head = self.head(commit, base)
        return Beyond(head.fork, tuple(one.oid for one in head.commits), tuple(sorted(head.files)))

    def on_line(self, commit: str, tip: str) -> bool:
        """Whether a commit is of the first-parent history."""
        return any(one.commit == commit for one in self._line(tip))

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
        if update.commit:
            self.refs[update.branch] = update.commit
            self.followed()
            return Pushed(update.branch, update.commit)
        if not update.parent:
            del self.refs[update.branch]
            self.followed()
            return Pushed(update.branch, "")
        parent = self.commits[update.parent]
        if not all(path in parent.files for path, data in update.files.items() if data is None):
            self.broken.append(f"{update.branch}: a file that is not there is removed")
        at = parent.commit_.at
        files = {path: data for path, data in {**parent.files, **update.files}.items() if data is not None}
        oid = self.keep((update.parent,), files, BOT, at, update.message)
        self.refs[update.branch] = oid
        self.followed()
        return Pushed(update.branch, oid)

    def _guard(self, branch: str, standing: str) -> None:
        """No commit of a person goes from a branch unless a branch of theirs has it."""
        kept = {
            one for name, oid in self.refs.items() if not name.startswith(self.prefix) for one in self.ancestors(oid)
        }
        lost = [self.commits[one] for one in self.ancestors(standing) if one not in kept]
        if any(one.commit_.author != BOT and not self._brings_base(one) for one in lost):
            self.broken.append(f"{branch}: a person's commit was overwritten")

    def _brings_base(self, commit: Snapshot) -> bool:
        """A merge with nothing of its own."""
        parents = commit.commit_.parents
        return len(parents) == 2 and self.three_way(*parents) == commit.files
