"""Container registries: which of a repository's tags is the candidate, and which digest a tag stands for. Pure.

A tag that does not spell a whole version (`1.4`, `latest`) moves about and is never chosen. A digest is what the bytes
say, not what a header claims.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from semver import Version as Semver

from gitops_bot.experiments.fields import Resource, items, text
from gitops_bot.model import Version
from gitops_bot.policy.ranges import Range

_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


def newest(tags: Iterable[str], wanted: Range, *, suffix: str = "") -> str | None:
    """The tag with the highest version within a range; None when there is none.

    With a suffix (`-alpine`) only tags that end in it count, and it is no part of the version. Of tags that spell one
    version (`1.4.0`, `v1.4.0`) the shortest is taken, so that the choice does not depend on their order.
    """
    known = [(version, tag) for tag in tags if (version := parsed(tag, suffix)) is not None and wanted.holds(version)]
    if not known:
        return None
    best = max(version for version, _ in known)
    return min((tag for version, tag in known if version == best), key=lambda tag: (len(tag), tag))


def parsed(tag: str, suffix: str = "") -> Semver | None:
    """The whole version that a tag spells, `_` being the `+` of a build; None when it spells none."""
    if not tag.endswith(suffix) or len(tag) > 128:
        return None
    plain = tag[: len(tag) - len(suffix)].removeprefix("v").replace("_", "+")
    try:
        return Semver.parse(plain)
    except ValueError:
        return None


def digest(manifest: bytes, claimed: str = "") -> str | None:
    """The digest of a manifest's bytes; None when the registry claims another one."""
    found = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    return found if claimed in ("", found) else None


def candidate(tag: str, of_tag: str | None) -> Version:
    """The version on trial: the tag, pinned to the digest that it stood for when it was read."""
    return Version(tag, of_tag or "")


def platforms(index: Resource) -> Mapping[str, str]:
    """The digests of an index by platform (`linux/arm64/v8`); empty for the manifest of one image.

    A tag's digest is the index's own, which serves every node; these say whether a platform is there at all.
    Attestations stand there with an unknown platform and are left out.
    """
    if text(index, "mediaType") not in _INDEXES and "manifests" not in index:
        return {}
    found: dict[str, str] = {}
    for one in items(index, "manifests"):
        name = "/".join(part for field in ("os", "architecture", "variant") if (part := text(one, "platform", field)))
        if name and "unknown" not in name and re.fullmatch(r"sha256:[0-9a-f]{64}", text(one, "digest")):
            found[name] = text(one, "digest")
    return found
