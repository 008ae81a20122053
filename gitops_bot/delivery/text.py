"""Text from clusters, metrics, versions and files is data: neutralised before a forge or a terminal reads it."""

from __future__ import annotations

import re

_ZERO_WIDTH = "\u200b"
# Direction and control characters, and lone surrogates, which JSON may hold and UTF-8 may not.
_INVISIBLE = re.compile(
    r"[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\ufeff\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
)
_MENTION = re.compile(r"@(?=[\w-])")
_REFERENCE = re.compile(r"[#!](?=\d)|GH-(?=\d)|www(?=\.)|:(?=//)", re.IGNORECASE)
"""`#1`, `owner/name#1`, `!1`, `GH-1`, links with and without a scheme."""


def one_line(text: str) -> str:
    """Plain text on one line: no control or direction characters, no mentions, no references, no links."""
    flat = " ".join(_INVISIBLE.sub("", text.replace("\t", " ").replace("\n", " ").replace("\r", " ")).split())
    flat = _MENTION.sub("@" + _ZERO_WIDTH, flat)
    return _REFERENCE.sub(lambda found: found[0] + _ZERO_WIDTH, flat)


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, in a sentence or a table's cell."""
    escaped = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]|~])", r"\\\1", escaped)


def code(text: str) -> str:
    """A code span in a table's cell, whatever backticks and pipes it holds."""
    flat = " ".join(_INVISIBLE.sub("", text).split()).replace("|", "\\|")
    runs = [len(run) for run in re.findall(r"`+", flat)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if runs else ""
    return f"{fence}{pad}{flat}{pad}{fence}" if flat else ""


def block(text: str, language: str = "") -> str:
    """A fenced block that its content cannot leave."""
    clean = _INVISIBLE.sub("", text)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", clean)), default=0))
    return f"{fence}{language}\n{clean}\n{fence}"


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, a cut made visible."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"
