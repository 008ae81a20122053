"""What git says: versions, slots, history, branches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol, Self

from gitops_bot.errors import InternalError


@dataclass(frozen=True, slots=True)
class Version:
    """What a workload runs: a tag, a digest, or both; never neither."""

    tag: str = ""
    digest: str = ""
    """`sha256:…`, empty when the version is named by its tag alone."""

    def __post_init__(self) -> None:
        if not self.tag and not self.digest:
            raise InternalError("a version needs a tag or a digest")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `tag`, `tag@sha256:…` or `sha256:…`."""
        tag, at, digest = text.partition("@")
        if not at and re.fullmatch(r"sha256:[0-9a-f]{64}", tag):
            return cls(digest=tag)
        return cls(tag=tag, digest=digest)

    @classmethod
    def of_image(cls, image: str) -> Self | None:
        """The version in an image reference (`registry:5000/name:tag@digest`); None when it names none."""
        name, _, digest = image.partition("@")
        last = name.rpartition("/")[2]
        tag = last.partition(":")[2]
        return cls(tag=tag, digest=digest) if tag or digest else None

    def runs(self, other: Version) -> bool:
        """Whether both name the same artefact as far as both say: digests when both have one, else tags."""
        if self.digest and other.digest:
            return self.digest == other.digest
        return self.tag == other.tag

    def __str__(self) -> str:
        return "@".join(part for part in (self.tag, self.digest) if part)


class SlotName(StrEnum):
    """The values a policy may write."""

    STABLE = "stableVersion"
    CANDIDATE = "candidateVersion"
    WEIGHT = "weight"
    MIRROR = "mirror"
    COLOR = "activeColor"


SlotValue = Version | int | str | None
"""What a slot holds: a version, a weight, or the name of a colour."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One of several versions on trial at once, by the name of its places."""

    name: str
    version: Version | None = None
    weight: int | None = None
    """Its percent of what it and the stable version share; None: no edit sets it."""

    def up(self, stable: Version | None) -> bool:
        """Users reach it, and something else than what is stable."""
        return self.version not in (None, stable) and self.weight != 0


@dataclass(frozen=True, slots=True)
class Slots:
    """The named values the bot may write, as one commit has them. None: the policy has no such slot, or it is empty."""

    stable: Version | None = None
    candidate: Version | None = None
    weight: int | None = None
    mirror: int | None = None
    """The percent of the requests that is copied to the candidate."""
    active: str | None = None
    """The colour that has the traffic: it runs the stable version, the other one the candidate."""
    variants: tuple[Variant, ...] = ()
    """What else is on trial beside the stable version, in the order of the edits."""

    def variant(self, name: str) -> Variant:
        """One of them; an empty one where there is none of that name."""
        return next((one for one in self.variants if one.name == name), Variant(name))

    def get(self, name: SlotName, of: str = "") -> SlotValue:
        """The value of one slot, of a variant where one is named."""
        if of:
            one = self.variant(of)
            return one.weight if name is SlotName.WEIGHT else one.version
        match name:
            case SlotName.STABLE:
                return self.stable
            case SlotName.CANDIDATE:
                return self.candidate
            case SlotName.WEIGHT:
                return self.weight
            case SlotName.MIRROR:
                return self.mirror
            case SlotName.COLOR:
                return self.active

    def having(self, name: SlotName, value: SlotValue, of: str = "") -> Slots:
        """The same slots with one value set, of a variant where one is named."""
        if of:
            return self._varied(self.variant(of), name, value)
        match name, value:
            case SlotName.STABLE, Version() | None:
                return replace(self, stable=value)
            case SlotName.CANDIDATE, Version() | None:
                return replace(self, candidate=value)
            case SlotName.WEIGHT, int() | None:
                return replace(self, weight=value)
            case SlotName.MIRROR, int() | None:
                return replace(self, mirror=value)
            case SlotName.COLOR, str() | None:
                return replace(self, active=value)
        raise InternalError(f"{name} cannot hold {value!r}")

    def _varied(self, one: Variant, name: SlotName, value: SlotValue) -> Slots:
        match name, value:
            case SlotName.STABLE, Version() | None:
                changed = replace(one, version=value)
            case SlotName.WEIGHT, int() | None:
                changed = replace(one, weight=value)
            case _:
                raise InternalError(f"{name} of {one.name} cannot hold {value!r}")
        known = {other.name: other for other in self.variants} | {one.name: changed}
        return replace(self, variants=tuple(known.values()))


class Tree(Protocol):
    """A read-only look-up in one commit."""

    @property
    def commit(self) -> str:
        """The commit's object name."""
        ...

    def read(self, path: str) -> bytes | None:
        """The content of a regular file; None when there is none (a link or a submodule is none)."""
        ...

    def names(self, folder: str) -> tuple[str, ...]:
        """The names directly in a folder (`""` is the root); empty when there is no such folder."""
        ...

    def below(self, folder: str) -> tuple[str, ...]:
        """The path of every regular file below a folder (`""` is the root), at any depth."""
        ...

    def fetch(self, paths: Sequence[str]) -> None:
        """Bring files near that will be read, in one request; those that do not exist are passed over."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """What the slots were after one commit of base's first-parent history."""

    commit: str
    at: datetime
    """The committer's date, not before its parent's and not after now."""
    slots: Slots | None
    """None where the places could not be read (a file that did not exist yet, or was not YAML)."""
    by_person: bool
    """Neither the bot nor a named automation wrote it."""
    author: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """Base's first-parent history as far as the policy's files changed, newest first."""

    moments: tuple[Moment, ...]
    complete: bool = True
    """It reaches the commit that began the history."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of a branch of ours."""

    oid: str
    parents: tuple[str, ...]
    author: str
    """`Name <email>`."""
    committer: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Beyond:
    """What one commit has that another lacks."""

    fork: str
    """The merge base of the two; empty where they share no history."""
    commits: tuple[str, ...]
    """Those that the other lacks, newest first; empty where it has them all."""
    paths: tuple[str, ...]
    """Every path that differs between the merge base and the commit, sorted."""


@dataclass(frozen=True, slots=True)
class Head:
    """What git knows of one of the bot's branches."""

    oid: str
    fork: str
    """Where it left base: the merge base with it."""
    commits: tuple[Commit, ...]
    """Those that base lacks, newest first."""
    files: Mapping[str, tuple[bytes | None, bytes | None]]
    """Every path that differs between fork and head: content there and here; None is absent."""
