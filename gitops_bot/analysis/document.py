"""Reading an untrusted document of another tool: fields by name, with the place that a message names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gitops_bot.policy.templates import TemplateProblem


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping inside a document: what is absent or null is empty, what is of the wrong type a TemplateProblem."""

    content: Mapping[str, object]
    where: str

    def has(self, name: str) -> bool:
        """The field is there and not null."""
        return self.content.get(name) is not None

    def names(self) -> tuple[str, ...]:
        """The fields that are there, even when empty."""
        return tuple(str(name) for name, value in self.content.items() if value is not None)

    def text(self, name: str) -> str:
        """A string; a number as it is written."""
        value = self.content.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise TemplateProblem(f"{self._at(name)}: is not a text")
        return str(value)

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number, which may be written as a string."""
        text = self.text(name)
        if text and not re.fullmatch(r"-?[0-9]{1,9}", text):
            raise TemplateProblem(f"{self._at(name)}: {text!r} is not a whole number")
        return int(text) if text else default

    def inner(self, name: str) -> Fields:
        """A mapping below."""
        value = self.content.get(name)
        return Fields(self._mapping(value, self._at(name)), self._at(name))

    def items(self, name: str) -> tuple[Fields, ...]:
        """A list of mappings below."""
        value = self.content.get(name)
        if not isinstance(value, list | tuple | None):
            raise TemplateProblem(f"{self._at(name)}: is not a list")
        places = [(one, f"{self._at(name)}[{index}]") for index, one in enumerate(value or ())]
        return tuple(Fields(self._mapping(one, where), where) for one, where in places)

    def mapped(self, change: Callable[[str], str]) -> Fields:
        """The same with every string changed, however deep."""
        done: dict[int, object] = {}
        return Fields({name: _mapped(value, change, done) for name, value in self.content.items()}, self.where)

    def _at(self, name: str) -> str:
        return f"{self.where}.{name}" if self.where else name

    @staticmethod
    def _mapping(value: object, where: str) -> Mapping[str, object]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise TemplateProblem(f"{where}: is not a mapping")
        return value


_DEEPEST = 50


def _mapped(value: object, change: Callable[[str], str], done: dict[int, object], depth: int = 0) -> object:
    """`done` keeps what an alias of YAML stands for, so that a document full of them does not grow."""
    if depth > _DEEPEST:
        raise TemplateProblem(f"is nested more than {_DEEPEST} deep")
    if isinstance(value, str):
        return change(value)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if id(value) not in done:
        if isinstance(value, Mapping):
            done[id(value)] = {name: _mapped(one, change, done, depth + 1) for name, one in value.items()}
        else:
            done[id(value)] = [_mapped(one, change, done, depth + 1) for one in value]
    return done[id(value)]
