"""Runs a composite action's `run` steps as GitHub's runner would: expressions, environment, outputs, summary."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_EXPRESSION = re.compile(r"\$\{\{\s*([a-z0-9_.-]+)\s*\}\}", re.IGNORECASE)
_INHERITED = ("PATH", "HOME", "SSL_CERT_FILE", "PIP_INDEX_URL", "PIP_CERT", "HTTPS_PROXY", "NO_PROXY")


@dataclass(slots=True)
class Job:
    """One use of the action, in a folder of its own."""

    folder: Path
    inputs: Mapping[str, str]
    token: str = "ghs_the_default_token"
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    """Outputs of each step. A step whose outputs are given beforehand is not run."""
    said: str = ""
    summary: str = ""

    @property
    def workspace(self) -> Path:
        """Where the steps run."""
        return self.folder / "workspace"

    def run(self) -> int:
        """The exit code of the first step that failed, else 0."""
        action = load()
        given = {name: str(one.get("default", "")) for name, one in action["inputs"].items()} | dict(self.inputs)
        github = {"github.token": self.token}
        inputs = {f"inputs.{name}": evaluated(text, github) for name, text in given.items()}
        for step in action["runs"]["steps"]:
            if step["id"] in self.steps:
                continue
            known = {**inputs, **_outputs(self.steps)}
            code = self._step(step, {name: evaluated(text, known) for name, text in step["env"].items()})
            if code:
                return code
        return 0

    def outputs(self) -> dict[str, str]:
        """The action's outputs, mapped as it says."""
        known = _outputs(self.steps)
        return {name: evaluated(one["value"], known) for name, one in load()["outputs"].items()}

    def _step(self, step: Mapping[str, Any], environment: Mapping[str, str]) -> int:
        for folder in (self.workspace, self.folder / "temp"):
            folder.mkdir(parents=True, exist_ok=True)
        files = {name: self.folder / f"{step['id']}-{name}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.touch()
        script = self.folder / f"{step['id']}.sh"
        script.write_text(step["run"])
        assert step["shell"] == "bash"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace,
            env={
                **{name: os.environ[name] for name in _INHERITED if name in os.environ},
                "GITHUB_ACTION_PATH": str(ROOT),
                "RUNNER_TEMP": str(self.folder / "temp"),
                **{name: str(file) for name, file in files.items()},
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.said += done.stdout
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        self.steps[step["id"]] = assignments(files["GITHUB_OUTPUT"].read_text())
        return done.returncode


def load() -> dict[str, Any]:
    """action.yml."""
    action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return action


def evaluated(text: str, known: Mapping[str, str]) -> str:
    """The text with its `${{ a.b.c }}` filled in; a name that is not known is empty, as on GitHub."""
    return _EXPRESSION.sub(lambda found: known.get(found[1], ""), str(text))


def assignments(text: str) -> dict[str, str]:
    """`name=value` and `name<<DELIMITER`, as the runner reads them."""
    found: dict[str, str] = {}
    lines = text.splitlines()
    while lines:
        name, heredoc, delimiter = lines.pop(0).partition("<<")
        if heredoc:
            end = lines.index(delimiter)
            found[name] = "\n".join(lines[:end])
            del lines[: end + 1]
        else:
            name, _, value = name.partition("=")
            found[name] = value
    return found


def _outputs(steps: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {f"steps.{step}.outputs.{name}": value for step, some in steps.items() for name, value in some.items()}
