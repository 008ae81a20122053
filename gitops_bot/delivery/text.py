"""Text from clusters, metrics, versions and files is data: neutralised before a forge or a terminal reads it.

Both forges act on more than Markdown: mentions, references to issues, merge requests, labels, milestones, snippets,
epics and commits, bare links, mathematics, and on GitLab on lines that begin with a command.
"""

from __future__ import annotations

import re

_ZERO_WIDTH = "\u200b"
# Direction and control characters, what takes no room or hides in other characters, and lone surrogates, which JSON may
# hold and UTF-8 may not. Tab and line feed are left to who calls.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_REFERENCE = re.compile(
    r"""@(?=[\w-])                # people and teams
    | [#!$&^](?=\d)              # issues, merge requests, snippets, epics, alerts
    | [~%](?=[\w"])              # labels, milestones
    | G[HL]-(?=\d)               # issues by another name
    | \[(?=\[|TOC\]|[a-z_]+:)    # [vulnerability:1], [TOC], [[page]]
    | (?<=\*)(?=iteration:)
    | :(?=//|[a-z_+-][\w+-]*:)   # links of any scheme; :emoji:
    | www(?=\.)                  # also behind `_`, `*` and `~`
    """,
    re.IGNORECASE | re.VERBOSE,
)
_COMMIT = re.compile(r"(?<![0-9a-z])[0-9a-f]{7,64}(?![0-9a-z])", re.IGNORECASE)
_LEADING = re.compile(r"^(?:[#+\-=:/]|\d{1,9}(?=[.)](?:\s|$)))")
"""What makes a heading, a list or a command of a line that begins with it."""


def visible(text: str) -> str:
    """Text without control, direction and invisible characters; line feeds and tabs stay."""
    return _INVISIBLE.sub("", text)


def one_line(text: str) -> str:
    """Plain text on one line: no control, direction or invisible characters, no mentions, no references, no links.

    A commit's name stays as it is: titles and messages are full of them, and they lead nowhere else.
    """
    flat = " ".join(visible(text.replace("\t", " ").replace("\n", " ").replace("\r", " ")).split())
    return _REFERENCE.sub(lambda found: found[0] + _ZERO_WIDTH, flat)


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, in a sentence, in a table's cell, or where a line begins."""
    escaped = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"([\\`*_{}\[\]~])", r"\\\1", escaped).replace("|", "&#124;")
    # A backslash does not keep GitHub from taking it for mathematics; an element of its own does.
    escaped = escaped.replace("$", "<span>$</span>")
    escaped = _COMMIT.sub(lambda found: f"<code>{found[0]}</code>", escaped)
    return _LEADING.sub(lambda found: found[0] + "\\" if found[0].isdigit() else "\\" + found[0], escaped)


def code(text: str) -> str:
    """A code span, whatever backticks it holds; `markup.table` sees to the pipes."""
    flat = " ".join(visible(text).split())
    runs = [len(run) for run in re.findall(r"`+", flat)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if runs else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else ""


def block(text: str, language: str = "") -> str:
    """A fenced block that its content cannot leave, and none of whose lines is a command to GitLab."""
    clean = re.sub(r"(?m)^/", " /", visible(text))
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", clean)), default=0))
    return f"{fence}{language}\n{clean}\n{fence}"


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, a cut made visible."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"
