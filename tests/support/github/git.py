"""A bare git repository that tests write to and the fake reads and merges in."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

_WHO = {
    "GIT_AUTHOR_NAME": "Alice",
    "GIT_AUTHOR_EMAIL": "alice@example.com",
    "GIT_AUTHOR_DATE": "1767225600 +0000",
    "GIT_COMMITTER_NAME": "GitHub",
    "GIT_COMMITTER_EMAIL": "noreply@github.com",
    "GIT_COMMITTER_DATE": "1767225600 +0000",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class BareRepo:
    """Branches, commits and merges, made on objects."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, files: Mapping[str, str] | None = None) -> BareRepo:
        """A new repository whose `main` holds the files."""
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(path)], check=True)
        repo = cls(path)
        repo.commit("main", files or {"app.yaml": "version: 1\n"})
        return repo

    def commit(self, branch: str, files: Mapping[str, str], *, on: str | None = None, message: str = "Change") -> str:
        """A commit on the branch, which begins at `on` (a branch or commit; default: itself, else main)."""
        heads = self.heads()
        parent = heads.get(on, on) if on else heads.get(branch) or heads.get("main")
        lines = [f"commit refs/heads/{branch}", "committer Alice <alice@example.com> 1767225600 +0000", _data(message)]
        lines += [f"from {parent}"] if parent else []
        lines += [f"M 100644 inline {path}\n{_data(text)}" for path, text in files.items()]
        self._git("fast-import", "--quiet", "--force", stdin="\n".join(lines) + "\n")
        return self.heads()[branch]

    def heads(self) -> dict[str, str]:
        """Branch name → object name."""
        listed = self._git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads/").splitlines()
        return dict(line.split(" ") for line in listed)

    def point(self, branch: str, commit: str) -> None:
        """Make the branch be that commit, whatever it was."""
        self._git("update-ref", f"refs/heads/{branch}", commit)

    def delete(self, branch: str) -> None:
        """Remove the branch."""
        self._git("update-ref", "-d", f"refs/heads/{branch}")

    def holds(self, descendant: str, commit: str) -> bool:
        """Whether the commit is the descendant or one of its ancestors."""
        return self._git("rev-list", "--max-count=1", commit, f"^{descendant}") == ""

    def parents(self, commit: str) -> list[str]:
        """The parents' object names."""
        return self._git("rev-parse", f"{commit}^@").split()

    def dated(self, commit: str) -> datetime:
        """The committer's date."""
        return datetime.fromtimestamp(int(self._git("show", "-s", "--format=%ct", commit)), UTC)

    def missing(self, commit: str) -> bool:
        """Whether there is no such commit."""
        return self._run("cat-file", "-e", f"{commit}^{{commit}}").returncode != 0

    def fork(self, one: str, other: str) -> str:
        """The merge base of two commits or branches."""
        return self._git("merge-base", one, other)

    def conflicts(self, base: str, head: str) -> bool:
        """Whether a merge of the head into the base branch would conflict."""
        return self._run("merge-tree", "--write-tree", self.heads()[base], head).returncode != 0

    def merge(self, base: str, head: str, *, method: str, message: str) -> str | None:
        """Bring a head into a base branch; the new commit, or None for a conflict."""
        tip = self.heads()[base]
        merged = self._run("merge-tree", "--write-tree", tip, head)
        if merged.returncode != 0:
            return None
        if method == "rebase":
            message = self._git("log", "-1", "--format=%B", head)
        parents = ["-p", tip, *(["-p", head] if method == "merge" else [])]
        commit = self._git("commit-tree", merged.stdout.split()[0], *parents, "-m", message)
        self._git("update-ref", f"refs/heads/{base}", commit, tip)
        return commit

    def write_tree(self, base: str, entries: Mapping[str, tuple[str, str | None]]) -> str:
        """A tree with other blobs in some places: mode and object name by path; None removes."""
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": f"{folder}/index"}
            self._git("read-tree", base, env=index)
            lines = [f"{mode if oid else 0} {oid or '0' * 40}\t{path}" for path, (mode, oid) in entries.items()]
            self._git("update-index", "--index-info", stdin="\n".join(lines) + "\n", env=index)
            return self._git("write-tree", env=index)

    def write_blob(self, content: bytes) -> str:
        """A blob's object name."""
        command = ["git", "--git-dir", str(self.path), "hash-object", "-w", "--stdin"]
        return subprocess.run(command, input=content, capture_output=True, check=True).stdout.decode().strip()

    def files(self, commit: str) -> dict[str, tuple[str, str | None]]:
        """Mode and blob of every file by its path."""
        lines = self._git("ls-tree", "-r", "-z", commit).split("\0")
        return {
            path: (about.split()[0], about.split()[2])
            for about, _, path in (one.partition("\t") for one in lines if one)
        }

    def write_commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        author: str,
        committer: str,
        *,
        at: datetime | None = None,
    ) -> str:
        """A commit that no branch has."""
        when = f"{int(at.timestamp())} +0000" if at else ""
        who = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when} if at else {}
        for role, one in (("AUTHOR", author), ("COMMITTER", committer)):
            name, _, email = one.partition(" <")
            who |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": email.rstrip(">")}
        flags = [flag for parent in parents for flag in ("-p", parent)]
        return self._git("commit-tree", tree, *flags, "-m", message, env=who)

    def move(self, ref: str, before: str, after: str) -> bool:
        """Whether the ref was what it had to be, and now is the other."""
        return self._run("update-ref", ref, after, before).returncode == 0

    def _git(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
        done = self._run(*arguments, stdin=stdin, env=env)
        assert done.returncode == 0, f"git {arguments[0]}: {done.stderr}"
        return done.stdout.strip()

    def _run(
        self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = ["git", "--git-dir", str(self.path), *arguments]
        whole = {**os.environ, **_WHO, **(env or {})}
        return subprocess.run(command, input=stdin, capture_output=True, text=True, env=whole, check=False)


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"
