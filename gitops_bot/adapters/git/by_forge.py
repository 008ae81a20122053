"""Commits that the forge makes instead of git, and how they read.

A forge that only makes new branches makes each commit on a branch for the time being. Git looks at what it made, moves
the branch that it is for, compared and swapped, and removes the other one; what is left of a run that was killed is
removed by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from hashlib import sha256

from gitops_bot.adapters.git.cache import Cache
from gitops_bot.adapters.git.guard import checked_oid, path_parts
from gitops_bot.adapters.git.history import parse_commit
from gitops_bot.adapters.git.objects import Objects
from gitops_bot.adapters.git.pack import Draft, PackWriter
from gitops_bot.adapters.git.push import Target, push
from gitops_bot.errors import ForgeRefused, RepositoryError
from gitops_bot.model import Commit
from gitops_bot.ports import BranchUpdate, CommitDraft, Committer, DraftedFile, Pushed

_DRAFTS = "_drafts/"
"""No branch of a policy lies there: its last part is a direction."""
_NEW_FILE = "100644"

Local = Callable[..., AbstractContextManager[None]]
"""Work on the cache alone, on commits that it must have."""


def drafts(prefix: str, refs: Mapping[str, str]) -> dict[str, str]:
    """The branches for the time being among those below a prefix."""
    return {name: oid for name, oid in refs.items() if name.startswith(f"{prefix}{_DRAFTS}")}


def removed(cache: Cache, branches: Mapping[str, str]) -> list[Pushed]:
    """Delete branches that are where they were seen. Call it locked. Errors: as of `push`."""
    return push(cache.remote, [Target(name, oid, "") for name, oid in branches.items()])


class ByForge:
    """The commits of one repository, as its forge makes them."""

    def __init__(
        self, committer: Committer, cache: Cache, objects: Objects, identity: tuple[str, str], prefix: str, local: Local
    ) -> None:
        self._committer, self._cache, self._objects, self._local = committer, cache, objects, local
        self._identity, self._prefix = identity, prefix

    def push(self, updates: Sequence[BranchUpdate], refs_at_once: int) -> list[Pushed]:
        """Make commits, move and delete branches: one result per update, in order. What fails of one harms no other.

        Errors: EditRefused, ForgeError, RepositoryUnreachable, RepositoryDenied.
        """
        wanted = [self._draft(update) for update in updates if update.parent and not update.commit]
        if self._committer.moves_branches:
            made = [self._made(draft) for draft in wanted]
        else:
            made = [*self._beside(wanted, refs_at_once)]
        others = [one for one in updates if one.commit or not one.parent]  # git moves and deletes what is there
        targets = [Target(one.branch, one.expected or "", one.commit and checked_oid(one.commit)) for one in others]
        with self._cache.locked():
            done = {one.branch: one for one in (*made, *push(self._cache.remote, targets, refs_at_once))}
        return [done[update.branch] for update in updates]

    def as_ours(self, commit: Commit) -> Commit:
        """What the forge wrote for us, as by the configured identity."""
        if not self._committer.wrote(commit):
            return commit
        own = "{} <{}>".format(*self._identity)
        return replace(commit, author=own, committer=own)

    def _draft(self, update: BranchUpdate) -> CommitDraft:
        """For the forge to make, with the modes that the files have."""
        with self._local(update.parent):
            found = {path: self._objects.find(update.parent, path_parts(path)) for path in update.files}
            root = self._objects.root(update.parent).oid
            tree = PackWriter(self._objects, self._identity).tree(Draft(update.parent, update.files, update.message))
        files = tuple(
            DraftedFile(path, entry.mode.decode() if (entry := found[path]) else _NEW_FILE, content, entry is None)
            for path, content in update.files.items()
        )
        return CommitDraft(update.branch, update.expected, update.parent, root, tree, files, update.message)

    def _made(self, draft: CommitDraft) -> Pushed:
        try:
            return self._committer.commit(draft)
        except ForgeRefused as error:
            return Pushed(draft.branch, "", str(error))

    def _beside(self, wanted: Sequence[CommitDraft], refs_at_once: int) -> Iterator[Pushed]:
        made: dict[str, Pushed] = {}
        try:
            for draft in wanted:
                made[draft.branch] = self._made(replace(draft, branch=self._name(draft), expected=None))
            with self._cache.locked():
                if any(one.oid for one in made.values()):
                    self._fetch()
                wrong = {draft.branch: self._wrong(draft, made[draft.branch]) for draft in wanted}
                right = [draft for draft in wanted if not wrong[draft.branch]]
                # The forge has these commits: nothing but the branches moves.
                targets = [Target(one.branch, one.expected or "", made[one.branch].oid) for one in right]
                moved = {one.branch: one for one in push(self._cache.remote, targets, refs_at_once)}
        finally:
            # What cannot be removed now is by the next run, which says why not.
            with suppress(RepositoryError), self._cache.locked():
                removed(self._cache, {one.branch: one.oid for one in made.values() if one.oid})
        for draft in wanted:
            yield moved.get(draft.branch) or Pushed(draft.branch, "", wrong[draft.branch])

    def _fetch(self) -> None:
        where = f"{self._prefix}{_DRAFTS}*"
        self._cache.fetch_branches([f"+refs/heads/{where}:refs/bot/{where}"], first=False)

    def _wrong(self, draft: CommitDraft, made: Pushed) -> str:
        """Why a commit is not pointed to; empty where it is the one that was wanted and reads as ours."""
        if made.rejected or not self._objects.has(checked_oid(made.oid)):
            return made.rejected or f"git does not find the commit that the forge has made for {draft.branch}"
        commit = parse_commit(made.oid, self._objects.commit(made.oid))
        if self._objects.root(made.oid).oid != draft.tree or commit.parents != (draft.parent,):
            return f"the forge made another commit for {draft.branch} than the bot"
        if not self._committer.wrote(commit):
            who = f"{commit.author}, committed by {commit.committer}"
            return f"the forge wrote a commit as of {who}, which the bot could not tell from others': push commits"
        return ""

    def _name(self, draft: CommitDraft) -> str:
        """Two bots that make the same commit at once meet there, and one of them is refused."""
        said = "\0".join((draft.branch, draft.expected or "", draft.parent, draft.tree, draft.message))
        return f"{self._prefix}{_DRAFTS}{sha256(said.encode()).hexdigest()[:20]}"
