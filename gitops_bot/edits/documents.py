"""Whole documents of a file: from a `---` to the next one. Comments between two markers go with the document there."""

from __future__ import annotations

from dataclasses import replace

from yaml.events import DocumentEndEvent, DocumentStartEvent

from gitops_bot.edits.layout import line_break, line_start, next_line
from gitops_bot.edits.proof import Expected, prove
from gitops_bot.edits.sketch import Document
from gitops_bot.edits.source import Source
from gitops_bot.edits.stream import stream_of


def without(source: Source, documents: list[Document], chosen: Document, begin: int | None = None) -> Source:
    """The file without one document; empty where no other holds anything.

    From its `---` to the next one; comments above the first document of a file stay, unless they are its own from
    `begin` on. Errors: EditRefused (no proof).
    """
    if all(one.empty for one in documents if one is not chosen):
        return replace(source, text="", mark=False)
    stream, text = chosen.stream, source.text
    first, last = _around(chosen)
    explicit, ended = (stream.starts[number] < stream.ends[number] for number in (first, last))
    if explicit:
        begin = stream.starts[first]
    elif begin is None:
        begin = line_start(text, chosen.root.start)
    end = next_line(text, stream.ends[last]) if ended else _end(chosen)
    after = source.having(begin, end, "")
    expected = Expected(first, last + 1 - first, lambda came: not came)
    prove(source, after, expected, said="the document cannot be removed", line=chosen.line)
    return after


def lines_of(source: Source, chosen: Document) -> tuple[int, int]:
    """Where the lines of a document are: behind its `---`, up to the next marker."""
    stream, text = chosen.stream, source.text
    first, _ = _around(chosen)
    if stream.starts[first] < stream.ends[first]:
        begin = next_line(text, stream.ends[first])
    else:
        begin = next_line(text, stream.ends[first - 1]) if first > 1 else 0
    return begin, max(begin, _end(chosen))


def appended(source: Source, text: str) -> Source:
    """The file with one more document, whose own lines are `text`; a last line break stays away where there is none.

    Errors: EditRefused (no proof).
    """
    old = source.text
    if not old.strip():
        return replace(source, text=text)
    end = line_break(old, len(old)) if "\n" in old or "\r" in old else "\n"
    bare = old[-1] not in "\r\n"
    lines = text.split("\n")
    if not lines[0].startswith("---"):
        lines = ["---", *lines]
    body = end.join(lines)
    literal = end + body.rstrip("\r\n") if bare else body if body.endswith(end) else body + end
    after = source.having(len(old), len(old), literal)
    behind = len(stream_of(old).says) - 1
    expected = Expected(behind, 0, lambda came: [type(one) for one in came].count(DocumentStartEvent) == 1)
    prove(source, after, expected, said="no document can be added", line=1)
    return after


def _around(chosen: Document) -> tuple[int, int]:
    """The numbers of the events that open and close a document."""
    return chosen.ordinal - 1, chosen.stream.past(chosen.ordinal)


def _end(chosen: Document) -> int:
    """Where a document ends that no `...` ends, or where its `...` begins."""
    stream, last = chosen.stream, chosen.stream.past(chosen.ordinal)
    if stream.starts[last] < stream.ends[last]:
        return stream.starts[last]
    assert stream.kind(last) is DocumentEndEvent
    return stream.starts[last + 1] if stream.kind(last + 1) is DocumentStartEvent else len(stream.text)
