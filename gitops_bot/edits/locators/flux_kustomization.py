"""`fluxKustomization`: an image of a Flux Kustomization, or a variable that it substitutes."""

from __future__ import annotations

from gitops_bot.edits.locators import values
from gitops_bot.edits.locators.neighbours import like
from gitops_bot.edits.locators.objects import lines, path, read_object, segment
from gitops_bot.edits.locators.pair import Pair
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Filter, Key, Path
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places.helm import FluxKustomization

_KIND, _API = "Kustomization", "kustomize.toolkit.fluxcd.io"
_IMAGES, _NAME, _TAG, _DIGEST = ("spec", "images"), "name", "newTag", "digest"
_VARIABLES = ("spec", "postBuild", "substitute")


def candidates(spot: FluxKustomization) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: FluxKustomization) -> tuple[Place, ...]:
    """The variable, or both keys of the image. EditRefused: neither or both are asked for."""
    if _image(spot) is None:
        return (_variable(spot),)
    entry = path(*_IMAGES, Filter((Key(_NAME),), _image(spot) or ""))
    return tuple(_at(spot, path(*entry.segments, key)) for key in (_TAG, _DIGEST))


def file(spot: FluxKustomization, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: FluxKustomization, sense: Sense, tree: Tree) -> Value:
    """The image's version or the variable; None where it is empty, or absent and may be added."""
    name = _image(spot)
    if name is None:
        return values.read(_variable(spot), sense, tree, create=spot.create)
    entry = _entry(spot, name, tree)
    return _pair(entry, tree).version(sense, str(entry)) if entry else None


def operations(spot: FluxKustomization, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The keys that the entry has, a new entry, or the variable, which is always text."""
    name = _image(spot)
    if name is None:
        return values.operations(_variable(spot), sense, value, tree, create=spot.create, text=True)
    entry = _entry(spot, name, tree)
    if value is None:
        return (Remove(entry),) if entry else ()
    if entry is None:
        return (_added(spot, name, sense, value, tree),)
    old = _pair(entry, tree)
    texts = _texts(Pair("", "") if old == Pair(None, None) else old, sense, value, str(entry))
    known = {_TAG: old.tag, _DIGEST: old.digest}
    return tuple(
        Write(_key(entry, key), text) if known[key] is not None else Insert(_key(entry, key), text)
        for key, text in texts.items()
        if text != known[key]
    )


def _image(spot: FluxKustomization) -> str | None:
    if (spot.image is None) == (spot.substitute is None):
        raise EditRefused("either `image` or `substitute` is to be given", where=spot.file)
    return spot.image


def _at(spot: FluxKustomization, at: Path) -> Place:
    return Place(spot.file, at, spot.where(_KIND, _API))


def _variable(spot: FluxKustomization) -> Place:
    return _at(spot, path(*_VARIABLES, spot.substitute or ""))


def _key(entry: Place, key: str) -> Place:
    return Place(entry.file, path(*entry.path.segments, key), entry.where)


# ---------------------------------------------------------------- images


def _entry(spot: FluxKustomization, name: str, tree: Tree) -> Place | None:
    """Where the image's entry is; None where it is absent. EditRefused: it is there several times."""
    found = read_object(spot.file, spot.where(_KIND, _API), tree)
    items = found.items(found.root, *_IMAGES)
    numbers = [number for number, item in enumerate(items) if found.text(item, _NAME) == name]
    if len(numbers) > 1:
        listed = lines([items[number] for number in numbers])
        raise EditRefused(f"{len(numbers)} images are {name} ({listed})", where=spot.file, remedy="Delete all but one")
    return _at(spot, path(*_IMAGES, segment(items, numbers[0], (_NAME,)))) if numbers else None


def _pair(entry: Place, tree: Tree) -> Pair:
    return Pair(_text(_key(entry, _TAG), tree), _text(_key(entry, _DIGEST), tree))


def _text(place: Place, tree: Tree) -> str | None:
    try:
        return held(find(tree, place)[1])
    except PlaceAbsent:
        return None


def _texts(old: Pair, sense: Sense, value: Value, where: str) -> dict[str, str]:
    new = old.renewed(sense, value, where)
    return {key: text for key, text in ((_TAG, new.tag), (_DIGEST, new.digest)) if text}


def _added(spot: FluxKustomization, name: str, sense: Sense, value: Value, tree: Tree) -> Insert:
    found = read_object(spot.file, spot.where(_KIND, _API), tree)
    data = {_NAME: name, **_texts(Pair("", ""), sense, value, spot.file)}
    said = "@".join(text for key, text in data.items() if key != _NAME)
    end = Filter((Key(_NAME),), name)
    return Insert(_at(spot, path(*_IMAGES, end)), like(found.items(found.root, *_IMAGES), data), said)
