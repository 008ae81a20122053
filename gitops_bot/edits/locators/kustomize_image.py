"""`kustomizeImage`: the version of an entry below `images:` of a kustomization.

The entry's `newTag` is the tag and its `digest` the digest. Only keys that are there are written; kustomize prefers a
digest over a tag, so a pinned entry never gets a version without one.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from gitops_bot.edits.path import Filter, Key, Path
from gitops_bot.edits.place import KUSTOMIZATIONS, Place, Write, find
from gitops_bot.edits.reading import Value, held
from gitops_bot.errors import EditRefused, FileAbsent, PlaceAbsent
from gitops_bot.model import SlotName, Tree, Version
from gitops_bot.policy.schema import KustomizeImage

_TAG, _DIGEST = "newTag", "digest"
_FORMS = {_TAG: re.compile(r"[^\s/:@]+"), _DIGEST: re.compile(r"[a-z0-9]+:[0-9a-f]{32,}")}


def candidates(spot: KustomizeImage) -> tuple[str, ...]:
    """The file itself, or every name that the folder's kustomization may have."""
    path = PurePosixPath(spot.path)
    if path.name in KUSTOMIZATIONS or path.suffix in (".yaml", ".yml"):
        return (spot.path,)
    return tuple(str(path / name) for name in KUSTOMIZATIONS)


def places(spot: KustomizeImage) -> tuple[Place, ...]:
    """Both keys, in the kustomization by its first name."""
    return tuple(_place(spot, candidates(spot)[0], key) for key in (_TAG, _DIGEST))


def file(spot: KustomizeImage, tree: Tree) -> str:
    """The kustomization. Errors: FileAbsent, EditRefused (a folder with several)."""
    files = candidates(spot)
    if len(files) == 1:
        return files[0]
    folder = "" if spot.path == "." else spot.path
    names = set(tree.names(folder))
    present = [path for path in files if PurePosixPath(path).name in names]
    if not present:
        raise FileAbsent(f"the folder has no {KUSTOMIZATIONS[0]}", where=spot.path)
    if len(present) > 1:
        raise EditRefused(f"the folder has {' and '.join(present)}, and kustomize takes one", where=spot.path)
    return present[0]


def read(spot: KustomizeImage, slot: SlotName, tree: Tree) -> Value | None:
    """The entry's version; None where its keys are empty."""
    _refuse_weight(spot, slot)
    tag, digest = _entry(spot, tree)
    return Version(tag or "", digest or "") if tag or digest else None


def writes(spot: KustomizeImage, slot: SlotName, value: Value, tree: Tree) -> tuple[Write, ...]:
    """The keys that the entry has and the version fills.

    A version with tag and digest goes into an entry with `newTag` alone as its tag, and into one with `digest` alone
    as its digest: each still names the same artefact. EditRefused where a key would keep its old value beside the new.
    """
    _refuse_weight(spot, slot)
    assert isinstance(value, Version)
    tag, digest = _entry(spot, tree)
    path = file(spot, tree)
    if digest and not value.digest:
        raise EditRefused(
            f"the image `{spot.name}` is pinned by its digest, and {value} has none",
            where=path,
            remedy="Remove `digest`, or give the version with its digest",
        )
    if tag is not None and not value.tag:
        raise EditRefused(
            f"the image `{spot.name}` has a `newTag`, and {value} has no tag",
            where=path,
            remedy="Replace `newTag` by `digest`, or give the version with its tag",
        )
    parts = ((_TAG, tag, value.tag), (_DIGEST, digest, value.digest))
    return tuple(
        Write(_place(spot, path, key), _checked(key, new, path)) for key, old, new in parts if old is not None and new
    )


def _refuse_weight(spot: KustomizeImage, slot: SlotName) -> None:
    if slot is SlotName.WEIGHT:
        raise EditRefused(f"the image `{spot.name}` holds a version, not a weight", where=spot.path)


def _place(spot: KustomizeImage, path: str, key: str) -> Place:
    return Place(path, Path((Key("images"), Filter((Key("name"),), spot.name), Key(key))))


def _entry(spot: KustomizeImage, tree: Tree) -> tuple[str | None, str | None]:
    """The entry's tag and digest: empty for null, None where there is no such key. PlaceAbsent where both lack."""
    path = file(spot, tree)
    try:
        tag = _text(_place(spot, path, _TAG), _TAG, tree)
    except PlaceAbsent as error:
        tag, absent = None, error
    try:
        digest = _text(_place(spot, path, _DIGEST), _DIGEST, tree)
    except PlaceAbsent:
        digest = None
    if tag is None and digest is None:
        known = absent.remedy if absent.remedy.endswith("?") else f"{absent.remedy}."
        raise PlaceAbsent(absent.what, where=absent.where, remedy=f"{known} {_mending(spot, absent)}".lstrip(". "))
    return tag, digest


def _mending(spot: KustomizeImage, absent: PlaceAbsent) -> str:
    if f"no key `{_TAG}`" in absent.what:
        return f'Give the entry a `{_TAG}`, `{_TAG}: ""` before the first release'
    return f"Add `- name: {spot.name}` with `{_TAG}` below `images:`, or correct the edit's name"


def _text(place: Place, key: str, tree: Tree) -> str:
    source, scalar = find(tree, place)
    text = held(scalar)
    return _checked(key, text, source.at(scalar.line)) if text else ""


def _checked(key: str, text: str, where: str) -> str:
    if not text.isprintable() or not _FORMS[key].fullmatch(text):
        raise EditRefused(f"{text!r} is no `{key}`", where=where)
    return text
