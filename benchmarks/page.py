"""The page of figures: each benchmark owns one section, and leaves the others as they are."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_HEAD = "# Benchmarks\n"


def with_section(page: str, title: str, text: str) -> str:
    """The page with the section `## title` holding this text, which has no such heading itself."""
    known = (page or _HEAD).split("\n## ")
    section = f"{title}\n\n{text.strip()}\n"
    places = [index for index, one in enumerate(known) if index and one.partition("\n")[0] == title]
    if places:
        known[places[0]] = section
    else:
        known.append(section)
    return "\n## ".join(f"{one.rstrip()}\n" for one in known)


def write(title: str, text: str) -> None:
    """Write a section into the page."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    PAGE.write_text(with_section(page, title, text), encoding="utf-8")
