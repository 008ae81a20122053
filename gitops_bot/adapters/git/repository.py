"""The environment repository: a bare, blobless cache with base's whole history, and one remote."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from gitops_bot.adapters.git import history
from gitops_bot.adapters.git.by_forge import ByForge, drafts, removed
from gitops_bot.adapters.git.cache import Cache
from gitops_bot.adapters.git.guard import checked_branch, checked_oid, checked_url, path_parts
from gitops_bot.adapters.git.objects import Folder, ObjectMissing, Objects
from gitops_bot.adapters.git.pack import Draft, PackWriter
from gitops_bot.adapters.git.push import REFS_AT_ONCE, Target, heads, push
from gitops_bot.adapters.git.recent import Recent
from gitops_bot.adapters.git.runner import Token
from gitops_bot.adapters.git.signing import Sign
from gitops_bot.errors import (
    InternalError,
    RepositoryDenied,
    RepositoryError,
    RepositoryUnreachable,
    UsageError,
)
from gitops_bot.model import PREFIX, Beyond, Commit, Head, Tree
from gitops_bot.ports import BranchUpdate, Committer, Pushed

_TRIES = 3


class GitRepository:
    """`EnvironmentRepo` over git: https, http, ssh or an absolute path, and a cache folder that may vanish any time.

    `token` is asked before every command that talks to the remote. `identity` is the name and the address of author
    and committer; with a `committer` the forge makes the commits, and what it wrote for us reads as by that identity.
    Only branches below `prefix` are written. Errors of construction: UsageError.
    """

    def __init__(  # noqa: PLR0913 - the settings of one repository, nearly all with defaults
        self,
        url: str,
        *,
        cache: Path,
        base: str,
        identity: tuple[str, str],
        token: Token | None = None,
        prefix: str = PREFIX,
        sign: Sign | None = None,
        committer: Committer | None = None,
        timeout_s: float = 120,
        refs_at_once: int = REFS_AT_ONCE,
    ) -> None:
        """refs_at_once: branches in one push, as the forge asks for it."""
        self._url = checked_url(url)
        self._base = checked_branch(base)
        self._prefix = checked_branch(prefix.removesuffix("/")) + "/"
        self._identity = _checked_identity(identity)
        self._sign = sign
        self._refs_at_once = refs_at_once
        self._cache = Cache(url, cache, token=token, timeout_s=timeout_s)
        self._objects = Objects(self._cache.git)
        self._by_forge = committer and ByForge(
            committer, self._cache, self._objects, self._identity, self._prefix, self._local
        )
        self._left: Mapping[str, str] = {}
        self._lines: dict[str, history.FirstParentLine] = {}
        """By base: each is walked once, and carried on."""
        self._tips: Mapping[str, str] = {}
        """Where the bases were when the remote was last asked."""
        self._commits: Recent[str, Commit] = Recent(20_000)
        self._heads: Recent[tuple[str, str], Head] = Recent(2_000)
        self._contained: Recent[tuple[str, str], bool] = Recent(20_000)

    def refresh(self, bases: Collection[str] = ()) -> Mapping[str, str]:
        """Base, those of the further bases that there are, and the bot's branches by name; what is new is in the cache.

        Errors: RepositoryUnreachable (also: no such base branch), RepositoryDenied.
        """
        wanted = (self._base, *sorted({checked_branch(one) for one in bases} - {self._base}))
        with self._cache.locked():
            found = self._refreshed(wanted)
        self._tips = {name: found[name] for name in wanted if name in found}
        self._lines = {name: line for name, line in self._lines.items() if name in self._tips}
        return found

    def _refreshed(self, bases: Sequence[str]) -> dict[str, str]:
        new = self._open()
        found = self._ask(bases)
        try:
            return self._bring(found, bases, new=new)
        except RepositoryDenied:
            raise
        except RepositoryError:
            if new or self._cache.sound():
                raise
        # The remote answers and the cache is damaged: once more with a new one.
        self._objects.forget()
        self._cache.condemn()
        new = self._open()
        return self._bring(self._ask(bases), bases, new=new)

    def tree(self, commit: str) -> Tree:
        """A look-up in one commit. Reading a file that was not prefetched fetches it, alone.

        Errors of reading: EditRefused (a path that leads out of the repository), RepositoryUnreachable.
        """
        return _CommitTree(self, checked_oid(commit))

    def prefetch(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Fetch the files of (commit, path) that the cache lacks, in one request or none.

        Errors: EditRefused, RepositoryUnreachable, RepositoryDenied.
        """
        with self._local(*{commit for commit, _ in wanted}):
            entries = [self._objects.find(commit, path_parts(path)) for commit, path in wanted]
        self._fetch_blobs(entry.oid for entry in entries if entry and entry.is_file)

    def log(self, commit: str, paths: Sequence[str]) -> Sequence[Commit]:
        """First-parent commits that changed one of the paths, newest first, back to the root; a merge is one commit.

        Errors: EditRefused, RepositoryUnreachable.
        """
        for path in paths:
            path_parts(path)
        with self._local(commit):
            return [self._commit(oid) for oid in self._line(commit).touching(commit, paths)]

    def head(self, branch_head: str, base: str) -> Head:
        """How a commit differs from another, both by object name, since they parted.

        `files` says None where there is no regular file, and twice None where the bot could not have made the
        difference: a changed mode, a link, a new executable. `fork` is empty when they share no history; then
        everything differs. Errors: RepositoryUnreachable, RepositoryDenied.
        """
        head = self._heads.get((branch_head, base))
        if head is None:
            head = self._head(branch_head, base)
            self._heads.put((branch_head, base), head)
        return head

    def beyond(self, commit: str, base: str) -> Beyond:
        """What a commit has that another lacks, both by object name. Errors: RepositoryUnreachable."""
        with self._local(commit, base):
            commits, fork = history.between(self._cache.git, base, commit)
            found = history.differences(self._cache.git, fork, commit)
        return Beyond(fork, tuple(commits), tuple(sorted(change.path for change in found)))

    def on_line(self, commit: str, tip: str) -> bool:
        """Whether a commit is on the first-parent line of another. Errors: RepositoryUnreachable."""
        with self._local(tip):
            return self._line(tip).holds(commit, tip)

    def contains(self, commit: str, ancestor: str) -> bool:
        """Whether a commit is the other one or has it among its ancestors; False for what is no commit of base's.

        Errors: RepositoryUnreachable.
        """
        if not re.fullmatch(r"[0-9a-f]{40}", commit) or not self._objects.has(commit):
            return False
        known = self._contained.get((commit, ancestor))
        if known is None:
            with self._local(ancestor):
                known = history.contains(self._cache.git, commit, ancestor)
            self._contained.put((commit, ancestor), known)
        return known

    def push(self, updates: Sequence[BranchUpdate]) -> Sequence[Pushed]:
        """Write all commits in one pack, then push: one result per update, in order.

        Errors: EditRefused (a link, a folder, a file on the way, nothing to remove), RepositoryUnreachable,
        RepositoryDenied.
        """
        self._check(updates)
        if self._by_forge:
            return self._by_forge.push(updates, self._refs_at_once)
        writer = PackWriter(self._objects, self._identity, self._sign)
        with self._local(*{update.commit or update.parent for update in updates} - {""}):
            targets = [self._target(update, writer) for update in updates]
        with self._cache.locked():
            if any(update.parent and not update.commit for update in updates):
                with self._local():
                    self._cache.git("index-pack", "--stdin", "--fix-thin", "--fsck-objects", stdin=writer.pack())
            return push(self._cache.remote, targets, self._refs_at_once)

    def tidy(self) -> Sequence[Pushed]:
        """Delete the branches for the time being that the last refresh saw.

        Errors: RepositoryUnreachable, RepositoryDenied.
        """
        left, self._left = self._left, {}
        if not left:
            return ()
        with self._cache.locked():
            return removed(self._cache, left)

    def close(self) -> None:
        """End the child process; the repository can be used again."""
        self._objects.close()

    def read(self, commit: str, path: str) -> bytes | None:
        """A regular file's content; None when there is none."""
        with self._local(commit):
            entry = self._objects.find(commit, path_parts(path))
        return self._content(entry.oid) if entry and entry.is_file else None

    def names(self, commit: str, folder: str) -> tuple[str, ...]:
        """The names in a folder, sorted as git does; the root is the empty path."""
        with self._local(commit):
            found = self._objects.folder_at(commit, path_parts(folder) if folder else ())
        return tuple(name.decode("utf-8", "surrogateescape") for name in found.entries) if found else ()

    def below(self, commit: str, folder: str) -> tuple[str, ...]:
        """The path of every regular file below a folder, depth first; the root is the empty path."""
        with self._local(commit):
            if not folder:
                return self._everything(commit)
            found = self._objects.folder_at(commit, path_parts(folder))
            return tuple(self._below(found, f"{folder}/")) if found else ()

    def _everything(self, commit: str) -> tuple[str, ...]:
        """All of it at once: folder by folder, a large repository is tens of thousands of questions."""
        listed = self._cache.git("ls-tree", "-r", "-z", self._objects.root(commit).oid)
        entries = (line.partition(b"\t") for line in listed.split(b"\0"))
        return tuple(path.decode("utf-8", "surrogateescape") for head, _, path in entries if head.startswith(b"100"))

    def _below(self, folder: Folder, prefix: str) -> Iterator[str]:
        for name, entry in folder.entries.items():
            path = prefix + name.decode("utf-8", "surrogateescape")
            if entry.is_folder:
                yield from self._below(self._objects.folder(entry.oid), f"{path}/")
            elif entry.is_file:
                yield path

    def _open(self) -> bool:
        try:
            return self._cache.open()
        except (RepositoryError, OSError) as error:
            raise RepositoryUnreachable(f"the cache cannot be made: {error}", where=str(self._cache.path)) from None

    def _line(self, commit: str) -> history.FirstParentLine:
        base = next((name for name, oid in self._tips.items() if oid == commit), "")
        return self._lines.setdefault(base, history.FirstParentLine(self._cache.git))

    def _ask(self, bases: Sequence[str]) -> dict[str, str]:
        found = heads(self._cache.remote, *(f"refs/heads/{one}" for one in bases), f"refs/heads/{self._prefix}*")
        # The patterns also match the ends of longer names.
        ours = {name: oid for name, oid in found.items() if name in bases or name.startswith(self._prefix)}
        if self._base not in ours:
            raise RepositoryUnreachable(f"there is no branch {self._base}", where=self._url)
        if len(ours[self._base]) != 40:
            raise RepositoryUnreachable("SHA-256 repositories are not supported", where=self._url)
        self._left = drafts(self._prefix, ours)
        return {name: oid for name, oid in ours.items() if name not in self._left}

    def _bring(self, found: dict[str, str], bases: Sequence[str], *, new: bool) -> dict[str, str]:
        """Fetch until the cache has what the remote says; asks again when branches moved in between."""
        for _ in range(_TRIES):
            if self._has(found):
                return found
            self._cache.fetch_branches(self._refspecs([one for one in bases if one in found]), first=new)
            if self._has(found):
                return found
            found = self._ask(bases)
        raise RepositoryUnreachable("the branches do not hold still, or the cache is damaged", where=self._url)

    def _has(self, found: Mapping[str, str]) -> bool:
        return all(self._objects.has(oid) for oid in found.values())

    def _refspecs(self, bases: Sequence[str]) -> list[str]:
        # By digest: a base `a` that was and a base `a/b` that is cannot both be refs.
        kept = {one: sha256(one.encode()).hexdigest()[:20] for one in bases}
        of_bases = [f"+refs/heads/{one}:refs/base/{name}" for one, name in kept.items()]
        return [*of_bases, f"+refs/heads/{self._prefix}*:refs/bot/{self._prefix}*"]

    def _fetch_blobs(self, oids: Iterable[str]) -> None:
        missing = [oid for oid in dict.fromkeys(oids) if self._objects.blob(oid) is None]
        if missing:
            with self._cache.locked():
                self._cache.fetch_blobs(missing)

    def _content(self, oid: str) -> bytes:
        content = self._objects.blob(oid)
        if content is None:
            self._fetch_blobs([oid])
            content = self._objects.blob(oid)
        if content is None:
            raise self._damaged(oid)
        return content

    def _head(self, branch_head: str, base: str) -> Head:
        with self._local(branch_head, base):
            oids, fork = history.between(self._cache.git, base, branch_head)
            commits = tuple(self._read(oid) for oid in oids)
            found = history.differences(self._cache.git, fork, branch_head)
        self._fetch_blobs(oid for change in found for oid in (change.before, change.after) if oid)
        files = {
            change.path: (
                self._content(change.before) if change.before else None,
                self._content(change.after) if change.after else None,
            )
            for change in found
        }
        return Head(oid=branch_head, fork=fork, commits=commits, files=files)

    def _commit(self, oid: str) -> Commit:
        commit = self._commits.get(oid)
        if commit is None:
            commit = history.parse_commit(oid, self._objects.commit(oid))
            self._commits.put(oid, commit)
        return commit

    def _read(self, oid: str) -> Commit:
        commit = self._commit(oid)
        return self._by_forge.as_ours(commit) if self._by_forge else commit

    def _check(self, updates: Sequence[BranchUpdate]) -> None:
        branches = [checked_branch(update.branch) for update in updates]
        if len(set(branches)) < len(branches):
            raise InternalError("two updates of one branch")
        for branch in branches:
            if not branch.startswith(self._prefix):
                raise InternalError(f"{branch} is not below {self._prefix}")
        if drafts(self._prefix, dict.fromkeys(branches, "")):
            raise InternalError("a branch where the forge makes commits")

    def _target(self, update: BranchUpdate, writer: PackWriter) -> Target:
        expected = checked_oid(update.expected) if update.expected else ""
        if update.commit or not update.parent:
            return Target(update.branch, expected, update.commit and checked_oid(update.commit))
        return Target(update.branch, expected, writer.commit(Draft(update.parent, update.files, update.message)))

    @contextmanager
    def _local(self, *commits: str) -> Iterator[None]:
        """Work on the cache alone, on commits that it must have: what fails here is the cache's fault."""
        for commit in commits:
            if not self._objects.has(commit):
                raise RepositoryUnreachable(f"the cache has no commit {commit}", where=self._url)
        try:
            yield
        except ObjectMissing as error:
            raise self._damaged(str(error)) from None
        except RepositoryError as error:
            if not self._cache.sound():
                raise self._damaged(str(error)) from None
            raise RepositoryUnreachable(error.what, where=self._url) from None

    def _damaged(self, what: str) -> RepositoryUnreachable:
        """Have the cache made again by the next refresh, and say so."""
        self._objects.forget()
        self._cache.condemn()
        remedy = "It is made again at the next tick"
        return RepositoryUnreachable(f"the cache is damaged: {what}", where=self._url, remedy=remedy)


class _CommitTree:
    """One commit of the repository, as `Tree`."""

    def __init__(self, repository: GitRepository, commit: str) -> None:
        self._repository = repository
        self._commit = commit

    @property
    def commit(self) -> str:
        return self._commit

    def read(self, path: str) -> bytes | None:
        return self._repository.read(self._commit, path)

    def names(self, folder: str) -> tuple[str, ...]:
        return self._repository.names(self._commit, folder)

    def below(self, folder: str) -> tuple[str, ...]:
        return self._repository.below(self._commit, folder)

    def fetch(self, paths: Sequence[str]) -> None:
        self._repository.prefetch([(self._commit, path) for path in paths])


def _checked_identity(identity: tuple[str, str]) -> tuple[str, str]:
    for part in identity:
        if not part.strip() or re.search(r"[<>\x00-\x1f\x7f]", part):
            raise UsageError(f"{part!r} cannot stand in a commit's author")
    return identity
