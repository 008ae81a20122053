"""The containers of a pod's template: which one is meant, and the version that its image names."""

from __future__ import annotations

import re

from gitops_bot.edits.locators.objects import Object, Part, path, segment
from gitops_bot.edits.operations import Operation, Write
from gitops_bot.edits.path import Filter, Index, Key, Segment
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.sense import Sense, Value, held, is_image
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree, Version
from gitops_bot.policy.places import Where

TEMPLATE = ("spec", "template", "spec")
_LISTS = ("containers", "initContainers")
# What container runtimes take, a little wider: what this lets through is kept, what it does not is left alone.
_REFERENCE = re.compile(
    r"(?P<name>(?:(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?/)?[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9A-Fa-f]+))?"
)
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,}")


def named(file: str, where: Where, pod: tuple[str, ...], container: str | None) -> Place:
    """The image's place as far as a policy alone can name it."""
    which: Segment = Filter((Key("name"),), container) if container else Index(0)
    return Place(file, path(*pod, _LISTS[0], which, "image"), where)


def image(file: str, one: Object, pod: tuple[str, ...], container: str | None) -> Place:
    """The image of the container that is named, else of the only one. Errors: PlaceAbsent, EditRefused (several)."""
    spec = one.below(one.root, *pod)
    lists = {key: one.items(spec, key) if spec else [] for key in _LISTS}
    found = [(key, number) for key, parts in lists.items() for number in _fitting(one, key, parts, container)]
    if len(found) == 1:
        key, number = found[0]
        return Place(file, path(*pod, key, segment(lists[key], number, ("name",)), "image"), one.where)
    if not found:
        what = f"no container is named `{container}`" if container else "there is no container"
        known = _listed(one, [part for key in _LISTS for part in lists[key]])
        raise PlaceAbsent(what, where=one.at(spec), remedy=f"There are: {known}" if known else "")
    raise EditRefused(
        f"{len(found)} containers could be meant: {_listed(one, [lists[key][number] for key, number in found])}",
        where=one.at(spec),
        remedy="Choose one with `container`" if container is None else "Give them different names",
    )


def _listed(one: Object, parts: list[Part]) -> str:
    return ", ".join(f"{one.text(part, 'name') or 'one without a name'} (line {part.line})" for part in parts)


def _fitting(one: Object, key: str, parts: list[Part], container: str | None) -> list[int]:
    """Without a name an init container is never meant."""
    if container is None:
        return list(range(len(parts))) if key == _LISTS[0] else []
    return [number for number, part in enumerate(parts) if one.text(part, "name") == container]


def read(place: Place, sense: Sense, tree: Tree) -> Value:
    """The version in an image's reference; None where it names none. EditRefused: no reference is there."""
    refuse_weight(sense, place)
    source, scalar = find(tree, place)
    where = source.at(scalar.line)
    text = held(scalar)
    if sense.form is not None:
        return sense.read_text(text, where)
    return _taken_apart(text, where)[1] if text else None


def operations(place: Place, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The reference with another version, its name kept.

    A value may be a version or a whole reference of the same name. EditRefused: another name; the image would go, or
    lose its digest.
    """
    refuse_weight(sense, place)
    source, scalar = find(tree, place)
    where, text = source.at(scalar.line), held(scalar)
    if value is None:
        raise EditRefused("an image cannot be taken away", where=where)
    if sense.form is not None:
        sense.read_text(text, where)
        return (Write(place, sense.write(text, value, where)),)
    if not text:
        raise EditRefused("there is no image whose name could be kept", where=where)
    name, old = _taken_apart(text, where)
    return (Write(place, f"{name}{_suffix(name, old, _asked(name, sense, value, where), where)}"),)


def refuse_weight(sense: Sense, place: Place) -> None:
    """EditRefused: a weight is asked of an image."""
    if not sense.of_version:
        raise EditRefused(f"an image has a version, not a {sense.noun}", where=str(place))


def _asked(name: str, sense: Sense, value: Value, where: str) -> Version:
    if isinstance(value, str) and is_image(value):
        other, version = _taken_apart(value, where)
        if other != name:
            raise EditRefused(
                f"the image is `{name}`, and `{other}` is another one",
                where=where,
                remedy="Only the version changes; set the whole image with `yaml`",
            )
        if version is not None:
            return version
    return sense.version(value, where)


def _suffix(name: str, old: Version | None, new: Version, where: str) -> str:
    if old is not None and old.digest and not new.digest:
        raise EditRefused(
            f"a digest pins the image, and {new} has none",
            where=where,
            remedy="Give the version with its digest, or take the digest out first",
        )
    if new.digest and not _DIGEST.fullmatch(new.digest):
        raise EditRefused(f"{new.digest!r} is no digest", where=where)
    suffix = (f":{new.tag}" if new.tag else "") + (f"@{new.digest}" if new.digest else "")
    found = _REFERENCE.fullmatch(name + suffix)
    if not found or (found["name"], found["tag"] or "", found["digest"] or "") != (name, new.tag, new.digest):
        raise EditRefused(f"{str(new)!r} is no version of an image", where=where)
    return suffix


def _taken_apart(text: str, where: str) -> tuple[str, Version | None]:
    """A reference's name and version. EditRefused: it is none."""
    found = _REFERENCE.fullmatch(text)
    if not found:
        raise EditRefused(f"{text!r} is no reference of an image", where=where)
    tag, digest = found["tag"] or "", found["digest"] or ""
    return found["name"], Version(tag, digest) if tag or digest else None
