"""The patches of a kustomization: where the text of each is, and which objects it is for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_bot.edits.inner import inner
from gitops_bot.edits.locators.kustomization import Kustomization, items
from gitops_bot.edits.path import Index, Key, Path
from gitops_bot.edits.place import Place, load
from gitops_bot.edits.source import Source
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where

LITERAL = re.compile(r"[A-Za-z0-9_-]+")
"""An expression that means one name alone."""
_SIMPLE = re.compile(r"[A-Za-z0-9_.|^$-]*(?:[*+?][A-Za-z0-9_.|^$-]*){0,2}")
"""Regular expressions that end soon, whatever they are held against."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch, by strategic merge or JSON 6902; its text says which."""

    file: str
    """Where its text is: a file of its own, or the kustomization."""
    inline: Place | None
    """The string that holds it in the kustomization."""
    selector: Mapping[str, Any] | None
    """What it is for; None: the object that the text names."""

    def __str__(self) -> str:
        return str(self.inline.path) if self.inline else self.file

    def text(self, tree: Tree) -> Source:
        """Its text. Errors: EditError."""
        return inner(tree, self.inline).source if self.inline else load(tree, self.file)


def patches(one: Kustomization) -> Iterator[Patch]:
    """Every patch whose text is in the repository, by old fields and new."""
    for number, text in enumerate(items(one.content.get("patchesStrategicMerge"))):
        if isinstance(text, str):
            at = Path((Key("patchesStrategicMerge"), Index(number)))
            yield from _patch(one, at, None, None if _is_inline(text) else text)
    for name in ("patches", "patchesJson6902"):
        for number, entry in enumerate(items(one.content.get(name))):
            if isinstance(entry, dict):
                selector, path = entry.get("target"), entry.get("path") or None
                at = Path((Key(name), Index(number), Key("patch")))
                yield from _patch(one, at, selector if isinstance(selector, dict) else None, path)


def selects(selector: Mapping[str, Any], target: Where) -> bool:
    """Whether a patch with this selector is for an object, as far as both say. One by labels cannot be told."""
    if selector.get("labelSelector") or selector.get("annotationSelector"):
        return False
    group, _, version = (target.api or "").rpartition("/")
    asked = (
        ("kind", target.kind),
        ("name", target.name),
        ("namespace", target.namespace),
        ("group", (group or version) if target.api != "v1" else ""),
        ("version", version if group else None),
    )
    return all(not found or _fits(selector.get(key), found) for key, found in asked)


def is_wide(selector: Mapping[str, Any], target: Where) -> bool:
    """Whether a patch may be for other objects than the one that is named."""
    name = selector.get("name")
    return target.name is not None and not (isinstance(name, str) and LITERAL.fullmatch(name))


def _patch(one: Kustomization, at: Path, selector: Mapping[str, Any] | None, path: Any) -> Iterator[Patch]:
    if path is None:
        yield Patch(one.file, Place(one.file, at), selector)
    elif isinstance(path, str) and (file := one.path(path)):
        yield Patch(file, None, selector)


def _is_inline(text: str) -> bool:
    return "\n" in text or ": " in text or text.startswith("{")


def _fits(expression: Any, text: str) -> bool:
    """Whether a selector's expression, taken whole, is the text; kustomize anchors it at both ends."""
    if not expression:
        return True
    if not isinstance(expression, str) or not _SIMPLE.fullmatch(expression):
        return bool(expression == text)
    try:
        return re.fullmatch(expression, text) is not None
    except re.error:
        return False
