"""The command-line tools that edits are held against: kustomize, Helm and mikefarah's yq."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from tests.support.servers.cache import Unavailable, cached, run_tool

BUILD_TIMEOUT_S = 1800.0
ASK_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, and the Go package that it is built from where the machine has none."""

    name: str
    package: str
    version: str
    asked: tuple[str, ...]
    """Arguments that make it tell its version."""
    told: str
    """What the answer holds, for a program of that name to be the one that is meant."""


KUSTOMIZE = Tool("kustomize", "sigs.k8s.io/kustomize/kustomize/v5", "v5.8.1", ("version",), "v5.")
HELM = Tool("helm", "helm.sh/helm/v3/cmd/helm", "v3.21.4", ("version", "--short"), "v3.")
# Debian's yq is another program: a wrapper of jq, written in Python.
YQ = Tool("yq", "github.com/mikefarah/yq/v4", "v4.53.6", ("--version",), "mikefarah/yq/) version v4.")


@cache
def find(tool: Tool) -> Path:
    """The program: from PATH if it is the one that is meant, else built with Go (minutes, once); else `Unavailable`."""
    on_path = shutil.which(tool.name)
    if on_path and tool.told in _answer(on_path, tool):
        return Path(on_path)
    return cached(tool.name, tool.version.removeprefix("v"), partial(_build, tool)) / tool.name


def run(tool: Tool, *arguments: str, cwd: Path) -> str:
    """The standard output of the tool. AssertionError: it failed, with what it said."""
    command = [str(find(tool)), *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _answer(program: str, tool: Tool) -> str:
    try:
        done = subprocess.run(
            [program, *tool.asked], capture_output=True, text=True, timeout=ASK_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _build(tool: Tool, into: Path) -> None:
    hint = f"to provide {tool.name}, put {tool.version} on PATH, or install Go with access to a module proxy"
    module = f"{tool.package}@{tool.version}"
    # No C compiler, and nothing of the user's settings.
    environment = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOWORK": "off", "GOBIN": str(into)}
    command = ["go", "install", "-trimpath", "-ldflags=-s -w", module]
    run_tool(command, hint=hint, timeout_s=BUILD_TIMEOUT_S, cwd=into, env=environment)
    if not (into / tool.name).is_file():
        raise Unavailable(f"{module} has no program {tool.name}; {hint}")
