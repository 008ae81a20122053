"""Images that a source of Argo CD hands to kustomize: texts like `name=new:tag`, `name:tag` or `name@digest`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from gitops_bot.edits.locators.argo_sources import Source
from gitops_bot.edits.locators.objects import lines
from gitops_bot.edits.locators.pair import Reference
from gitops_bot.edits.locators.values import refuse_template
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Index
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree

_LIST = ("kustomize", "images")


@dataclass(frozen=True, slots=True)
class _Image:
    """One text in its parts."""

    name: str
    """What kustomize looks for."""
    before: str
    """`name=`, or nothing."""
    new: Reference

    @classmethod
    def parse(cls, text: str) -> Self:
        name, equals, new = text.partition("=")
        reference = Reference.parse(new if equals else text)
        return cls(name if equals else reference.name, name + equals if equals else "", reference)

    def renewed(self, sense: Sense, value: Value, where: str) -> str:
        """The text with another version."""
        return f"{self.before}{replace(self.new, pair=self.new.pair.renewed(sense, value, where))}"


def read(source: Source, name: str, sense: Sense, tree: Tree, *, create: bool) -> Value:
    """The image's version; None where it has none, or is absent and may be added. Errors: EditError."""
    place = _place(source, name, create=create)
    if place is None:
        return None
    text, where = _text(place, tree)
    return _Image.parse(text).new.pair.version(sense, where)


def operations(
    source: Source, name: str, sense: Sense, value: Value, tree: Tree, *, create: bool
) -> tuple[Operation, ...]:
    """The image's text with another version, or a new text; None removes it. Errors: EditError."""
    place = _place(source, name, create=create)
    if value is None:
        return (Remove(place),) if place else ()
    if place is None:
        number = len(source.object.items(source.part, *_LIST))
        text = _Image.parse(name).renewed(sense, value, source.object.at(source.part))
        return (Insert(source.place(*_LIST, Index(number)), text),)
    text, where = _text(place, tree)
    return (Write(place, _Image.parse(text).renewed(sense, value, where)),)


def _text(place: Place, tree: Tree) -> tuple[str, str]:
    source, scalar = find(tree, place)
    refuse_template(scalar.text, source.at(scalar.line))
    return held(scalar), source.at(scalar.line)


def _place(source: Source, name: str, *, create: bool) -> Place | None:
    """The item for an image's name; None where it is absent and may be added. Errors: PlaceAbsent, EditRefused."""
    items = source.object.items(source.part, *_LIST)
    names = [_Image.parse(item.real.text or "").name for item in items]
    found = [number for number, known in enumerate(names) if known == _Image.parse(name).name]
    if len(found) > 1:
        listed = lines([items[number] for number in found])
        raise EditRefused(f"{len(found)} images are {name} ({listed})", where=source.object.at(source.part))
    if found:
        return source.place(*_LIST, Index(found[0]))
    if create:
        return None
    known = f"; there are: {', '.join(filter(None, names))}" if any(names) else ""
    raise PlaceAbsent(
        f"no image of the source is {name}{known}",
        where=source.object.at(source.part),
        remedy="Correct the name; `create: true` adds it",
    )
