"""An environment repository on this machine, with people who commit to it, and the bot's configuration beside it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CI = "Acme CI <ci@acme.example>"
ALICE = "Alice <alice@acme.example>"
BOT = "gitops-bot <gitops-bot@users.noreply.github.com>"

T0 = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""When the environments' values landed."""

STABLE = "apps/shop/stable/kustomization.yaml"
CANARY = "apps/shop/canary/kustomization.yaml"
ROUTE = "charts/routes/values.yaml"

KUSTOMIZATION = """\
resources: [../base]
images:
  # Changed by gitops-bot.
  - name: ghcr.io/acme/shop
    newTag: "{tag}" # since yesterday
"""

_ENV = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}

LADDER: Mapping[str, Any] = {
    "repository": "environments",
    "clusters": ["prod"],
    "candidate": {"slot": "candidateVersion"},
    "analysis": {"interval": "1m", "bake": "5m", "metrics": [{"name": "errors", "query": "errors", "max": "1%"}]},
    "strategy": {"canary": {"weights": [5, 25]}},
    "edits": [
        {"kustomizeImage": {"path": "apps/shop/stable", "name": "ghcr.io/acme/shop"}, "set": "stableVersion"},
        {"kustomizeImage": {"path": "apps/shop/canary", "name": "ghcr.io/acme/shop"}, "set": "candidateVersion"},
        {"helmValue": {"file": ROUTE, "key": "canary.weight"}, "set": "weight"},
    ],
}
"""A ladder in git, measured."""


def policy(name: str = "shop", spec: Mapping[str, Any] = LADDER, **changed: Any) -> str:
    """A policy file (JSON is YAML); keys of the spec may be changed."""
    document = {
        "apiVersion": "gitops-bot.dev/v1alpha1",
        "kind": "PromotionPolicy",
        "metadata": {"name": name},
        "spec": {**spec, **changed},
    }
    return json.dumps(document, indent=1)


def tree(*, stable: str = "1.0.0", candidate: str = "2.0.0", weight: int = 0) -> dict[str, str]:
    """The files of an environment."""
    return {
        STABLE: KUSTOMIZATION.format(tag=stable),
        CANARY: KUSTOMIZATION.format(tag=candidate),
        ROUTE: f"host: shop.example\ncanary:\n  weight: {weight} # percent\n",
    }


class Environment:
    """A bare repository in a folder; the local forge keeps its pull requests beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(path), within=False)

    def commit(
        self,
        files: Mapping[str, str | None],
        *,
        at: datetime = T0,
        who: str = CI,
        branch: str = "main",
        message: str = "Change",
    ) -> str:
        """One commit on top of a branch; None removes a file."""
        stamp = f"{int(at.timestamp())} +0000"
        lines = [f"commit refs/heads/{branch}", f"author {who} {stamp}", f"committer {who} {stamp}", _data(message)]
        if branch in self.heads():
            lines.append(f"from refs/heads/{branch}^0")
        for path, text in files.items():
            lines.append(f"D {path}" if text is None else f"M 100644 inline {path}\n{_data(text)}")
        self.git("fast-import", "--quiet", "--force", stdin="\n".join(lines) + "\n")
        return self.heads()[branch]

    def replace(self, path: str, old: str, new: str, **commit: Any) -> str:
        """A commit that replaces a text in one file of main."""
        before = self.read(path)
        assert old in before
        return self.commit({path: before.replace(old, new)}, **commit)

    def read(self, path: str, ref: str = "main") -> str:
        """A file as a branch or commit has it."""
        return self.git("cat-file", "blob", f"{ref}:{path}")

    def heads(self) -> dict[str, str]:
        """Branch → object name."""
        listed = self.git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads/")
        return dict(line.split(" ") for line in listed.splitlines())

    def subjects(self) -> list[str]:
        """What main's first-parent history says, newest first."""
        return self.git("log", "--first-parent", "--format=%s", "main").splitlines()

    def values(self) -> tuple[str, str, int]:
        """Stable version, candidate version and weight as main has them."""
        stable, candidate = (self.read(path).split('newTag: "')[1].split('"')[0] for path in (STABLE, CANARY))
        return stable, candidate, int(self.read(ROUTE).split("weight: ")[1].split()[0])

    def pulls(self) -> list[dict[str, Any]]:
        """The records of the local forge, by number."""
        folder = self.path.with_name(f"{self.path.name}.pulls")
        return [json.loads(file.read_text()) for file in sorted(folder.glob("[0-9]*.json"))]

    def snapshot(self) -> dict[str, bytes]:
        """Every ref, and every file of the folder of pull requests with its bytes."""
        folder = self.path.with_name(f"{self.path.name}.pulls")
        files = {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != ".lock"}
        refs = self.git("for-each-ref", "--format=%(refname) %(objectname)")
        return {"refs": refs.encode(), **files}

    def git(self, *arguments: str, stdin: str = "", within: bool = True) -> str:
        """git's output; fails if git does."""
        command = ["git", *(["--git-dir", str(self.path)] if within else []), *arguments]
        done = subprocess.run(command, input=stdin.encode(), capture_output=True, env=_ENV, check=False)
        assert done.returncode == 0, f"git {arguments[0]}: {done.stderr.decode()}"
        return done.stdout.decode()


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


def config(
    folder: Path,
    *,
    repository: Mapping[str, Any] | None = None,
    cluster: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Path:
    """The bot's configuration in a file of the folder: recorded cluster and metrics unless told otherwise."""
    (folder / "cluster").mkdir(exist_ok=True)
    written = {
        "repositories": {
            "environments": {
                "url": str(folder / "environments.git"),
                "forge": "local",
                "policies": "policies",
                "automation": ["ci@acme.example"],
                **(repository or {}),
            }
        },
        "clusters": {"prod": cluster or {"recorded": str(folder / "cluster"), "metrics": "prom"}},
        "metrics": {"prom": metrics or {"recorded": {"file": str(folder / "metrics.json")}}},
        "cache": str(folder / "cache"),
        **spec,
    }
    named = {"apiVersion": "gitops-bot.dev/v1alpha1", "kind": "BotConfig", "metadata": {"name": "test"}}
    file = folder / "gitops-bot.yaml"
    file.write_text(json.dumps({**named, "spec": written}, indent=1))
    return file


def record(folder: Path, values: Sequence[float | None], *, query: str = "errors", since: datetime = T0) -> None:
    """Recorded metrics: one value a minute, the first one minute after `since`."""
    points = [[(since + timedelta(minutes=n + 1)).timestamp(), value] for n, value in enumerate(values)]
    (folder / "metrics.json").write_text(json.dumps({"series": [{"query": query, "points": points, "every": 60}]}))
