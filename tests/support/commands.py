"""The command line as a person uses it: arguments → exit code, stdout, stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_bot.cli import main


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as JSON."""
        return json.loads(self.out)


Bot = Callable[..., Done]
"""`bot("plan", "-c", path)`: the command in this process."""


def runner(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bot:
    """Runs commands in this process; the arguments are the one edge that is patched."""

    def bot(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["gitops-bot", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else int(done.code is not None)
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return bot
