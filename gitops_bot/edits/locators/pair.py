"""A version in two texts, a tag and a digest: how image maps, image entries and image references hold it.

A digest wins over a tag wherever both are read, so a pinned place never gets a version without one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Self

from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused
from gitops_bot.model import Version

_TAG = re.compile(r"[^\s/:@{}]+")
_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{32,}")


@dataclass(frozen=True, slots=True)
class Pair:
    """Both texts: empty where nothing stands there, None where there is no room for one."""

    tag: str | None
    digest: str | None

    def version(self, sense: Sense, where: str) -> Version | None:
        """What both say together. EditRefused: a weight is asked for, or one of them is no such text."""
        _refuse_weight(sense, where)
        tag = _tag(sense, self.tag, where) if self.tag else ""
        digest = _checked(_DIGEST, self.digest, "digest", where) if self.digest else ""
        return Version(tag, digest) if tag or digest else None

    def renewed(self, sense: Sense, value: Value, where: str) -> Pair:
        """Both texts for another version, as far as there is room.

        EditRefused: one would keep its old value beside the new one, or there is no room for the version.
        """
        self.version(sense, where)
        version = sense.version(value, where)
        if self.digest and not version.digest:
            raise EditRefused(
                f"a digest pins the image, and {version} has none",
                where=where,
                remedy="Remove the digest, or give the version with its digest",
            )
        if self.tag and not version.tag:
            raise EditRefused(
                f"the image has a tag, and {version} has none",
                where=where,
                remedy="Remove the tag, or give the version with its tag",
            )
        new = self
        if version.tag and self.tag is not None:
            new = replace(new, tag=_spelt(sense, version.tag, where))
        if version.digest and self.digest is not None:
            new = replace(new, digest=_checked(_DIGEST, version.digest, "digest", where))
        if not (new.tag and version.tag) and not (new.digest and version.digest):
            what = "tag" if self.digest is None else "digest"
            raise EditRefused(f"there is only a {what} here, and {version} has none", where=where)
        return new


@dataclass(frozen=True, slots=True)
class Reference:
    """An image reference in its parts: `registry:5000/name`, and what follows it."""

    name: str
    pair: Pair
    """Of a bare name, with room for both."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a reference apart; any text is one."""
        image, at, digest = text.partition("@")
        folder, slash, last = image.rpartition("/")
        base, colon, tag = last.partition(":")
        pair = Pair(tag if colon or not at else None, digest if at or not colon else None)
        return cls(folder + slash + base, pair)

    def __str__(self) -> str:
        tag = f":{self.pair.tag}" if self.pair.tag else ""
        return f"{self.name}{tag}@{self.pair.digest}" if self.pair.digest else f"{self.name}{tag}"


def _refuse_weight(sense: Sense, where: str) -> None:
    if not sense.of_version:
        raise EditRefused(f"an image has a version, not a {sense.noun}", where=where)


def _tag(sense: Sense, text: str, where: str) -> str:
    if sense.form is None:
        return _checked(_TAG, text, "tag", where)
    version = sense.read_text(text, where)
    return version.tag if isinstance(version, Version) and version.tag else _checked(_TAG, "", "tag", where)


def _spelt(sense: Sense, tag: str, where: str) -> str:
    return _checked(_TAG, sense.form.write(Version(tag), where) if sense.form else tag, "tag", where)


def _checked(form: re.Pattern[str], text: str, what: str, where: str) -> str:
    if not text.isprintable() or not form.fullmatch(text):
        raise EditRefused(f"{text!r} is no {what}", where=where)
    return text
