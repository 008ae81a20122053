"""The local forge: pull requests beside a bare repository, for air-gapped use, demonstrations and tests. Not a mock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from gitops_bot.adapters import forges
from gitops_bot.adapters.local.store import Record, Store
from gitops_bot.errors import ForgeRefused, ForgeUnreachable, RepositoryError
from gitops_bot.model import CommitCheck, CommitStatus, PrState, PullRequest, Reaction, Remark, Review, StatusState
from gitops_bot.ports import Clock, Merged, NotReady


class GitRunner(Protocol):
    """git in the bare repository: arguments → output."""

    def __call__(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """Errors: RepositoryError."""
        ...


class LocalForge:
    """Pull requests of one bare repository.

    `who` (`Name <email>`) is who acts: merge commits and comments are by it. What `bot` opened is ours; default: `who`.
    """

    def __init__(self, repository: Path, git: GitRunner, clock: Clock, *, who: str, bot: str = "") -> None:
        self._path = repository
        self._git = git
        self._clock = clock
        self._who = who
        self._bot = bot or who
        self._store = Store(repository.with_name(f"{repository.name}.pulls"))
        self._held: dict[tuple[str, str], bool] = {}
        """Whether a commit's history holds another: of two object names that never changes."""

    # ------------------------------------------------------------ as every forge

    def pull_requests(self, closed_since: datetime) -> Sequence[PullRequest]:
        """The open pull requests from our branches, and those closed or merged since."""
        with self._store.locked():
            shown = [self._shown(record) for record in self._seen() if forges.named_as_ours(record.branch)]
        return [one for one in shown if one.closed_at is None or one.closed_at >= closed_since]

    def open(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        """Open a pull request; one that is open from the branch to base already is the answer."""
        with self._store.locked():
            same = [one for one in self._seen() if (one.branch, one.base, one.state) == (branch, base, "open")]
            standing = next(iter(same), None)
            if standing:
                return self._shown(standing)
            heads = self._heads()
            if branch not in heads or base not in heads:
                raise ForgeRefused(
                    f"there is no branch {branch if branch not in heads else base}", where=str(self._path)
                )
            if self._contains(heads[base], heads[branch]):
                raise ForgeRefused(f"no commits between {base} and {branch}", where=str(self._path))
            now = self._now()
            record = Record(
                number=self._store.next_number(),
                branch=branch,
                base=base,
                head=heads[branch],
                title=title,
                body=body,
                author=self._who,
                state="open",
                created_at=now,
                updated_at=now,
                draft=draft,
                pushed_at=now,
            )
            self._store.put(record)
            return self._shown(record)

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Rewrite title or body."""

        def rewritten(record: Record) -> Record:
            new_title = record.title if title is None else title
            return replace(record, title=new_title, body=record.body if body is None else body)

        self._change(number, rewritten)

    def close(self, number: int) -> None:
        """Close; closing a closed one is no error."""
        now = self._now()
        self._change(
            number, lambda record: replace(record, state="closed", closed_at=now) if record.state == "open" else record
        )

    def merge(self, number: int, *, head: str, title: str) -> Merged | NotReady:
        """Merge by a merge commit, if and only if the head is still `head`."""
        with self._store.locked():
            record = self._known(number)
            if record.state == "merged":
                return Merged(record.merge_commit)
            if record.state != "open" or record.draft:
                return NotReady(f"#{number} is {'a draft' if record.draft else record.state}")
            if record.head != head:
                return NotReady(f"the head moved to {record.head[:12]}")
            base = self._heads().get(record.base)
            if base is None:
                return NotReady(f"there is no branch {record.base}")
            tree = self._merged_tree(base, head)
            if tree is None:
                return NotReady(f"{record.branch} conflicts with {record.base}")
            commit = self._commit(tree, (base, head), f"{title} (#{number})\n")
            try:
                self._git("update-ref", f"refs/heads/{record.base}", commit, base)
            except RepositoryError:
                return NotReady(f"{record.base} moved meanwhile")
            now = self._now()
            merged = replace(record, state="merged", merge_commit=commit, closed_at=now, updated_at=now)
            self._store.put(merged)
            return Merged(commit)

    def comment(self, number: int, text: str, *, key: str) -> None:
        """Say something once."""
        mark = f"<!-- gitops-bot:{key} -->"

        def said(record: Record) -> Record:
            if any(one["author"] == self._who and mark in one["text"] for one in record.comments):
                return record
            comment = {"author": self._who, "at": self._now(), "text": f"{text}\n{mark}"}
            return replace(record, comments=(*record.comments, comment))

        self._change(number, said)

    def remarks(self, numbers: Sequence[int], word: str) -> Sequence[Remark]:
        """Every comment of others that holds the word and bears no reaction."""
        with self._store.locked():
            records = [self._known(number) for number in numbers]
        return [
            Remark(str(name), record.number, one["author"], one["text"], _moment(one["at"]), _moment(record.pushed_at))
            for record in records
            for name, one in enumerate(record.comments)
            if one["author"] != self._bot and word in one["text"] and not one.get("reaction")
        ]

    def may_write(self, person: str) -> bool:  # noqa: ARG002 - the port's
        """Yes: who comments here writes to the repository's folder."""
        return True

    def react(self, number: int, remark: str, reaction: Reaction) -> None:
        """The reaction stands beside the comment."""

        def reacted(record: Record) -> Record:
            answered = {**record.comments[int(remark)], "reaction": reaction.value}
            place = int(remark)
            return replace(record, comments=(*record.comments[:place], answered, *record.comments[place + 1 :]))

        self._change(number, reacted)

    def set_status(self, commit: str, status: CommitStatus, branch: str = "") -> None:  # noqa: ARG002 - of the commit
        """Set a commit status."""
        with self._store.locked():
            self._store.set_status(commit, status.context, status.state.value, status.description)

    def decorate(self, number: int, *, labels: Sequence[str], reviewers: Sequence[str]) -> Sequence[str]:
        """Add labels and reviewers; here nothing can go wrong with them."""
        self._change(
            number,
            lambda record: replace(
                record,
                labels=tuple(dict.fromkeys((*record.labels, *labels))),
                reviewers=tuple(dict.fromkeys((*record.reviewers, *reviewers))),
            ),
        )
        return ()

    def unlabel(self, number: int, labels: Sequence[str]) -> None:
        """Take labels off."""
        self._change(
            number, lambda record: replace(record, labels=tuple(one for one in record.labels if one not in labels))
        )

    def checks(self, commit: str) -> Sequence[CommitCheck]:
        """The statuses of a commit."""
        known = {state.value: state for state in StatusState}
        told = self.statuses(commit)
        return [
            CommitCheck(name, known.get(one["state"], StatusState.FAILURE), one["description"])
            for name, one in told.items()
        ]

    def reviews(self, number: int) -> Sequence[Review]:
        """What each person said last, by their e-mail address."""
        with self._store.locked():
            last = {one["author"]: one for one in self._known(number).reviews}
        return [
            Review(
                _address(one["author"]), one["state"] == "approved", one["commit"], datetime.fromisoformat(one["at"])
            )
            for one in last.values()
        ]

    def members(self, team: str) -> frozenset[str]:
        """There are no teams here. Errors: ForgeRefused."""
        raise ForgeRefused(f"there is no team {team}", where=str(self._path), remedy="Name people by their addresses.")

    # ------------------------------------------------------------ for people

    def say(self, number: int, text: str) -> None:
        """Comment, as often as one likes."""
        said = {"author": self._who, "at": self._now(), "text": text}
        self._change(number, lambda record: replace(record, comments=(*record.comments, said)))

    def review(self, number: int, *, approve: bool) -> None:
        """Approve the present head, or ask for changes."""
        said = {"author": self._who, "state": "approved" if approve else "changes", "at": self._now()}
        self._change(number, lambda record: replace(record, reviews=(*record.reviews, {**said, "commit": record.head})))

    def statuses(self, commit: str) -> Mapping[str, Mapping[str, str]]:
        """The statuses of a commit: context → state, description."""
        with self._store.locked():
            return self._store.statuses(commit)

    def everything(self) -> Sequence[Record]:
        """Every pull request as it is kept, by number."""
        with self._store.locked():
            return self._seen()

    def diff(self, record: Record) -> str:
        """What a pull request changes, as a unified diff."""
        with self._guarding():
            return self._git("diff", "--no-color", "--no-ext-diff", f"{self._fork(record)}..{record.head}").decode(
                "utf-8", "replace"
            )

    def _fork(self, record: Record) -> str:
        base = f"{record.merge_commit}^1" if record.merge_commit else f"refs/heads/{record.base}"
        return self._git("merge-base", base, record.head).decode().strip()

    # ------------------------------------------------------------ records and refs

    def _now(self) -> str:
        return self._clock.now().isoformat()

    def _guarding(self) -> _Wrapped:
        return _Wrapped(self._path)

    def _known(self, number: int) -> Record:
        record = self._store.one(number)
        if record is None:
            raise ForgeRefused(f"there is no pull request #{number}", where=str(self._path))
        return self._kept(record, self._as_branches_say(record, self._heads()))

    def _change(self, number: int, change: Callable[[Record], Record]) -> None:
        with self._store.locked():
            record = self._known(number)
            changed = change(record)
            if changed != record:
                self._store.put(replace(changed, updated_at=self._now()))

    def _seen(self) -> Sequence[Record]:
        """The records as the branches make them: moved heads, branches that are gone, merges made by hand.

        What is seen is kept, with the time it was seen: a close stays a close when the branch comes back.
        """
        heads = self._heads()
        return [self._kept(record, self._as_branches_say(record, heads)) for record in self._store.all()]

    def _kept(self, record: Record, seen: Record) -> Record:
        if seen == record:
            return record
        now = self._now()
        pushed_at = now if seen.head != record.head else record.pushed_at
        seen = replace(seen, updated_at=now, closed_at="" if seen.state == "open" else now, pushed_at=pushed_at)
        self._store.put(seen)
        return seen

    def _as_branches_say(self, record: Record, heads: Mapping[str, str]) -> Record:
        if record.state != "open":
            return record
        head = heads.get(record.branch)
        if head is None:  # deleting the branch closes, as on every forge
            return replace(record, state="closed")
        base = heads.get(record.base, "")
        if base and self._contains(base, head):
            return replace(record, head=head, state="merged", merge_commit=self._arrival(base, head))
        return replace(record, head=head)

    def _shown(self, record: Record) -> PullRequest:
        return PullRequest(
            number=record.number,
            url=f"{self._path}#{record.number}",
            state=PrState(record.state),
            branch=record.branch,
            base=record.base,
            head=record.head,
            title=record.title,
            body=record.body,
            ours=record.author == self._bot,
            created_at=datetime.fromisoformat(record.created_at),
            updated_at=datetime.fromisoformat(record.updated_at),
            labels=record.labels,
            draft=record.draft,
            closed_at=datetime.fromisoformat(record.closed_at) if record.closed_at else None,
            merge_commit=record.merge_commit,
        )

    def _heads(self) -> Mapping[str, str]:
        with self._guarding():
            lines = self._git("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads/")
        # Branch names are bytes: one that is not UTF-8 is somebody else's, and no reason to fail.
        pairs = (line.partition(" ") for line in lines.decode("utf-8", "surrogateescape").split("\n") if line)
        return {name: oid for oid, _, name in pairs}

    def _contains(self, base: str, commit: str) -> bool:
        if (base, commit) not in self._held:
            with self._guarding():
                self._held[base, commit] = not self._git("rev-list", "--max-count=1", commit, f"^{base}").strip()
        return self._held[base, commit]

    def _arrival(self, base: str, commit: str) -> str:
        """The commit of base's first-parent history that brought a commit: itself, or the merge."""
        with self._guarding():
            line = self._git("rev-list", "--first-parent", "--reverse", base).decode().split()
            if commit in line:
                return commit
            later = set(self._git("rev-list", "--ancestry-path", f"{commit}..{base}").decode().split())
        return next(one for one in line if one in later)

    def _merged_tree(self, base: str, head: str) -> str | None:
        """The tree of a merge; None when both sides changed the same lines (or git is older than 2.38)."""
        with self._guarding():
            if self._contains(head, base):
                return self._git("rev-parse", f"{head}^{{tree}}").decode().strip()
        try:
            return self._git("merge-tree", "--write-tree", base, head).decode().split("\n", 1)[0]
        except RepositoryError:
            return None

    def _commit(self, tree: str, parents: Sequence[str], message: str) -> str:
        name, _, email = self._who.rstrip(">").partition(" <")
        stamp = f"{int(self._clock.now().timestamp())} +0000"
        env = {
            f"GIT_{role}_{field}": value
            for role in ("AUTHOR", "COMMITTER")
            for field, value in (("NAME", name), ("EMAIL", email), ("DATE", stamp))
        }
        flags = [flag for parent in parents for flag in ("-p", parent)]
        with self._guarding():
            return self._git("commit-tree", tree, *flags, stdin=message.encode(), env=env).decode().strip()


def _moment(text: str) -> datetime:
    """One that an older version did not keep is long ago."""
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)


def _address(who: str) -> str:
    """Of `Name <email>`."""
    return who.rpartition("<")[2].rstrip(">")


class _Wrapped:
    """git's errors as the forge's, wrapped once."""

    def __init__(self, where: Path) -> None:
        self._where = where

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, RepositoryError):
            remedy = "Check that it is a bare repository that may be read and written."
            raise ForgeUnreachable(error.what, where=str(self._where), remedy=remedy) from error
