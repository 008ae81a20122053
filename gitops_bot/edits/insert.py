"""Put what is absent where it belongs: a key of a mapping, an item of a list, in the style of its neighbours."""

from __future__ import annotations

from collections.abc import Mapping as Keyed
from collections.abc import Sequence as Listed
from dataclasses import dataclass

from yaml.events import DocumentEndEvent, DocumentStartEvent, Event

from gitops_bot.edits import flow
from gitops_bot.edits.composed import says
from gitops_bot.edits.emit import Style, block, deeper_than, entry, inline, is_collection, item
from gitops_bot.edits.layout import (
    behind_comments,
    behind_line,
    column,
    has_blank,
    indented,
    line_break,
    line_start,
    lines_at,
    next_line,
    style_near,
)
from gitops_bot.edits.locate import document
from gitops_bot.edits.outline import Outline, is_flow_mapping, outline
from gitops_bot.edits.path import Filter, Key, Path
from gitops_bot.edits.proof import Expected, prove
from gitops_bot.edits.reach import Reach, is_null, reach
from gitops_bot.edits.sense import Data
from gitops_bot.edits.sketch import Document, Mapping, Node, Sequence, sketch
from gitops_bot.edits.source import MAX_DEPTH, Source
from gitops_bot.edits.wrap import satisfying, wrapped
from gitops_bot.errors import EditRefused
from gitops_bot.policy.places import Where


@dataclass(frozen=True, slots=True)
class _Plan:
    """A span of the text and what takes its place, with the proof."""

    start: int
    end: int
    literal: str
    expected: Expected
    line: int


def insert(source: Source, path: Path, data: Data, where: Where | None = None) -> Source:
    """The file with `data` at `path`, whose last segment names a new key or a new item.

    Missing mappings and lists on the way are added; what is empty there (`{}`, `[]`, `null`, nothing) is filled. A
    filter as last segment (`[name=x]`) appends an item that has the filter's value; an index must be the list's length.
    Errors: PlaceAbsent, EditRefused (it is there already; others share the place through an anchor; no proof).
    """
    if not path.segments:
        raise EditRefused("nothing can be inserted without a path", where=source.file)
    if deeper_than(data, MAX_DEPTH):
        raise EditRefused(f"what is to be inserted nests deeper than {MAX_DEPTH} levels", where=source.file)
    documents = sketch(source)
    if where is None and all(one.empty for one in documents):
        plan = _first(source, documents, wrapped(source, path.segments, data))
    else:
        plan = _placed(source, path, reach(source, path, document(source, documents, where)), data)
    after = source.having(plan.start, plan.end, plan.literal)
    prove(source, after, plan.expected, said=f"`{path}` cannot be inserted here", line=plan.line)
    return after


def _placed(source: Source, path: Path, found: Reach, data: Data) -> _Plan:
    """How the path is completed below the last node that is there."""
    node = found.nodes[-1]
    if not found.missing:
        if _fills(node, data):
            return _filled(source, found, data)
        raise EditRefused(f"`{path}` is there already", where=source.at(node.line), remedy="Set its value instead")
    if is_null(node) or _is_empty(node):
        return _filled(source, found, wrapped(source, found.missing, data))
    collection = outline(found.stream, node.ordinal)
    first, value = found.missing[0], wrapped(source, found.missing[1:], data)
    if isinstance(first, Key):
        return _key(source, node, collection, first.name, value)
    if isinstance(first, Filter):
        value = satisfying(source, first, value)
    return _item(source, node, collection, value)


def _fills(node: Node, data: Data) -> bool:
    """Whether nothing stands there, and the data is more than that and of its kind."""
    if data is None or (is_collection(data) and not data):
        return False
    if is_null(node):
        return True
    kind = Keyed if isinstance(node, Mapping) else Listed
    return _is_empty(node) and isinstance(data, kind) and not isinstance(data, str)


def _is_empty(node: Node) -> bool:
    return (isinstance(node, Mapping) and not node.names) or (isinstance(node, Sequence) and not node.length)


# ---------------------------------------------------------------- into what has entries


def _key(source: Source, node: Node, collection: Outline, key: str, value: Data) -> _Plan:
    expected = _before(collection.last, [key, value])
    if collection.flow:
        return _Plan(*flow.with_key(source, collection, key, value), expected, node.line)
    indent = column(source.text, collection.start)
    lines = entry(key, value, style_near(collection.stream, collection.last, collection.end))
    return _block(source, node, collection, indented(lines, indent), expected)


def _item(source: Source, node: Node, collection: Outline, value: Data) -> _Plan:
    expected = _before(collection.last, [value])
    if collection.flow:
        return _Plan(*flow.with_item(source, collection, value), expected, node.line)
    text, last = source.text, collection.entries[-1]
    dash = collection.head(len(collection.entries) - 1)
    near = style_near(collection.stream, collection.last, collection.end)
    gap = last.start - dash - 1 if text[dash + 1 : last.start].strip(" ") == "" else 0
    style = Style(near.step, near.offset, gap or near.gap)
    if is_flow_mapping(collection.stream, last.ordinal) and isinstance(value, Keyed):
        lines = ["-" + " " * style.gap + inline(value, flow=True, json=flow.is_json(collection))]
    else:
        lines = item(value, style)
    return _block(source, node, collection, indented(lines, column(text, dash)), expected)


def _block(source: Source, node: Node, collection: Outline, lines: list[str], expected: Expected) -> _Plan:
    """New lines behind the last entry of a block, after a blank line where one parts the last two entries."""
    text = source.text
    at = behind_comments(text, behind_line(text, collection.end), column(text, collection.start))
    if len(lines) > 1 and _parted(text, collection):
        lines = ["", *lines]
    return _Plan(at, at, lines_at(text, at, lines), expected, node.line)


def _parted(text: str, collection: Outline) -> bool:
    """Whether a blank line stands in front of the last entry, and another could behind it."""
    last = len(collection.entries) - 1
    if not last or collection.keeps(last):
        return False
    return has_blank(text, collection.entries[last - 1].end, collection.head(last))


def _before(ordinal: int, data: list[Data]) -> Expected:
    """These nodes come before event number `ordinal`."""
    return Expected(ordinal, 0, lambda came: says(came, data))


# ---------------------------------------------------------------- into what is empty


def _filled(source: Source, found: Reach, data: Data) -> _Plan:
    """`data` over a node that holds nothing."""
    node = found.nodes[-1]
    text, start = source.text, node.start
    gone = found.stream.past(node.ordinal) - node.ordinal
    end = found.stream.ends[node.ordinal + gone - 1]
    expected = Expected(node.ordinal, gone, lambda came: says(came, [data]))
    if gone > 1 and (text[start] not in "{[" or text[start + 1 : end - 1].strip()):
        raise EditRefused("what is empty there carries a tag, an anchor or a comment", where=source.at(node.line))
    parent = outline(found.stream, found.nodes[-2].ordinal) if len(found.nodes) > 1 else None
    if parent is not None and parent.flow:
        space = "" if text[start - 1].isspace() or start < end else " "
        json = parent.mapping and flow.is_json(parent)
        return _Plan(start, end, space + inline(data, flow=True, json=json), expected, node.line)
    style = style_near(found.stream, node.ordinal, start)
    if not is_collection(data) or not data or parent is None or not parent.mapping:
        return _Plan(*_in_place(text, start, end, block(data, style), style), expected, node.line)
    indent = column(text, found.stream.starts[node.ordinal - 1])
    lines = indented(block(data, style), indent + (style.step if isinstance(data, Keyed) else style.offset))
    return _Plan(*_below(text, start, end, lines, indent + 1), expected, node.line)


def _in_place(text: str, start: int, end: int, lines: list[str], style: Style) -> tuple[int, int, str]:
    """The lines where the literal stands, or behind the bare dash or colon."""
    before = text[line_start(text, start) : start]
    if before.startswith("---"):
        return _below(text, start, end, lines, 0)
    space = "" if not before or before[-1].isspace() else " " * (style.gap if before[-1] == "-" else 1)
    first, *rest = lines
    margin = " " * (len(before) + len(space))
    return start, end, space + line_break(text, start).join([first, *(margin + line for line in rest)])


def _below(text: str, start: int, end: int, lines: list[str], least: int) -> tuple[int, int, str]:
    """The lines below the line where the literal stood, and below the comments that belong to it."""
    begin = line_start(text, start)
    if not text[begin:start].strip():
        return begin, end, line_break(text, begin).join(lines)
    lead = begin + len(text[begin:start].rstrip(" \t"))
    at = behind_comments(text, next_line(text, end), least)
    return lead, at, text[end:at] + lines_at(text, at, lines)


def _first(source: Source, documents: list[Document], data: Data) -> _Plan:
    """The first content of a file that holds comments at most."""
    lines = block(data, Style())
    if not documents:
        at = len(source.text)
        return _Plan(at, at, lines_at(source.text, at, lines), Expected(1, 0, lambda came: _document(came, data)), 1)
    root = documents[0].root
    if len(documents) > 1 or not is_null(root):
        raise EditRefused("the file holds several empty documents", where=source.file, remedy="Keep one of them")
    expected = Expected(root.ordinal, 1, lambda came: says(came, [data]))
    return _Plan(root.start, root.end, lines_at(source.text, root.start, lines), expected, root.line)


def _document(came: Listed[Event], data: Data) -> bool:
    whole = len(came) > 2 and isinstance(came[0], DocumentStartEvent) and isinstance(came[-1], DocumentEndEvent)
    return whole and says(came[1:-1], [data])
