"""From a path to the one value it means, or a sentence that says why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from gitops_bot.edits.merged import origin
from gitops_bot.edits.path import Filter, Index, Key, Path, Segment
from gitops_bot.edits.sketch import Alias, Document, Mapping, Node, Scalar, Sequence, sketch
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.policy.schema import Where

_MAX_LISTED = 12


def locate(source: Source, path: Path, where: Where | None = None) -> Scalar:
    """The value at `path` in the document that `where` chooses.

    Errors: PlaceAbsent (no such document, key or item), EditRefused (not YAML; several documents, items or equal keys
    match; an alias or a merge shares the value; it is no single value, or a block scalar).
    """
    node = _document(source, sketch(source, path.segments), where).root
    for depth, segment in enumerate(path.segments):
        here = Path(path.segments[:depth])
        _refuse_shared(source, node, here)
        node = _child(source, node, segment, here)
    _refuse_shared(source, node, path)
    if not isinstance(node, Scalar) or _is_template(source, node):
        raise EditRefused(f"{_called(path)} is {_what(source, node)}, not a single value", where=source.at(node.line))
    if node.style in ("|", ">"):
        raise EditRefused(
            f"{_called(path)} is a block scalar (`{node.style}`), which is not rewritten yet",
            where=source.at(node.line),
            remedy="Write the value on one line",
        )
    return node


# ---------------------------------------------------------------- documents


def _document(source: Source, documents: list[Document], where: Where | None) -> Document:
    full = [document for document in documents if not document.empty]
    if not full:
        raise PlaceAbsent("the file is empty", where=source.file)
    matches = [document for document in full if where is None or _chosen(document, where)]
    if len(matches) == 1:
        return matches[0]
    listed = ", ".join(f"{_named(document)} (line {document.line})" for document in (matches or full)[:_MAX_LISTED])
    if not matches:
        raise PlaceAbsent(f"no document is the one that `where` asks for; there are: {listed}", where=source.file)
    raise EditRefused(
        f"{len(matches)} documents match: {listed}",
        where=source.file,
        remedy="Choose one with `where` (kind, name, namespace)",
    )


def _chosen(document: Document, where: Where) -> bool:
    asked = ((where.kind, document.kind), (where.name, document.name), (where.namespace, document.namespace))
    return all(wanted is None or wanted == found for wanted, found in asked)


def _named(document: Document) -> str:
    name = "/".join(part for part in (document.namespace, document.name) if part)
    return " ".join(part for part in (document.kind or "a document without kind", name) if part)


# ---------------------------------------------------------------- the way down


def _child(source: Source, node: Node, segment: Segment, here: Path) -> Node:
    match segment, node:
        case Key(), Mapping() if not _is_template(source, node):
            return _value(source, node, segment.name, here)
        case Index(), Sequence() if node.items:
            return node.items[0]
        case Index(), Sequence():
            raise _absent(source, node, f"{_called(here)} has {node.length} items, so there is no `{segment}`")
        case Filter(), Sequence():
            return _item(source, node, segment, here)
    expected = "has no keys" if isinstance(segment, Key) else "has no items"
    what = _what(source, node)
    raise _absent(source, node, f"{_called(here)} is {what}, so it {expected}: `{segment}` is not there", _hint(node))


def _value(source: Source, node: Mapping, key: str, here: Path) -> Node:
    found = node.children.get(key, [])
    if len(found) == 1:
        return found[0]
    if found:
        lines = _lines(child.line for child in found)
        raise EditRefused(
            f"{_called(here)} has the key `{key}` {len(found)} times ({lines}), and readers disagree which one counts",
            where=source.at(node.line),
            remedy="Delete all but one",
        )
    if node.merges and (line := origin(source, node.ordinal, key)):
        raise EditRefused(
            f"{_called(here)} has `{key}` only through `<<`, from line {line}; writing there would change others too",
            where=source.at(node.line),
            remedy=f"Give it a `{key}` of its own",
        )
    raise _absent(source, node, f"{_called(here)} has no key `{key}`", _suggestion(key, node.names))


def _item(source: Source, node: Sequence, condition: Filter, here: Path) -> Node:
    if len(node.items) == 1:
        return node.items[0]
    if node.items:
        raise EditRefused(
            f"{len(node.items)} items of {_called(here)} have {condition.condition}: "
            + _lines(item.line for item in node.items),
            where=source.at(node.line),
            remedy="Choose one by its number, or by another key",
        )
    what = f"no item of {_called(here)} has {condition.condition}"
    raise _absent(source, node, what, _suggestion(condition.value, node.names))


def _refuse_shared(source: Source, node: Node, here: Path) -> None:
    """Refuse what lives in several places: an alias, or a node that aliases follow."""
    if node.anchor is None:
        return
    others = [line for line in node.anchor.uses if line != node.line]
    if isinstance(node, Alias):
        affected = _lines(sorted({node.anchor.line, *others}))
        raise EditRefused(
            f"{_called(here)} is the alias `*{node.anchor.name}`: {affected} would change too",
            where=source.at(node.line),
            remedy="Write the value out here",
        )
    if node.anchor.uses:
        raise EditRefused(
            f"{_called(here)} has the anchor `&{node.anchor.name}`: {_lines(node.anchor.uses)} would change too",
            where=source.at(node.line),
            remedy="Write the value out where it is used",
        )


# ---------------------------------------------------------------- words


def _absent(source: Source, node: Node, what: str, remedy: str = "") -> EditError:
    return PlaceAbsent(what, where=source.at(node.line), remedy=remedy)


def _suggestion(asked: str, names: list[str]) -> str:
    if close := get_close_matches(asked, names, n=3):
        return f"Did you mean {' or '.join(f'`{name}`' for name in close)}?"
    if not names:
        return ""
    more = ", …" if len(names) > _MAX_LISTED else ""
    return f"There are: {', '.join(names[:_MAX_LISTED])}{more}"


def _hint(node: Node) -> str:
    return "Choose an item with [0] or [name=…]" if isinstance(node, Sequence) else ""


def _called(path: Path) -> str:
    return f"`{path}`" if path.segments else "the document"


def _what(source: Source, node: Node) -> str:
    match node:
        case Mapping() | Scalar(style="") if _is_template(source, node):
            return "a template ({{ … }})"
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(text="", style=""):
            return "empty"
    return "a single value"


def _is_template(source: Source, node: Node) -> bool:
    """`{{ x }}` without quotes is YAML, a mapping in a mapping, and so is a value that goes on in a template line."""
    plain = isinstance(node, Scalar) and not node.style
    return source.text.startswith("{{", node.start) or (plain and "{{" in source.text[node.start : node.end])


def _lines(numbers: Iterable[int]) -> str:
    listed = list(dict.fromkeys(numbers))
    shown = ", ".join(map(str, listed[:_MAX_LISTED])) + (", …" if len(listed) > _MAX_LISTED else "")
    return f"line{'s' if len(listed) > 1 else ''} {shown}"
