"""Which of two versions is lower, where that can be said."""

from __future__ import annotations

from semver import Version as Semver

from gitops_bot.model import Version


def lower(one: Version, other: Version) -> bool:
    """Whether `one` comes before `other` by semantic versioning; False where either is no such version."""
    first, second = _parsed(one), _parsed(other)
    return first is not None and second is not None and first < second


def _parsed(version: Version) -> Semver | None:
    """`1.2`, `v1.2.3` and `1.2.3-rc.1` count; a `_` of an OCI tag is the `+` of a build."""
    text = version.tag.removeprefix("v").replace("_", "+")
    if "." not in text:  # a date, a build number, a short commit id of digits
        return None
    try:
        return Semver.parse(text, optional_minor_and_patch=True)
    except ValueError:
        return None
