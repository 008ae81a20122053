"""What a Secret holds, and what one is made of: neither edited nor shown, whatever place names it."""

from __future__ import annotations

from pathlib import PurePosixPath

from gitops_bot.edits import locate
from gitops_bot.edits.locators import kustomization
from gitops_bot.edits.locators.kustomization import Kustomization
from gitops_bot.edits.path import Key, Path
from gitops_bot.edits.place import KUSTOMIZATIONS, Place, load
from gitops_bot.edits.sketch import Alias, Document, Node, Scalar, sketch
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.model import Tree

VALUES = frozenset({"data", "stringData"})
"""Where a Secret has them."""
_GENERATOR = "secretGenerator"
_KEEP = "Keep what is promoted in a ConfigMap"


def refuse_secret(place: Place, tree: Tree) -> None:
    """Refuse a place in a YAML file that is inside a Secret, or is one. Errors: EditRefused, FileAbsent."""
    first = place.path.segments[:1]
    if place.file.rpartition("/")[2] in KUSTOMIZATIONS and first == (Key(_GENERATOR),):
        raise EditRefused("what makes a Secret is never edited", where=place.file, remedy=_KEEP)
    source = load(tree, place.file)
    if "Secret" not in source.text:
        return
    try:
        document = locate.document(source, sketch(source), place.where)
    except PlaceAbsent:
        return
    _walk(source, document, place.path)


def refuse_secret_source(file: str, tree: Tree) -> None:
    """Refuse a file that a `secretGenerator` takes in. EditRefused: a kustomization in its folder or above does."""
    folder = str(PurePosixPath(file))
    while folder:
        folder = folder.rpartition("/")[0]
        for path in kustomization.in_folder(folder, tree):
            data = tree.read(path)
            if data is not None and _GENERATOR.encode() in data and file in _taken_in(path, data):
                raise EditRefused(f"a secretGenerator of {path} takes in this file", where=file, remedy=_KEEP)


def _walk(source: Source, document: Document, path: Path) -> None:
    """Down the path as far as there is something; what stands in the way is the edit's own to say."""
    node = document.root
    for depth, segment in enumerate(path.segments):
        if isinstance(segment, Key) and segment.name in VALUES and _is_secret(source, node):
            raise _refused(source, node)
        try:
            node = locate.child(source, node, segment, Path(path.segments[:depth]), follow=True)
        except EditError:
            return
        node = node.real if isinstance(node, Alias) else node
    if _is_secret(source, node):
        raise _refused(source, node)


def _is_secret(source: Source, node: Node) -> bool:
    try:
        kind = locate.child(source, node, Key("kind"), Path(()), follow=True)
    except PlaceAbsent:
        return False
    kind = kind.real if isinstance(kind, Alias) else kind
    return isinstance(kind, Scalar) and kind.text == "Secret"


def _refused(source: Source, node: Node) -> EditRefused:
    return EditRefused("what a Secret holds is neither edited nor shown", where=source.at(node.line), remedy=_KEEP)


def _taken_in(path: str, data: bytes) -> tuple[str, ...]:
    try:
        one = kustomization.parse(Source.decode(path, data))
    except EditError:
        return ()
    return tuple(Kustomization(path, {_GENERATOR: one.content.get(_GENERATOR)}).references())
