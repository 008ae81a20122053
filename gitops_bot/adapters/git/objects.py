"""Reads git's objects of one cache through one `git cat-file --batch` process; never asks the network."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_bot.adapters.git.guard import checked_oid
from gitops_bot.adapters.git.recent import Recent
from gitops_bot.adapters.git.runner import Git, stop

_FOLDER = b"40000"
_TREES_KEPT = 200_000
"""Entries of parsed trees: about 40 MB at the most."""
_BYTES_KEPT = 16 * 2**20
_ROOTS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a tree."""

    mode: bytes
    oid: str
    at: int
    """Where the 20 bytes of its object name begin in the raw tree."""

    @property
    def is_file(self) -> bool:
        """A regular file, executable or not: no link, no submodule, no folder."""
        return self.mode.startswith(b"100")

    @property
    def is_folder(self) -> bool:
        """A tree."""
        return self.mode == _FOLDER


@dataclass(frozen=True, slots=True)
class Folder:
    """A tree object, raw and parsed."""

    oid: str
    raw: bytes
    entries: Mapping[bytes, Entry]


class ObjectMissing(Exception):
    """The cache lacks an object that it should have: it is damaged."""


class Objects:
    """The objects of one cache: `blob`, `folder` and `commit` by object name, the recent ones from memory."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.RLock()
        self._folders: Recent[str, Folder] = Recent(_TREES_KEPT, lambda folder: len(folder.entries) + 1)
        self._roots: Recent[str, str] = Recent(_ROOTS_KEPT)
        self._blobs: Recent[str, bytes] = Recent(_BYTES_KEPT, lambda content: len(content) + 100)

    def has(self, oid: str) -> bool:
        """Whether the cache holds it."""
        return self._read(oid) is not None

    def blob(self, oid: str) -> bytes | None:
        """A file's content; None when it was never fetched."""
        with self._lock:
            found = self._blobs.get(oid)
            if found is None and (found := self._read(oid)) is not None:
                self._blobs.put(oid, found)
            return found

    def folder(self, oid: str) -> Folder:
        """A tree. Errors: ObjectMissing."""
        with self._lock:
            found = self._folders.get(oid)
            if found is None:
                raw = self._needed(oid)
                found = Folder(oid, raw, dict(_entries(raw)))
                self._folders.put(oid, found)
            return found

    def commit(self, oid: str) -> bytes:
        """A commit's raw object. Errors: ObjectMissing."""
        return self._needed(oid)

    def root(self, commit: str) -> Folder:
        """The tree of a commit. Errors: ObjectMissing."""
        with self._lock:
            tree = self._roots.get(commit)
            if tree is None:
                tree = self.commit(commit).partition(b"\n")[0].removeprefix(b"tree ").decode()
                self._roots.put(commit, tree)
            return self.folder(tree)

    def folder_at(self, commit: str, parts: Sequence[bytes]) -> Folder | None:
        """The folder at a path; None where there is none, or a link on the way. Errors: ObjectMissing."""
        folder = self.root(commit)
        for name in parts:
            entry = folder.entries.get(name)
            if entry is None or not entry.is_folder:
                return None
            folder = self.folder(entry.oid)
        return folder

    def find(self, commit: str, parts: Sequence[bytes]) -> Entry | None:
        """The entry at a path, a link itself and not where it leads. Errors: ObjectMissing."""
        folder = self.folder_at(commit, parts[:-1])
        return folder.entries.get(parts[-1]) if folder else None

    def close(self) -> None:
        """End the process; the next look-up starts another."""
        with self._lock:
            self._stop()

    def forget(self) -> None:
        """End the process and forget what was read: the cache is being made again."""
        self.close()
        self._roots.clear()
        self._folders.clear()
        self._blobs.clear()

    def _needed(self, oid: str) -> bytes:
        content = self._read(oid)
        if content is None:
            raise ObjectMissing(oid)
        return content

    def _read(self, oid: str) -> bytes | None:
        request = checked_oid(oid).encode() + b"\n"
        for _ in range(2):  # the process may have been killed: once more with a new one
            with self._lock:
                try:
                    return self._ask(request)
                except (BrokenPipeError, EOFError):
                    self._stop()
        return None

    def _ask(self, request: bytes) -> bytes | None:
        process = self._process = self._process or self._git.start("cat-file", "--batch")
        assert process.stdin
        assert process.stdout
        process.stdin.write(request)
        process.stdin.flush()
        header = process.stdout.readline().split()
        if len(header) == 2:  # `<oid> missing`
            return None
        if len(header) != 3:
            raise EOFError
        size = int(header[2])
        content = process.stdout.read(size + 1)
        if len(content) != size + 1:
            raise EOFError
        return content[:size]

    def _stop(self) -> None:
        if self._process:
            stop(self._process)
        self._process = None


def _entries(raw: bytes) -> Iterator[tuple[bytes, Entry]]:
    """The entries of a raw tree: `mode SP name NUL` and 20 bytes, again and again."""
    at = 0
    while at < len(raw):
        end = raw.index(b"\0", at)
        mode, _, name = raw[at:end].partition(b" ")
        at = end + 21
        yield name, Entry(mode.lstrip(b"0"), raw[end + 1 : at].hex(), end + 1)
