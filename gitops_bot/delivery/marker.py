"""What the bot writes for itself at the top of a body, where no truncation cuts it. A hint, never trusted to merge."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

_MARK = re.compile(r"\A<!-- gitops-bot:v1:([A-Za-z0-9+/=]+) -->\n?")


@dataclass(frozen=True, slots=True)
class Marker:
    """What a body remembers."""

    policy: str
    key: str
    """The proposal's."""
    digest: str
    """Over step, slots, verdict, each check's result, gates: what must be shown at once."""
    text: str
    """Over the body as it stands: figures, shown at most hourly."""
    hour: str
    """The hour in which the body was written, `2026-01-05T09`."""
    closed: str = ""
    """Why the bot closed it."""
    source: str = ""
    """Where its policy came from: only what was loaded there can tell that the policy is gone."""
    held: str = ""
    """Who holds it by the label, and why, as far as a command said so."""
    held_until: str = ""
    """When that ends, as RFC 3339; empty: when the label is taken off."""
    state: str = ""
    """What people were told of it while it is open, `deadline passed`."""
    told: str = ""
    """How it ended, as people were told: `merged`, `closed`."""
    owes: str = ""
    """`labels`: it was opened, and its labels and reviewers are not set yet. Once they are, they are people's."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a body remembers of a hold; without the label it means nothing."""

    text: str
    until: datetime | None


def write(marker: Marker, text: str) -> str:
    """A body with its marker on top."""
    packed = base64.b64encode(json.dumps(asdict(marker), sort_keys=True).encode()).decode()
    return f"<!-- gitops-bot:v1:{packed} -->\n{text}"


def read(body: str) -> Marker | None:
    """The marker of a body; None when there is none that can be understood."""
    found = _MARK.match(body)
    if not found:
        return None
    try:
        said = json.loads(base64.b64decode(found[1], validate=True))
        fields = {name: said[name] for name in ("policy", "key", "digest", "text", "hour", "closed")}
        fields |= {name: said.get(name, "") for name in ("source", "held", "held_until", "state", "told", "owes")}
    except (ValueError, TypeError, KeyError, RecursionError):  # whoever may edit the body may write anything
        return None
    return Marker(**fields) if all(isinstance(value, str) for value in fields.values()) else None


def text(body: str) -> str:
    """The body below its marker."""
    return _MARK.sub("", body)


def remembering(body: str, *, digest: str = "", closed: str = "") -> str:
    """The same body, remembering another digest, or that it is being closed; with a digest alone it is open."""
    marker = read(body) or Marker("", "", "", "", "")
    return write(replace(marker, digest=digest or marker.digest, closed=closed), text(body))


def counted(digest: str, *where: str) -> str:
    """A digest with what a status must stand in to count: it is to be said again in each other one."""
    said = " ".join((digest, *(one for one in where if one)))
    return hashlib.sha256(said.encode()).hexdigest()[:16] if said != digest else digest


def owing(body: str) -> str:
    """The same body, remembering that labels and reviewers are owed."""
    marker = read(body) or Marker("", "", "", "", "")
    return write(replace(marker, owes="labels"), text(body))


def telling(body: str, told: str) -> str:
    """The same body, remembering that people were told how it ended."""
    marker = read(body) or Marker("", "", "", "", "")
    return write(replace(marker, told=told), text(body))


def holding(body: str, held: str, until: datetime | None) -> str:
    """The same body, remembering who holds it, why and how long; empty text forgets it."""
    marker = read(body) or Marker("", "", "", "", "")
    return write(replace(marker, held=held, held_until=until.isoformat() if until else ""), text(body))


def held(body: str) -> Held | None:
    """What a body remembers of a hold; an end that cannot be read is none."""
    marker = read(body)
    if marker is None or not marker.held:
        return None
    try:
        until = datetime.fromisoformat(marker.held_until) if marker.held_until else None
    except ValueError:
        until = None
    return Held(marker.held, until if until is None or until.tzinfo else until.replace(tzinfo=UTC))
