"""Take away a key, an item of a list or a whole document, with the comments that belong to it.

What belongs to an entry: the comment behind it on its lines, the comments right above it in its column, and those right
below it that are indented deeper. A comment stays that a blank line parts from it, that begins a document and may speak
for the whole of it, or that holds entries which somebody has switched off.
"""

from __future__ import annotations

from collections.abc import Sequence

from yaml.events import CollectionStartEvent, Event

from gitops_bot.edits.cut import Change, entry_in_block, entry_in_flow, only_entry
from gitops_bot.edits.documents import without
from gitops_bot.edits.locate import document
from gitops_bot.edits.outline import Entry, Outline, outline
from gitops_bot.edits.path import Key, Path
from gitops_bot.edits.proof import Expected, prove
from gitops_bot.edits.reach import Reach, raise_absent, reach
from gitops_bot.edits.sketch import Mapping, sketch
from gitops_bot.edits.source import Source
from gitops_bot.edits.stream import Stream, events_of
from gitops_bot.errors import EditRefused
from gitops_bot.policy.places import Where


def remove(source: Source, path: Path, where: Where | None = None) -> Source:
    """The file without the node at `path`; a path without segments is the whole document.

    What loses its only entry becomes `{}` or `[]`; a file that loses its only document becomes empty, comments and all.
    Errors: PlaceAbsent, EditRefused (an anchor in it is used elsewhere; a merge would bring it back; no proof).
    """
    documents = sketch(source)
    chosen = document(source, documents, where)
    if not path.segments:
        return without(source, documents, chosen)
    found = reach(source, path, chosen)
    if found.missing:
        raise_absent(source, found, path)
    collection = outline(found.stream, found.nodes[-2].ordinal)
    target = found.nodes[-1].ordinal
    index, entry = next((i, one) for i, one in enumerate(collection.entries) if one.ordinal <= target < one.behind)
    _refuse_used(source, path, found.stream, entry)
    _refuse_merged(source, path, found)
    if len(collection.entries) == 1:
        above = outline(found.stream, found.nodes[-3].ordinal) if len(found.nodes) > 2 else None
        changes, expected = only_entry(source, collection, above), _emptied(collection)
    else:
        cut = entry_in_flow if collection.flow else entry_in_block
        changes = cut(source, collection, index)
        expected = Expected(entry.ordinal, entry.behind - entry.ordinal, lambda came: not came)
    after = _changed(source, changes)
    prove(source, after, expected, said=f"`{path}` cannot be removed", line=found.nodes[-1].line)
    return after


def _changed(source: Source, changes: Sequence[Change]) -> Source:
    for start, end, literal in sorted(changes, reverse=True):
        source = source.having(start, end, literal)
    return source


def _emptied(collection: Outline) -> Expected:
    """The collection becomes one without entries, in brackets."""
    (old,) = events_of(collection.stream.says[collection.ordinal : collection.ordinal + 1])
    assert isinstance(old, CollectionStartEvent)

    def came(events: Sequence[Event]) -> bool:
        first = events[0] if len(events) == 2 else None
        return (
            isinstance(first, CollectionStartEvent)
            and type(first) is type(old)
            and bool(first.flow_style)
            and (first.anchor, first.tag, first.implicit) == (old.anchor, old.tag, old.implicit)
        )

    return Expected(collection.ordinal, collection.last + 1 - collection.ordinal, came)


def _refuse_used(source: Source, path: Path, stream: Stream, entry: Entry) -> None:
    for alias, node in stream.anchors[0].items():
        if entry.ordinal <= node < entry.behind and not entry.ordinal <= alias < entry.behind:
            lines = list(dict.fromkeys(map(str, stream.lines(stream.users(node)))))
            said = f"line{'s' if len(lines) > 1 else ''} {', '.join(lines)}"
            raise EditRefused(
                f"`{path}` holds the anchor `&{stream.anchor(node)}`, which {said} would lose",
                where=source.at(stream.line(node)),
                remedy="Write the value out where it is used",
            )


def _refuse_merged(source: Source, path: Path, found: Reach) -> None:
    parent, key = found.nodes[-2], path.segments[-1]
    brought = parent.merged(key.name) if isinstance(parent, Mapping) and isinstance(key, Key) else []
    if brought:
        raise EditRefused(
            f"without its own `{path}` the mapping would have the one that `<<` brings from line {brought[0].line}",
            where=source.at(found.nodes[-1].line),
            remedy="Set the value instead",
        )
