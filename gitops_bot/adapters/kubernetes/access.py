"""How a cluster is reached, in words and files; knows nothing of the client."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class Expired(Exception):
    """The token of a list's next page is too old: the list must begin again."""


@dataclass(frozen=True, slots=True)
class Access:
    """Which cluster: a context of a kubeconfig, or the one the bot runs in."""

    context: str | None = None
    kubeconfig: str | None = None
    in_cluster: bool = False

    @property
    def path(self) -> str:
        """The kubeconfig, several joined as in $KUBECONFIG. Read now, because the client reads it at import."""
        return self.kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"

    def files(self) -> tuple[Path, ...]:
        """The kubeconfig's files that exist."""
        paths = (Path(each).expanduser() for each in self.path.split(os.pathsep) if each)
        return tuple(path for path in paths if path.is_file())

    def contexts(self) -> tuple[str, ...]:
        """The names of the contexts that exist, as far as the files can be read."""
        return tuple(name for path in self.files() for name in _contexts_in(path))

    def kubectl(self, command: str) -> str:
        """A kubectl command that people can run against this cluster."""
        return f"kubectl --context {self.context} {command}" if self.context else f"kubectl {command}"

    def __str__(self) -> str:
        if self.in_cluster:
            return "the cluster the bot runs in"
        return f"context {self.context}" if self.context else f"the current context of {self.path}"


def _contexts_in(path: Path) -> Iterator[str]:
    try:
        config: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        yield from [str(each["name"]) for each in config["contexts"]]
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        return
