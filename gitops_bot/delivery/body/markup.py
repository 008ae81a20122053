"""Paragraphs, headings, tables and folds of a body. Cells and titles come neutralised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


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
