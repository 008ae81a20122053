"""The version of a chart: exact semantic versioning, because anything less is a range to Helm.

A range that stands there is somebody's choice: it is neither read as a version nor written over.
"""

from __future__ import annotations

import re

from gitops_bot.edits.locators.values import refuse_template
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree, Version

_EXACT = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_RANGE = re.compile(r"[\s^~<>=|*,]|(?:^v?|\.)[xX](?:\.|$)|^v?[0-9]+(?:\.[0-9]+)?$")


def read(place: Place, sense: Sense, tree: Tree) -> Value:
    """The version there; None where it is empty. EditRefused: a weight is asked for, or a range stands there."""
    text, where = _held(place, sense, tree)
    if sense.as_is:
        return text or None
    _refuse_range(text, where)
    return sense.read_text(text, where)


def written(place: Place, sense: Sense, value: Value, tree: Tree) -> str:
    """What to write there. EditRefused: a range or a template stands there, or the value is no exact version."""
    text, where = _held(place, sense, tree)
    refuse_template(text, where)
    _refuse_range(text, where)
    return spelt(sense, value, where)


def spelt(sense: Sense, value: Value, where: str) -> str:
    """A version as Helm takes it: of one with a digest the tag alone. EditRefused: it is no exact version."""
    _refuse_weight(sense, where)
    version = sense.version(value, where)
    if not version.tag:
        raise EditRefused(f"a chart's version is no digest, and {version} is nothing else", where=where)
    text = sense.form.write(Version(version.tag), where) if sense.form else version.tag
    if not _EXACT.fullmatch(text):
        raise EditRefused(
            f"{text!r} is no exact version of a chart",
            where=where,
            remedy="Helm needs one like 1.2.3; `value: '{{ chart }}'` spells a tag's `_` as `+`",
        )
    return text


def _held(place: Place, sense: Sense, tree: Tree) -> tuple[str, str]:
    source, scalar = find(tree, place)
    where = source.at(scalar.line)
    _refuse_weight(sense, where)
    if not sense.as_is:
        refuse_template(scalar.text, where)
    return held(scalar), where


def _refuse_weight(sense: Sense, where: str) -> None:
    if not sense.of_version:
        raise EditRefused(f"a chart has a version, not a {sense.noun}", where=where)


def _refuse_range(text: str, where: str) -> None:
    if _RANGE.search(text):
        raise EditRefused(
            f"{text!r} stands there, a range of versions that somebody chose",
            where=where,
            remedy="Write an exact version there first, like 1.2.3",
        )
