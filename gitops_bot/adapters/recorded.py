"""Metrics and clusters without servers: recordings in files, and functions that play the world.

A recording of metrics is a JSON file:

    {"series": [{"query": "sum(rate(errors[5m]))", "points": [[1700000000, 0.01], [1700000060, null]], "every": 60},
                {"query": "~>quantile.*version=\\"v2\\"", "points": [[1700000000.5, 12]]}]}

`query` is the expression to the letter, or after `~>` a regular expression that fits the whole of it; the letter goes
first, then the file's order. A point (Unix seconds, value) holds until the next one, but no longer than `every`
seconds: at most 300, which is the default and Prometheus' own lookback. `null` ends the one before: a gap.

A recording of a cluster is a folder of manifests, YAML or JSON, as `kubectl get -o yaml` writes them.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from gitops_bot.adapters.versions import others
from gitops_bot.errors import ClusterUnreachable
from gitops_bot.model import Kind, Missing, Query, Reading, Sample

LOOKBACK_S = 300.0
"""How long a point holds, as Prometheus' default does."""
Objects = tuple[Mapping[str, Any], ...]


class MemoryMetrics:
    """A function of expression and instant as `Metrics`; None is no data."""

    def __init__(self, lookup: Callable[[str, datetime], float | None]) -> None:
        self._lookup = lookup

    def range(self, query: Query) -> tuple[Reading, ...]:
        """One reading per instant of the query, in order."""
        return tuple(_reading(self._lookup(query.expression, at), at) for at in query.instants())


class RecordedMetrics:
    """A recording as `Metrics`; the file is read when it is first asked, and again when it has changed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._series: tuple[_Series, ...] = ()
        self._stamp = (0, 0)

    def range(self, query: Query) -> tuple[Reading, ...]:
        """One reading per instant of the query, in order; a file that cannot be read gives none."""
        try:
            self._look()
        except (OSError, LookupError, TypeError, ValueError, RecursionError, re.error) as error:
            reason = f"the recording {self._file} cannot be read: {error}"
            return tuple(Missing(reason, at, answered=False) for at in query.instants())
        series = _fitting(self._series, query.expression)
        if series is None:
            return tuple(Missing("no data recorded for this query", at) for at in query.instants())
        return tuple(_reading(series.value_at(at.timestamp()), at) for at in query.instants())

    def _look(self) -> None:
        found = self._file.stat()
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            self._series, self._stamp = _load_series(self._file), stamp


class MemoryCluster:
    """A function of a kind as `Cluster`."""

    def __init__(self, lookup: Callable[[Kind], Sequence[Mapping[str, Any]]]) -> None:
        self._lookup = lookup

    def list(self, kind: Kind) -> Objects:
        """What the function gives."""
        return tuple(self._lookup(kind))


class RecordedCluster:
    """A folder of manifests as `Cluster`, read anew with each list."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list(self, kind: Kind) -> Objects:
        """The manifests of a kind in any version of it that reads alike, by file name; empty when there is none.

        Errors: ClusterUnreachable.
        """
        wanted = [(f"{one.group}/{one.version}".lstrip("/"), one.name) for one in (kind, *others(kind))]
        if not self._folder.is_dir():
            raise ClusterUnreachable("there is no such folder of recorded objects", where=str(self._folder))
        files = sorted(path for path in self._folder.rglob("*") if path.suffix in (".yaml", ".yml", ".json"))
        objects = (each for file in files for each in _objects_in(file))
        return tuple(each for each in objects if (each.get("apiVersion"), each.get("kind")) in wanted)


@dataclass(frozen=True, slots=True)
class _Series:
    query: str
    pattern: re.Pattern[str] | None
    times: tuple[float, ...]
    """Unix seconds, ascending."""
    values: tuple[float | None, ...]
    holds_s: float

    def value_at(self, at: float) -> float | None:
        last = bisect_right(self.times, at) - 1
        return self.values[last] if last >= 0 and at - self.times[last] < self.holds_s else None


def _load_series(file: Path) -> tuple[_Series, ...]:
    return tuple(_parsed(each) for each in json.loads(file.read_text(encoding="utf-8"))["series"])


def _parsed(raw: Mapping[str, Any]) -> _Series:
    points = sorted(((float(at), value) for at, value in raw["points"]), key=lambda point: point[0])
    query = str(raw["query"])
    return _Series(
        query=query,
        pattern=re.compile(query[2:], re.DOTALL) if query.startswith("~>") else None,
        times=tuple(at for at, _ in points),
        values=tuple(None if value is None else float(value) for _, value in points),
        holds_s=min(float(raw.get("every", LOOKBACK_S)), LOOKBACK_S),
    )


def _fitting(recorded: Sequence[_Series], expression: str) -> _Series | None:
    exact = (each for each in recorded if each.query == expression)
    similar = (each for each in recorded if each.pattern and each.pattern.fullmatch(expression))
    return next(exact, None) or next(similar, None)


def _reading(value: float | None, at: datetime) -> Reading:
    if value is None:
        return Missing("no data at this instant", at)
    return Sample(value, at) if math.isfinite(value) else Missing(f"the value is {value}", at)


class _AsTheApi(yaml.SafeLoader):
    """The safe loader without dates: the API's times are strings, and so must be those that nobody quoted."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to configure a loader
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _objects_in(file: Path) -> Iterator[Mapping[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".json":  # YAML, too, but much slower read as such
            documents: tuple[Any, ...] = (json.loads(text),)
        else:
            documents = tuple(yaml.load_all(text, Loader=_AsTheApi))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ClusterUnreachable(f"recorded objects cannot be read: {error}", where=str(file)) from error
    for document in documents:
        if isinstance(document, dict):
            yield from _listed(document)


def _listed(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects of a list as kubectl writes it, or the one object."""
    if isinstance(document.get("items"), list) and str(document.get("kind", "")).endswith("List"):
        yield from (each for each in document["items"] if isinstance(each, dict))
    else:
        yield document
