"""`file`: a file that is there or not, made from a template of the repository: an Experiment, a canary's Deployment.

Where it holds Kubernetes objects, the kustomization of its folder names it while it is there.
"""

from __future__ import annotations

from gitops_bot.edits.locators import listing
from gitops_bot.edits.locators.made import Filled, Template, refuse_misread, template
from gitops_bot.edits.operations import Operation, Rewrite
from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.edits.sketch import sketch
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditError, EditRefused
from gitops_bot.model import Tree, Version
from gitops_bot.policy.places.files import WholeFile


def candidates(spot: WholeFile) -> tuple[str, ...]:
    """The file and its template."""
    return (spot.path, spot.template)


def places(spot: WholeFile) -> tuple[Place, ...]:
    """The file as a whole."""
    return (Place(spot.path, Path(())),)


def file(spot: WholeFile, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.path


def read(spot: WholeFile, sense: Sense, tree: Tree) -> Value:
    """The version that the file was made with; None where there is no file. EditRefused: people changed it."""
    return _read(spot, template(spot.template, sense, tree, spot.path), tree)


def operations(spot: WholeFile, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The file made with a version, or (None) no file. EditRefused: people changed what is there."""
    filling = template(spot.template, sense, tree, spot.path)
    old = _read(spot, filling, tree)
    if value is None:
        gone = Rewrite(spot.path, None, spot.path, str(old), "")
        return (gone, *listing.removed(spot.path, spot.kustomization, tree)) if old else ()
    version = sense.version(value, spot.path)
    after = filling.filled(version)
    came = Rewrite(spot.path, after.text.encode(), spot.path, str(old or ""), str(version))
    built = _built(spot, after) or spot.kustomization is not None
    return (came, *(listing.added(spot.path, spot.kustomization, tree) if built else ()))


def _read(spot: WholeFile, filling: Template, tree: Tree) -> Version | None:
    data = tree.read(spot.path)
    if data is None:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise _changed(spot, 1) from None
    version = filling.version(text)
    if version is None:
        raise _changed(spot, filling.odd_line(text))
    return version


def _changed(spot: WholeFile, line: int) -> EditRefused:
    return EditRefused(
        f"the file is not what {spot.template} makes: people changed one of them",
        where=f"{spot.path}:{line}",
        remedy="Bring the two together",
    )


def _built(spot: WholeFile, made: Filled) -> bool:
    """Whether a kustomization could build the file: it has Kubernetes objects. EditRefused: it would be misread."""
    if not spot.path.endswith((".yaml", ".yml")):
        return False
    try:
        source = Source.decode(spot.path, made.text.encode())
        documents = [one for one in sketch(source) if not one.empty]
    except EditError:
        return False  # no YAML: nothing is said about how it is read
    refuse_misread(source, made, spot.template)
    return bool(documents) and all(one.kind and one.api for one in documents)
