"""Which commits changed what: git's revision walks and tree differences, parsed to values. Local, never fetches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gitops_bot.adapters.git.guard import checked_oid
from gitops_bot.adapters.git.runner import Git
from gitops_bot.model import Commit

_ABSENT = "0" * 40
_NEW = "100644"
"""The mode of a file that the bot adds."""
_NO_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The empty tree, which git knows without having it."""
# --no-renames: to tell renames needs the files' contents, which are not here.
_DIFF_TREE = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev")


@dataclass(frozen=True, slots=True)
class Difference:
    """One path that differs; an object name is empty where there is no regular file.

    Both are where the bot could not have made the difference: a changed mode, a link, a new file that is executable.
    """

    path: str
    before: str
    after: str


class FirstParentLine:
    """The first-parent line of one commit, with the paths that each commit changed against its first parent.

    Walked once and carried on when the commit moves forward: with 3,000 commits and 45,000 files, `git log -- PATH`
    takes 0.4 s for each path, and this walk 1 s for all of them. A merge counts by its first parent, so a merged pull
    request is its merge commit.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._line: list[str] = []
        self._places: dict[str, int] = {}
        self._changes: dict[str, list[int]] = {}

    def touching(self, commit: str, paths: Sequence[str]) -> list[str]:
        """The commits on the line of `commit` that changed one of the paths, newest first."""
        if not self._line or self._line[-1] != commit:
            self._walk(checked_oid(commit))
        places = {place for path in paths for place in self._changes.get(path, ())}
        return [self._line[place] for place in sorted(places, reverse=True)]

    def holds(self, commit: str, tip: str) -> bool:
        """Whether a commit is on the line of another."""
        if not self._line or self._line[-1] != tip:
            self._walk(checked_oid(tip))
        return commit in self._places

    def forget(self) -> None:
        """Walk from the beginning the next time."""
        self._line.clear()
        self._places.clear()
        self._changes.clear()

    def _walk(self, commit: str) -> None:
        known = self._line[-1:]
        steps = self._steps(commit, *known)
        if known and (not steps or steps[0][1:] != known):  # not ahead of what is known: a rewritten branch
            self.forget()
            steps = self._steps(commit)
        pairs = [" ".join(step) for step in steps]
        output = self._git(*_DIFF_TREE, "--root", "--stdin", stdin="".join(f"{pair}\n" for pair in pairs).encode())
        first = len(self._line)
        self._line += [step[0] for step in steps]
        self._places |= {oid: first + n for n, (oid, *_) in enumerate(steps)}
        for oid, path in _changed(output):
            self._changes.setdefault(path, []).append(self._places[oid])

    def _steps(self, commit: str, *known: str) -> list[list[str]]:
        """`[commit, first parent]` (without a parent for the root), oldest first."""
        without = [f"^{oid}" for oid in known]
        rows = _rows(self._git, "--first-parent", "--reverse", commit, *without)
        return [row[:2] for row in rows]


def between(git: Git, base: str, head: str) -> tuple[list[str], str]:
    """The commits of head that base lacks, newest first, and where the two parted (empty: they share nothing)."""
    rows = _rows(git, "--topo-order", checked_oid(head), f"^{checked_oid(base)}")
    oids = [row[0] for row in rows]
    if all(len(row) == 2 for row in rows):  # a plain chain ends at the fork
        return oids, rows[-1][1] if rows else head
    result = git.run("merge-base", head, base)
    if result.status not in {0, 1}:
        raise git.failure("merge-base", result)
    return oids, result.output.decode().strip()


def contains(git: Git, commit: str, ancestor: str) -> bool:
    """Whether a commit is the other one or has it among its ancestors."""
    result = git.run("merge-base", "--is-ancestor", checked_oid(ancestor), checked_oid(commit))
    if result.status not in {0, 1}:
        raise git.failure("merge-base", result)
    return result.status == 0


def differences(git: Git, fork: str, head: str) -> tuple[Difference, ...]:
    """Every path that differs between two commits; everything where fork is empty."""
    fields = git(*_DIFF_TREE, checked_oid(fork or _NO_TREE), checked_oid(head), "--").split(b"\0")[:-1]
    return tuple(_difference(meta, path) for meta, path in zip(fields[::2], fields[1::2], strict=True))


def parse_commit(oid: str, raw: bytes) -> Commit:
    """A raw commit object as a value; text that is not UTF-8 is replaced."""
    head, _, message = raw.decode("utf-8", "replace").partition("\n\n")
    # Lines that begin with a blank carry on a signature.
    fields = [line.partition(" ") for line in head.split("\n") if not line.startswith(" ")]
    signed = {name: value.rsplit(" ", 2) for name, _, value in fields if name in {"author", "committer"}}
    return Commit(
        oid=oid,
        parents=tuple(value for name, _, value in fields if name == "parent"),
        author=signed["author"][0],
        committer=signed["committer"][0],
        message=message,
        at=datetime.fromtimestamp(int(signed["committer"][1]), UTC),
    )


def _rows(git: Git, *args: str) -> list[list[str]]:
    """Commits with their parents."""
    # The revisions are checked object names, never options.
    return [line.split() for line in git("rev-list", "--parents", *args, "--").decode().splitlines()]


def _changed(output: bytes) -> Iterator[tuple[str, str]]:
    """Commit and path from `diff-tree --stdin -z`: a field is a commit, or `:…` that the path follows."""
    fields = iter(output.split(b"\0")[:-1])
    commit = ""
    for field in fields:
        if field.startswith(b":"):
            yield commit, _text(next(fields))
        else:
            commit = field.decode()


def _difference(meta: bytes, path: bytes) -> Difference:
    """`:mode mode oid oid status` and the path."""
    mode_before, mode_after, before, after, _ = meta.decode().removeprefix(":").split()
    if before == _ABSENT:
        fit = mode_after == _NEW
    else:
        fit = mode_before.startswith("100") and (after == _ABSENT or mode_after == mode_before)
    kept = [oid if fit and oid != _ABSENT else "" for oid in (before, after)]
    return Difference(_text(path), *kept)


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
