"""Time zones by their IANA names."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, StringConstraints


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # a name that is no zone may be a folder, or lead out of the database
        raise ValueError(f"{name!r} is no time zone; write an IANA name, like Europe/Berlin") from None
    return name


ZoneName = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known)]
"""`Europe/Berlin`, `UTC`."""
