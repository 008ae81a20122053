"""The demonstration, played once per test process in a child that may not open a network connection."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ENDS = "2026-03-02T09:09:00Z"
"""The simulated time at which the story ends."""

_ALONE = """\
import socket
def refuse(self, address, *rest):
    if self.family != socket.AF_UNIX:
        raise AssertionError(f"the demonstration opened a connection to {address}")
socket.socket.connect = socket.socket.connect_ex = refuse
from gitops_bot.cli import main
main()
"""


@dataclass(frozen=True)
class Played:
    """What is left of it."""

    folder: Path
    code: int
    out: str
    err: str

    @property
    def config(self) -> Path:
        """The bot's configuration."""
        return self.folder / "gitops-bot.yaml"

    def copy(self, folder: Path) -> Played:
        """The same world in another folder, without caches."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("cache", "people"), dirs_exist_ok=True)
        text = self.config.read_text().replace(str(self.folder), str(folder))
        (folder / "gitops-bot.yaml").write_text(text)
        return Played(folder, self.code, self.out, self.err)


@cache
def played(*story: str) -> Played:
    """Play, or what was played already."""
    root = Path(tempfile.mkdtemp(prefix="gitops-bot-played-")).resolve()
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    env = {key: value for key, value in os.environ.items() if not key.startswith(("GITOPS_BOT_", "GIT_"))}
    done = subprocess.run(
        [sys.executable, "-c", _ALONE, "demo", "--keep", str(root / "demo"), *story],
        env={**env, "NO_COLOR": "1", "HOME": str(root / "home")},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return Played(root / "demo", done.returncode, done.stdout, done.stderr)
