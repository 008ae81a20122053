"""What a template of the repository makes: its text, letter for letter, with one version where its placeholders are.

A text that is anything else was changed by people, and is neither read, nor written over, nor removed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import Self

from yaml.events import ScalarEvent

from gitops_bot.edits.scalar import is_plain
from gitops_bot.edits.sense import Sense
from gitops_bot.edits.sketch import sketch
from gitops_bot.edits.source import Source
from gitops_bot.edits.utf8 import MAX_BYTES
from gitops_bot.errors import EditRefused, FileAbsent
from gitops_bot.model import Tree, Version

_PLACEHOLDER = re.compile(r"\{\{[ \t]*(version|tag|digest|chart)[ \t]*\}\}")
_TAG, _DIGEST = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", r"sha256:[0-9a-f]{64}"
# What may stand for each; nothing in it could end a value, a line or a quote.
_TEXTS = {
    "version": f"(?:{_DIGEST}|{_TAG}(?:@{_DIGEST})?)",
    "tag": _TAG,
    "digest": _DIGEST,
    "chart": r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}",
}


@dataclass(frozen=True, slots=True)
class Filled:
    """A template's text with a version in it, and where."""

    text: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Made:
    """Where a text holds what the template makes."""

    version: Version
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Template:
    """Literal texts, with the name of a placeholder between each two."""

    file: str
    parts: tuple[str, ...]
    """Literal, name, literal, name, …, literal."""

    @classmethod
    def parse(cls, file: str, text: str) -> Self:
        """Take a text apart; everything that is no placeholder is literal."""
        return cls(file, tuple(_PLACEHOLDER.split(text)))

    @property
    def text(self) -> str:
        """The template as it is written, its placeholders in one form."""
        return "".join(f"{{{{ {part} }}}}" if number % 2 else part for number, part in enumerate(self.parts))

    def filled(self, version: Version) -> Filled:
        """The text for a version. EditRefused: it lacks a part, or has one that may not stand there."""
        known = {
            "version": str(version),
            "tag": version.tag,
            "digest": version.digest,
            "chart": version.tag.replace("_", "+"),
        }
        text, spans = self.parts[0], []
        for name, literal in zip(self.parts[1::2], self.parts[2::2], strict=True):
            if not re.fullmatch(_TEXTS[name], known[name]):
                raise EditRefused(
                    f"{version} has no {name} that could stand in the template's `{{{{ {name} }}}}`", where=self.file
                )
            spans.append((len(text), len(text) + len(known[name])))
            text += known[name] + literal
        if self.version(text) is None:
            raise EditRefused(f"{version} could not be read back from what the template makes", where=self.file)
        return Filled(text, tuple(spans))

    def version(self, text: str) -> Version | None:
        """The version that a text was made with; None where the template did not make it."""
        found = self.found(text)
        return found.version if found else None

    def found(self, text: str, before: str = "", behind: str = "") -> Made | None:
        """What the template made of a text, but for what two patterns allow around it; None where it did not."""
        found = re.compile(f"{before}(?P<made>{self._pattern(self.parts)}){behind}").fullmatch(text)
        if not found:
            return None
        texts = found.groupdict()
        whole = Version.parse(texts["version"]) if texts.get("version") else None
        chart = texts["chart"].replace("+", "_") if texts.get("chart") else ""
        tags = {tag for tag in (whole.tag if whole else "", texts.get("tag") or "", chart) if tag}
        digests = {digest for digest in (whole.digest if whole else "", texts.get("digest") or "") if digest}
        if len(tags) > 1 or len(digests) > 1:
            return None
        return Made(Version("".join(tags), "".join(digests)), *found.span("made"))

    def odd_line(self, text: str) -> int:
        """The first line that the template did not make, from 1."""
        lines = zip_longest(self.text.split("\n"), text.split("\n"))
        return next(
            (
                number
                for number, (mine, theirs) in enumerate(lines, 1)
                if mine is None or theirs is None or not re.fullmatch(self._pattern(_PLACEHOLDER.split(mine)), theirs)
            ),
            1,
        )

    @staticmethod
    def _pattern(parts: tuple[str, ...] | list[str]) -> str:
        """What a made text looks like; a name that comes again has the same text."""
        seen: set[str] = set()
        pattern = re.escape(parts[0])
        for name, literal in zip(parts[1::2], parts[2::2], strict=True):
            pattern += f"(?P={name})" if name in seen else f"(?P<{name}>{_TEXTS[name]})"
            pattern += re.escape(literal)
            seen.add(name)
        return pattern


def template(path: str, sense: Sense, tree: Tree, where: str) -> Template:
    """The template at a path, of what lives at `where`. Errors: FileAbsent, EditRefused (none that could be used)."""
    if not sense.of_version:
        raise EditRefused(f"a template is filled with a version, not with a {sense.noun}", where=where)
    if sense.form is not None:
        raise EditRefused(f"the template says how the version is spelled, not `{sense.form}`", where=where)
    if path == where:
        raise EditRefused("the template cannot be the file itself", where=where)
    data = tree.read(path)
    if data is None:
        raise FileAbsent("the template is not in the repository", where=path, remedy="Correct the edit, or add it")
    if len(data) > MAX_BYTES:
        raise EditRefused(f"the template has {len(data)} bytes, more than {MAX_BYTES}", where=path)
    try:
        found = Template.parse(path, data.decode())
    except UnicodeDecodeError:
        raise EditRefused("the template is not UTF-8 text", where=path) from None
    if len(found.parts) == 1:
        raise EditRefused(
            "the template says nowhere which version it is made with",
            where=path,
            remedy="Write `{{ version }}`, or `{{ tag }}` and `{{ digest }}`, where the version stands",
        )
    return found


def refuse_misread(source: Source, made: Filled, template: str) -> None:
    """Refuse YAML in which a reader would take the version for a number, or that holds a Secret. Errors: EditRefused.

    `source` is what was made, without its byte order mark.
    """
    if any(one.kind == "Secret" for one in sketch(source)):
        raise EditRefused("a Secret is never written", where=template)
    mark = int(source.mark)
    for event in source.events():
        if not isinstance(event, ScalarEvent) or event.style or event.start_mark is None or event.end_mark is None:
            continue
        start, end = event.start_mark.index + mark, event.end_mark.index + mark
        if any(start <= first and last <= end for first, last in made.spans) and not is_plain(event.value):
            raise EditRefused(
                f"{event.value!r} would not be read as text where the template has its placeholder",
                where=source.at(event.start_mark.line + 1),
                remedy=f"Put it in quotes in {template}",
            )
