"""Ranges of semantic versions, as `candidate.registry.semver` takes them. Pure.

The grammar is the one that people know from npm, Helm and Flux: comparators joined by spaces or commas, `||` between
alternatives, `^1.4`, `~1.4`, `1.4.x`, `1.4 - 1.6`. A pre-release is never in a range that names none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from semver import Version as Semver

LONGEST = 256
"""Characters of a range."""

_PART = r"(?:0|[1-9][0-9]{0,17}|[xX*])"
_MORE = r"(?:-(?P<pre>[0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
_VERSION = rf"v?(?P<major>{_PART})(?:\.(?P<minor>{_PART})(?:\.(?P<patch>{_PART}){_MORE})?)?"
_COMPARATOR = re.compile(rf"(?P<sign>==|=|!=|>=|<=|>|<|\^|~>|~)?{_VERSION}")
_HYPHEN = re.compile(r"\s+-\s+")
_SIGN = re.compile(r"(==|=|!=|>=|<=|>|<|\^|~>|~)\s+")

_TESTS: dict[str, Callable[[Semver, Semver], bool]] = {
    ">=": lambda one, other: one >= other,
    ">": lambda one, other: one > other,
    "<=": lambda one, other: one <= other,
    "<": lambda one, other: one < other,
    "=": lambda one, other: one == other,
}


@dataclass(frozen=True, slots=True)
class _Bound:
    sign: str
    version: Semver


@dataclass(frozen=True, slots=True)
class _Alternative:
    bounds: tuple[_Bound, ...]
    excluded: tuple[tuple[_Bound, ...], ...]
    """What `!=` takes out, each as bounds that hold together."""
    pre_releases: bool


@dataclass(frozen=True, slots=True)
class Range:
    """Which versions are wanted."""

    text: str
    _alternatives: tuple[_Alternative, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a range. Errors: ValueError, with the part that cannot be read."""
        if len(text) > LONGEST:
            raise ValueError(f"a range of versions has at most {LONGEST} characters")
        return cls(text, tuple(_alternative(part.strip()) for part in text.split("||")))

    def holds(self, version: Semver) -> bool:
        """Whether a version lies within it."""
        return any(_within(version, alternative) for alternative in self._alternatives)


def _within(version: Semver, alternative: _Alternative) -> bool:
    if version.prerelease and not alternative.pre_releases:
        return False
    out = any(_all(version, bounds) for bounds in alternative.excluded)
    return _all(version, alternative.bounds) and not out


def _all(version: Semver, bounds: Sequence[_Bound]) -> bool:
    return all(_TESTS[bound.sign](version, bound.version) for bound in bounds)


def _alternative(text: str) -> _Alternative:
    ends = _HYPHEN.split(text)
    if len(ends) == 2:
        text = f">={ends[0].strip()} <={ends[1].strip()}"
    words = [word for word in re.split(r"[\s,]+", _SIGN.sub(r"\1", text)) if word]
    if not words:
        raise ValueError("a range of versions is empty; every version is *")
    bounds: list[_Bound] = []
    excluded: list[tuple[_Bound, ...]] = []
    pre_releases = False
    for word in words:
        found = _comparator(word)
        pre_releases = pre_releases or found["pre"] is not None
        if found["sign"] == "!=":
            excluded.append(_bounds("=", found))
        else:
            bounds.extend(_bounds(found["sign"] or "=", found))
    return _Alternative(tuple(bounds), tuple(excluded), pre_releases)


def _comparator(word: str) -> re.Match[str]:
    found = _COMPARATOR.fullmatch(word)
    if found is None or (found["pre"] and not Semver.is_valid(f"0.0.0-{found['pre']}")):
        raise ValueError(f"{word!r} is no range of versions; write >=1.4 <2, ^1.4, ~1.4.2 or 1.4.x")
    return found


def _bounds(sign: str, found: re.Match[str]) -> tuple[_Bound, ...]:
    """One comparator as bounds; what a version leaves open spans all that begins with the rest."""
    given = [int(part) for part in _given(found)]
    low = _semver(given, found["pre"] or "")
    if sign in ("=", "==") and len(given) == 3:
        return (_Bound("=", low),)
    match sign:
        case ">=":
            return (_Bound(">=", low),)
        case ">":
            return (_Bound(">", low) if len(given) == 3 else _from(_after(given, len(given))),)
        case "<":
            return (_Bound("<", low if found["pre"] else low.replace(prerelease="0")),)
        case "<=":
            return (_Bound("<=", low),) if len(given) == 3 else _below(_after(given, len(given)))
        case "^":
            return _Bound(">=", low), *_below(_after(given, _caret(given)))
        case "~" | "~>":
            return _Bound(">=", low), *_below(_after(given, min(len(given), 2)))
    return _Bound(">=", low), *_below(_after(given, len(given)))


def _given(found: re.Match[str]) -> list[str]:
    """The parts before the first that is absent or open."""
    parts = [found["major"], found["minor"], found["patch"]]
    opened = next((index for index, part in enumerate(parts) if part is None or part in "xX*"), 3)
    return parts[:opened]


def _caret(given: Sequence[int]) -> int:
    """How many parts `^` keeps: up to the first that is not 0."""
    return next((index + 1 for index, part in enumerate(given) if part), len(given))


def _after(given: Sequence[int], kept: int) -> Semver | None:
    """The first version whose first `kept` parts are others; None when none is kept."""
    return _semver([*given[: kept - 1], given[kept - 1] + 1], "") if kept else None


def _from(version: Semver | None) -> _Bound:
    """`>*` holds nothing: no version is below the lowest pre-release of 0.0.0."""
    return _Bound(">=", version) if version else _Bound("<", Semver(0, 0, 0, "0"))


def _below(version: Semver | None) -> tuple[_Bound, ...]:
    """Below a version and its pre-releases."""
    return (_Bound("<", version.replace(prerelease="0")),) if version else ()


def _semver(parts: Sequence[int], pre: str) -> Semver:
    major, minor, patch = (*parts, 0, 0, 0)[:3]
    return Semver(major, minor, patch, pre or None)
