"""A kustomization: which file it is, and what it refers to. Old fields (`bases`, `patchesStrategicMerge`) count too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

from gitops_bot.edits.place import KUSTOMIZATIONS, load
from gitops_bot.edits.plain import contents
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditRefused, FileAbsent
from gitops_bot.model import Tree

_YAML = (".yaml", ".yml")
IMAGES = ("images", "imageTags")
"""The names of the list of images, the older one last; kustomize takes either."""


class Spot(Protocol):
    """Where users say which kustomization they mean."""

    @property
    def path(self) -> str:
        """Its folder, or the file itself."""
        ...


def candidates(spot: Spot) -> tuple[str, ...]:
    """The file itself, or every name that the folder's kustomization may have."""
    path = PurePosixPath(spot.path)
    if path.name in KUSTOMIZATIONS or path.suffix in _YAML:
        return (spot.path,)
    return tuple(str(path / name) for name in KUSTOMIZATIONS)


def file(spot: Spot, tree: Tree) -> str:
    """The kustomization. Errors: FileAbsent, EditRefused (a folder with several)."""
    files = candidates(spot)
    if len(files) == 1:
        return files[0]
    present = in_folder("" if spot.path == "." else spot.path, tree)
    if not present:
        raise FileAbsent(f"the folder has no {KUSTOMIZATIONS[0]}", where=spot.path)
    if len(present) > 1:
        raise EditRefused(f"the folder has {' and '.join(present)}, and kustomize takes one", where=spot.path)
    return present[0]


def in_folder(folder: str, tree: Tree) -> tuple[str, ...]:
    """The files directly in a folder that are kustomizations by their name."""
    names = set(tree.names(folder))
    return tuple(joined(folder, name) for name in KUSTOMIZATIONS if name in names)


def joined(folder: str, name: str) -> str:
    """The path of what lies directly in a folder."""
    return f"{folder}/{name}" if folder else name


def folder_of(path: str) -> str:
    """The folder of a file; empty for the root."""
    return path.rpartition("/")[0]


def is_ordinary(path: str) -> bool:
    """Whether a path can be asked of any tree: no option, no folder of git's, nothing that cannot be shown."""
    return path.isprintable() and not path.startswith("-") and ".git" not in path.lower().split("/")


# ---------------------------------------------------------------- what it says


@dataclass(frozen=True, slots=True)
class Kustomization:
    """What one kustomization says, every value as text."""

    file: str
    content: Mapping[str, Any]

    @property
    def folder(self) -> str:
        """Where its references begin; empty for the root."""
        return folder_of(self.file)

    def texts(self, *names: str) -> tuple[str, ...]:
        """The texts of the lists below some keys."""
        return tuple(item for name in names for item in items(self.content.get(name)) if isinstance(item, str))

    def entries(self, *names: str) -> tuple[Mapping[str, Any], ...]:
        """The mappings of the lists below some keys."""
        return tuple(item for name in names for item in items(self.content.get(name)) if isinstance(item, dict))

    def fields(self, field: str, *names: str) -> tuple[str, ...]:
        """The texts that one field has in the mappings of the lists below some keys."""
        return tuple(text for entry in self.entries(*names) if isinstance(text := entry.get(field), str))

    @property
    def images(self) -> str:
        """The name that the list of images has. EditRefused: it is there by both of its names."""
        names = [name for name in IMAGES if name in self.content]
        if len(names) > 1:
            what = f"it has both `{'` and `'.join(names)}`, and kustomize's versions disagree what counts"
            raise EditRefused(what, where=self.file, remedy="Put the entries in one list")
        return names[0] if names else IMAGES[0]

    def path(self, reference: str) -> str | None:
        """Where a reference leads; None for a remote one, for text, and for what leaves the repository."""
        return normal(self.folder, reference)

    def references(self) -> Iterator[str]:
        """Every file and folder of the repository that it uses."""
        for reference in _references(self):
            path = self.path(reference)
            if path is not None:
                yield path


def items(value: Any) -> list[Any]:
    """A list's items; none where it is no list."""
    return value if isinstance(value, list) else []


def read(path: str, tree: Tree) -> Kustomization:
    """One file. Errors: FileAbsent, EditRefused (not YAML, several documents, no mapping)."""
    return parse(load(tree, path))


def parse(source: Source) -> Kustomization:
    """One text. EditRefused: it is not YAML, or not one mapping."""
    documents = [document for document in contents(source) if document not in ("", "~", "null")]
    if len(documents) > 1:
        what = f"the kustomization has {len(documents)} documents, and kustomize takes one"
        raise EditRefused(what, where=source.file)
    content = documents[0] if documents else {}
    if not isinstance(content, dict):
        raise EditRefused("the kustomization is no mapping", where=source.file)
    return Kustomization(source.file, content)


def normal(folder: str, reference: str) -> str | None:
    """A relative path from a folder, in its plain form; the root is empty.

    None: it is remote or a text, or leaves the repository.
    """
    if "\n" in reference or "://" in reference or reference.startswith("/") or not reference:
        return None
    parts: list[str] = folder.split("/") if folder else []
    for part in reference.split("/"):
        if part == ".." and not parts:
            return None
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


# ---------------------------------------------------------------- what it refers to

_Entry = Mapping[str, Any]


def _text(entry: _Entry, *names: str) -> Iterator[str]:
    values = (entry.get(name) for name in names)
    return (value for value in values if isinstance(value, str))


def _generated(entry: _Entry) -> Iterator[str]:
    """`files` holds `key=path` or a path."""
    yield from _text(entry, "env")
    yield from (item for item in items(entry.get("envs")) if isinstance(item, str))
    yield from (item.rpartition("=")[2] for item in items(entry.get("files")) if isinstance(item, str))


def _charts(entry: _Entry) -> Iterator[str]:
    yield from _text(entry, "valuesFile", "values")
    yield from (item for item in items(entry.get("additionalValuesFiles")) if isinstance(item, str))


BUILT = ("resources", "bases", "components")
"""Lists of files and folders that are built."""
_LISTS = (*BUILT, "patchesStrategicMerge", "crds", "configurations", "transformers", "generators", "validators")
_ENTRIES: Mapping[str, Callable[[_Entry], Iterable[str]]] = {
    "patches": lambda entry: _text(entry, "path"),
    "patchesJson6902": lambda entry: _text(entry, "path"),
    "replacements": lambda entry: _text(entry, "path"),
    "configMapGenerator": _generated,
    "secretGenerator": _generated,
    "helmCharts": _charts,
    "helmChartInflationGenerator": _charts,
}


def _references(one: Kustomization) -> Iterator[str]:
    yield from one.texts(*_LISTS)
    for name, find in _ENTRIES.items():
        for entry in one.entries(name):
            yield from find(entry)
    openapi = one.content.get("openapi")
    if isinstance(openapi, dict):
        yield from _text(openapi, "path")
