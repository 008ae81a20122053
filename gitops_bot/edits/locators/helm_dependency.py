"""`helmDependency`: the version of a chart's dependency, in `Chart.yaml` or in Helm 2's `requirements.yaml`.

The repository of an absent one is never guessed, and a lock file is never written: people are told what mends it.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from gitops_bot.edits.locators import chart_version
from gitops_bot.edits.locators.neighbours import like
from gitops_bot.edits.locators.objects import Object, Part, lines, path, read_object, segment
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Filter, Index, Key
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.helm import HelmDependency

_LIST, _NAME, _ALIAS, _VERSION = "dependencies", "name", "alias", "version"
_LOCKS = {"Chart.yaml": "Chart.lock", "requirements.yaml": "requirements.lock"}


def candidates(spot: HelmDependency) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: HelmDependency) -> tuple[Place, ...]:
    """The version of the entry with this name, or with this alias."""
    key, value = (_ALIAS, spot.alias) if spot.alias else (_NAME, spot.name)
    return (Place(spot.file, path(_LIST, Filter((Key(key),), value), _VERSION)),)


def file(spot: HelmDependency, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: HelmDependency, sense: Sense, tree: Tree) -> Value:
    """The entry's version; None where the entry is absent and its repository is known."""
    place = _entry(spot, tree)
    return chart_version.read(_version(place), sense, tree) if place else None


def operations(spot: HelmDependency, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The entry's new version, or a new entry; None removes the entry."""
    place = _entry(spot, tree)
    if place is None:
        return () if value is None else (_added(spot, sense, value, tree),)
    if value is None:
        return (Remove(place),)
    return (Write(_version(place), chart_version.written(_version(place), sense, value, tree)),)


def warnings(spot: HelmDependency, tree: Tree) -> tuple[str, ...]:
    """That the lock file beside it will not fit any more."""
    at = PurePosixPath(spot.file)
    lock = _LOCKS.get(at.name)
    folder = "" if str(at.parent) == "." else str(at.parent)
    if lock is None or lock not in tree.names(folder):
        return ()
    return (
        f"{at.with_name(lock)} locks the old version of {spot.name}: "
        f"run `helm dependency update {at.parent}` and commit what it writes",
    )


def _version(entry: Place) -> Place:
    return Place(entry.file, path(*entry.path.segments, _VERSION))


def _entry(spot: HelmDependency, tree: Tree) -> Place | None:
    """Where the entry is; None where it is absent and may be added. Errors: EditError."""
    chart = read_object(spot.file, Where(), tree)
    entries = chart.items(chart.root, _LIST)
    found = [number for number, entry in enumerate(entries) if _meant(spot, chart, entry)]
    if len(found) > 1:
        raise EditRefused(
            f"{spot.name} is there {len(found)} times ({lines([entries[number] for number in found])})",
            where=spot.file,
            remedy="Choose one by its `alias`; the chart's own name is the one without an alias",
        )
    if found:
        return Place(spot.file, path(_LIST, segment(entries, found[0], (_NAME,), (_ALIAS,))))
    if spot.repository:
        return None
    raise _absent(spot, chart, entries)


def _meant(spot: HelmDependency, chart: Object, entry: Part) -> bool:
    if chart.text(entry, _NAME) != spot.name:
        return False
    return spot.alias is None or spot.alias == (chart.text(entry, _ALIAS) or spot.name)


def _absent(spot: HelmDependency, chart: Object, entries: list[Part]) -> PlaceAbsent:
    known = ", ".join(name for entry in entries if (name := _called(chart, entry)))
    wanted = f"{spot.name} as {spot.alias}" if spot.alias else spot.name
    return PlaceAbsent(
        f"no dependency is {wanted}" + (f"; there are: {known}" if known else ""),
        where=spot.file,
        remedy="Correct the name, or give its `repository` and it is added",
    )


def _called(chart: Object, entry: Part) -> str:
    name, alias = chart.text(entry, _NAME), chart.text(entry, _ALIAS)
    return f"{name} as {alias}" if alias else name or ""


def _added(spot: HelmDependency, sense: Sense, value: Value, tree: Tree) -> Insert:
    chart = read_object(spot.file, Where(), tree)
    if chart.text(chart.root, "apiVersion") == "v1":
        raise EditRefused(
            "a chart of apiVersion v1 has its dependencies in requirements.yaml",
            where=spot.file,
            remedy="Name that file, or raise apiVersion to v2",
        )
    version = chart_version.spelt(sense, value, spot.file)
    data = {_NAME: spot.name, _VERSION: version, "repository": spot.repository or ""}
    alias = spot.alias if spot.alias != spot.name else None
    if alias:
        data[_ALIAS] = alias
    entries = chart.items(chart.root, _LIST)
    key, taken = (_ALIAS, alias) if alias else (_NAME, spot.name)
    same = any(chart.text(entry, key) == taken for entry in entries)
    end = Index(len(entries)) if same else Filter((Key(key),), taken)
    return Insert(Place(spot.file, path(_LIST, end)), like(entries, data), version)
