"""`helmfile`: the version of a release, found by its name, and by its namespace where the name is there twice.

Jenkins X keeps one such file a namespace. Its `keepOldVersions` adds a release beside the old one, which is not what
this edit does: people are told.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from gitops_bot.edits.locators import chart_version
from gitops_bot.edits.locators.neighbours import like
from gitops_bot.edits.locators.objects import Object, Part, lines, path, read_object, read_objects, segment
from gitops_bot.edits.operations import Insert, Operation, Remove, Write
from gitops_bot.edits.path import Filter, Index, Key, Path
from gitops_bot.edits.place import Place, load
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.edits.sketch import sketch
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.helm import Helmfile

_LIST, _NAME, _NAMESPACE, _CHART, _VERSION = "releases", "name", "namespace", "chart", "version"
_PROMOTE = ".jx/promote.yaml"


@dataclass(frozen=True, slots=True)
class _Release:
    """An item of `releases`, in one of the file's documents."""

    document: Object
    items: list[Part]
    number: int

    @property
    def part(self) -> Part:
        return self.items[self.number]

    @property
    def namespace(self) -> str:
        """Its own, else the file's."""
        own = self.document.text(self.part, _NAMESPACE)
        return own or self.document.text(self.document.root, _NAMESPACE) or ""


def candidates(spot: Helmfile) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: Helmfile) -> tuple[Place, ...]:
    """The version of the release with this name."""
    where = Where(namespace=spot.namespace) if spot.namespace else None
    return (Place(spot.file, path(_LIST, Filter((Key(_NAME),), spot.name), _VERSION), where),)


def file(spot: Helmfile, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: Helmfile, sense: Sense, tree: Tree) -> Value:
    """The release's version; None where the release is absent and its chart is known."""
    release = _release(spot, tree)
    return chart_version.read(_place(spot, release, _VERSION), sense, tree) if release else None


def operations(spot: Helmfile, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The release's new version, or a new release; None removes the release."""
    release = _release(spot, tree)
    if release is None:
        return () if value is None else (_added(spot, sense, value, tree),)
    if value is None:
        return (Remove(_place(spot, release)),)
    place = _place(spot, release, _VERSION)
    return (Write(place, chart_version.written(place, sense, value, tree)),)


# ---------------------------------------------------------------- the releases


def _documents(spot: Helmfile, tree: Tree) -> list[Object]:
    """The documents of the file: values may come in one, releases in another. Errors: EditError."""
    full = [one.number for one in sketch(load(tree, spot.file)) if not one.empty]
    return [read_object(spot.file, Where(document=number) if len(full) > 1 else Where(), tree) for number in full]


def _releases(documents: list[Object]) -> list[_Release]:
    listed = [(document, document.items(document.root, _LIST)) for document in documents]
    return [_Release(document, items, number) for document, items in listed for number in range(len(items))]


def _release(spot: Helmfile, tree: Tree) -> _Release | None:
    """The release that is meant; None where it is absent and may be added. Errors: EditError."""
    releases = _releases(_documents(spot, tree))
    named = [release for release in releases if release.document.text(release.part, _NAME) == spot.name]
    found = [release for release in named if spot.namespace in (None, release.namespace)]
    if len(found) > 1:
        raise EditRefused(
            f"{len(found)} releases are {spot.name} ({lines([release.part for release in found])}), in the namespaces "
            + ", ".join(release.namespace or "(none)" for release in found),
            where=spot.file,
            remedy="Choose one by its `namespace`",
        )
    if found:
        return found[0]
    if spot.chart:
        return None
    wanted = f"{spot.name} in {spot.namespace}" if spot.namespace else spot.name
    known = ", ".join(filter(None, (release.document.text(release.part, _NAME) for release in releases)))
    raise PlaceAbsent(
        f"no release is {wanted}" + (f"; there are: {known}" if known else ""),
        where=spot.file,
        remedy="Correct the name, or give its `chart` and it is added",
    )


def _place(spot: Helmfile, release: _Release, *rest: str) -> Place:
    named = segment(release.items, release.number, (_NAME,))
    return _at(spot, release.document, path(_LIST, named, *rest))


def _at(spot: Helmfile, document: Object, at: Path) -> Place:
    return Place(spot.file, at, document.where if document.where.document is not None else None)


# ---------------------------------------------------------------- a new release


def _added(spot: Helmfile, sense: Sense, value: Value, tree: Tree) -> Insert:
    documents = _documents(spot, tree)
    homes = [one for one in documents if one.below(one.root, _LIST)] or documents
    if len(homes) != 1:
        raise EditRefused(f"{len(homes)} documents could get the release", where=spot.file, remedy="Add it by hand")
    (home,) = homes
    _refuse_unknown_repository(spot, documents)
    version = chart_version.spelt(sense, value, spot.file)
    data = {_CHART: spot.chart or "", _VERSION: version, _NAME: spot.name}
    if spot.namespace and spot.namespace != home.text(home.root, _NAMESPACE):
        data[_NAMESPACE] = spot.namespace
    items = home.items(home.root, _LIST)
    same = any(home.text(item, _NAME) == spot.name for item in items)
    end = Index(len(items)) if same else Filter((Key(_NAME),), spot.name)
    return Insert(_at(spot, home, path(_LIST, end)), like(items, data), version)


def _refuse_unknown_repository(spot: Helmfile, documents: list[Object]) -> None:
    """Refuse `dev/cart` where the file has no repository `dev`: helmfile would fail on every release."""
    prefix, slash, _ = (spot.chart or "").partition("/")
    if not slash or prefix in ("", ".", "..") or prefix.endswith(":"):
        return
    if any(one.below(one.root, "bases") for one in documents):
        return
    listed = [one.text(item, _NAME) for one in documents for item in one.items(one.root, "repositories")]
    if prefix not in listed:
        raise EditRefused(
            f"the chart {spot.chart} needs the repository `{prefix}`, which the file does not list",
            where=spot.file,
            remedy=f"Add {prefix} to `repositories`",
        )


# ---------------------------------------------------------------- warnings


def warnings(spot: Helmfile, tree: Tree) -> tuple[str, ...]:
    """That the lock file beside it will not fit any more, or that Jenkins X would keep the old version."""
    return (*_locked(spot, tree), *_kept(spot, tree))


def _locked(spot: Helmfile, tree: Tree) -> tuple[str, ...]:
    at = PurePosixPath(spot.file)
    lock = at.with_suffix(".lock")
    folder = "" if str(at.parent) == "." else str(at.parent)
    if lock.name not in tree.names(folder):
        return ()
    return (f"{lock} locks the old version of {spot.name}: run `helmfile -f {at} deps` and commit what it writes",)


def _kept(spot: Helmfile, tree: Tree) -> tuple[str, ...]:
    """A configuration that cannot be read keeps nothing: it is not what is edited."""
    with suppress(EditError):
        release = _release(spot, tree)
        chart = release.document.text(release.part, _CHART) if release else spot.chart
        for config in read_objects(_PROMOTE, Where(kind="Promote"), tree):
            kept = config.items(config.root, "spec", "helmfileRule", "keepOldVersions")
            if {part.real.text for part in kept} & {spot.name, chart}:
                return (
                    f"{_PROMOTE} keeps old versions of {chart}: Jenkins X would add a release beside {spot.name}, "
                    "this edit writes over its version",
                )
    return ()
