"""A body as a forge shows it: GitHub's own renderer, then what both forges act on in the text that is left."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

_INLINE = {"code", "span"}
"""What shows text as it is."""
_SILENT = {"code", "pre"}
"""Where no forge looks for references."""

ACTED_ON = re.compile(
    r"""@[\w-] | [#!$&^]\d | [~%][\w"] | \bG[HL]-\d | :// | \bwww\. | \b[0-9a-f]{7,40}\b | \[\[ | \[\w+:\d
    | \*iteration: | \$[^$]+\$ | :[a-z_+-][\w+-]*: """,
    re.IGNORECASE | re.VERBOSE,
)
"""Mentions, references, links, commits, mathematics, emoji, in the text of one element."""


@dataclass
class Page(HTMLParser):
    """The elements of a page, and its text outside code, piece by piece."""

    elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        if tag not in _INLINE:
            self.elements.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        if not _SILENT & set(self._open):
            self.prose.append(data)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.prose)


def html(markdown: str) -> str:
    """As GitHub renders it; raw HTML stays, for what the bot itself writes is some."""
    return str(github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))


def rendered(markdown: str) -> Page:
    """The page that a reader sees."""
    page = Page()
    page.feed(html(markdown))
    page.close()
    return page


def acted_on(markdown: str) -> list[str]:
    """What a forge would make of the text: mentions, references, commands."""
    found = [hit[0] for piece in rendered(markdown).prose for hit in ACTED_ON.finditer(piece)]
    return found + re.findall(r"^/\w+", markdown, re.MULTILINE)
