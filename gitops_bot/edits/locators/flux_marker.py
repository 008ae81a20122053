"""`fluxMarker`: the values that a comment of Flux marks, like `# {"$imagepolicy": "flux-system:app:tag"}`.

A marker at the end of a line is for the one value on that line: a whole image, or with `:tag` or `:digest` behind the
policy one part of it. All that one policy marks in a file is read and written together; `:name` is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitops_bot.edits.locators.marked import Marked, marked
from gitops_bot.edits.locators.pair import Pair, Reference
from gitops_bot.edits.locators.secrets import refuse_secret, refuse_secret_source
from gitops_bot.edits.operations import Operation, Write
from gitops_bot.edits.path import Filter, Key, Path
from gitops_bot.edits.place import Place, find, load
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree, Version
from gitops_bot.policy.places.helm import FluxMarker

_WHOLE, _TAG, _DIGEST, _NAME = "", "tag", "digest", "name"


@dataclass(frozen=True, slots=True)
class _Text:
    """A marked value as a reference, of which it may be one part."""

    place: Place
    part: str
    reference: Reference
    where: str

    def spelt(self, reference: Reference) -> str:
        """The value that stands for another reference."""
        pair = reference.pair
        return {_TAG: pair.tag, _DIGEST: pair.digest}.get(self.part) or str(reference)


def candidates(spot: FluxMarker) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: FluxMarker) -> tuple[Place, ...]:
    """All that the policy marks, as one place."""
    return (Place(spot.file, Path((Filter((Key("$imagepolicy"),), spot.policy),))),)


def file(spot: FluxMarker, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: FluxMarker, sense: Sense, tree: Tree) -> Value:
    """The version that all marked values name together; None where they are empty. EditRefused: they disagree."""
    _refuse_form(spot, sense)
    tags, digests = dict[str, str](), dict[str, str]()
    for text in _texts(spot, tree):
        version = text.reference.pair.version(sense, text.where)
        if version and version.tag:
            tags.setdefault(version.tag, text.where)
        if version and version.digest:
            digests.setdefault(version.digest, text.where)
    for found in (tags, digests):
        if len(found) > 1:
            listed = ", ".join(f"{text} at {where}" for text, where in found.items())
            raise EditRefused(f"{spot.policy} marks values that disagree: {listed}", where=spot.file)
    tag, digest = next(iter(tags), ""), next(iter(digests), "")
    return Version(tag, digest) if tag or digest else None


def operations(spot: FluxMarker, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The part of the version that each marked value holds."""
    _refuse_form(spot, sense)
    refuse_secret_source(spot.file, tree)
    if value is None:
        raise EditRefused("marked values are not removed", where=spot.file)
    return tuple(_write(text, sense, value) for text in _texts(spot, tree))


def _refuse_form(spot: FluxMarker, sense: Sense) -> None:
    if sense.form is not None:
        raise EditRefused(
            "a marker says itself what is spelled at its place", where=spot.file, remedy="Leave out the edit's `value`"
        )


def _write(text: _Text, sense: Sense, value: Value) -> Write:
    pair = text.reference.pair.renewed(sense, value, text.where)
    return Write(text.place, text.spelt(replace(text.reference, pair=pair)))


def _texts(spot: FluxMarker, tree: Tree) -> list[_Text]:
    """The values of the policy, but for names alone. Errors: EditError (nothing is marked)."""
    found = marked(load(tree, spot.file), spot.policy)
    texts = [_text(one, spot, tree) for one in found if one.part != _NAME]
    if not texts:
        what = "marks only a name" if found else "marks nothing"
        raise PlaceAbsent(
            f"{spot.policy} {what} in the file",
            where=spot.file,
            remedy=f'Add `# {{"$imagepolicy": "{spot.policy}"}}` behind a value, or correct the edit',
        )
    return texts


def _text(one: Marked, spot: FluxMarker, tree: Tree) -> _Text:
    place = Place(spot.file, one.path, one.document)
    refuse_secret(place, tree)
    source, scalar = find(tree, place)
    where = source.at(scalar.line)
    text = held(scalar)
    if one.part == _WHOLE:
        reference = Reference.parse(text)
        if not reference.name:
            raise EditRefused(f"{text!r} stands there, which is no image", where=where)
    elif one.part in (_TAG, _DIGEST):
        reference = Reference("", Pair(text, None) if one.part == _TAG else Pair(None, text))
    else:
        raise EditRefused(f"the marker's `:{one.part}` is not known", where=where)
    return _Text(place, one.part, reference, where)
