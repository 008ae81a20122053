"""`ocmSubscription`: which branch, tag or commit a Subscription deploys, or a value that it overrides in a package.

The first three are annotations and so always text. A commit goes before a tag, a tag before a branch.
"""

from __future__ import annotations

import re

from gitops_bot.edits.locators.objects import Object, Part, path, read_object, segment
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Filter, Index, Key, Segment
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.scalar import text_of
from gitops_bot.edits.sense import Data, Plain, Sense, Value, held
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.workloads import OcmSubscription

_GROUP = "apps.open-cluster-management.io"
_ANNOTATIONS = {
    "branch": (f"{_GROUP}/git-branch", f"{_GROUP}/github-branch"),
    "tag": (f"{_GROUP}/git-tag",),
    "commit": (f"{_GROUP}/git-desired-commit",),
}
"""The first that is there counts; where none is, the first is added."""
_STRONGER = {"branch": ("tag", "commit"), "tag": ("commit",), "commit": ()}
_REF = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./+#@-]{0,248}[A-Za-z0-9_+#@-])?")
_FORMS = {"branch": _REF, "tag": _REF, "commit": re.compile(r"[0-9a-f]{7,64}")}
_OVERRIDES = "packageOverrides"


def candidates(spot: OcmSubscription) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: OcmSubscription) -> tuple[Place, ...]:
    """Every annotation that could be meant, or the override."""
    if spot.field != "package":
        return tuple(_annotation(spot, name, _where(spot)) for name in _ANNOTATIONS[spot.field])
    package, value = _asked(spot)
    keys = ("spec", _OVERRIDES, _named("packageName", package), _OVERRIDES, _named("path", value), "value")
    return (Place(spot.file, path(*keys), _where(spot)),)


def file(spot: OcmSubscription, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: OcmSubscription, sense: Sense, tree: Tree) -> Value:
    """What is there; None where it is absent or empty."""
    one = _subscription(spot, sense, tree)
    place, there = _place(spot, one)
    if not there:
        return None
    source, scalar = find(tree, place)
    where = source.at(scalar.line)
    if spot.field == "package":
        return sense.read(scalar, where)
    return sense.read_text(held(scalar), where) or None


def operations(spot: OcmSubscription, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The annotation or the override with a value, added where it is absent; None takes it away."""
    one = _subscription(spot, sense, tree)
    place, there = _place(spot, one)
    if value is None:
        return (Remove(_entry(spot, place)),) if there else ()
    old, where = "", one.at()
    if there:
        source, scalar = find(tree, place)
        old, where = held(scalar), source.at(scalar.line)
        sense.read(scalar, where)
    new = sense.write(old, value, where)
    if spot.field != "package":
        new = _checked(spot, text_of(new), where)
    if there:
        return (Write(place, new),)
    return (_added(spot, one, new) if spot.field == "package" else Insert(place, new),)


def warnings(spot: OcmSubscription, tree: Tree) -> tuple[str, ...]:
    """An annotation that another one beats."""
    if spot.field == "package":
        return ()
    one = read_object(spot.file, _where(spot), tree)
    beaten = [name for field in _STRONGER[spot.field] for name in _ANNOTATIONS[field] if _text(one, name)]
    return tuple(f"{one.at()}: `{name}` is set, so the {spot.field} does not count" for name in beaten[-1:])


def _where(spot: OcmSubscription) -> Where:
    return spot.where("Subscription", _GROUP)


def _subscription(spot: OcmSubscription, sense: Sense, tree: Tree) -> Object:
    if not sense.of_version:
        raise EditRefused(f"a Subscription has no {sense.noun}", where=spot.file)
    if spot.field != "package" and (spot.package or spot.path):
        raise EditRefused("`package` and `path` go with `field: package`", where=spot.file)
    return read_object(spot.file, _where(spot), tree)


def _place(spot: OcmSubscription, one: Object) -> tuple[Place, bool]:
    """The place that is meant, and whether something is there."""
    if spot.field == "package":
        return _override(spot, one)
    names = _ANNOTATIONS[spot.field]
    found = next((name for name in names if one.below(one.root, "metadata", "annotations", name)), None)
    return _annotation(spot, found or names[0], one.where), found is not None


# ---------------------------------------------------------------- annotations


def _annotation(spot: OcmSubscription, name: str, where: Where) -> Place:
    return Place(spot.file, path("metadata", "annotations", name), where)


def _text(one: Object, name: str) -> str | None:
    return one.text(one.root, "metadata", "annotations", name)


def _checked(spot: OcmSubscription, text: str, where: str) -> str:
    if not _FORMS[spot.field].fullmatch(text) or ".." in text or "//" in text:
        raise EditRefused(f"{text!r} is no {spot.field} of git", where=where)
    return text


# ---------------------------------------------------------------- package overrides


def _asked(spot: OcmSubscription) -> tuple[str, str]:
    if not spot.package or not spot.path:
        raise EditRefused("`field: package` needs `package` and `path`", where=spot.file)
    return spot.package, spot.path


def _override(spot: OcmSubscription, one: Object) -> tuple[Place, bool]:
    package, value = _asked(spot)
    packages = _packages(one)
    overrides, at = _below(one, packages, package, ("spec", _OVERRIDES))
    number = _number(one, overrides, "path", value)
    if number is None:
        return Place(spot.file, path(*at, Index(len(overrides)), "value"), one.where), False
    place = Place(spot.file, path(*at, segment(overrides, number, ("path",)), "value"), one.where)
    return place, one.below(overrides[number], "value") is not None


def _packages(one: Object) -> list[Part]:
    spec = one.below(one.root, "spec")
    return one.items(spec, _OVERRIDES) if spec else []


def _below(
    one: Object, packages: list[Part], package: str, at: tuple[str, ...]
) -> tuple[list[Part], tuple[str | Segment, ...]]:
    """The overrides of one package, and where they are."""
    number = _number(one, packages, "packageName", package)
    if number is None:
        return [], (*at, Index(len(packages)), _OVERRIDES)
    which = segment(packages, number, ("packageName",))
    return one.items(packages[number], _OVERRIDES), (*at, which, _OVERRIDES)


def _added(spot: OcmSubscription, one: Object, value: Plain) -> Operation:
    """What is missing of package, override and value."""
    package, name = _asked(spot)
    packages = _packages(one)
    overrides, at = _below(one, packages, package, ("spec", _OVERRIDES))
    number = _number(one, overrides, "path", name)
    if number is not None:
        which = segment(overrides, number, ("path",))
        return Insert(Place(spot.file, path(*at, which, "value"), one.where), value)
    override: Data = {"path": name, "value": value}
    there = _number(one, packages, "packageName", package)
    if there is not None and one.below(packages[there], _OVERRIDES) is not None:
        return Insert(Place(spot.file, path(*at, Index(len(overrides))), one.where), override, text_of(value))
    if there is not None:
        return Insert(Place(spot.file, path(*at), one.where), [override], text_of(value))
    entry: Data = {"packageName": package, _OVERRIDES: [override]}
    return Insert(Place(spot.file, path("spec", _OVERRIDES, Index(len(packages))), one.where), entry, text_of(value))


def _entry(spot: OcmSubscription, place: Place) -> Place:
    """What goes when a value is taken away: an annotation, or the whole override."""
    if spot.field != "package":
        return place
    return Place(place.file, path(*place.path.segments[:-1]), place.where)


def _number(one: Object, parts: list[Part], key: str, value: str) -> int | None:
    found = [number for number, part in enumerate(parts) if one.text(part, key) == value]
    if len(found) > 1:
        raise EditRefused(f"{len(found)} items have {key} {value}", where=one.at(parts[found[1]]))
    return found[0] if found else None


def _named(key: str, value: str) -> Filter:
    return Filter((Key(key),), value)
