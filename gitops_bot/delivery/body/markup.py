"""Paragraphs, headings, tables and folds of a body. Cells and titles come neutralised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime


def paragraphs(*parts: str) -> str:
    """The parts that say something, an empty line between two."""
    return "\n\n".join(part for part in parts if part)


def section(title: str, text: str) -> str:
    """A heading and what is under it; nothing without a text."""
    return f"### {title}\n\n{text}" if text else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing without rows. A pipe in a cell, which only code still holds, is the cell's own."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(header) + " |", "|" + " --- |" * len(header), *lines]) if lines else ""


def fold(title: str, *pieces: str) -> str:
    """What opens when it is asked for; nothing without pieces."""
    return paragraphs(f"<details><summary>{title}</summary>", *pieces, "</details>") if any(pieces) else ""


def link(name: str, url: str) -> str:
    """A link to a URL that `templates.link` made; what would end it or the table's cell is escaped."""
    return f"[{name}](<{url.replace('|', '%7C').replace('<', '%3C').replace('>', '%3E')}>)"


def moment(when: datetime) -> str:
    """`2026-01-05 09:20 UTC`."""
    return f"{when:%Y-%m-%d %H:%M} UTC"
