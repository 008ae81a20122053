"""Whether an object of the cluster is what a manifest in git says: what git does not name may be anything. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitops_bot.experiments.fields import Resource, quantity

_NOT_COMPARED = ("apiVersion", "kind", "metadata", "status")
_COMPARED_OF_METADATA = ("labels", "annotations")


def difference(wanted: Resource, live: Resource) -> str:
    """The first field that differs, as `path is X in the cluster, Y in git`; empty when none does."""
    return next(_object(wanted, live), "")


def _object(wanted: Resource, live: Resource) -> Iterator[str]:
    for key, value in wanted.items():
        if key not in _NOT_COMPARED:
            yield from _value(str(key), value, live.get(key))
    metadata, found = wanted.get("metadata"), live.get("metadata")
    for key in _COMPARED_OF_METADATA:
        if isinstance(metadata, Mapping) and metadata.get(key) is not None:
            told = found.get(key) if isinstance(found, Mapping) else None
            yield from _value(f"metadata.{key}", metadata[key], told)


def _value(path: str, wanted: Any, live: Any) -> Iterator[str]:
    if isinstance(wanted, Mapping):
        inner = live if isinstance(live, Mapping) else {}
        for key, value in wanted.items():
            if not str(key).startswith("$"):  # a patch's directive
                yield from _value(f"{path}.{key}", value, inner.get(key))
    elif isinstance(wanted, list):
        yield from _list(path, wanted, live if isinstance(live, list) else [])
    elif not _same(wanted, live):
        yield f"{path} is {_shown(live)} in the cluster, {_shown(wanted)} in git"


def _list(path: str, wanted: Sequence[Any], live: Sequence[Any]) -> Iterator[str]:
    """Entries with names are told by them, others by their place."""
    named = all(isinstance(one, Mapping) and isinstance(one.get("name"), str) for one in wanted)
    if named:
        known = {one["name"]: one for one in live if isinstance(one, Mapping) and isinstance(one.get("name"), str)}
        for one in wanted:
            yield from _value(f"{path}[{one['name']}]", one, known.get(one["name"]))
        return
    if len(wanted) != len(live):
        yield f"{path} has {len(live)} entries in the cluster, {len(wanted)} in git"
    for index, (one, other) in enumerate(zip(wanted, live, strict=False)):
        yield from _value(f"{path}[{index}]", one, other)


def _same(wanted: Any, live: Any) -> bool:
    """Nothing, false, zero and an empty text are what the API leaves out; quantities have several spellings."""
    if wanted == live and isinstance(wanted, bool) == isinstance(live, bool):
        return True
    if live is None:
        return wanted in (None, False, 0, "")
    one, other = quantity({"v": wanted}, "v"), quantity({"v": live}, "v")
    return one is not None and other is not None and math.isclose(one, other, rel_tol=1e-12)


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    text = str(value)
    return f"{text[:60]}…" if len(text) > 60 else text or "empty"
