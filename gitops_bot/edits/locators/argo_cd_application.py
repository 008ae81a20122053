"""`argoCDApplication`: the revision of a source, a Helm parameter or value, a kustomize image, or an element's key.

An ApplicationSet is read through its template; what its generators fill in is never written over.
"""

from __future__ import annotations

from gitops_bot.edits.locators import argo_images, nested, values
from gitops_bot.edits.locators.argo_sources import Source, element, expected, source
from gitops_bot.edits.locators.objects import path
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Filter, Key, Path
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.scalar import text_of
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree, Version
from gitops_bot.policy.places.helm import ArgoCDApplication

_REVISION = "targetRevision"
_FILLED_IN = "Set the value of the generator's element by `element` and `key`"


def candidates(spot: ArgoCDApplication) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: ArgoCDApplication) -> tuple[Place, ...]:
    """The field as the spot alone tells it. EditRefused: the spot asks for two fields at once."""
    _refuse_mixture(spot)
    where = spot.where("ApplicationSet" if spot.element else "Application", "argoproj.io")
    if spot.element is not None and spot.key is not None:
        chosen = (Filter((Key(name),), text_of(value)) for name, value in spot.element.items())
        at = path("spec", "generators", "list", "elements", *chosen, *Path.parse(spot.key).segments)
    elif spot.parameter is not None:
        at = path(*expected(spot), *_parameter(spot.parameter), "value")
    elif spot.image is not None:
        at = path(*expected(spot), "kustomize", "images", Filter((Key("name"),), spot.image))
    elif spot.value is not None:
        at = path(*expected(spot), "helm", "valuesObject", *Path.parse(spot.value).segments)
    else:
        at = path(*expected(spot), _REVISION)
    return (Place(spot.file, at, where),)


def file(spot: ArgoCDApplication, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: ArgoCDApplication, sense: Sense, tree: Tree) -> Value:
    """What the field holds; None where it is empty, or absent and may be created."""
    _refuse_mixture(spot)
    if spot.element is not None and spot.key is not None:
        return values.read(element(spot, Path.parse(spot.key), tree), sense, tree, create=spot.create)
    chosen = source(spot, tree)
    if spot.parameter is not None:
        return values.read(chosen.place(*_parameter(spot.parameter), "value"), sense, tree, create=spot.create)
    if spot.image is not None:
        return argo_images.read(chosen, spot.image, sense, tree, create=spot.create)
    if spot.value is not None:
        at = Path.parse(spot.value)
        if outer := _string(chosen):
            return nested.read(outer, at, sense, tree, create=spot.create)
        return values.read(_in_object(chosen, at), sense, tree, create=spot.create)
    return _read_revision(chosen.place(_REVISION), sense, tree)


def operations(spot: ArgoCDApplication, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The field's new value; parameters are always text."""
    _refuse_mixture(spot)
    if spot.element is not None and spot.key is not None:
        place = element(spot, Path.parse(spot.key), tree)
        return values.operations(place, sense, value, tree, create=spot.create)
    chosen = source(spot, tree)
    if spot.parameter is not None:
        return _write_parameter(spot, chosen, sense, value, tree)
    if spot.image is not None:
        return argo_images.operations(chosen, spot.image, sense, value, tree, create=spot.create)
    if spot.value is not None:
        at = Path.parse(spot.value)
        if outer := _string(chosen):
            return nested.operations(outer, at, sense, value, tree, create=spot.create)
        return values.operations(_in_object(chosen, at), sense, value, tree, create=spot.create)
    return _write_revision(chosen.place(_REVISION), sense, value, tree)


def _refuse_mixture(spot: ArgoCDApplication) -> None:
    names = ("parameter", "image", "value", "element")
    given = [name for name in names if getattr(spot, name) is not None]
    if len(given) > 1:
        raise EditRefused(f"only one of {', '.join(names)} may be given, not {' and '.join(given)}", where=spot.file)
    if (spot.element is None) != (spot.key is None) or spot.element == {}:
        raise EditRefused("`element` and `key` go together, and the element needs a value", where=spot.file)
    if spot.element is not None and spot.source is not None:
        raise EditRefused("an element of a generator has no `source`", where=spot.file)


# ---------------------------------------------------------------- targetRevision


def _read_revision(place: Place, sense: Sense, tree: Tree) -> Value:
    """A revision is what is written there: a version, a tag, a branch. It is no image, whatever slashes it has."""
    text, where = _plain(place, tree)
    if not sense.of_version:
        raise EditRefused(f"a revision is no {sense.noun}", where=where)
    if sense.as_is or not text:
        return text or None
    if sense.form:
        return sense.read_text(text, where)
    return _version(text, where)


def _write_revision(place: Place, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    _, where = _plain(place, tree)
    if value is None:
        raise EditRefused("without a targetRevision Argo CD would follow HEAD", where=where)
    _read_revision(place, sense, tree)
    if sense.as_is and isinstance(value, str):
        return (Write(place, value),)
    version = sense.version(value, where)
    named = Version(version.tag) if version.tag else version
    return (Write(place, sense.form.write(named, where) if sense.form else str(named)),)


def _version(text: str, where: str) -> Version:
    if not text.isprintable():
        raise EditRefused(f"{text!r} is no revision", where=where)
    version = Version.parse(text) if text.startswith("sha256:") else None
    return version if version and not version.tag else Version(text)


def _plain(place: Place, tree: Tree) -> tuple[str, str]:
    """The text that stands there. EditRefused: a generator fills it in."""
    found, scalar = find(tree, place)
    where = found.at(scalar.line)
    values.refuse_template(scalar.text, where, _FILLED_IN)
    return held(scalar), where


# ---------------------------------------------------------------- Helm


def _parameter(name: str) -> tuple[str, str, Filter]:
    return ("helm", "parameters", Filter((Key("name"),), name))


def _write_parameter(
    spot: ArgoCDApplication, chosen: Source, sense: Sense, value: Value, tree: Tree
) -> tuple[Operation, ...]:
    name = spot.parameter or ""
    item = chosen.place(*_parameter(name))
    place = chosen.place(*_parameter(name), "value")
    if value is None:
        return (Remove(item),)
    try:
        _plain(place, tree)
    except PlaceAbsent:
        if not spot.create:
            raise
        text = text_of(sense.write("", value, str(place)))
        return (Insert(item, {"name": name, "value": text}, text),)
    return values.operations(place, sense, value, tree, text=True)


def _string(chosen: Source) -> Place | None:
    """The string `values`, where it counts: beside `valuesObject` it does not."""
    in_object = chosen.object.below(chosen.part, "helm", "valuesObject")
    if (in_object is not None and in_object.real.text != "") or not chosen.object.text(chosen.part, "helm", "values"):
        return None
    return chosen.place("helm", "values")


def _in_object(chosen: Source, at: Path) -> Place:
    return chosen.place("helm", "valuesObject", *at.segments)
