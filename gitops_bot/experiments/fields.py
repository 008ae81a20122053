"""Looking into resources as the API gives them: anything may be missing or of another type, nothing raises."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml

from gitops_bot.model import ObjectRef, Version

Resource = Mapping[str, Any]
"""An object as the API gives it."""

Objects = Mapping[tuple[str, str], Resource]
"""Objects of one kind by namespace and name."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What else the same cluster holds, of the kinds that a system names as its companions."""

    of: Callable[[str], Objects]
    """The objects of a kind, by its name in the table of systems; empty when they were not seen."""

    def __call__(self, ref: ObjectRef) -> Resource | None:
        """Another object; None when it was not seen."""
        return self.of(ref.kind).get((ref.namespace, ref.name))

    def all(self, kind: str, namespace: str) -> Sequence[Resource]:
        """Every object of a kind in a namespace, in the order of their names."""
        found = self.of(kind)
        return [found[key] for key in sorted(found) if key[0] == namespace]


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


def real(value: Any, *path: str) -> float | None:
    """The finite number below a path; None when there is none."""
    *parents, last = path
    found = mapping(value, *parents).get(last)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if abs(found) < 2**63 and math.isfinite(found) else None


def strings(value: Any, *path: str) -> tuple[str, ...]:
    """The strings of the list below a path; others are left out."""
    *parents, last = path
    found = mapping(value, *parents).get(last)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


_QUANTITY = re.compile(r"([+-]?[0-9]{1,18}(?:\.[0-9]{0,18})?)(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]|[KMGTPE]i)?)")
_SUFFIXES = {
    "": 1.0,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
} | {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", 1)}


def quantity(value: Any, *path: str) -> float | None:
    """The Kubernetes quantity below a path (`182500m` is 182.5, a bare number itself); None when it is none."""
    if (plain := real(value, *path)) is not None:
        return plain
    found = _QUANTITY.fullmatch(text(value, *path))
    if found is None:
        return None
    digits, exponent, suffix = found.groups()
    # Divided rather than multiplied by a thousandth: 31m is 0.031, not 0.031000000000000003.
    scale = 10.0 ** int(exponent) if exponent else _SUFFIXES[suffix or ""]
    return float(digits) / round(1 / scale) if scale < 1 else float(digits) * scale


def share(part: float, total: float) -> float | None:
    """A part in percent, to two places and whole where it is whole; None of nothing and of what is no part."""
    if total <= 0 or not 0 <= part <= total:
        return None
    percent = round(100 * part / total, 2)
    return int(percent) if percent.is_integer() else percent


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


def annotation(resource: Resource, name: str) -> str:
    """An annotation; empty when there is none."""
    return text(resource, "metadata", "annotations", name)


def label(resource: Resource, name: str) -> str:
    """A label; empty when there is none."""
    return text(resource, "metadata", "labels", name)


def observed(resource: Resource) -> bool:
    """Whether the status speaks of the present spec, by a generation that is a number in both places."""
    generation, seen = number(resource, "metadata", "generation"), number(resource, "status", "observedGeneration")
    return generation is not None and seen is not None and seen >= generation


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


_LONGEST = 1024 * 1024


class _Inner(yaml.SafeLoader):
    """YAML as JSON has it: no aliases, which could grow without end, and times stay text."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)


_Inner.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag != "tag:yaml.org,2002:timestamp"]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def document(inner: str) -> Resource:
    """The mapping that a text of YAML holds, as ConfigMaps and Secrets carry it; empty when it holds none."""
    if len(inner) > _LONGEST:
        return {}
    try:
        return mapping(yaml.load(inner, _Inner))  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError):
        return {}
