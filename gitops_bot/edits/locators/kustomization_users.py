"""Which kustomizations use a file: asked before a write, never for reading.

Nothing points from a base to its overlays, so every kustomization of the repository is looked through for users of
another. What another file is used by stands near it, as a rule above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

from gitops_bot.edits.locators.kustomization import folder_of, in_folder, is_ordinary, parse
from gitops_bot.edits.place import KUSTOMIZATIONS, Overlay
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditError
from gitops_bot.model import Tree

MOST = 20_000
"""Kustomizations of a repository that are looked through."""
MOST_NEAR = 200
"""Kustomizations beside a file that are looked through."""
MOST_STEPS = 50

Paths = tuple[str, ...]
T = TypeVar("T")
_Memory = dict[tuple[str, str], T]

# What follows from a commit is kept: a tick asks it for every policy, for every step and for the ends of a ladder.
_COMMIT = re.compile(r"(?=.*[1-9a-f])[0-9a-f]{40,64}")
_MOST_INDEXED, _MOST_USED, _MOST_PARSED = 4, 4_096, 32_768
_SMALL = 4_096
_indexed: _Memory[Mapping[str, Paths]] = {}
_listed: _Memory[Paths] = {}
_used: _Memory[Paths] = {}


def steps_up(file: str, tree: Tree) -> Iterator[Paths]:
    """The kustomizations that use a file, then the ones that use those, as long as there is one way up.

    The last step may have several: each is built for itself, and all of them change with the file.
    """
    seen = {file}
    while len(seen) < MOST_STEPS:
        above = tuple(one for one in users(file, tree) if one not in seen)
        if above:
            yield above
        if len(above) != 1:
            return
        file = above[0]
        seen.add(file)


def users(file: str, tree: Tree) -> Paths:
    """The kustomizations that refer to a file, or (for a kustomization) to its folder; sorted."""
    base = tree
    while isinstance(base, Overlay):
        base = base.base
    ask = _users_of_folder if file.rpartition("/")[2] in KUSTOMIZATIONS else _users_of_file
    return _remembered(_used, _MOST_USED, base, file, ask)


def _users_of_folder(tree: Tree, file: str) -> Paths:
    return _remembered(_indexed, _MOST_INDEXED, tree, "", _index).get(folder_of(file), ())


def _users_of_file(tree: Tree, file: str) -> Paths:
    near = _around(tree, folder_of(file))
    tree.fetch(near)
    return tuple(sorted(one for one in near if file in _references(one, tree)))


def _index(tree: Tree, _: str) -> Mapping[str, Paths]:
    """The kustomizations of a tree, by what they refer to."""
    found: dict[str, list[str]] = {}
    listed = _kustomizations(tree, "")[:MOST]
    tree.fetch(listed)
    for one in sorted(listed):
        for path in dict.fromkeys(_references(one, tree)):
            if path != folder_of(one):
                found.setdefault(path, []).append(one)
    return {path: tuple(listed) for path, listed in found.items()}


def _around(tree: Tree, folder: str) -> Paths:
    """The kustomizations of a file's folder, above it, and below its parent."""
    folders = [folder]
    while folders[-1]:
        folders.append(folder_of(folders[-1]))
    above = [path for one in folders for path in in_folder(one, tree) if is_ordinary(path)]
    beside = _kustomizations(tree, folder_of(folder))
    return tuple(dict.fromkeys((*above, *beside[:MOST_NEAR])))


def _kustomizations(tree: Tree, folder: str) -> Paths:
    """Those below a folder."""
    return _remembered(_listed, _MOST_INDEXED, tree, folder, _list)


def _list(tree: Tree, folder: str) -> Paths:
    named = (path for path in tree.below(folder) if path.endswith(KUSTOMIZATIONS))
    return tuple(path for path in named if path.rpartition("/")[2] in KUSTOMIZATIONS and is_ordinary(path))


# ---------------------------------------------------------------- memory


def _references(file: str, tree: Tree) -> Paths:
    """What a kustomization refers to. What kustomize could not build refers to nothing."""
    data = tree.read(file) or b""
    return _parsed(folder_of(file), data) if len(data) <= _SMALL else _parse(folder_of(file), data)


def _parse(folder: str, data: bytes) -> Paths:
    try:
        return tuple(parse(Source.decode(f"{folder}/{KUSTOMIZATIONS[0]}".lstrip("/"), data)).references())
    except EditError:
        return ()


_parsed = lru_cache(_MOST_PARSED)(_parse)


def _remembered(memory: _Memory[T], most: int, tree: Tree, key: str, ask: Callable[[Tree, str], T]) -> T:
    """What is asked of a tree; of a commit it is asked once."""
    known = (tree.commit, key)
    found = memory.get(known)
    if found is None:
        found = ask(tree, key)
        if _COMMIT.fullmatch(tree.commit):
            if len(memory) >= most:
                memory.clear()
            memory[known] = found
    return found
