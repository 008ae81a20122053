"""What a registry asks for with 401: `WWW-Authenticate`, and the one page that follows another, `Link`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_FIELD = re.compile(r'([A-Za-z_]+)="([^"]*)"')
_NEXT = re.compile(r'<([^<>]*)>\s*;\s*rel="?next"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Challenge:
    """How the registry wants to be convinced."""

    scheme: str
    """`bearer` or `basic`, lower case."""
    fields: Mapping[str, str]

    @classmethod
    def parse(cls, header: str) -> Challenge:
        """Of a header's value; the scheme of one that cannot be read is empty."""
        scheme, _, rest = header.strip().partition(" ")
        return cls(scheme.lower(), dict(_FIELD.findall(rest)))


def next_page(link: str, repository: str) -> str:
    """Path and query of the next page of tags; empty when there is none, or it leads to something else."""
    found = _NEXT.search(link)
    if found is None:
        return ""
    parts = urlsplit(found[1])
    path = f"/v2/{repository}/tags/list"
    return f"{path}?{parts.query}" if parts.path.endswith(path) and parts.query else ""
