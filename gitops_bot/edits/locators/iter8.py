"""`iter8`: the weights of two versions of Iter8 1.x, and of nothing else: others keep their share.

They are in the release chart's values, in the text of a routemap, whose Go templates are kept byte for byte, or in the
annotation of each version's first resource. Weights are relative; a version without one has 1.
"""

from __future__ import annotations

from gitops_bot.edits.inner import Inner, inner
from gitops_bot.edits.locators.knobs import Knob, refuse_versions, whole_number
from gitops_bot.edits.locators.objects import Object, path, read_object
from gitops_bot.edits.locators.split import Share, Split, asked_weight, share
from gitops_bot.edits.operations import Insert, Operation, Write, carry_out
from gitops_bot.edits.path import Index, Key, Path
from gitops_bot.edits.place import Overlay, Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.workloads import Iter8

_ANNOTATION = "iter8.tools/weight"
_VERSIONS, _WEIGHT = "versions", "weight"
_STRING = path("data", "strSpec")
_DEFAULT, _MOST = 1, 2**31 - 1


def candidates(spot: Iter8) -> tuple[str, ...]:
    """The file, and the one of the candidate where that is another."""
    return tuple(dict.fromkeys((spot.file, spot.candidate_file or spot.file)))


def places(spot: Iter8) -> tuple[Place, ...]:
    """Both weights."""
    if spot.shape == "annotation":
        return tuple(_annotation(*given) for given in _objects(spot))
    head, where = Path(()), None
    if spot.shape == "values":
        head = Path.parse(spot.key)
    else:
        head, where = _STRING, _routemap(spot)
    return tuple(
        Place(spot.file, path(*head.segments, _VERSIONS, Index(number), _WEIGHT), where) for number in _numbers(spot)
    )


def file(spot: Iter8, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: Iter8, sense: Sense, tree: Tree) -> Value:
    """The candidate's percent of what both versions have."""
    refuse_versions(sense, _WEIGHT, spot.file)
    if spot.shape == "routemap":
        return _in_string(spot, _open(spot, tree), tree)[1].percent
    return _split(spot, tree).percent


def operations(spot: Iter8, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """Both weights, in one change."""
    percent = asked_weight(sense, value, spot.file)
    if spot.shape != "routemap":
        return _split(spot, tree).operations(percent)
    found = _open(spot, tree)
    desk, split = _in_string(spot, found, tree)
    old = split.percent
    for operation in split.operations(percent):
        desk, _ = carry_out(desk, operation)
    after = Source.decode(found.source.file, desk.read(found.source.file) or b"")
    return (found.rewrite(after, path(_VERSIONS), old=str(old), new=str(percent)),)


# ---------------------------------------------------------------- a list of versions


def _split(spot: Iter8, tree: Tree) -> Split:
    if spot.shape == "annotation":
        return _annotated(spot, tree)
    return _listed(spot, read_object(spot.file, Where(), tree), spot.file, Path.parse(spot.key))


def _in_string(spot: Iter8, found: Inner, tree: Tree) -> tuple[Overlay, Split]:
    """The routemap's text as a file of its own, and the weights in it."""
    desk = Overlay(tree).having(found.source.file, found.source.encode())
    one = read_object(found.source.file, Where(), desk)
    return desk, _listed(spot, one, found.source.file, Path(()))


def _open(spot: Iter8, tree: Tree) -> Inner:
    return inner(tree, Place(spot.file, _STRING, _routemap(spot)))


def _routemap(spot: Iter8) -> Where:
    return spot.where("ConfigMap", "v1")


def _listed(spot: Iter8, one: Object, file: str, head: Path) -> Split:
    """The weights of a list of versions. Errors: PlaceAbsent, EditRefused."""
    keys = [segment.name for segment in head.segments if isinstance(segment, Key)]
    if len(keys) != len(head.segments):
        raise EditRefused(f"`{head}` is no path of keys alone", where=file)
    parent = one.below(one.root, *keys)
    versions = one.items(parent, _VERSIONS) if parent else []
    stable, candidate = _numbers(spot)
    if max(stable, candidate) >= len(versions):
        raise PlaceAbsent(
            f"there are {len(versions)} versions, so there is no number {max(stable, candidate)}", where=one.at(parent)
        )

    def counted(number: int) -> Share:
        place = Place(file, path(*keys, _VERSIONS, Index(number), _WEIGHT), one.where)
        return share(f"version {number}", one, versions[number], place, default=_DEFAULT, limit=_MOST)

    others = [counted(number).counted for number in range(len(versions)) if number not in (stable, candidate)]
    return Split(one.at(versions[candidate]), counted(stable), counted(candidate), sum(others))


def _numbers(spot: Iter8) -> tuple[int, int]:
    if not isinstance(spot.stable, int) or not isinstance(spot.candidate, int) or spot.stable == spot.candidate:
        raise EditRefused(
            "`stable` and `candidate` are two different numbers of versions",
            where=spot.file,
            remedy="Names go with `shape: annotation`",
        )
    return spot.stable, spot.candidate


# ---------------------------------------------------------------- annotations


def _annotated(spot: Iter8, tree: Tree) -> Split:
    (file, where), (candidate_file, candidate_where) = _objects(spot)
    stable, candidate = read_object(file, where, tree), read_object(candidate_file, candidate_where, tree)
    return Split(
        candidate.at(),
        _share(stable, _annotation(file, where)),
        _share(candidate, _annotation(candidate_file, candidate_where)),
        0,
    )


def _objects(spot: Iter8) -> tuple[tuple[str, Where], tuple[str, Where]]:
    """Where the two objects are."""
    if not isinstance(spot.stable, str) or not isinstance(spot.candidate, str) or spot.stable == spot.candidate:
        raise EditRefused(
            "`shape: annotation` needs `stable` and `candidate`: the names of two objects", where=spot.file
        )
    stable, candidate = (Where(name=name, namespace=spot.namespace) for name in (spot.stable, spot.candidate))
    return (spot.file, stable), (spot.candidate_file or spot.file, candidate)


def _annotation(file: str, where: Where) -> Place:
    return Place(file, path("metadata", "annotations", _ANNOTATION), where)


def _share(one: Object, place: Place) -> Share:
    """An object's share; annotations are text."""
    knob = Knob(place.file, one, ("metadata", "annotations", _ANNOTATION), whole_number())
    found = knob.read()
    return Share(
        one.where.name or "",
        found if isinstance(found, int) else _DEFAULT,
        found is not None,
        lambda weight: Write(place, str(weight)) if knob.found else Insert(place, str(weight)),
    )
