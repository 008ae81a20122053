"""The folder of one bare, blobless cache: made, locked, tidied, thrown away. It is disposable at any moment."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gitops_bot.adapters.git.runner import Git, Token
from gitops_bot.errors import RepositoryDenied, RepositoryError, RepositoryUnreachable

_FORMAT = "1"
_MANY_PACKS = 100
"""Every fetch and every push leaves one pack; look-ups slow down with their number."""

_FETCH = (
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--recurse-submodules=no",
    "--no-auto-maintenance",
)

# Not in the cache's own configuration: there it would make every local command fetch missing blobs one by one, each
# with its own connection and without our credentials, and a push fetch what it would compress against. Before git 2.44
# nothing else switches that off.
_PARTIAL = {"remote.origin.promisor": "true", "remote.origin.partialclonefilter": "blob:none"}


class Cache:
    """One repository's cache: `git` runs local commands, which never use the network; `remote` asks and pushes."""

    def __init__(self, url: str, folder: Path, *, token: Token | None, timeout_s: float) -> None:
        name = hashlib.sha256(url.encode()).hexdigest()[:20]
        self._url = url
        self._folder = folder.absolute()
        self.path = self._folder / f"{name}.git"
        self.git = Git(self.path, timeout_s=timeout_s)
        self.remote = Git(self.path, url=url, token=token, timeout_s=timeout_s)
        # What git itself uses for missing objects: there is nothing to negotiate for single ones.
        single = {**_PARTIAL, "fetch.negotiationAlgorithm": "noop"}
        self._partial = Git(self.path, url=url, token=token, config=_PARTIAL, timeout_s=timeout_s)
        self._objects = Git(self.path, url=url, token=token, config=single, timeout_s=timeout_s)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone on this cache among all processes and threads of this machine; not to be nested."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self.path.with_suffix(".lock").open("w")
        except OSError as error:
            raise RepositoryUnreachable(
                f"the cache cannot be written: {error.strerror}", where=str(self._folder)
            ) from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)  # closing the file gives it back, a killed process's too
            yield

    def open(self) -> bool:
        """Make the cache unless it is there; whether it is new. Call it locked."""
        if self._setting("format") == _FORMAT:
            self._tidy()
            return False
        self.discard()
        self.git("init", "--quiet", "--bare", "--template=", "--object-format=sha1")
        self.git("config", "remote.origin.url", self._url)
        self._remember("format", _FORMAT)  # last: a cache without it was not finished
        return True

    def discard(self) -> None:
        """Throw the cache away. Call it locked."""
        if self.path.exists():
            shutil.rmtree(self.path)

    def condemn(self) -> None:
        """Let whoever opens it next make it again."""
        self.path.joinpath("HEAD").unlink(missing_ok=True)

    def sound(self) -> bool:
        """Whether every commit and tree below the refs can be read: takes a while, for use after a failure.

        `git fsck` would not do: in a partial clone it takes missing trees for ones that were never fetched.
        """
        return self.git.run("rev-list", "--objects", "--filter=blob:none", "--all", "--quiet").status == 0

    def fetch_branches(self, refspecs: Sequence[str], *, first: bool) -> None:
        """Fetch commits and trees. Call it locked. Errors: RepositoryUnreachable, RepositoryDenied."""
        filtered = self._setting("filter") != "none"
        try:
            self._fetch_branches(refspecs, "--filter=blob:none" if filtered else "--no-filter")
        except RepositoryDenied:
            raise
        except RepositoryError:
            # A server that breaks on filters does so at once; later, a bad moment of the network would cost every
            # file of the history.
            if not first:
                raise
            self._fetch_branches(refspecs, "--no-filter")
            self._remember("filter", "none")
        self._repack()

    def fetch_blobs(self, oids: Iterable[str]) -> None:
        """Fetch single objects, in one request. Call it locked. Errors: RepositoryUnreachable, RepositoryDenied."""
        lines = "".join(f"{oid}\n" for oid in oids).encode()
        self._objects(*_FETCH, "--filter=blob:none", "--stdin", "--end-of-options", "origin", stdin=lines)

    def _fetch_branches(self, refspecs: Sequence[str], filters: str) -> None:
        self._partial(*_FETCH, "--prune", filters, "--end-of-options", "origin", *refspecs)

    def _remember(self, name: str, value: str) -> None:
        """Write a setting of ours into the cache's configuration."""
        self.git("config", f"gitopsbot.{name}", value)

    def _repack(self) -> None:
        if sum(1 for _ in self.path.glob("objects/pack/*.pack")) > _MANY_PACKS:
            self._partial("repack", "-a", "-d", "-q")

    def _setting(self, name: str) -> str:
        try:
            result = self.git.run("config", "--local", "--get", f"gitopsbot.{name}")
        except RepositoryError:
            return ""
        return result.output.decode().strip() if result.status == 0 else ""

    def _tidy(self) -> None:
        """Remove what a killed git left: under our lock nobody else's is there."""
        for pattern in ("*.lock", "tmp_*"):
            for leftover in self.path.rglob(pattern):
                leftover.unlink(missing_ok=True)
