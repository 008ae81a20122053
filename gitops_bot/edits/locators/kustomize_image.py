"""`kustomizeImage`: the version of an entry below `images:` (once `imageTags:`) of a kustomization.

The entry's `newTag` is the tag and its `digest` the digest. Of an entry that has one of them only what is there is
written; kustomize prefers a digest over a tag, so a pinned entry never gets a version without one. An absent entry is
added; until then the version is the one that the kustomization builds, if there is exactly one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from gitops_bot.edits.locators import kustomization
from gitops_bot.edits.locators.kustomization import candidates, file
from gitops_bot.edits.locators.kustomization_images import Used, used
from gitops_bot.edits.locators.kustomization_users import steps_up
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Filter, Key, Path
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.model import Tree, Version
from gitops_bot.policy.places.kustomize import KustomizeImage

__all__ = ["candidates", "file", "operations", "places", "read", "warnings"]

_TAG, _DIGEST = "newTag", "digest"
_FORMS = {_TAG: re.compile(r"[^\s/:@]+"), _DIGEST: re.compile(r"[a-z0-9]+:[0-9a-f]{32,}")}
_MOST_NAMED = 12


def places(spot: KustomizeImage) -> tuple[Place, ...]:
    """Both keys, in the kustomization by its first name."""
    return tuple(_below(spot, candidates(spot)[0], kustomization.IMAGES[0], key) for key in (_TAG, _DIGEST))


def read(spot: KustomizeImage, sense: Sense, tree: Tree) -> Value:
    """The entry's version; without one, what is built by that name. None: its keys are empty, or nothing can be said.

    Errors: EditError; PlaceAbsent where everything that is built is known, and the image is not in it.
    """
    _refuse_weight(spot, sense)
    path = file(spot, tree)
    tag, digest = _entry(spot, path, tree)
    if tag is None and digest is None:
        return _built(spot, sense, path, tree)
    return _meant(tag or "", digest or "", sense, path)


def operations(spot: KustomizeImage, sense: Sense, given: Value, tree: Tree) -> tuple[Operation, ...]:
    """The keys that the entry has and the version fills, or the keys or the entry that are absent; None removes it.

    A version with tag and digest goes into an entry with `newTag` alone as its tag, and into one with `digest` alone
    as its digest: each still names the same artefact. EditRefused where a key would keep its old value beside the new.
    """
    _refuse_weight(spot, sense)
    path = file(spot, tree)
    if given is None:
        return (Remove(_place(spot, path, tree)),)
    tag, digest = _entry(spot, path, tree)
    value = sense.version(given, path)
    new = {_TAG: _spelled(value, sense, path), _DIGEST: value.digest}
    for key, text in new.items():
        if text:
            _checked(key, text, path)
    if tag is None and digest is None:
        if not sense.as_is:
            _built(spot, sense, path, tree)
        return _added(spot, path, new, tree)
    _refuse_half(spot, path, value, tag, digest)
    old = {_TAG: tag, _DIGEST: digest}
    there = tuple(
        Write(_place(spot, path, tree, key), text) for key, text in new.items() if old[key] is not None and text
    )
    return there or _added(spot, path, new, tree)


def warnings(spot: KustomizeImage, tree: Tree) -> tuple[str, ...]:
    """An image that nothing uses; kustomizations above this one that set it by an entry of their own.

    Errors: EditError.
    """
    path = file(spot, tree)
    one = kustomization.read(path, tree)
    found = used(one, tree)
    said = [f"{path}: {_unused(spot)}"] if found.lacks(spot.name) else []
    own = next(iter(_entries(one, {spot.name})), {})
    names = {spot.name, own.get("newName") or spot.name}
    for above in (above for step in steps_up(path, tree) for above in step):
        if any(_TAG in entry or _DIGEST in entry for entry in _entries(kustomization.read(above, tree), names)):
            said.append(f"{above}: its own entry for `{spot.name}` overrides the one of {path}")
    return tuple(said)


# ---------------------------------------------------------------- the entry


def _entries(one: kustomization.Kustomization, names: set[str]) -> list[Mapping[str, Any]]:
    return [
        entry
        for entry in one.entries(*kustomization.IMAGES)
        if isinstance(name := entry.get("name"), str) and name in names
    ]


def _below(spot: KustomizeImage, path: str, images: str, *keys: str) -> Place:
    return Place(path, Path((Key(images), Filter((Key("name"),), spot.name), *map(Key, keys))))


def _place(spot: KustomizeImage, path: str, tree: Tree, *keys: str) -> Place:
    """The entry in the list of the kustomization, whatever its name, or one of its keys."""
    return _below(spot, path, kustomization.read(path, tree).images, *keys)


def _entry(spot: KustomizeImage, path: str, tree: Tree) -> tuple[str | None, str | None]:
    """The entry's tag and digest: empty for null, None where there is no such key. PlaceAbsent: `images` is no list."""
    tag, digest = (_text(_place(spot, path, tree, key), key, tree) for key in (_TAG, _DIGEST))
    return tag, digest


def _text(place: Place, key: str, tree: Tree) -> str | None:
    try:
        source, scalar = find(tree, place)
    except PlaceAbsent:
        one = kustomization.read(place.file, tree)
        if not isinstance(one.content.get(one.images) or [], list):
            raise
        return None
    text = held(scalar)
    return _checked(key, text, source.at(scalar.line)) if text else ""


def _added(spot: KustomizeImage, path: str, new: Mapping[str, str], tree: Tree) -> tuple[Operation, ...]:
    """The entry that is absent, or the keys that it lacks."""
    own = _entries(kustomization.read(path, tree), {spot.name})
    if not own:
        data = {"name": spot.name, **{key: text for key, text in new.items() if text}}
        return (Insert(_place(spot, path, tree), data, _said(new)),)
    if "tagSuffix" in own[0]:
        raise EditRefused(
            f"the image `{spot.name}` has a `tagSuffix`, which changes whatever tag is built",
            where=path,
            remedy=f"Replace it by `{_TAG}`",
        )
    return tuple(Insert(_place(spot, path, tree, key), text) for key, text in new.items() if text)


def _said(new: Mapping[str, str]) -> str:
    return "@".join(text for text in new.values() if text)


# ---------------------------------------------------------------- the version


def _meant(tag: str, digest: str, sense: Sense, where: str) -> Version | None:
    """The version that both keys name; the edit's form spells the tag alone."""
    if tag and sense.form:
        inner = sense.read_text(tag, where)
        return Version(inner.tag, digest) if isinstance(inner, Version) else None
    return Version(tag, digest) if tag or digest else None


def _spelled(value: Version, sense: Sense, where: str) -> str:
    if value.tag and sense.form:
        return sense.form.write(Version(value.tag), where)
    return value.tag


def _built(spot: KustomizeImage, sense: Sense, path: str, tree: Tree) -> Version | None:
    """What the kustomization builds without an entry, where that is one version. PlaceAbsent: it builds none."""
    found = used(kustomization.read(path, tree), tree)
    if found.lacks(spot.name):
        raise PlaceAbsent(_unused(spot), where=path, remedy=_suggestion(spot.name, found))
    version = found.version(spot.name)
    try:
        for key, text in ((_TAG, version.tag), (_DIGEST, version.digest)) if version else ():
            if text:
                _checked(key, text, path)
        return _meant(version.tag, version.digest, sense, path) if version else None
    except EditError:
        return None


def _unused(spot: KustomizeImage) -> str:
    return f"nothing that is built here uses the image `{spot.name}`"


def _suggestion(name: str, found: Used) -> str:
    if close := get_close_matches(name, found.names, n=3):
        return f"Did you mean {' or '.join(f'`{one}`' for one in close)}?"
    return f"There are: {', '.join(found.names[:_MOST_NAMED])}{', …' if len(found.names) > _MOST_NAMED else ''}"


def _checked(key: str, text: str, where: str) -> str:
    if not text.isprintable() or not _FORMS[key].fullmatch(text):
        raise EditRefused(f"{text!r} is no `{key}`", where=where)
    return text


# ---------------------------------------------------------------- refusals


def _refuse_weight(spot: KustomizeImage, sense: Sense) -> None:
    if not sense.of_version:
        raise EditRefused(f"the image `{spot.name}` holds a version, not a {sense.noun}", where=spot.path)


def _refuse_half(spot: KustomizeImage, path: str, value: Version, tag: str | None, digest: str | None) -> None:
    """A key that the version does not fill would keep naming the old one."""
    if digest and not value.digest:
        raise EditRefused(
            f"the image `{spot.name}` is pinned by its digest, and {value} has none",
            where=path,
            remedy=f"Remove `{_DIGEST}`, or give the version with its digest",
        )
    if tag is not None and not value.tag:
        raise EditRefused(
            f"the image `{spot.name}` has a `{_TAG}`, and {value} has no tag",
            where=path,
            remedy=f"Replace `{_TAG}` by `{_DIGEST}`, or give the version with its tag",
        )
