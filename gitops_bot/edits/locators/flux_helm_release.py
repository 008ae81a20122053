"""`fluxHelmRelease`: the version of the chart of a Flux HelmRelease, or a value it hands to the chart."""

from __future__ import annotations

from gitops_bot.edits.locators import chart_version, values
from gitops_bot.edits.locators.objects import path, read_object
from gitops_bot.edits.operations import Insert, Operation, Write
from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places.helm import FluxHelmRelease

_KIND, _API = "HelmRelease", "helm.toolkit.fluxcd.io"
_VERSION = path("spec", "chart", "spec", "version")


def candidates(spot: FluxHelmRelease) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: FluxHelmRelease) -> tuple[Place, ...]:
    """The chart's version, or the value."""
    return (_place(spot),)


def file(spot: FluxHelmRelease, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: FluxHelmRelease, sense: Sense, tree: Tree) -> Value:
    """The version or the value; None where it is empty, or absent and may be created."""
    place = _place(spot)
    if spot.value is not None:
        return values.read(place, sense, tree, create=spot.create)
    _refuse_reference(spot, tree)
    try:
        return chart_version.read(place, sense, tree)
    except PlaceAbsent:
        if spot.create:
            return None
        raise


def operations(spot: FluxHelmRelease, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The new version or value. A version is never removed: Flux would take the newest."""
    place = _place(spot)
    if spot.value is not None:
        return values.operations(place, sense, value, tree, create=spot.create)
    _refuse_reference(spot, tree)
    if value is None:
        raise EditRefused("without a version Flux takes the newest chart", where=str(place))
    try:
        return (Write(place, chart_version.written(place, sense, value, tree)),)
    except PlaceAbsent:
        if not spot.create:
            raise
        return (Insert(place, chart_version.spelt(sense, value, str(place))),)


def _place(spot: FluxHelmRelease) -> Place:
    at = _VERSION if spot.value is None else path("spec", "values", *Path.parse(spot.value).segments)
    return Place(spot.file, at, spot.where(_KIND, _API))


def _refuse_reference(spot: FluxHelmRelease, tree: Tree) -> None:
    """Refuse a chart that another object chooses: its version stands there."""
    release = read_object(spot.file, spot.where(_KIND, _API), tree)
    reference = release.below(release.root, "spec", "chartRef")
    if reference is None or reference.real.keys is None:
        return
    kind, name, namespace = (release.text(reference, key) for key in ("kind", "name", "namespace"))
    chosen = f"{kind or 'OCIRepository'} {f'{namespace}/' if namespace else ''}{name}"
    field = "spec.version" if kind == "HelmChart" else "spec.ref.tag"
    raise EditRefused(
        f"the chart comes from the {chosen}, and so does its version",
        where=release.at(reference),
        remedy=f"Edit `{field}` of that object, by `yaml`",
    )
