"""`document`: one object of a file that is there or not: a document among others, or an item of a `List`.

Others bring it and say where its version stands (`path`), or the bot makes it (`template`); when it goes, exactly that
document goes, and the file with it where it has no other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from yaml.events import SequenceStartEvent

from gitops_bot.edits.documents import appended, lines_of, without
from gitops_bot.edits.layout import before_break, column, line_end, next_line
from gitops_bot.edits.locate import chosen
from gitops_bot.edits.locators import listing, made
from gitops_bot.edits.locators.made import Filled, Made, Template
from gitops_bot.edits.operations import Operation, Rewrite, Write
from gitops_bot.edits.outline import outline
from gitops_bot.edits.path import Index, Key, Path, Segment
from gitops_bot.edits.place import Place, find, load
from gitops_bot.edits.proof import Expected, prove
from gitops_bot.edits.remove import remove
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.edits.sketch import Document, sketch
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.files import Document as Spot

_ITEMS = "items"
_PREFACE = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*---[ \t]*(?:#[^\n]*)?\n")
"""Comments above the one document of a template: its own, and not the document's."""
_ABOVE, _BELOW = r"(?:[ \t]*(?:#[^\n]*)?\n)*?", r"(?:\n[ \t]*(?:#[^\n]*)?)*"
"""Blank lines and comments around what a template made may be anybody's."""


@dataclass(frozen=True, slots=True)
class _Found:
    """The object that is meant, in its file."""

    source: Source
    documents: list[Document]
    document: Document
    """Its own, or the `List` that holds it."""
    index: int | None = None
    """Its number in the list."""

    @property
    def where(self) -> Where:
        """Chooses the document by its number."""
        return Where(document=self.document.number)

    @property
    def above(self) -> tuple[Segment, ...]:
        """How a path in the document leads to the object."""
        return () if self.index is None else (Key(_ITEMS), Index(self.index))

    @property
    def rows(self) -> list[tuple[int, int]]:
        """The spans of its lines, without what they are indented by in a list."""
        text = self.source.text
        if self.index is None:
            begin, end = lines_of(self.source, self.document)
            indent = 0
        else:
            entry = outline(self.document.stream, _list(self.document) or 0).entries[self.index]
            begin, end, indent = entry.start, entry.end, column(text, entry.start)
        rows, at = list[tuple[int, int]](), begin
        while at < end:
            stop = min(line_end(text, at), end)
            line = text[at:stop]
            spaces = min(len(line) - len(line.lstrip(" ")), indent) if rows else 0
            rows.append((at + spaces, stop))
            at = next_line(text, at)
        return rows

    @property
    def text(self) -> str:
        """Its lines, as a document of its own would have them."""
        return "\n".join(self.source.text[start:end] for start, end in self.rows)


def candidates(spot: Spot) -> tuple[str, ...]:
    """The file, and the template."""
    return (spot.file, *([spot.template] if spot.template else []))


def places(spot: Spot) -> tuple[Place, ...]:
    """The document, or the value in it."""
    return (_place(spot),)


def file(spot: Spot, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: Spot, sense: Sense, tree: Tree) -> Value:
    """The version that the document has; None where there is no such document.

    Errors: EditRefused (not YAML, several such documents, people changed what a template made), PlaceAbsent.
    """
    _refuse_wrong(spot)
    found = _find(spot, tree)
    if spot.template is None:
        return _read(spot, found, sense, tree) if found else None
    body = _body(made.template(spot.template, sense, tree, spot.file))
    return _made(spot, found, body).version if found else None


def operations(spot: Spot, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The document with a version, or (None) no such document. Errors: EditError."""
    _refuse_wrong(spot)
    found = _find(spot, tree)
    if spot.template is None:
        return _by_path(spot, found, sense, value, tree)
    template = made.template(spot.template, sense, tree, spot.file)
    body = _body(template)
    old = _made(spot, found, body) if found else None
    if value is None:
        return _gone(spot, found, str(old.version), tree, old) if found and old else ()
    version = sense.version(value, spot.file)
    _refuse_other(spot, template.filled(version))
    if found and old:
        after = _rewritten(found, old, body.filled(version).text)
    elif tree.read(spot.file) is None:
        after = Source(spot.file, template.filled(version).text)
    else:
        after = appended(load(tree, spot.file), body.filled(version).text)
    came = Rewrite(spot.file, after.encode(), str(_place(spot)), str(old.version) if old else "", str(version))
    return (came, *listing.added(spot.file, spot.kustomization, tree))


# ---------------------------------------------------------------- which object


def _place(spot: Spot) -> Place:
    return Place(spot.file, Path.parse(spot.path) if spot.path else Path(()), spot.chooses)


def _refuse_wrong(spot: Spot) -> None:
    if spot.kind == "Secret":
        raise EditRefused("a Secret is neither read nor removed", where=spot.file)
    if (spot.path is None) == (spot.template is None):
        raise EditRefused("either `path` or `template` says where the version stands", where=spot.file)


def _find(spot: Spot, tree: Tree) -> _Found | None:
    """The object; None where it, or the whole file, is not there. EditRefused: not YAML, or there are several."""
    if tree.read(spot.file) is None:
        return None
    source = load(tree, spot.file)
    documents = sketch(source)
    matches = [_Found(source, documents, one) for one in documents if not one.empty and chosen(one, spot.chooses)]
    for one in documents:
        items = one.stream.items(ordinal) if (ordinal := _list(one)) else []
        inside = [Document(one.stream, one.stream.real(item), one.number) for item in items]
        matches += [
            _Found(source, documents, one, index) for index, item in enumerate(inside) if chosen(item, spot.chooses)
        ]
    if len(matches) > 1:
        lines = ", ".join(str(_line(one)) for one in matches)
        raise EditRefused(
            f"{len(matches)} documents are a {_called(spot)}: lines {lines}",
            where=spot.file,
            remedy="Say which with `name` and `namespace`",
        )
    return matches[0] if matches else None


def _list(document: Document) -> int | None:
    """The event that opens the items of a `List`; None: the document is none."""
    if not (document.kind or "").endswith("List"):
        return None
    found = document.stream.keys(document.ordinal).get(_ITEMS, [])
    sequence = len(found) == 1 and document.stream.kind(found[0]) is SequenceStartEvent
    return found[0] if sequence else None


def _line(found: _Found) -> int:
    stream, ordinal = found.document.stream, _list(found.document) if found.index is not None else None
    return stream.line(stream.items(ordinal)[found.index or 0]) if ordinal else found.document.line


def _called(spot: Spot) -> str:
    return " ".join(filter(None, (spot.kind, "/".join(filter(None, (spot.namespace, spot.name))))))


# ---------------------------------------------------------------- by a path in it


def _inside(spot: Spot, found: _Found) -> Place:
    path = Path((*found.above, *Path.parse(spot.path or "").segments))
    return Place(spot.file, path, spot.chooses if found.index is None else found.where)


def _read(spot: Spot, found: _Found, sense: Sense, tree: Tree) -> Value:
    source, scalar = find(tree, _inside(spot, found))
    return sense.read(scalar, source.at(scalar.line))


def _by_path(spot: Spot, found: _Found | None, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    if value is None:
        return _gone(spot, found, str(_read(spot, found, sense, tree) or ""), tree) if found else ()
    if found is None:
        raise EditRefused(
            f"there is no {_called(spot)}, and nothing says how one is made",
            where=spot.file,
            remedy="Let the edit have a `template` instead of a `path`, or bring the document",
        )
    place = _inside(spot, found)
    source, scalar = find(tree, place)
    return (Write(place, sense.write(held(scalar), value, source.at(scalar.line))),)


# ---------------------------------------------------------------- made from a template


def _body(template: Template) -> Template:
    """The one document of a template, without its marker and the blank lines around it."""
    text = template.text.removeprefix("\ufeff").replace("\r\n", "\n")
    preface = _PREFACE.match(text)
    return Template.parse(template.file, text[preface.end() if preface else 0 :].strip("\n"))


def _made(spot: Spot, found: _Found, body: Template) -> Made:
    """What of a document the template made. EditRefused: people changed it."""
    text = found.text
    if old := body.found(text, _ABOVE, _BELOW):
        return old
    line = _line(found)
    raise EditRefused(
        f"the {_called(spot)} is not what {spot.template} makes: people changed one of them",
        where=found.source.at(line),
        remedy="Bring the two together, or say with `path` where its version stands",
    )


def _refuse_other(spot: Spot, filled: Filled) -> None:
    """Refuse a template that does not make the one document that the edit names. Errors: EditRefused."""
    source = Source.decode(spot.template or "", filled.text.encode())
    documents = [one for one in sketch(source) if not one.empty]
    if len(documents) != 1 or not chosen(documents[0], spot.chooses):
        what = f"{len(documents)} documents" if len(documents) != 1 else "another document"
        raise EditRefused(f"the template makes {what}, not one {_called(spot)}", where=source.file)
    made.refuse_misread(source, filled, source.file)


def _rewritten(found: _Found, old: Made, text: str) -> Source:
    """The document with another version: the lines that differ."""
    first = found.text.count("\n", 0, old.start)
    after = found.source
    lines = text.split("\n")
    for (start, end), line in reversed(list(zip(found.rows[first:], lines, strict=False))):
        after = after.having(start, end, line)
    stream, root = found.document.stream, found.document.ordinal
    count = stream.past(root) - root
    said = "the document cannot be made anew"
    prove(found.source, after, Expected(root, count, lambda came: len(came) == count), said=said, line=_line(found))
    return after


# ---------------------------------------------------------------- gone


def _gone(spot: Spot, found: _Found, old: str, tree: Tree, mine: Made | None = None) -> tuple[Operation, ...]:
    """The file without the document; without any other it goes itself, and with it what names it."""
    after = _without(found, mine)
    if after.text:
        return (Rewrite(spot.file, after.encode(), str(_place(spot)), old, ""),)
    gone = Rewrite(spot.file, None, str(_place(spot)), old, "")
    return (gone, *listing.removed(spot.file, spot.kustomization, tree))


def _without(found: _Found, mine: Made | None) -> Source:
    source, last = found.source, found.document.number == len(found.documents) - 1
    if found.index is not None and _length(found) > 1:
        return remove(source, Path(found.above), found.where)
    begin = found.rows[found.text.count("\n", 0, mine.start)][0] if mine and found.index is None else None
    after = without(source, found.documents, found.document, begin)
    if mine and last and after.text and source.text[-1] not in "\r\n":  # a break came with it, and goes with it
        return replace(after, text=after.text[: before_break(after.text, len(after.text))])
    return after


def _length(found: _Found) -> int:
    """How many items the list has that the object is in."""
    return len(found.document.stream.items(_list(found.document) or 0))
