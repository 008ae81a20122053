"""The images that a kustomization builds, before its own `images:`: what runs where it has no entry for one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from gitops_bot.edits.locators.kustomization import (
    BUILT,
    IMAGES,
    Kustomization,
    in_folder,
    is_ordinary,
    items,
    joined,
    read,
)
from gitops_bot.edits.place import KUSTOMIZATIONS, load
from gitops_bot.edits.plain import contents
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditError
from gitops_bot.model import Tree, Version

MOST_FILES = 500
"""So many files are read; then it counts as not seen whole."""
_CONTAINERS = ("containers", "initContainers")
_ENDINGS = (".yaml", ".yml", ".json")
_UNSEEN = ("helmCharts", "helmChartInflationGenerator", "generators")
"""What builds objects that are in no file of the repository."""
_REWRITES = ("transformers", "replacements", "vars", "configurations")
"""What may change an image on its way."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image by its name, as kustomize compares it: a registry's port belongs to it, a tag does not."""

    name: str
    version: Version | None

    @classmethod
    def parse(cls, text: str) -> Image:
        """Read an image reference."""
        folder, slash, last = text.partition("@")[0].rpartition("/")
        return cls(folder + slash + last.partition(":")[0], Version.of_image(text))


@dataclass(slots=True)
class Used:
    """What was found."""

    images: frozenset[Image] = frozenset()
    whole: bool = True
    """Everything that is built was read."""
    certain: bool = True
    """Nothing but `images:` changes an image on its way."""

    @property
    def names(self) -> tuple[str, ...]:
        """The images' names, sorted."""
        return tuple(sorted({image.name for image in self.images}))

    def version(self, name: str) -> Version | None:
        """The one version of an image; None where there are several, or it cannot be said."""
        found = {image.version for image in self.images if image.name == name}
        return found.pop() if len(found) == 1 and self.certain else None

    def lacks(self, name: str) -> bool:
        """Everything was read, there are images, and this is none of them."""
        return self.whole and self.certain and bool(self.images) and name not in self.names


def used(kustomization: Kustomization, tree: Tree) -> Used:
    """The images that a kustomization builds, before its own `images:`. What cannot be read counts as not seen."""
    walk = _Walk(tree)
    walk.found.images = frozenset(walk.built(kustomization, frozenset()))
    return walk.found


@dataclass(slots=True)
class _Walk:
    tree: Tree
    found: Used = field(default_factory=Used)
    seen: set[str] = field(default_factory=set)
    files: int = 0

    def built(self, one: Kustomization, base: frozenset[Image]) -> frozenset[Image]:
        """What a kustomization makes of the images before it, without its own `images:`."""
        self.seen.add(one.file)
        if any(one.content.get(name) for name in _UNSEEN):
            self.found.whole = False
        if any(one.content.get(name) for name in _REWRITES):
            self.found.certain = False
        references = one.texts(*BUILT)
        self._fetch(one, references)
        images = base
        for reference in references:
            images = self._referred(one, reference, images)
        return images | frozenset(self._patched(one))

    def _fetch(self, one: Kustomization, references: Iterable[str]) -> None:
        """Bring near what this kustomization needs, in one request."""
        paths = [path for reference in references if (path := one.path(reference))]
        folders = [path for path in paths if not path.endswith(_ENDINGS)]
        named = [joined(folder, name) for folder in folders for name in KUSTOMIZATIONS]
        self.tree.fetch([path for path in (*paths, *named, *_patch_files(one)) if is_ordinary(path)])

    def _referred(self, one: Kustomization, reference: str, base: frozenset[Image]) -> frozenset[Image]:
        """The images with those of one resource, base or component."""
        path = one.path(reference)
        present = in_folder(path, self.tree) if path is not None else ()
        if path is None or len(present) > 1 or self.files >= MOST_FILES:
            self.found.whole = False
        elif not present:
            return base | self._in_file(path)
        elif present[0] in self.seen:
            self.found.certain = False
        else:
            return self._in_kustomization(present[0], base)
        return base

    def _in_kustomization(self, file: str, base: frozenset[Image]) -> frozenset[Image]:
        self.files += 1
        try:
            one = read(file, self.tree)
        except EditError:
            self.found.whole = False
            return base
        is_component = one.content.get("kind") == "Component"
        built = _renamed(one, self.built(one, base if is_component else frozenset()))
        return built if is_component else base | built

    def _in_file(self, path: str) -> frozenset[Image]:
        self.files += 1
        try:
            return frozenset(_images(contents(load(self.tree, path))))
        except EditError:
            self.found.whole = False
            return frozenset()

    def _patched(self, one: Kustomization) -> Iterator[Image]:
        """The images that patches set; where one by JSON 6902 sets any, nothing is certain."""
        texts = [text for text in one.texts("patchesStrategicMerge") if "\n" in text]
        texts += one.fields("patch", "patches", "patchesJson6902")
        for source in (*self._sources(_patch_files(one)), *(Source(one.file, text) for text in texts)):
            with suppress(EditError):
                documents = contents(source)
                if any(isinstance(document, list) for document in documents) and "image" in source.text:
                    self.found.certain = False
                yield from _images(documents)

    def _sources(self, paths: Iterable[str]) -> Iterator[Source]:
        for path in paths:
            self.files += 1
            with suppress(EditError):
                yield load(self.tree, path)


def _patch_files(one: Kustomization) -> list[str]:
    references = (*one.texts("patchesStrategicMerge"), *one.fields("path", "patches", "patchesJson6902"))
    return [path for reference in references if (path := one.path(reference))]


def _renamed(one: Kustomization, images: frozenset[Image]) -> frozenset[Image]:
    """The images behind a kustomization's `images:`."""
    for entry in one.entries(*IMAGES):
        images = frozenset(_behind(entry, image) if image.name == entry.get("name") else image for image in images)
    return images


def _behind(entry: Mapping[str, Any], image: Image) -> Image:
    name, tag, digest = (_text(entry, key) for key in ("newName", "newTag", "digest"))
    return Image(name or image.name, Version(tag, digest) if tag or digest else image.version)


def _text(entry: Mapping[str, Any], key: str) -> str:
    text = entry.get(key)
    return text if isinstance(text, str) else ""


def _images(documents: Iterable[Any]) -> Iterator[Image]:
    """Every image of a container, at any depth; what aliases share is looked at once."""
    waiting, seen = list(documents), set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in seen or not isinstance(node, dict | list):
            continue
        seen.add(id(node))
        waiting += node.values() if isinstance(node, dict) else node
        if isinstance(node, dict):
            containers = (one for name in _CONTAINERS for one in items(node.get(name)) if isinstance(one, dict))
            yield from (Image.parse(one["image"]) for one in containers if isinstance(one.get("image"), str))
