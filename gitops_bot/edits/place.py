"""A place: one value in one document of one file of the repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from gitops_bot.edits.locate import locate
from gitops_bot.edits.path import Path
from gitops_bot.edits.sketch import Scalar
from gitops_bot.edits.source import Source
from gitops_bot.errors import FileAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.schema import Where

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The names of a kustomization, as kustomize looks for them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value lives; `str` is `file: path`, with the document where one is chosen."""

    file: str
    path: Path
    where: Where | None = None

    def __str__(self) -> str:
        chosen = self.where.model_dump(exclude_none=True) if self.where else {}
        document = ", ".join(f"{key} {value}" for key, value in chosen.items())
        return f"{self.file}: {self.path}" + (f" ({document})" if document else "")

    @property
    def identity(self) -> str:
        """The same for every spelling of a kustomization's name."""
        file = PurePosixPath(self.file)
        name = KUSTOMIZATIONS[0] if file.name in KUSTOMIZATIONS else file.name
        return str(Place(str(file.with_name(name)), self.path, self.where))


@dataclass(frozen=True, slots=True)
class Write:
    """What a locator wants at a place: a string or an integer."""

    place: Place
    value: str | int


@dataclass(frozen=True, slots=True)
class Overlay:
    """A tree with some files replaced: what later edits of the same file see."""

    base: Tree
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def commit(self) -> str:
        """The commit below."""
        return self.base.commit

    def read(self, path: str) -> bytes | None:
        """The replaced file, else the tree's."""
        return self.files[path] if path in self.files else self.base.read(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """The tree's: nothing is added or removed."""
        return self.base.names(folder)

    def having(self, path: str, data: bytes) -> Overlay:
        """One more file replaced."""
        return Overlay(self.base, {**self.files, path: data})


def load(tree: Tree, file: str) -> Source:
    """A file's text. Errors: FileAbsent, EditRefused (no text that can be edited)."""
    data = tree.read(file)
    if data is None:
        raise FileAbsent("the file is not in the repository", where=file, remedy="Correct the edit, or add the file")
    return Source.decode(file, data)


def find(tree: Tree, place: Place) -> tuple[Source, Scalar]:
    """The file and the value in it. Errors: FileAbsent, PlaceAbsent, EditRefused."""
    source = load(tree, place.file)
    return source, locate(source, place.path, place.where)
