"""Block scalars (`|`, `>`) with another text: the header, the indentation and the line ends stay as they are."""

from __future__ import annotations

import re

_HEADER = re.compile(r"([|>])([-+0-9]*)([^\r\n]*)(\r\n|\r|\n|\Z)")
_BREAK = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(r"( *)([^\r\n]*)(\r\n|\r|\n|\Z)")
# What a block cannot hold as it is: line breaks of other kinds, and what YAML forbids outside of escapes.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def rewritten(raw: str, old: str, new: str) -> str | None:
    """The block `raw`, which holds `old`, holding `new`; None where a block of its kind cannot, as far as can be told.

    Whether it reads back is the proof's to say: lines that begin with a space may need what is not tried here.
    """
    header, indent = _HEADER.match(raw), _indent(raw, old)
    body = new.rstrip("\n")
    if header is None or indent is None or not body or _FORBIDDEN.search(new):
        return None
    style, signs, rest, line_break = header.groups()
    lines, final = raw[header.end() :], len(new) - len(body)
    ended = lines.endswith(("\n", "\r"))
    tail = _blank(lines, indent) if ended else ""
    chomped = _chomped(signs, final, ended=ended)
    if "+" in chomped:
        tail = line_break * (final - 1)
    body = body if style == "|" else _folded(body)
    text = line_break.join(f"{' ' * indent}{line}" if line else "" for line in body.split("\n"))
    return f"{style}{chomped}{rest}{line_break}{text}{line_break if ended or final else ''}{tail}"


def replaced(raw: str, literal: str) -> str:
    """A literal of one line in the place of the block `raw`; a comment behind the header and blank lines stay."""
    header = _HEADER.match(raw)
    assert header, "a block begins with its header"
    lines = raw[header.end() :]
    ended = not lines or lines.endswith(("\n", "\r"))
    return f"{literal}{header[3].rstrip()}{header[4] if ended else ''}{_blank(lines, len(lines)) if ended else ''}"


def _indent(raw: str, old: str) -> int | None:
    """The column of the block's lines; None where it has none that tells."""
    header = _HEADER.match(raw)
    text = next((line for line in old.split("\n") if line.strip(" ")), None)
    for line in _LINE.finditer(raw, header.end() if header else 0):
        if line[2] and text is not None:
            return len(line[1]) - (len(text) - len(text.lstrip(" "))) or None
        if not line[3]:
            break
    return None


def _blank(lines: str, indent: int) -> str:
    """The blank lines at the end; one with more spaces than the block's indentation is no blank one."""
    body = lines.rstrip(" \r\n")
    behind = _BREAK.search(lines, len(body)) if body else None
    start = behind.end() if behind else 0
    for line in _LINE.finditer(lines, start):
        if len(line[1]) > indent:
            start = line.end()
    return lines[start:]


def _chomped(signs: str, final: int, *, ended: bool) -> str:
    """The header's signs for a text that ends with so many line breaks."""
    bare = signs.strip("-+") if signs else ""
    if not final:
        return signs if not ended else f"{bare}-"
    if "+" in signs or final > 1:
        return f"{bare}+"
    return bare


def _folded(text: str) -> str:
    """A text whose line breaks survive folding: each one more than it says."""
    return re.sub("(?<=[^\n])\n+", lambda breaks: breaks[0] + "\n", text)
