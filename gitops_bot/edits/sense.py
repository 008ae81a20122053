"""What the text at a place means, and how a value is spelled there.

Versions are their literal text, weights are whole percents. Kubernetes would read a plain `1.10` as a float; a version
is nevertheless what is written there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from gitops_bot.edits.sketch import Scalar
from gitops_bot.errors import EditRefused
from gitops_bot.model import SlotName, Version
from gitops_bot.policy.form import Form

Plain = str | int | bool
"""One value as YAML has it; the type is part of it."""
Data = Plain | None | Mapping[str, "Data"] | Sequence["Data"]
"""What can be inserted where nothing is."""
Value = Version | Data
"""What a place holds: a slot's version or weight, or the value itself."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE, _FALSE = frozenset({"true", "True", "TRUE"}), frozenset({"false", "False", "FALSE"})
_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{32,}")
_WEIGHT = re.compile(r"0|[1-9][0-9]?|100")
_COLOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")


def held(scalar: Scalar) -> str:
    """The text of a scalar; empty for null."""
    return "" if not scalar.style and scalar.text in _NULLS else scalar.text


def typed(scalar: Scalar) -> Plain | None:
    """A scalar as it is meant: an integer or a boolean where it is written as one, else its text; None for null."""
    text = scalar.text
    if scalar.style or scalar.tag in ("!", "tag:yaml.org,2002:str"):
        return text
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return int(text) if _INTEGER.fullmatch(text) else text


@dataclass(frozen=True, slots=True)
class Sense:
    """How one edit takes the text at its place."""

    slot: SlotName | None = None
    """None: the value itself, as the command line has it."""
    form: Form | None = None
    of_several: bool = False
    """One of several variants: its weight is of everything, not of what two targets share."""

    @property
    def as_is(self) -> bool:
        """The value itself is meant, not a version or a weight."""
        return self.slot is None and self.form is None

    @property
    def of_weight(self) -> bool:
        """A weight is meant."""
        return self.slot in (SlotName.WEIGHT, SlotName.MIRROR) or (self.form is not None and self.form.of_weight)

    @property
    def of_color(self) -> bool:
        """The name of a colour is meant."""
        return self.slot is SlotName.COLOR or (self.form is not None and self.form.of_color)

    @property
    def of_version(self) -> bool:
        """A version is meant, or the value itself."""
        return not (self.of_weight or self.of_color)

    @property
    def noun(self) -> str:
        """What is meant, for people."""
        return "weight" if self.of_weight else "colour" if self.of_color else "version"

    def meant(self, value: Value, where: str) -> Value:
        """A value that was given, as what is meant: a version or a weight, unless it is taken as it is.

        EditRefused: it is none.
        """
        if self.as_is or value is None:
            return value
        return self._own(value, where)

    def read(self, scalar: Scalar, where: str) -> Value:
        """What a scalar means; None for null or no text. EditRefused says what stands there instead."""
        if self.as_is:
            return typed(scalar)
        return self.read_text(held(scalar), where)

    def read_text(self, text: str, where: str) -> Value:
        """What a text means; None for no version or weight. EditRefused says what stands there instead."""
        if self.as_is:
            return text
        if not text:
            return None
        inner = self.form.read(text, where) if self.form else text
        value = self._parsed(inner, where)
        if self.form and (value is None or self.form.write(value, where) != text):
            raise self.form.refused(text, where)
        return value

    def write(self, old: str, value: Value, where: str) -> Plain:
        """What to write over `old` so that it means `value`.

        A version goes in the form that stands there (alone, or behind an image's name). EditRefused: it would not read
        back, or is no single value.
        """
        if self.form is not None:
            meant = self._own(value, where)
            text = self.form.write(meant, where)
            return meant if isinstance(meant, int) and text == str(meant) else text
        if isinstance(value, Version):
            return replace_version(old, value, where)
        if isinstance(value, str | int):
            return value
        raise EditRefused("a single value is needed here", where=where)

    def _parsed(self, text: str, where: str) -> Version | int | str | None:
        if self.of_color:
            return parse_color(text, where)
        return parse_weight(text, where) if self.of_weight else parse_version(text, where)

    def _own(self, value: Value, where: str) -> Version | int | str:
        if self.of_color:
            return self.color(value, where)
        return self.weight(value, where) if self.of_weight else self.version(value, where)

    def version(self, value: Value, where: str) -> Version:
        """A value as a version. EditRefused: it is none."""
        if isinstance(value, Version):
            return value
        version = None
        if isinstance(value, str) and value:
            with suppress(EditRefused):
                version = parse_version(value, where)
        if version is None:
            raise EditRefused(f"{_shown(value)} is no version", where=where)
        return version

    def weight(self, value: Value, where: str) -> int:
        """A value as a weight: a whole percent. EditRefused: it is none."""
        if isinstance(value, str) and _WEIGHT.fullmatch(value):
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
            raise EditRefused(f"{_shown(value)} is no weight from 0 to 100", where=where)
        return value

    def color(self, value: Value, where: str) -> str:
        """A value as the name of a colour. EditRefused: it is none."""
        if not isinstance(value, str) or not _COLOR.fullmatch(value):
            raise EditRefused(f"{_shown(value)} is no name of a colour", where=where)
        return value


def _shown(value: Value) -> str:
    return "empty" if value is None else repr(str(value))


def parse_weight(text: str, where: str) -> int:
    """A whole percent, 0 to 100."""
    if not _WEIGHT.fullmatch(text):
        raise EditRefused(f"{text!r} stands there, which is no weight from 0 to 100", where=where)
    return int(text)


def parse_color(text: str, where: str) -> str:
    """The name of a colour: what a label may hold."""
    if not _COLOR.fullmatch(text):
        raise EditRefused(f"{text!r} stands there, which is no name of a colour", where=where)
    return text


def parse_version(text: str, where: str) -> Version | None:
    """`tag`, `tag@digest`, a digest, or a whole image reference (anything with a slash, or `name:tag`).

    None: the image reference names no version.
    """
    if not text.isprintable() or " " in text or text.endswith("@"):
        raise EditRefused(f"{text!r} stands there, which is no version", where=where)
    return Version.of_image(text) if is_image(text) else Version.parse(text)


def is_image(text: str) -> bool:
    """Whether a text is an image reference and not a version alone."""
    name = text.partition("@")[0]
    return "/" in name or (":" in name and not _DIGEST.fullmatch(name))


def replace_version(old: str, version: Version, where: str) -> str:
    """The text that names `version` as `old` named its own: alone, or behind the image's name.

    EditRefused: the text would not read back as the version.
    """
    new = _image_name(old) + _suffix(version) if is_image(old) else str(version)
    if parse_version(new, where) != version:
        raise EditRefused(f"{new!r} would not be read back as the version {version}", where=where)
    return new


def _image_name(image: str) -> str:
    folder, slash, last = image.partition("@")[0].rpartition("/")
    return folder + slash + last.partition(":")[0]


def _suffix(version: Version) -> str:
    tag = f":{version.tag}" if version.tag else ""
    return f"{tag}@{version.digest}" if version.digest else tag
