"""From a path to the one value it means, or a sentence that says why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from yaml.events import MappingStartEvent, SequenceStartEvent

from gitops_bot.edits.path import Filter, Index, Key, Path, Segment
from gitops_bot.edits.sketch import Alias, Document, Mapping, Node, Scalar, Sequence, node_at, sketch
from gitops_bot.edits.source import TEMPLATE, Source
from gitops_bot.edits.stream import Stream
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.policy.places import Where

_MAX_LISTED = 12


def locate(source: Source, path: Path, where: Where | None = None, *, follow: bool = False) -> Scalar:
    """The value at `path` in the document that `where` chooses.

    `follow`: through aliases, anchors and `<<` too. The value is then the one at the anchor, so that writing it changes
    everyone who shares it. Errors: PlaceAbsent (no such document, key or item), EditRefused (not YAML; several
    documents, items or equal keys match; others share the value; it is no single value).
    """
    chosen = document(source, sketch(source), where)
    known, ordinal = _descended(chosen.stream, chosen.ordinal, path.segments)
    node = node_at(chosen.stream, ordinal)
    for depth, segment in enumerate(path.segments[known:], known):
        here = Path(path.segments[:depth])
        node = child(source, _reached(source, node, here, follow=follow), segment, here, follow=follow)
    node = _reached(source, node, path, follow=follow)
    if not isinstance(node, Scalar) or is_template(source, node):
        raise EditRefused(f"{_called(path)} is {_what(source, node)}, not a single value", where=source.at(node.line))
    return node


def _reached(source: Source, node: Node, here: Path, *, follow: bool) -> Node:
    if not follow:
        refuse_shared(source, node, here)
    return node.real if isinstance(node, Alias) else node


# ---------------------------------------------------------------- documents


def document(source: Source, documents: list[Document], where: Where | None) -> Document:
    """The one document that `where` chooses. Errors: PlaceAbsent, EditRefused (several)."""
    full = [one for one in documents if not one.empty]
    if not full:
        raise PlaceAbsent("the file is empty", where=source.file)
    matches = [one for one in full if where is None or chosen(one, where)]
    if len(matches) == 1:
        return matches[0]
    listed = ", ".join(f"{_named(one)} (line {one.line})" for one in (matches or full)[:_MAX_LISTED])
    if not matches:
        raise PlaceAbsent(f"no document is the one that `where` asks for; there are: {listed}", where=source.file)
    raise EditRefused(
        f"{len(matches)} documents match: {listed}",
        where=source.file,
        remedy="Choose one with `where` (kind, name, namespace), or by its number (document)",
    )


def chosen(document: Document, where: Where) -> bool:
    """Whether a document is what `where` asks for."""
    if where.document not in (None, document.number):
        return False
    if where.api is not None and document.api != where.api and not (document.api or "").startswith(f"{where.api}/"):
        return False
    asked = ((where.kind, document.kind), (where.name, document.name), (where.namespace, document.namespace))
    return all(wanted is None or wanted == found for wanted, found in asked)


def _named(document: Document) -> str:
    name = "/".join(part for part in (document.namespace, document.name) if part)
    return " ".join(part for part in (document.kind or "a document without kind", name) if part)


# ---------------------------------------------------------------- the way down


def _descended(stream: Stream, ordinal: int, segments: tuple[Segment, ...]) -> tuple[int, int]:
    """How many keys and numbers lead down without a question, by nodes that nobody shares, and the node there."""
    for depth, segment in enumerate(segments):
        found: list[int] = []
        if isinstance(segment, Key) and stream.kind(ordinal) is MappingStartEvent:
            found = stream.keys(ordinal).get(segment.name, found)
        elif isinstance(segment, Index) and stream.kind(ordinal) is SequenceStartEvent:
            found = stream.items(ordinal)[segment.number : segment.number + 1]
        if len(found) != 1 or stream.users(ordinal) or stream.text.startswith("{{", stream.starts[ordinal]):
            return depth, ordinal
        ordinal = found[0]
    return len(segments), ordinal


def child(source: Source, node: Node, segment: Segment, here: Path, *, follow: bool = False) -> Node:
    """The node that a segment means below `node`, which is at `here`. Errors: PlaceAbsent, EditRefused."""
    match segment, node:
        case Key(), Mapping() if not is_template(source, node):
            return _value(source, node, segment.name, here, follow=follow)
        case Index(), Sequence() if segment.number < node.length:
            return node.item(segment.number)
        case Index(), Sequence():
            raise _absent(source, node, f"{_called(here)} has {node.length} items, so there is no `{segment}`")
        case Filter(), Sequence():
            return _item(source, node, segment, here)
    expected = "has no keys" if isinstance(segment, Key) else "has no items"
    what = _what(source, node)
    raise _absent(source, node, f"{_called(here)} is {what}, so it {expected}: `{segment}` is not there", _hint(node))


def _value(source: Source, node: Mapping, key: str, here: Path, *, follow: bool) -> Node:
    found, through = node.named(key), ""
    if not found:
        found, through = node.merged(key), " through `<<`"
    if len(found) > 1:
        lines = _lines(one.line for one in found)
        raise EditRefused(
            f"{_called(here)} has the key `{key}` {len(found)} times{through} ({lines}), "
            "and readers disagree which one counts",
            where=source.at(node.line),
            remedy="Delete all but one",
        )
    if found and through and not follow:
        raise EditRefused(
            f"{_called(here)} has `{key}` only through `<<`, from line {found[0].line}; writing there would change "
            "others too",
            where=source.at(node.line),
            remedy=f"Give it a `{key}` of its own",
        )
    if found:
        return found[0]
    raise _absent(source, node, f"{_called(here)} has no key `{key}`", _suggestion(key, node.names))


def _item(source: Source, node: Sequence, condition: Filter, here: Path) -> Node:
    found = node.matching(condition)
    if len(found) == 1:
        return found[0]
    if found:
        raise EditRefused(
            f"{len(found)} items of {_called(here)} have {condition.condition}: {_lines(one.line for one in found)}",
            where=source.at(node.line),
            remedy="Choose one by its number, or by another key",
        )
    what = f"no item of {_called(here)} has {condition.condition}"
    raise _absent(source, node, what, _suggestion(condition.value, node.values(condition.keys)))


def refuse_shared(source: Source, node: Node, here: Path) -> None:
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


def _absent(source: Source, node: Node, what: str, remedy: str = "") -> PlaceAbsent:
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
        case Mapping() | Scalar(style="") if is_template(source, node):
            return "a template ({{ … }})"
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(text="", style=""):
            return "empty"
    return "a single value"


def is_template(source: Source, node: Node) -> bool:
    """`{{ x }}` without quotes is YAML, a mapping in a mapping, and so is a value that goes on in a template line.

    `${{ x }}` on one line is a value like any other.
    """
    if source.text.startswith("{{", node.start):
        return True
    raw = source.text[node.start : node.end] if isinstance(node, Scalar) and not node.style else ""
    return "{{" in raw and (TEMPLATE.search(raw) is not None or "\n" in raw or "\r" in raw)


def _lines(numbers: Iterable[int]) -> str:
    listed = list(dict.fromkeys(numbers))
    shown = ", ".join(map(str, listed[:_MAX_LISTED])) + (", …" if len(listed) > _MAX_LISTED else "")
    return f"line{'s' if len(listed) > 1 else ''} {shown}"
