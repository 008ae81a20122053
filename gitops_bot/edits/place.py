"""A place: one value in one document of one file of the repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath

from gitops_bot.edits.locate import locate
from gitops_bot.edits.path import Path
from gitops_bot.edits.sketch import Scalar
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditError, FileAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The names of a kustomization, as kustomize looks for them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value lives; `str` is `file: path`, with the document where one is chosen."""

    file: str
    path: Path
    where: Where | None = None

    def __str__(self) -> str:
        chosen = self.where.model_dump(exclude_none=True, exclude={"api"}) if self.where else {}
        document = ", ".join(f"{key} {value}" for key, value in chosen.items())
        place = f"{self.file}: {self.path}" if self.path.segments else self.file
        return place + (f" ({document})" if document else "")

    @property
    def identity(self) -> str:
        """The same for every spelling of a kustomization's name."""
        file = PurePosixPath(self.file)
        name = KUSTOMIZATIONS[0] if file.name in KUSTOMIZATIONS else file.name
        return str(Place(str(file.with_name(name)), self.path, self.where))


@dataclass(frozen=True, slots=True)
class Overlay:
    """A tree with some files replaced: what later edits of the same file see."""

    base: Tree
    files: Mapping[str, bytes | None] = field(default_factory=dict)
    """None: removed."""

    @property
    def commit(self) -> str:
        """The commit below."""
        return self.base.commit

    def read(self, path: str) -> bytes | None:
        """The replaced file, else the tree's."""
        return self.files[path] if path in self.files else self.base.read(path)

    def names(self, folder: str) -> tuple[str, ...]:
        """The tree's, with what was added and without what was removed."""
        prefix = f"{folder}/" if folder else ""
        names = dict.fromkeys(self.base.names(folder))
        for path, data in self.files.items():
            name, below, _ = path.removeprefix(prefix).partition("/")
            if path.startswith(prefix) and data is not None:
                names[name] = None
            elif path.startswith(prefix) and not below:
                names.pop(name, None)
        return tuple(names)

    def below(self, folder: str) -> tuple[str, ...]:
        """The tree's, with what was added and without what was removed."""
        prefix = f"{folder}/" if folder else ""
        added = [path for path, data in self.files.items() if data is not None and path.startswith(prefix)]
        kept = [path for path in self.base.below(folder) if self.files.get(path, b"") is not None]
        return tuple(dict.fromkeys((*kept, *added)))

    def fetch(self, paths: Sequence[str]) -> None:
        """The tree's."""
        self.base.fetch([path for path in paths if path not in self.files])

    def having(self, path: str, data: bytes | None) -> Overlay:
        """One more file replaced, added, or (None) removed."""
        return Overlay(self.base, {**self.files, path: data})


def load(tree: Tree, file: str) -> Source:
    """A file's text. Errors: FileAbsent, EditRefused (no text that can be edited)."""
    data = tree.read(file)
    if data is None:
        raise FileAbsent("the file is not in the repository", where=file, remedy="Correct the edit, or add the file")
    return _decoded(file, data)


def find(tree: Tree, place: Place, *, follow: bool = True) -> tuple[Source, Scalar]:
    """The file and the value in it; `follow`: also one that others share through an anchor, an alias or a merge.

    Errors: FileAbsent, PlaceAbsent, EditRefused.
    """
    source = load(tree, place.file)
    try:
        return source, _located(source, place.path, place.where)
    except EditError:
        if not follow or not source.shares:
            raise
    return source, locate(source, place.path, place.where, follow=True)


# A value is read before, while and after it is written, and one file's values often one after the other.
@lru_cache(maxsize=2)
def _decoded(file: str, data: bytes) -> Source:
    return Source.decode(file, data)


@lru_cache(maxsize=3)
def _located(source: Source, path: Path, where: Where | None) -> Scalar:
    return locate(source, path, where)
