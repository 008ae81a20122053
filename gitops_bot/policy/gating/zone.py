"""Time zones by their IANA names."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, StringConstraints

_OF_THE_MACHINE = ("localtime", "posixrules", "Factory")
"""They mean something else on every machine, or nothing."""
_LEAPING = "right/"
"""Their clocks count leap seconds, as no other clock does."""


def _known(name: str) -> str:
    if name in _OF_THE_MACHINE or name.startswith(_LEAPING) or not _stored(name):
        raise ValueError(f"{name!r} is no time zone; write an IANA name, like Europe/Berlin")
    return name


def _stored(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # a name that is no zone may be a folder, or lead out of the database
        return False
    return True


ZoneName = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known)]
"""`Europe/Berlin`, `UTC`."""
