"""`kustomizeGenerator`: a value of a ConfigMap that a kustomization generates, from `literals` or an env file.

What makes a Secret is never edited, nor shown: neither a `secretGenerator`, nor an env file that one takes in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from gitops_bot.edits.locators import kustomization
from gitops_bot.edits.locators.kustomization import Kustomization, items, normal
from gitops_bot.edits.operations import Operation, Remove, Rewrite, Write
from gitops_bot.edits.path import Filter, Index, Key, Path
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.scalar import text_of
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused, FileAbsent, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places.kustomize import KustomizeGenerator

_QUOTES = "\"'"
"""kustomize takes any of them away at both ends of a literal's value, and none in an env file."""
_LINE = re.compile(r"(?m)^\ufeff?[^\S\r\n]*(?P<key>[^\s#=][^=\r\n]*)=(?P<value>[^\n]*?)(?=\r?$)")


@dataclass(frozen=True, slots=True)
class _Found:
    """A key's value, between the rest of the literal or of the env file."""

    place: Place
    before: str
    text: str
    after: str
    line: str
    """`file:line` for messages."""
    in_file: bool


def candidates(spot: KustomizeGenerator) -> tuple[str, ...]:
    """The kustomization by each of its names, and the env file where it is given."""
    return (*([spot.file] if spot.file else []), *kustomization.candidates(spot))


def places(spot: KustomizeGenerator) -> tuple[Place, ...]:
    """The key in the env file, or of the generator."""
    if spot.file:
        return (Place(spot.file, Path((Key(spot.key),))),)
    return (Place(kustomization.candidates(spot)[0], Path((*_generator(spot), Key(spot.key)))),)


def file(spot: KustomizeGenerator, tree: Tree) -> str:
    """The file that holds the value. Errors: EditError."""
    return _find(spot, tree).place.file


def read(spot: KustomizeGenerator, sense: Sense, tree: Tree) -> Value:
    """The value, as kustomize would put it into the ConfigMap. Errors: EditError."""
    found = _followed(spot, sense, tree)
    return sense.read_text(found.text, found.line)


def operations(spot: KustomizeGenerator, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The value in the form that stands there; None takes the literal or the line away."""
    found = _followed(spot, sense, tree)
    if value is None:
        return (_without(found),)
    sense.read_text(found.text, found.line)
    new = text_of(sense.write(found.text, value, found.line))
    _refuse_unwritable(found, new)
    whole = f"{found.before}{new}{found.after}"
    if not found.in_file:
        return (Write(found.place, whole),)
    if [one["value"] for one in _lines(whole, spot.key)] != [new]:
        raise EditRefused(f"{new!r} would not be read back", where=found.line)
    return (Rewrite(found.place.file, whole.encode(), str(found.place), found.text, new),)


def _without(found: _Found) -> Operation:
    if not found.in_file:
        return Remove(found.place)
    before, after = found.before[: found.before.rfind("\n") + 1], found.after.partition("\n")[2]
    return Rewrite(found.place.file, (before + after).encode(), str(found.place), found.text)


def _refuse_unwritable(found: _Found, new: str) -> None:
    edges = "" if found.in_file else _QUOTES
    if not new.isprintable() or new != new.strip(edges or None):
        raise EditRefused(
            f"{new!r} cannot be held there",
            where=found.line,
            remedy="A value is one line, without quotes or blanks at its ends",
        )


# ---------------------------------------------------------------- where it is


def _generator(spot: KustomizeGenerator) -> tuple[Key, Filter]:
    return Key("configMapGenerator"), Filter((Key("name"),), spot.name)


def _followed(spot: KustomizeGenerator, sense: Sense, tree: Tree) -> _Found:
    found = _find(spot, tree)
    if sense.slot is not None and found.place.file not in candidates(spot):
        raise EditRefused(
            f"`{spot.key}` is in {found.place.file}, whose history a policy follows only where it is named",
            where=kustomization.file(spot, tree),
            remedy=f"Give the edit `file: {found.place.file}`",
        )
    return found


def _find(spot: KustomizeGenerator, tree: Tree) -> _Found:
    """The one value of the key. Errors: EditError."""
    one = kustomization.read(kustomization.file(spot, tree), tree)
    entry = _entry(spot, one)
    env_files = [path for path in _env_files(one, entry) if spot.file in (None, path)]
    if spot.file and not env_files:
        raise PlaceAbsent(f"the generator `{spot.name}` has no env file {spot.file}", where=one.file)
    tree.fetch([path for path in env_files if kustomization.is_ordinary(path)])
    found = [] if spot.file else list(_literals(spot, entry, one, tree))
    for path in env_files:
        found += _in_env_file(spot, path, one, tree)
    if len(found) == 1:
        return found[0]
    if found:
        raise EditRefused(f"`{spot.key}` is there {len(found)} times", where=one.file, remedy="Leave one of them")
    raise _absent(spot, one, entry)


def _entry(spot: KustomizeGenerator, one: Kustomization) -> Mapping[str, Any]:
    """The generator. Errors: EditRefused (it makes a Secret, or there are several), PlaceAbsent."""
    found = [entry for entry in one.entries("configMapGenerator") if entry.get("name") == spot.name]
    if len(found) == 1:
        return found[0]
    if found:
        raise EditRefused(f"{len(found)} generators of ConfigMaps are named `{spot.name}`", where=one.file)
    if spot.name in one.fields("name", "secretGenerator"):
        raise EditRefused(
            f"`{spot.name}` is a secretGenerator: what makes a Secret is never edited",
            where=one.file,
            remedy="Keep versions in a ConfigMap",
        )
    names = list(one.fields("name", "configMapGenerator"))
    raise PlaceAbsent(
        f"no generator of a ConfigMap is named `{spot.name}`", where=one.file, remedy=_suggestion(spot.name, names)
    )


def _literals(spot: KustomizeGenerator, entry: Mapping[str, Any], one: Kustomization, tree: Tree) -> Iterator[_Found]:
    for number, text in enumerate(items(entry.get("literals"))):
        if isinstance(text, str) and text.startswith(f"{spot.key}="):
            place = Place(one.file, Path((*_generator(spot), Key("literals"), Index(number))))
            source, scalar = find(tree, place)
            value = scalar.text.partition("=")[2]
            inside = value.strip(_QUOTES)
            at = len(value) - len(value.lstrip(_QUOTES)) if inside else len(value) // 2
            before = f"{spot.key}={value[:at]}"
            yield _Found(place, before, inside, value[at + len(inside) :], source.at(scalar.line), in_file=False)


def _env_files(one: Kustomization, entry: Mapping[str, Any]) -> list[str]:
    references = [entry.get("env"), *items(entry.get("envs"))]
    return [path for text in references if isinstance(text, str) and (path := normal(one.folder, text))]


def _in_env_file(spot: KustomizeGenerator, path: str, one: Kustomization, tree: Tree) -> Iterator[_Found]:
    _refuse_secret(path, one)
    data = tree.read(path)
    if data is None:
        raise FileAbsent("the env file is not in the repository", where=path)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise EditRefused("the file is not UTF-8 text", where=path) from None
    for found in _lines(text, spot.key):
        start, end = found.span("value")
        line = f"{path}:{text.count(chr(10), 0, start) + 1}"
        yield _Found(Place(path, Path((Key(spot.key),))), text[:start], text[start:end], text[end:], line, in_file=True)


def _lines(text: str, key: str) -> list[re.Match[str]]:
    return [found for found in _LINE.finditer(text) if found["key"] == key]


def _refuse_secret(path: str, one: Kustomization) -> None:
    secret = Kustomization(one.file, {"secretGenerator": one.content.get("secretGenerator")})
    if path in secret.references():
        raise EditRefused("a secretGenerator takes in this file too: it is never edited", where=path)


# ---------------------------------------------------------------- words


def _absent(spot: KustomizeGenerator, one: Kustomization, entry: Mapping[str, Any]) -> PlaceAbsent:
    literals = (text for text in items(entry.get("literals")) if isinstance(text, str))
    keys = [text.partition("=")[0] for text in literals if "=" in text]
    what = f"the generator `{spot.name}` has no `{spot.key}` among its literals and env files"
    return PlaceAbsent(what, where=one.file, remedy=_suggestion(spot.key, keys))


def _suggestion(asked: str, names: list[str]) -> str:
    close = get_close_matches(asked, names, n=3)
    return f"Did you mean {' or '.join(f'`{name}`' for name in close)}?" if close else ""
