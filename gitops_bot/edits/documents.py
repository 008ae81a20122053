"""Whole documents of a file."""

from __future__ import annotations

from dataclasses import replace

from yaml.events import DocumentStartEvent

from gitops_bot.edits.layout import line_start, next_line
from gitops_bot.edits.proof import Expected, prove
from gitops_bot.edits.sketch import Document
from gitops_bot.edits.source import Source


def without(source: Source, documents: list[Document], chosen: Document) -> Source:
    """The file without one document; empty where no other holds anything.

    From its `---` to the next one; comments above the first document of a file stay. Errors: EditRefused (no proof).
    """
    if all(one.empty for one in documents if one is not chosen):
        return replace(source, text="", mark=False)
    stream, text = chosen.stream, source.text
    first = chosen.root.ordinal - 1
    last = stream.past(first + 1)
    explicit, ended = (stream.starts[number] < stream.ends[number] for number in (first, last))
    begin = stream.starts[first] if explicit else line_start(text, chosen.root.start)
    if ended:
        end = next_line(text, stream.ends[last])
    else:
        end = stream.starts[last + 1] if stream.kind(last + 1) is DocumentStartEvent else len(text)
    after = source.having(begin, end, "")
    expected = Expected(first, last + 1 - first, lambda came: not came)
    prove(source, after, expected, said="the document cannot be removed", line=chosen.line)
    return after
