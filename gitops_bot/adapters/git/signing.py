"""Signatures of commits, by ssh-keygen or gpg: keys stay in their files; no prompt and no configuration is asked."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from gitops_bot.errors import RepositoryError

Sign = Callable[[bytes], str]
"""The signature of a raw commit, armoured. Errors: RepositoryError."""

_TIMEOUT_S = 30


def by_ssh(key: Path) -> Sign:
    """With a private key in a file, without a passphrase, readable to the bot alone (ssh-keygen insists)."""
    return lambda commit: _run(["ssh-keygen", "-Y", "sign", "-q", "-n", "git", "-f", str(key)], commit, str(key))


def by_gpg(home: Path, key: str) -> Sign:
    """With a key, by its fingerprint or address, of a GnuPG folder; without a passphrase."""
    quiet = ["--batch", "--no-tty", "--quiet", "--pinentry-mode", "error"]
    command = ["gpg", "--homedir", str(home), *quiet, "--armor", "--detach-sign", "--local-user", key]
    return lambda commit: _run(command, commit, str(home))


def signed(commit: bytes, signature: str) -> bytes:
    """The commit with its signature as git keeps it: the last header, continued lines indented."""
    headers, _, message = commit.partition(b"\n\n")
    lines = signature.strip().replace("\r\n", "\n").split("\n")
    return headers + b"\ngpgsig " + "\n ".join(lines).encode() + b"\n\n" + message


def _run(command: Sequence[str], commit: bytes, where: str) -> str:
    remedy = "Check the key, that the bot alone may read it, and that it has no passphrase."
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    try:
        done = subprocess.run(
            command, input=commit, capture_output=True, timeout=_TIMEOUT_S, check=False, env={**kept, "LC_ALL": "C"}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RepositoryError(f"{command[0]} cannot sign ({type(error).__name__})", where=where) from None
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RepositoryError(f"{command[0]} did not sign: {said[-1] if said else ''}", where=where, remedy=remedy)
    return done.stdout.decode("ascii")
