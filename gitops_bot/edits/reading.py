"""What a scalar says, read back: versions are their literal text, weights are whole percents.

Kubernetes would read a plain `1.10` as a float; a version is nevertheless what is written there.
"""

from __future__ import annotations

import re

from gitops_bot.edits.sketch import Scalar
from gitops_bot.errors import EditRefused
from gitops_bot.model import SlotName, Version

Value = Version | int
"""What a slot holds."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{32,}")


def held(scalar: Scalar) -> str:
    """The text of a scalar; empty for null."""
    return "" if not scalar.style and scalar.text in _NULLS else scalar.text


def parse_slot(slot: SlotName, text: str, where: str) -> Value | None:
    """What a slot's text means; None for no text. EditRefused says what stands there instead."""
    if not text:
        return None
    return parse_weight(text, where) if slot is SlotName.WEIGHT else parse_version(text, where)


def parse_weight(text: str, where: str) -> int:
    """A whole percent, 0 to 100."""
    if not re.fullmatch(r"0|[1-9][0-9]?|100", text):
        raise EditRefused(f"{text!r} stands there, which is no weight from 0 to 100", where=where)
    return int(text)


def parse_version(text: str, where: str) -> Version | None:
    """`tag`, `tag@digest`, a digest, or a whole image reference (anything with a slash, or `name:tag`).

    None: the image reference names no version.
    """
    if not text.isprintable() or " " in text or text == "@":
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
