"""The conformance samples as objects that a test may bend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from gitops_bot.experiments import Lookup, Resource

Json = dict[str, Any]

SAMPLES = Path(__file__).parents[1] / "conformance" / "data" / "samples"


def alone() -> Lookup:
    """A cluster with nothing else in it."""
    return Lookup(lambda _kind: {})


def holding(kind: str, *resources: Resource) -> Lookup:
    """A cluster that holds these objects of one kind beside the one that is read."""
    known = {(one["metadata"]["namespace"], one["metadata"]["name"]): one for one in resources}
    return Lookup(lambda wanted: known if wanted == kind else {})


def sample(file: str, document: int = 0) -> Json:
    """A fresh copy of one document of a sample."""
    found: Json = list(yaml.safe_load_all((SAMPLES / file).read_text(encoding="utf-8")))[document]
    return found


def having(resource: Json, path: str, value: object) -> Json:
    """The object with a value set at a dotted path, its parents made where they lack; numbers are places in lists."""
    *parents, last = path.split(".")
    at: Any = resource
    for key in parents:
        at = at[int(key)] if isinstance(at, list) else at.setdefault(key, {})
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return resource


def lacking(resource: Json, path: str) -> Json:
    """The object without what stands at a dotted path."""
    *parents, last = path.split(".")
    at: Any = resource
    for key in parents:
        at = at[int(key)] if isinstance(at, list) else at[key]
    del at[last]
    return resource


def stating(resource: Json, kind: str, **fields: object) -> Json:
    """The object with a condition replaced, or added."""
    conditions = resource.setdefault("status", {}).setdefault("conditions", [])
    conditions[:] = [one for one in conditions if one["type"] != kind]
    conditions.append({"type": kind, **fields})
    return resource
