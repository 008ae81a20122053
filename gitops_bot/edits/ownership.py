"""The ownership check: a field that a controller writes at run time is never written in git.

Argo CD or Flux would put git's value back, the controller its own, and so on. The check costs nothing for other fields:
only an edit of weights, replicas or a selector looks for owners. They are looked for in the edited file, beside it, and
in what the folder's kustomization refers to; what cannot be read there is no evidence.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from gitops_bot.edits.locate import document, locate
from gitops_bot.edits.owners import SPLITTERS, WORKLOADS, Field, Resource, Subject, claims, holder
from gitops_bot.edits.path import Filter, Key, Path
from gitops_bot.edits.place import KUSTOMIZATIONS, Place
from gitops_bot.edits.plain import Manifest, manifests
from gitops_bot.edits.sketch import sketch
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditError, EditRefused
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where

MAX_FILES = 200
"""So many files are looked into for owners."""

_WORTH_READING = re.compile(
    rb"HorizontalPodAutoscaler|ScaledObject|Rollout|Canary|Experiment|routemap|ownerReferences|managed-by-rollouts"
    rb"|rollout-duration"
)
"""What a file holds that has anything to say."""
_ANYTHING = re.compile(rb"")


def check(tree: Tree, place: Place) -> None:
    """Refuse a place that a controller writes at run time. Errors: EditRefused (who owns it, and what to set)."""
    subject = subject_of(tree, place)
    if subject is not None:
        refuse_owned(tree, place.file, subject, where=str(place))


def subject_of(tree: Tree, place: Place, file: str = "") -> Subject | None:
    """What a place means, where a controller could write that too; `file` where the place is in another file."""
    if file and file != place.file:
        place = replace(place, file=file)
    if place.file.rpartition("/")[2] in KUSTOMIZATIONS:
        return _counted(tree, place)
    shapes = _shapes(place.path)
    return _subject(tree, place, shapes) if shapes else None


def check_object(tree: Tree, file: str, where: Where, path: Path) -> None:
    """The same for a field of an object that another file patches or holds as text: `path` is the one in the object.

    Errors: EditRefused.
    """
    subject = meant(where, path)
    if subject is not None:
        refuse_owned(tree, file, subject, where=file)


def meant(where: Where, path: Path) -> Subject | None:
    """What a path in the object that `where` names means, where a controller could write that too."""
    shape = next((shape for shape in _shapes(path) if where.kind is None or where.kind in shape.kinds), None)
    if shape is None or where.name is None:
        return None
    return Subject(where.kind or "", where.name, where.namespace or "", shape.field, _route(path))


def refuse_owned(tree: Tree, file: str, subject: Subject, *, where: str) -> None:
    """Look for the owner of a field around a file. Errors: EditRefused."""
    for manifest in _around(tree, file):
        owner = _held(subject, manifest) or _claimed(subject, manifest)
        if owner:
            raise refused(subject, owner, where)


def refused(subject: Subject, owner: str, where: str) -> EditRefused:
    """The refusal of a field that `owner` writes."""
    named = f"{subject.kind or 'workload'} {subject.name}"
    what = f"{owner} writes {subject.field.value} of the {named} at run time"
    return EditRefused(what, where=where, remedy=f"{_remedy(subject)}{_knobs(subject, owner)}")


# ---------------------------------------------------------------- what an edit means


@dataclass(frozen=True, slots=True)
class _Shape:
    """Paths that mean a field: keys below `head`, list items left out."""

    kinds: tuple[str, ...]
    field: Field
    head: tuple[str, ...]
    tails: tuple[tuple[str, ...], ...] = ((), ("weight",))


_SHAPES = (
    _Shape(WORKLOADS, Field.REPLICAS, ("spec", "replicas"), ((),)),
    _Shape(SPLITTERS[:1], Field.WEIGHT, ("spec", "http", "route")),
    _Shape(SPLITTERS[:1], Field.WEIGHT, ("spec", "http", "mirror"), ((),)),
    _Shape(SPLITTERS[:1], Field.WEIGHT, ("spec", "http", "mirrorPercent"), ((),)),
    _Shape(SPLITTERS[:1], Field.WEIGHT, ("spec", "http", "mirrorPercentage"), ((), ("value",))),
    _Shape(SPLITTERS[:1], Field.WEIGHT, ("spec", "http", "mirrors"), ((), ("percentage",), ("percentage", "value"))),
    _Shape(SPLITTERS[:1], Field.WEIGHT, ("spec", "tcp", "route")),
    _Shape(SPLITTERS[:1], Field.WEIGHT, ("spec", "tls", "route")),
    _Shape(("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"), Field.WEIGHT, ("spec", "rules", "backendRefs")),
    _Shape(("HTTPRoute", "GRPCRoute"), Field.WEIGHT, ("spec", "rules", "filters"), ((), ("requestMirror", "percent"))),
    _Shape(("TrafficSplit",), Field.WEIGHT, ("spec", "backends")),
    _Shape(("TraefikService",), Field.WEIGHT, ("spec", "weighted", "services")),
    _Shape(("HTTPProxy",), Field.WEIGHT, ("spec", "routes", "services")),
    _Shape(("ApisixRoute",), Field.WEIGHT, ("spec", "http", "backends")),
    _Shape(("Service",), Field.WEIGHT, ("spec", "traffic"), ((), ("percent",), ("revisionName",), ("latestRevision",))),
)
_ANNOTATION = re.compile(r".+/canary-weight|alb\.ingress\.kubernetes\.io/actions\..+")


def _shapes(path: Path) -> tuple[_Shape, ...]:
    """What a path could mean, by its keys alone."""
    keys = tuple(segment.name for segment in path.segments if isinstance(segment, Key))
    if keys[:1] not in (("spec",), ("metadata",)):
        return ()
    match keys:
        case ("metadata", "annotations", name) if _ANNOTATION.fullmatch(name):
            return (_Shape(("Ingress",), Field.WEIGHT, keys),)
        case ("spec", "selector") | ("spec", "selector", _):
            return (_Shape(("Service",), Field.LABELS, keys),)
        case ("spec", "subsets", "labels") | ("spec", "subsets", "labels", _):
            return (_Shape(("DestinationRule",), Field.LABELS, keys),)
    return tuple(
        shape for shape in _SHAPES if keys[: len(shape.head)] == shape.head and keys[len(shape.head) :] in shape.tails
    )


def _subject(tree: Tree, place: Place, shapes: tuple[_Shape, ...]) -> Subject | None:
    """The object that the place is in; None where that cannot be told, which the edit itself will say."""
    data = tree.read(place.file)
    if data is None:
        return None
    try:
        source = Source.decode(place.file, data)
        found = document(source, sketch(source), place.where)
    except EditError:
        return None
    kind, name = found.kind or "", found.name or ""
    shape = next((shape for shape in shapes if kind in shape.kinds), None)
    if shape is None or not name:
        return None
    return Subject(kind, name, found.namespace or "", shape.field, _route(place.path))


def _counted(tree: Tree, place: Place) -> Subject | None:
    """The workload of an entry below `replicas:` of a kustomization."""
    match place.path.segments:
        case (Key("replicas"), Filter((Key("name"),), name), *rest) if rest in ([], [Key("count")]):
            return Subject("", name, "", Field.REPLICAS)
        case (Key("replicas"), index, Key("count")):
            data = tree.read(place.file)
            try:
                source = Source.decode(place.file, data or b"")
                name = locate(source, Path((Key("replicas"), index, Key("name"))), place.where, follow=True).text
            except EditError:
                return None
            return Subject("", name, "", Field.REPLICAS)
    return None


def _route(path: Path) -> str:
    """The name of the route that a path chooses, where it chooses one by its name."""
    chosen = path.segments[2:3]
    return chosen[0].value if chosen and isinstance(chosen[0], Filter) and chosen[0].keys == (Key("name"),) else ""


# ---------------------------------------------------------------- who is there


def _held(subject: Subject, manifest: Manifest) -> str:
    """Who the object itself says that it is held by."""
    content = manifest.content
    metadata = content.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if (content.get("kind"), name) != (subject.kind, subject.name) or not _together(subject, content):
        return ""
    return holder(content, subject.field)


def _together(subject: Subject, resource: Resource) -> bool:
    metadata = resource.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    return not subject.namespace or not namespace or subject.namespace == namespace


def _claimed(subject: Subject, manifest: Manifest) -> str:
    claim = next((claim for claim in claims(manifest.content) if claim.covers(subject)), None)
    return f"{claim.said} ({manifest.file}:{manifest.line})" if claim else ""


def _around(tree: Tree, file: str) -> Iterator[Manifest]:
    """What the file, its folder, and what its kustomization refers to hold, as far as it can be read."""
    yield from _in_files(tree, [file])
    folder = str(PurePosixPath(file).parent)
    near = [path for path in _files_in(tree, "" if folder == "." else folder) if path != file][:MAX_FILES]
    tree.fetch(near)
    yield from _in_files(tree, near)
    referred = dict.fromkeys(path for path in _referred(tree, [file, *near]) if path not in {file, *near})
    further = list(referred)[: MAX_FILES - len(near)]
    tree.fetch(further)
    yield from _in_files(tree, further)


def _files_in(tree: Tree, folder: str) -> list[str]:
    prefix = f"{folder}/" if folder else ""
    try:
        names = tree.names(folder)
    except EditError:
        return []
    return [f"{prefix}{name}" for name in names if name in KUSTOMIZATIONS or _is_yaml(name)]


def _is_yaml(path: str) -> bool:
    return path.endswith((".yaml", ".yml"))


def _in_files(tree: Tree, paths: list[str]) -> Iterator[Manifest]:
    for path in paths:
        yield from _manifests(tree, path, _WORTH_READING)


def _manifests(tree: Tree, path: str, worth: re.Pattern[bytes]) -> tuple[Manifest, ...]:
    try:
        data = tree.read(path)
        return manifests(Source.decode(path, data)) if data is not None and worth.search(data) else ()
    except EditError:
        return ()


def _referred(tree: Tree, near: list[str]) -> Iterator[str]:
    """The files that a kustomization among `near` takes in, and those in the folders that it does, one level deep."""
    for file in near:
        path = PurePosixPath(file)
        found = _manifests(tree, file, _ANYTHING) if path.name in KUSTOMIZATIONS else ()
        for manifest in found:
            for key in ("resources", "bases", "components"):
                entries = manifest.content.get(key)
                for entry in entries if isinstance(entries, list) else ():
                    yield from _entry(tree, str(path.parent), entry)


def _entry(tree: Tree, folder: str, entry: object) -> Iterator[str]:
    if not isinstance(entry, str) or "://" in entry:
        return
    path = posixpath.normpath(posixpath.join(folder, entry))
    if path.startswith(("..", "/")):
        return
    if _is_yaml(path):
        yield path
    else:
        yield from _files_in(tree, "" if path == "." else path)


# ---------------------------------------------------------------- what to do

_BACKENDS = "`jqPathExpressions: ['.spec.rules[].backendRefs[].weight']`"
_IGNORED = {
    Field.REPLICAS: {},
    Field.LABELS: {"DestinationRule": "`jqPathExpressions: ['.spec.subsets[].labels']`"},
    Field.WEIGHT: {
        "VirtualService": "`jqPathExpressions: ['.spec.http[].route[].weight']`",
        "HTTPRoute": _BACKENDS,
        "GRPCRoute": _BACKENDS,
        "Ingress": "`jsonPointers: [/metadata/annotations]`",
        "Service": "`jsonPointers: [/spec/traffic]`",
    },
}
"""What Argo CD is to ignore, by field and kind."""
_OTHERWISE = {
    Field.REPLICAS: "`jsonPointers: [/spec/replicas]`",
    Field.LABELS: "`jsonPointers: [/spec/selector]`",
    Field.WEIGHT: "a `jqPathExpressions` of its weights",
}


def _remedy(subject: Subject) -> str:
    ignored = _IGNORED[subject.field].get(subject.kind, _OTHERWISE[subject.field])
    flux = (
        "leave `replicas` out of git"
        if subject.field is Field.REPLICAS
        else "annotate the object with `kustomize.toolkit.fluxcd.io/reconcile: disabled`"
    )
    return (
        f"Leave it to the owner: give the Argo CD Application `ignoreDifferences` with {ignored} and the sync option "
        f"`RespectIgnoreDifferences=true`; for Flux {flux}"
    )


_KNOBS = {
    "Flagger": "What it goes by is yours: `canary: {file: …, field: maxWeight}`, or stepWeight, threshold, interval",
    "Argo Rollouts": "A Rollout with a single step is yours: `rollout: {file: …, field: setWeight}`",
}
"""What git may say of the weight all the same, by the controller."""


def _knobs(subject: Subject, owner: str) -> str:
    known = next((said for controller, said in _KNOBS.items() if owner.startswith(controller)), "")
    return f". {known}" if known and subject.field is Field.WEIGHT else ""
