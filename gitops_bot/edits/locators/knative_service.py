"""`knativeService`: traffic percents, tags and pins of a Knative Service, and the image of its next revision.

The percent is the candidate's share of what it and the stable revision have together; the other entries keep theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gitops_bot.edits.locators import knative_traffic as block
from gitops_bot.edits.locators.objects import path, read_object, segment
from gitops_bot.edits.locators.split import asked_weight, refuse_version
from gitops_bot.edits.operations import Operation, Write
from gitops_bot.edits.path import Filter, Key, Segment
from gitops_bot.edits.place import Place, find
from gitops_bot.edits.sense import Sense, Value, held
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places.routes import KnativeService

_TEMPLATE = ("spec", "template", "spec", "containers")


def candidates(spot: KnativeService) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: KnativeService) -> tuple[Place, ...]:
    """What the field means, as far as the policy alone can name it: of percents, both."""
    if spot.field == "image":
        named: tuple[Segment, ...] = (_filter("name", spot.container),) if spot.container else ()
        return (_place(spot, *_TEMPLATE, *named, "image"),)
    if spot.field == block.REVISION and not spot.tag:
        return (_place(spot, "spec", "traffic", spot.field),)
    stable = (_filter(block.REVISION, spot.stable),) if spot.stable and spot.field == block.PERCENT else ()
    return tuple(_place(spot, "spec", "traffic", one, spot.field) for one in (_filter(*_named(spot)), *stable))


def file(spot: KnativeService, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: KnativeService, sense: Sense, tree: Tree) -> Value:
    """What the field holds; None where there is none. A percent is None where everything goes to the latest."""
    _refuse_slot(spot, sense)
    return _READ[spot.field](spot, sense, tree)


def operations(spot: KnativeService, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """What makes the field hold the value; only a tag can be taken away."""
    _refuse_slot(spot, sense)
    if value is None and spot.field not in (block.TAG, block.PERCENT):
        raise EditRefused(f"`{spot.field}` cannot be taken away", where=spot.file)
    return _WRITE[spot.field](spot, sense, value, tree)


def warnings(spot: KnativeService, tree: Tree) -> tuple[str, ...]:
    """A template that names its revision must get another name with every change, or Knative refuses it."""
    if spot.field != "image":
        return ()
    one = read_object(spot.file, block.where(spot), tree)
    name = one.text(one.root, "spec", "template", "metadata", "name")
    if not name:
        return ()
    return (
        f"{one.at()}: `spec.template.metadata.name` is {name}, and Knative refuses another template under an old "
        "name: set a new one in the same policy",
    )


def renamed(spot: object, written: Sequence[Place]) -> bool:
    """Whether an image goes with a new name of its revision, written together with it: then nothing is wrong."""
    if not isinstance(spot, KnativeService) or spot.field != "image":
        return False
    name = path("spec", "template", "metadata", "name")
    return any(place.file == spot.file and place.path == name for place in written)


def _refuse_slot(spot: KnativeService, sense: Sense) -> None:
    """EditRefused: the slot is of another kind than the field."""
    if spot.field == block.PERCENT:
        refuse_version(sense, spot.file)
    elif not sense.of_version:
        raise EditRefused(f"`{spot.field}` holds no {sense.noun}", where=spot.file, remedy="Choose `field: percent`")
    elif spot.field == block.LATEST and not sense.as_is:
        raise EditRefused(f"`{spot.field}` is true or false, not a version", where=spot.file)
    if spot.field == block.TAG and spot.tag:
        raise EditRefused(
            "`tag` cannot both choose the entry and be what is set there",
            where=spot.file,
            remedy="Choose the entry by its revision, with `canary`",
        )


def _named(spot: KnativeService) -> tuple[str, str]:
    """The key and the value by which a policy knows its entry."""
    if spot.tag:
        return block.TAG, spot.tag
    return (block.REVISION, spot.canary) if spot.canary else (block.LATEST, "true")


def _filter(key: str, value: str) -> Filter:
    return Filter((Key(key),), value)


def _place(spot: KnativeService, *segments: str | Segment) -> Place:
    return Place(spot.file, path(*segments), block.where(spot))


# ---------------------------------------------------------------- one field each


def _read_percent(spot: KnativeService, sense: Sense, tree: Tree) -> Value:  # noqa: ARG001 - all fields look alike
    return block.percent(block.traffic(spot, tree))


def _write_percent(spot: KnativeService, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    return block.shared(block.traffic(spot, tree), asked_weight(sense, value, spot.file))


def _read_tag(spot: KnativeService, sense: Sense, tree: Tree) -> Value:
    tag = block.meant(block.traffic(spot, tree)).tag
    return sense.read_text(tag, spot.file) if tag else None


def _write_tag(spot: KnativeService, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    traffic = block.traffic(spot, tree)
    entry = block.meant(traffic)
    tag = None if value is None else str(sense.write(entry.tag, value, spot.file))
    return block.tagged(traffic, entry, tag)


def _read_pin(spot: KnativeService, sense: Sense, tree: Tree) -> Value:
    revision = block.pinned(block.traffic(spot, tree)).revision
    return sense.read_text(revision, spot.file) if revision else None


def _write_pin(spot: KnativeService, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    traffic = block.traffic(spot, tree)
    entry = block.pinned(traffic)
    return block.pin(traffic, entry, str(sense.write(entry.revision, value, spot.file)))


def _read_latest(spot: KnativeService, sense: Sense, tree: Tree) -> Value:  # noqa: ARG001 - all fields look alike
    return block.following(block.traffic(spot, tree)).latest


def _write_latest(spot: KnativeService, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:  # noqa: ARG001
    traffic = block.traffic(spot, tree)
    entry = block.following(traffic)
    if str(value).lower() not in ("true", "false"):
        raise EditRefused(f"`{spot.field}` is true or false, not {value}", where=spot.file)
    if str(value).lower() == "true":
        return block.unpin(traffic, entry)
    if not entry.latest:
        return ()
    if not spot.canary:
        raise EditRefused("the entry would follow nothing", where=spot.file, remedy="Name its revision with `canary`")
    return block.pin(traffic, entry, spot.canary)


def _read_image(spot: KnativeService, sense: Sense, tree: Tree) -> Value:
    source, scalar = find(tree, _image(spot, tree))
    return sense.read(scalar, source.at(scalar.line))


def _write_image(spot: KnativeService, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    place = _image(spot, tree)
    source, scalar = find(tree, place)
    return (Write(place, sense.write(held(scalar), value, source.at(scalar.line))),)


def _image(spot: KnativeService, tree: Tree) -> Place:
    """The image of the container that is named, else of the only one. Errors: PlaceAbsent, EditRefused."""
    one = read_object(spot.file, block.where(spot), tree)
    spec = one.below(one.root, *_TEMPLATE[:-1])
    containers = one.items(spec, _TEMPLATE[-1]) if spec else []
    names = [one.text(container, "name") for container in containers]
    fitting = [number for number, name in enumerate(names) if spot.container in (None, name)]
    listed = ", ".join(name or f"number {number}" for number, name in enumerate(names)) or "none"
    if not fitting:
        asked = f"the container `{spot.container}`" if spot.container else "a container"
        raise PlaceAbsent(f"the template has no {asked.partition(' ')[2]}; there are: {listed}", where=one.at())
    if len(fitting) > 1:
        raise EditRefused(
            f"several containers could be meant: {listed}", where=one.at(), remedy="Choose one with `container`"
        )
    return _place(spot, *_TEMPLATE, segment(containers, fitting[0], ("name",)), "image")


_READ: dict[str, Callable[[KnativeService, Sense, Tree], Value]] = {
    block.PERCENT: _read_percent,
    block.TAG: _read_tag,
    block.REVISION: _read_pin,
    block.LATEST: _read_latest,
    "image": _read_image,
}
_WRITE: dict[str, Callable[[KnativeService, Sense, Value, Tree], tuple[Operation, ...]]] = {
    block.PERCENT: _write_percent,
    block.TAG: _write_tag,
    block.REVISION: _write_pin,
    block.LATEST: _write_latest,
    "image": _write_image,
}
