"""`value:` of an edit: how a version or a weight is spelled at a place, as a template with its inverse.

One variable between fixed text: `v{{ version }}`, `{{ tag }}`, `release-{{ weight }}`. Writing fills it in, reading
takes it out again; text that the form could not have written is refused.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Self

from gitops_bot.errors import EditRefused
from gitops_bot.model import SlotName, Version

WEIGHT, COLOR = "weight", "color"
VARIABLES = ("version", "tag", "digest", "chart", "dashed", WEIGHT, COLOR)
"""`chart` is the tag as Helm writes it: an OCI tag has `_` where a chart's version has `+`. `dashed` is the tag with
`-` for `.`, for names that take no dots; a tag with dashes of its own has none."""

_NOUNS = {SlotName.WEIGHT: "weight", SlotName.MIRROR: "weight", SlotName.COLOR: "colour"}
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_.]*)\s*\}\}")
_SIGNS = ("{{", "}}", "{%", "{#")


@dataclass(frozen=True, slots=True)
class Form:
    """Fixed text, one variable, fixed text."""

    before: str
    variable: str
    after: str

    @classmethod
    def parse(cls, template: str) -> Self:
        """Read a form. ValueError says what is wrong with it."""
        found = list(_VARIABLE.finditer(template))
        if len(found) != 1:
            raise ValueError(f"needs exactly one of {_listed(VARIABLES)}")
        (variable,) = found
        if variable[1] not in VARIABLES:
            near = difflib.get_close_matches(variable[1], VARIABLES, n=1) or VARIABLES
            raise ValueError(f"knows no {variable[0]}; there is {_listed(near)}")
        before, after = template[: variable.start()], template[variable.end() :]
        if any(sign in before + after for sign in _SIGNS):
            raise ValueError("may hold one variable and plain text, nothing else")
        return cls(before, variable[1], after)

    def __str__(self) -> str:
        return f"{self.before}{{{{ {self.variable} }}}}{self.after}"

    @property
    def of_weight(self) -> bool:
        """It spells a weight, not a version."""
        return self.variable == WEIGHT

    @property
    def of_color(self) -> bool:
        """It spells the name of a colour."""
        return self.variable == COLOR

    @property
    def noun(self) -> str:
        """What it spells."""
        return "weight" if self.of_weight else "colour" if self.of_color else "version"

    def write(self, value: Version | int | str, where: str) -> str:
        """The text that spells a value. EditRefused: the value has no such part."""
        text = self._part(value)
        if not text:
            raise EditRefused(f"{value} has no {self.variable}, which `{self}` asks for", where=where)
        return f"{self.before}{text}{self.after}"

    def read(self, text: str, where: str) -> str:
        """The text of the value, as it is without a form. EditRefused: the form could not have written this."""
        inner = text[len(self.before) : len(text) - len(self.after)]
        if not inner or text != f"{self.before}{inner}{self.after}":
            raise self.refused(text, where)
        match self.variable:
            case "chart":
                return inner.replace("+", "_")
            case "dashed":
                return inner.replace("-", ".")
        return inner

    def refused(self, text: str, where: str) -> EditRefused:
        """What is said of a text that the form could not have written."""
        return EditRefused(
            f"{text!r} stands there, which is not of the form `{self}`",
            where=where,
            remedy="Correct the text, or the edit's `value`",
        )

    def _part(self, value: Version | int | str) -> str:
        if not isinstance(value, Version):
            return str(value) if isinstance(value, str) == self.of_color and (self.of_weight or self.of_color) else ""
        parts = {
            "version": str(value),
            "tag": value.tag,
            "digest": value.digest,
            "chart": value.tag.replace("_", "+"),
            "dashed": "" if "-" in value.tag else value.tag.replace(".", "-"),
        }
        return parts.get(self.variable, "")


def misfit(template: str, slot: SlotName | None) -> str:
    """What is wrong with a form that spells this slot, or empty; without a slot every form fits."""
    try:
        form = Form.parse(template)
    except ValueError as error:
        return str(error)
    if slot is None or form.noun == _NOUNS.get(slot, "version"):
        return ""
    return f"spells a {form.noun}, and the edit sets {slot.value}"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"{{{{ {name} }}}}" for name in names)
