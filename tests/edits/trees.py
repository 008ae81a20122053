"""A tree in memory, and short spellings for edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitops_bot.edits.locate import locate
from gitops_bot.edits.path import Path
from gitops_bot.edits.source import Source
from gitops_bot.edits.splice import splice
from gitops_bot.model import Change
from gitops_bot.policy.places import Where
from gitops_bot.policy.schema import Edit


@dataclass(frozen=True)
class Files:
    """A commit that holds these files."""

    files: Mapping[str, bytes]
    commit: str = "0" * 40

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def names(self, folder: str) -> tuple[str, ...]:
        prefix = f"{folder}/" if folder else ""
        return tuple(sorted({p.removeprefix(prefix).split("/")[0] for p in self.files if p.startswith(prefix)}))

    def below(self, folder: str) -> tuple[str, ...]:
        return tuple(sorted(path for path in self.files if not folder or path.startswith(f"{folder}/")))

    def fetch(self, paths: Sequence[str]) -> None:
        """Everything is near."""

    def changed(self, changes: tuple[Change, ...]) -> Files:
        after = {**self.files, **{change.path: change.after for change in changes}}
        return Files({path: data for path, data in after.items() if data is not None})


def files(**texts: str | bytes) -> Files:
    """`files(values=…)` is `values.yaml`."""
    return Files({f"{n}.yaml": t.encode() if isinstance(t, str) else t for n, t in texts.items()})


def edit(**given: Any) -> Edit:
    """An edit as a policy would hold it."""
    return Edit.model_validate(given)


def image(path: str, name: str, slot: str = "stableVersion") -> Edit:
    return edit(kustomizeImage={"path": path, "name": name}, set=slot)


def helm(key: str, slot: str = "stableVersion", file: str = "values.yaml") -> Edit:
    return edit(helmValue={"file": file, "key": key}, set=slot)


def value(path: str, slot: str = "stableVersion", file: str = "f.yaml", **where: str) -> Edit:
    return edit(yaml={"file": file, "path": path, **({"where": where} if where else {})}, set=slot)


def put(data: bytes, path: str, new: str | int, where: Where | None = None) -> bytes:
    """Locate, splice, verify."""
    source = Source.decode("f.yaml", data)
    return splice(source, locate(source, Path.parse(path), where), new).encode()


def get(data: bytes, path: str, where: Where | None = None) -> str:
    return locate(Source.decode("f.yaml", data), Path.parse(path), where).text


def style(data: bytes, path: str) -> str:
    """The quote that a value has."""
    return locate(Source.decode("f.yaml", data), Path.parse(path)).style
