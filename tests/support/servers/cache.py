"""Where fetched and built programs are kept between test runs.

A folder appears in the cache complete or not at all, and two test runs never build the same one at once.
"""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

LOCK_TIMEOUT_S = 1800.0


class Unavailable(Exception):
    """A program could neither be found nor brought; the text says what, why, and how to provide it."""


def cache_root() -> Path:
    """`$XDG_CACHE_HOME` or `~/.cache`, sub-folder `gitops-bot-tests`; need not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gitops-bot-tests"


def cached(name: str, version: str, build: Callable[[Path], None]) -> Path:
    """The cached folder of `name` at `version`; on first use `build` fills it.

    `build` is given an empty sibling that is moved into place only when it returns.
    """
    folder = cache_root() / f"{name}-{version}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_name(f".{folder.name}.lock")):
        if not folder.is_dir():
            _build_aside(folder, build)
    return folder


def run_tool(
    command: list[str], *, hint: str, timeout_s: float, cwd: Path, env: Mapping[str, str] | None = None
) -> str:
    """The standard output of `command`; `Unavailable`, ending in `hint`, if it is missing, fails or takes too long."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError as missing:
        raise Unavailable(f"{command[0]} is not on PATH; {hint}") from missing
    except subprocess.TimeoutExpired as late:
        raise Unavailable(f"`{' '.join(command)}` took longer than {timeout_s:.0f} s; {hint}") from late
    if done.returncode != 0:
        last_lines = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise Unavailable(f"`{' '.join(command)}` ended with {done.returncode}:\n{last_lines}\n{hint}")
    return done.stdout


def _build_aside(folder: Path, build: Callable[[Path], None]) -> None:
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # a killed build left it: we hold the lock, nobody else writes there
    partial.mkdir()
    try:
        build(partial)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the file lock at `path`; the kernel releases it if the process dies."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    with path.open("w") as file:
        while not _try_lock(file.fileno()):
            if time.monotonic() > deadline:
                raise Unavailable(f"another process has held {path} for {LOCK_TIMEOUT_S:.0f} s; end it and try again")
            time.sleep(0.2)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
