"""How far a path goes: the nodes that are there, and the segments that are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from gitops_bot.edits.locate import child, is_template, refuse_shared
from gitops_bot.edits.path import Filter, Index, Key, Path, Segment
from gitops_bot.edits.sketch import Document, Mapping, Node, Scalar, Sequence
from gitops_bot.edits.source import Source
from gitops_bot.edits.stream import Stream
from gitops_bot.errors import PlaceAbsent

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Reach:
    """A document's nodes along a path, the root first, and what of the path is absent."""

    stream: Stream
    nodes: tuple[Node, ...]
    missing: tuple[Segment, ...]


def reach(source: Source, path: Path, document: Document) -> Reach:
    """Walk down as far as there is something.

    Errors: PlaceAbsent (a segment that cannot be there: a key of a list, an item beyond the next), EditRefused
    (several keys or items match, a merge brings the key, or what is on the way is shared by anchors).
    """
    node, nodes = document.root, [document.root]
    for depth, segment in enumerate(path.segments):
        here = Path(path.segments[:depth])
        refuse_shared(source, node, here)
        if _absent(source, node, segment):
            return Reach(document.stream, tuple(nodes), path.segments[depth:])
        node = child(source, node, segment, here)
        nodes.append(node)
    return Reach(document.stream, tuple(nodes), ())


def raise_absent(source: Source, found: Reach, path: Path) -> NoReturn:
    """Say what is missing, and what is there instead. Errors: PlaceAbsent."""
    here = Path(path.segments[: len(found.nodes) - 1])
    child(source, found.nodes[-1], found.missing[0], here)
    raise PlaceAbsent(f"`{path}` is not there", where=source.at(found.nodes[-1].line))


def _absent(source: Source, node: Node, segment: Segment) -> bool:
    """Whether nothing is there that could be; else `child` finds it or says why not."""
    if is_null(node) and (not isinstance(segment, Index) or not segment.number):
        return True
    match segment, node:
        case Key(), Mapping() if not is_template(source, node):
            return not node.named(segment.name) and not node.merged(segment.name)
        case Index(), Sequence():
            return segment.number == node.length
        case Filter(), Sequence():
            return not node.matching(segment)
    return False


def is_null(node: Node) -> bool:
    """Whether nothing stands there, or `null`, without a tag or an anchor."""
    bare = isinstance(node, Scalar) and not node.style and node.tag is None and node.anchor is None
    return bare and isinstance(node, Scalar) and node.text in _NULLS
