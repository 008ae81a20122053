"""Files that sops encrypts are never edited: its checksum is over all values, also over those that can be read."""

from __future__ import annotations

import re

from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree

_SOPS = re.compile(rb"""\b(?:sops_)?mac["']?\s*[:=]\s*["']?ENC\[AES256_GCM""")


def refuse_sealed(tree: Tree, file: str) -> None:
    """Refuse a file with a checksum of sops, in YAML, JSON or an env file; tools would refuse it after a change."""
    content = tree.read(file) or b""
    if b"ENC[" in content and (found := _SOPS.search(content)):
        raise EditRefused(
            "sops encrypts the file and would refuse it after a change from outside",
            where=f"{file}:{content.count(10, 0, found.start()) + 1}",
            remedy="Keep what is promoted in a file of its own",
        )
