"""Which lines of a file hold what a Secret is made of: never shown, not even around a change. Pure, and errs to hiding.

By the lines alone, not by a parser: a file that is no YAML, or not any more, is shown too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

NOTICE = "(line not shown: it may hold a secret)"

_DOCUMENT = re.compile(r"---(?:\s|$)")
_SECRET = re.compile(r"""(?:^|[{,])[\s-]*["']?kind["']?\s*:\s*["']?Secret\b""")
_FLOW = re.compile(r"""[{,]\s*["']?kind["']?\s*:\s*["']?Secret\b""")
_HOLDING = r"""(?P<before>[\s-]*)["']?(?P<key>%s)["']?\s*:(?P<value>.*)"""
_DATA = re.compile(_HOLDING % "data|stringData")
_GENERATOR = re.compile(_HOLDING % "secretGenerator")


def hidden(lines: Sequence[str]) -> frozenset[int]:
    """The numbers, from 0, of the lines that are not shown."""
    return frozenset(number for start, end in _documents(lines) for number in _in_document(lines, start, end))


def _documents(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    starts = [0, *(number for number, line in enumerate(lines) if _DOCUMENT.match(line))]
    yield from zip(starts, [*starts[1:], len(lines)], strict=True)


def _in_document(lines: Sequence[str], start: int, end: int) -> Iterator[int]:
    if any(_FLOW.search(line) for line in lines[start:end]):
        yield from range(start, end)
        return
    keys = [_GENERATOR]
    if any(_SECRET.search(line) for line in lines[start:end]):
        keys.append(_DATA)
    for number in range(start, end):
        for key in keys:
            if found := key.match(lines[number]):
                yield from _block(lines, number, end, found)


def _block(lines: Sequence[str], number: int, end: int, found: re.Match[str]) -> Iterator[int]:
    """The line of a key that has its value there, and the lines of the value below it."""
    value = found["value"].strip()
    if value and not value.startswith("#"):
        yield number
    if value.startswith(("{", "[")) and not value.endswith(("}", "]", "},", "],")):  # flow may go on at any column
        yield from range(number, end)
        return
    column = len(found["before"])
    for below in range(number + 1, end):
        line = lines[below]
        inner = len(line) - len(line.lstrip())
        if line.strip() and inner <= column and not (inner == column and line.lstrip().startswith("-")):
            return
        yield below
