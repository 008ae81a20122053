"""Single fields of Kubernetes objects with a type of their own: counts, percents, switches, durations."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gitops_bot.edits.locators.objects import Object, Part, path
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Segment
from gitops_bot.edits.place import Place
from gitops_bot.edits.scalar import text_of
from gitops_bot.edits.sense import Plain, Sense, Value
from gitops_bot.errors import EditRefused

_MOST = 2**31 - 1
_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field may hold."""

    parse: Callable[[str], Plain | None]
    """None: the text is nothing of the kind."""
    said: str


def whole_number(most: int = _MOST) -> Kind:
    """A number from 0."""
    return Kind(
        lambda text: int(text) if _NUMBER.fullmatch(text) and int(text) <= most else None,
        "a whole number from 0" + ("" if most == _MOST else f" to {most}"),
    )


SWITCH = Kind({"true": True, "false": False}.get, "true or false")
DURATION = Kind(
    lambda text: text if re.fullmatch(r"(?=.)(?:[1-9][0-9]*m)?(?:[1-9][0-9]*s)?", text) else None,
    "a duration of minutes and seconds, like 30s or 1m",
)


@dataclass(frozen=True, slots=True)
class Knob:
    """A field of an object in a file."""

    file: str
    one: Object
    keys: tuple[str, ...]
    """From the object, or from `base`."""
    kind: Kind
    head: tuple[str | Segment, ...] = ()
    """Where `base` is in the object."""
    base: Part | None = None

    @property
    def place(self) -> Place:
        """Where it is, or would be."""
        return Place(self.file, path(*self.head, *self.keys), self.one.where)

    @property
    def found(self) -> Part | None:
        """The field; None where it is absent."""
        return self.one.below(self.base or self.one.root, *self.keys)

    def read(self) -> Plain | None:
        """What it holds; None where it is absent or empty. EditRefused: nothing of its kind."""
        found = self.found
        if found is None or found.real.text == "":
            return None
        value = self.kind.parse(found.real.text) if found.real.text is not None else None
        if value is None:
            shown = "a list or a mapping" if found.real.text is None else repr(found.real.text)
            raise EditRefused(f"`{self.keys[-1]}` is {shown}, not {self.kind.said}", where=self.one.at(found))
        return value

    def operations(self, value: Value) -> tuple[Operation, ...]:
        """The field with a value, added where it is absent; None takes it away. EditRefused: it is not of its kind."""
        found = self.found
        if value is None:
            return (Remove(self.place),) if found else ()
        self.read()
        new = self.kind.parse(text_of(value)) if isinstance(value, str | int) else None
        if new is None:
            shown = repr(text_of(value)) if isinstance(value, str | int) else "that"
            raise EditRefused(f"`{self.keys[-1]}` takes {self.kind.said}, not {shown}", where=self.one.at(found))
        return (Write(self.place, new),) if found else (Insert(self.place, new),)


def refuse_slots(sense: Sense, field: str, where: str) -> None:
    """EditRefused unless the value itself is meant."""
    if not sense.as_is:
        raise EditRefused(f"`{field}` holds neither a version nor a weight", where=where)


def refuse_versions(sense: Sense, field: str, where: str) -> None:
    """EditRefused unless a plain weight is meant, or the value itself."""
    plain = sense.form is None or str(sense.form) == "{{ weight }}"
    if not plain or not (sense.as_is or sense.of_weight):
        raise EditRefused(f"`{field}` holds a plain weight, nothing else", where=where)
