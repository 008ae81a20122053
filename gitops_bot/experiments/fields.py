"""Looking into resources as the API gives them: anything may be missing or of another type, nothing raises."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gitops_bot.model import ObjectRef, Version

Resource = Mapping[str, Any]
"""An object as the API gives it."""

Lookup = Callable[[ObjectRef], Resource | None]
"""Another object of the same cluster; None when it was not seen."""


def mapping(value: Any, *path: str) -> Resource:
    """The mapping below a path; empty when there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def items(value: Any, *path: str) -> Sequence[Resource]:
    """The mappings of the list below a path; others are left out."""
    *parents, last = path
    found = mapping(value, *parents).get(last)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def text(value: Any, *path: str) -> str:
    """The string below a path; empty when there is none."""
    *parents, last = path
    found = mapping(value, *parents).get(last)
    return found if isinstance(found, str) else ""


def number(value: Any, *path: str) -> int | None:
    """The whole number below a path; None when there is none, or none that the API could hold."""
    *parents, last = path
    return whole(mapping(value, *parents).get(last))


def whole(value: Any) -> int | None:
    """A whole number of 64 bits; None for anything else."""
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return value if fits else None


def numeral(digits: str) -> int | None:
    """The number that a string spells; None when it spells none (Argo Rollouts keeps generations as text)."""
    return int(digits) if re.fullmatch(r"[0-9]{1,18}", digits) else None


def flag(value: Any, *path: str) -> bool:
    """Whether true stands below a path."""
    *parents, last = path
    return mapping(value, *parents).get(last) is True


def instant(stamp: str) -> datetime | None:
    """An RFC 3339 time in UTC; None when it is none."""
    try:
        parsed = datetime.fromisoformat(stamp)
        return parsed.astimezone(UTC) if parsed.tzinfo else None
    except (ValueError, OverflowError):
        return None


def reference(resource: Resource, kind: str) -> ObjectRef:
    """What the object is called."""
    return ObjectRef(kind, text(resource, "metadata", "namespace"), text(resource, "metadata", "name"))


def condition(resource: Resource, name: str) -> Resource:
    """The condition of a type; empty when there is none."""
    return next((item for item in items(resource, "status", "conditions") if item.get("type") == name), {})


def image(template_owner: Resource, container: str | None) -> Version | None:
    """The version that a pod template runs: of the named container, or of the only one."""
    containers = items(template_owner, "spec", "template", "spec", "containers")
    meant = [one for one in containers if container is None or one.get("name") == container]
    return Version.of_image(text(meant[0], "image")) if len(meant) == 1 else None


def template_written(resource: Resource) -> datetime | None:
    """When the pod template was last written: the newest managed-fields time that owns it, status writes apart."""
    times = [
        instant(text(entry, "time"))
        for entry in items(resource, "metadata", "managedFields")
        if not text(entry, "subresource") and "f:template" in mapping(entry, "fieldsV1", "f:spec")
    ]
    return max((time for time in times if time), default=None)
