"""`file`: a file that is there or not, made from a template of the repository: an Experiment, a canary's Deployment.

Made from it means: the template's text, letter for letter, with one version where its placeholders are. A file that is
anything else was changed by people, and is neither read, nor rewritten, nor removed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest
from typing import Self

from yaml.events import ScalarEvent

from gitops_bot.edits.operations import Operation, Rewrite
from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Place
from gitops_bot.edits.scalar import is_plain
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.edits.sketch import sketch
from gitops_bot.edits.source import Source
from gitops_bot.edits.utf8 import MAX_BYTES
from gitops_bot.errors import EditError, EditRefused, FileAbsent
from gitops_bot.model import Tree, Version
from gitops_bot.policy.places.files import WholeFile

_PLACEHOLDER = re.compile(r"\{\{[ \t]*(version|tag|digest|chart)[ \t]*\}\}")
_TAG, _DIGEST = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", r"sha256:[0-9a-f]{64}"
# What may stand for each; nothing in it could end a value, a line or a quote.
_TEXTS = {
    "version": f"(?:{_DIGEST}|{_TAG}(?:@{_DIGEST})?)",
    "tag": _TAG,
    "digest": _DIGEST,
    "chart": r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}",
}


def candidates(spot: WholeFile) -> tuple[str, ...]:
    """The file and its template."""
    return (spot.path, spot.template)


def places(spot: WholeFile) -> tuple[Place, ...]:
    """The file as a whole."""
    return (Place(spot.path, Path(())),)


def file(spot: WholeFile, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.path


def read(spot: WholeFile, sense: Sense, tree: Tree) -> Value:
    """The version that the file was made with; None where there is no file. EditRefused: people changed it."""
    return _read(spot, _template(spot, sense, tree), tree)


def operations(spot: WholeFile, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The file made with a version, or (None) no file. EditRefused: people changed what is there."""
    template = _template(spot, sense, tree)
    old = _read(spot, template, tree)
    if value is None:
        return (Rewrite(spot.path, None, spot.path, str(old), ""),) if old else ()
    version = sense.version(value, spot.path)
    after = template.filled(version)
    _refuse_misread(spot, after)
    return (Rewrite(spot.path, after.text.encode(), spot.path, str(old or ""), str(version)),)


def _read(spot: WholeFile, template: _Template, tree: Tree) -> Version | None:
    data = tree.read(spot.path)
    if data is None:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _changed(spot, 1) from None
    version = template.version(text)
    if version is None:
        raise _changed(spot, template.odd_line(text))
    return version


def _template(spot: WholeFile, sense: Sense, tree: Tree) -> _Template:
    if not sense.of_version:
        raise EditRefused(f"a file is made with a version, not with a {sense.noun}", where=spot.path)
    if sense.form is not None:
        raise EditRefused(f"the template says how the version is spelled, not `{sense.form}`", where=spot.path)
    if spot.path == spot.template:
        raise EditRefused("the template cannot be the file itself", where=spot.path)
    data = tree.read(spot.template)
    if data is None:
        raise FileAbsent(
            "the template is not in the repository", where=spot.template, remedy="Correct the edit, or add it"
        )
    if len(data) > MAX_BYTES:
        raise EditRefused(f"the template has {len(data)} bytes, more than {MAX_BYTES}", where=spot.template)
    try:
        template = _Template.parse(spot.template, data.decode())
    except UnicodeDecodeError:
        raise EditRefused("the template is not UTF-8 text", where=spot.template) from None
    if len(template.parts) == 1:
        raise EditRefused(
            "the template says nowhere which version it is made with",
            where=spot.template,
            remedy="Write `{{ version }}`, or `{{ tag }}` and `{{ digest }}`, where the version stands",
        )
    return template


def _changed(spot: WholeFile, line: int) -> EditRefused:
    return EditRefused(
        f"the file is not what {spot.template} makes: people changed one of them",
        where=f"{spot.path}:{line}",
        remedy="Bring the two together",
    )


# ---------------------------------------------------------------- the template


@dataclass(frozen=True, slots=True)
class _Filled:
    """A template's text with a version in it, and where."""

    text: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Template:
    """Literal texts, with the name of a placeholder between each two."""

    file: str
    parts: tuple[str, ...]
    """Literal, name, literal, name, …, literal."""

    @classmethod
    def parse(cls, file: str, text: str) -> Self:
        """Take a text apart; everything that is no placeholder is literal."""
        return cls(file, tuple(_PLACEHOLDER.split(text)))

    def filled(self, version: Version) -> _Filled:
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
        return _Filled(text, tuple(spans))

    def version(self, text: str) -> Version | None:
        """The version that a text was made with; None where the template did not make it."""
        found = re.compile(self._pattern(self.parts)).fullmatch(text)
        if not found:
            return None
        texts = found.groupdict()
        whole = Version.parse(texts["version"]) if texts.get("version") else None
        chart = texts["chart"].replace("+", "_") if texts.get("chart") else ""
        tags = {tag for tag in (whole.tag if whole else "", texts.get("tag") or "", chart) if tag}
        digests = {digest for digest in (whole.digest if whole else "", texts.get("digest") or "") if digest}
        if len(tags) > 1 or len(digests) > 1:
            return None
        return Version("".join(tags), "".join(digests))

    def odd_line(self, text: str) -> int:
        """The first line that the template did not make, from 1."""
        lines = zip_longest(self._lines(), text.split("\n"))
        return next(
            (
                number
                for number, (mine, theirs) in enumerate(lines, 1)
                if mine is None or theirs is None or not re.fullmatch(self._pattern(_PLACEHOLDER.split(mine)), theirs)
            ),
            1,
        )

    def _lines(self) -> list[str]:
        shown = [f"{{{{ {part} }}}}" if number % 2 else part for number, part in enumerate(self.parts)]
        return "".join(shown).split("\n")

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


def _refuse_misread(spot: WholeFile, made: _Filled) -> None:
    """Refuse a made YAML file in which a reader would take the version for a number, or that holds a Secret."""
    if not spot.path.endswith((".yaml", ".yml")):
        return
    try:
        source = Source.decode(spot.path, made.text.encode())
        kinds = [one.kind for one in sketch(source)]
    except EditError:
        return  # no YAML: nothing is said about how it is read
    if "Secret" in kinds:
        raise EditRefused("a Secret is never written", where=spot.template)
    mark = int(source.mark)
    for event in source.events():
        if not isinstance(event, ScalarEvent) or event.style or event.start_mark is None or event.end_mark is None:
            continue
        start, end = event.start_mark.index + mark, event.end_mark.index + mark
        if any(start <= first and last <= end for first, last in made.spans) and not is_plain(event.value):
            raise EditRefused(
                f"{event.value!r} would not be read as text where the template has its placeholder",
                where=source.at(event.start_mark.line + 1),
                remedy=f"Put it in quotes in {spot.template}",
            )
