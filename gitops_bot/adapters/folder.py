"""A folder on this machine as a tree of files: what the command line edits, and where it writes.

Nothing leaves the folder: no link below it is followed, whether to read or to write, and a file is replaced whole or
not at all. git's own folders are not part of it.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from gitops_bot.errors import EditError, EditRefused
from gitops_bot.model import Change

MAX_BYTES = 64 * 1024 * 1024
"""What is larger is no manifest, and is not read."""
MOST_REMEMBERED = 128 * 1024 * 1024
"""Bytes of files that are kept; then everything is read anew."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO})
_KINDS = ((stat.S_ISREG, ""), (stat.S_ISDIR, "a folder"), (stat.S_ISLNK, "a link"))

T = TypeVar("T")


class _Listing(NamedTuple):
    """What lies directly in a folder."""

    names: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


class Folder:
    """A `Tree`, and the writer of its changes. What was read stays as it was read, until it is written here."""

    commit = ""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._files: dict[str, bytes | None] = {}
        self._size = 0
        self._folders: dict[str, _Listing] = {}
        self._below: dict[str, tuple[str, ...]] = {}

    def read(self, path: str) -> bytes | None:
        """The content of a regular file; None when there is none. EditRefused: it cannot be read."""
        if path not in self._files:
            content = _asked(path, "read", lambda: self._content(path), None)
            self._size += len(content or b"")
            if self._size > MOST_REMEMBERED:
                self._files, self._size = {}, len(content or b"")
            self._files[path] = content
        return self._files[path]

    def names(self, folder: str) -> tuple[str, ...]:
        """The names directly in a folder; empty when there is no such folder. EditRefused: it cannot be read."""
        return self._listed(folder).names

    def below(self, folder: str) -> tuple[str, ...]:
        """The path of every regular file below a folder. EditRefused: a folder cannot be read."""
        if folder not in self._below:
            found: list[str] = []
            waiting = [folder]
            while waiting:
                here = waiting.pop()
                listing, prefix = self._listed(here), f"{here}/" if here else ""
                found += [prefix + name for name in listing.files]
                waiting += [prefix + name for name in listing.folders]
            self._below[folder] = tuple(sorted(found))
        return self._below[folder]

    def fetch(self, paths: Sequence[str]) -> None:
        """Everything is near."""

    def what(self, path: str) -> str:
        """What keeps a path from being a file: "`a/b` is a link"; empty for a regular file, or for nothing at all."""
        parts = _parts(path)
        for end in range(1, len(parts) + 1):
            kind = self._kind(parts[:end])
            if kind and not (kind == "a folder" and end < len(parts)):
                return f"`{'/'.join(parts[:end])}` is {kind}"
        return ""

    def write(self, changes: Sequence[Change]) -> None:
        """Replace, add or remove files, all of them or none.

        EditRefused: one cannot be written, or is not what it was when it was read.
        """
        done: list[Change] = []
        try:
            for change in changes:
                self._put(change)
                done.append(change)
        except EditError:
            for change in reversed(done):
                with suppress(EditError):
                    self._put(replace(change, before=change.after, after=change.before))
            raise

    # ------------------------------------------------------------ on the disk

    def _content(self, path: str) -> bytes | None:
        with self._parent(path) as (folder, name):
            return _content(folder, name, path)

    def _put(self, change: Change) -> None:
        if not _asked(change.path, "written", lambda: self._write(change), default=False):
            raise EditRefused("the file cannot be written: its folder is not there, or a link", where=change.path)

    def _write(self, change: Change) -> bool:
        self._forget(change)
        if change.before is None:
            self._add_folders(_parts(change.path)[:-1])
        with self._parent(change.path) as (folder, name):
            if _content(folder, name, change.path) != change.before:
                raise EditRefused("the file changed meanwhile", where=change.path, remedy="Try again")
            if change.after is None:
                os.unlink(name, dir_fd=folder)
            else:
                _replace(folder, name, change.after)
        return True

    def _forget(self, change: Change) -> None:
        self._size -= len(self._files.pop(change.path, None) or b"")
        if change.before is None or change.after is None:
            self._folders, self._below = {}, {}

    def _listed(self, folder: str) -> _Listing:
        if folder not in self._folders:
            self._folders[folder] = _asked(folder, "read", lambda: self._scanned(folder), _Listing())
        return self._folders[folder]

    def _scanned(self, folder: str) -> _Listing:
        with self._opened(_parts(folder)) as opened, os.scandir(opened) as scanned:
            entries = sorted((one for one in scanned if one.name.lower() != ".git"), key=lambda one: one.name)
            files = tuple(one.name for one in entries if one.is_file(follow_symlinks=False))
            folders = tuple(one.name for one in entries if one.is_dir(follow_symlinks=False))
            return _Listing(tuple(one.name for one in entries), files, folders)

    def _kind(self, parts: Sequence[str]) -> str:
        """What is there, empty for a regular file or nothing."""
        try:
            with self._opened(parts[:-1]) as opened:
                mode = os.stat(parts[-1], dir_fd=opened, follow_symlinks=False).st_mode
        except (OSError, UnicodeEncodeError):
            return ""
        return next((said for matches, said in _KINDS if matches(mode)), "no regular file")

    def _add_folders(self, parts: Sequence[str]) -> None:
        for end in range(len(parts)):
            with self._opened(parts[:end]) as opened, suppress(FileExistsError):
                os.mkdir(parts[end], dir_fd=opened)

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        *folders, name = _parts(path) or (".",)
        with self._opened(folders) as opened:
            yield opened, name

    @contextmanager
    def _opened(self, parts: Sequence[str]) -> Iterator[int]:
        """A folder, reached without following a link."""
        opened = os.open(self._root, _FOLDER)
        try:
            for part in parts:
                below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=opened)
                os.close(opened)
                opened = below
            yield opened
        finally:
            os.close(opened)


def _parts(path: str) -> tuple[str, ...]:
    """A path's names. EditRefused: it could leave the folder, or reach into git's own."""
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if path.startswith("/") or any(part == ".." or part.lower() == ".git" or "\0" in part for part in parts):
        raise EditRefused(f"{path!r} is not a path inside the repository")
    return parts


def _asked(path: str, what: str, ask: Callable[[], T], default: T) -> T:
    """What the machine answers; `default` where nothing is there. EditRefused: it says anything else."""
    try:
        return ask()
    except OSError as error:
        if error.errno in _ABSENT:
            return default
        raise EditRefused(f"the file cannot be {what}: {error.strerror}", where=path) from error
    except UnicodeEncodeError:
        raise EditRefused(f"{path!r} can be no file's name") from None


# ---------------------------------------------------------------- one file


def _content(folder: int, name: str, path: str) -> bytes | None:
    """A regular file's content; a pipe or a device is not waited for."""
    try:
        opened = os.open(name, _READ, dir_fd=folder)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise
    try:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > MAX_BYTES:
            raise EditRefused(f"the file has {status.st_size} bytes, more than {MAX_BYTES}", where=path)
        with os.fdopen(opened, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(opened)


def _replace(folder: int, name: str, data: bytes) -> None:
    """A new file in the old one's place, with its mode and, where that may be, its owner."""
    temporary = f".gitops-bot-{secrets.token_hex(8)}"
    opened = os.open(temporary, _NEW, 0o666, dir_fd=folder)
    try:
        with os.fdopen(opened, "wb") as file:
            _like(folder, name, opened)
            file.write(data)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def _like(folder: int, name: str, opened: int) -> None:
    """The mode and the owner of the file that is replaced, before anything is in the new one."""
    try:
        old = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    new = os.fstat(opened)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with suppress(PermissionError):
            os.fchown(opened, old.st_uid, old.st_gid)
    os.fchmod(opened, stat.S_IMODE(old.st_mode))
