"""`rollout`: the image of an Argo Rollout, its single weight, or whether blue/green promotes by itself.

With `workloadRef` the image is in a Deployment, whose `replicas: 0` is how that is meant to be and is left alone. The
steps of a canary are never edited: Argo Rollouts would begin again at the first one.
"""

from __future__ import annotations

from gitops_bot.edits.locators import pods
from gitops_bot.edits.locators.knobs import SWITCH, Knob, refuse_versions
from gitops_bot.edits.locators.objects import Object, Part, lines, path, read_object, read_objects
from gitops_bot.edits.operations import Insert, Operation, Write
from gitops_bot.edits.path import Index
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value, parse_weight
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.workloads import Rollout

_STEPS = ("spec", "strategy", "canary", "steps")
_STEPPED = {"setWeight": ("setWeight",), "setMirrorRoute": ("setMirrorRoute", "percentage")}
"""The fields of steps, and where they are in one."""
_BLUE_GREEN = ("spec", "strategy", "blueGreen")
_PROMOTES = (*_BLUE_GREEN, "autoPromotionEnabled")
_PODS = {"Deployment": pods.TEMPLATE, "ReplicaSet": pods.TEMPLATE, "PodTemplate": ("template", "spec")}
"""What `workloadRef` may name, and where its pods are."""


def candidates(spot: Rollout) -> tuple[str, ...]:
    """The Rollout's file, and the Deployment's where it is named."""
    return tuple(dict.fromkeys((spot.file, spot.workload_file or spot.file)))


def places(spot: Rollout) -> tuple[Place, ...]:
    """The field, as far as the policy alone can name it."""
    if spot.field == "autoPromotionEnabled":
        return (Place(spot.file, path(*_PROMOTES), _where(spot)),)
    if spot.field in _STEPPED:
        return (Place(spot.file, path(*_STEPS, *_STEPPED[spot.field]), _where(spot)),)
    own = pods.named(spot.file, _where(spot), pods.TEMPLATE, spot.container)
    if spot.workload_file is None:
        return (own,)
    return (own, pods.named(spot.workload_file, Where(kind="Deployment"), pods.TEMPLATE, spot.container))


def file(spot: Rollout, tree: Tree) -> str:
    """The file that holds the field. Errors: EditError."""
    return _image(spot, tree).file if spot.field == "image" and spot.workload_file else spot.file


def read(spot: Rollout, sense: Sense, tree: Tree) -> Value:
    """The image's version, the weight, or the switch (None where it is absent, which means true)."""
    if spot.field == "image":
        return pods.read(_image(spot, tree), sense, tree)
    if spot.field in _STEPPED:
        return _weight(spot, sense, tree)[1]
    found = _switch(spot, sense, tree).read()
    return found if sense.as_is else 0 if found is False else 100


def operations(spot: Rollout, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The image with another version, its name kept; or the knob."""
    if spot.field == "image":
        return pods.operations(_image(spot, tree), sense, value, tree)
    if spot.field == "autoPromotionEnabled":
        switch = _switch(spot, sense, tree)
        return switch.operations(value if sense.as_is else _on(value, spot.file))
    place, found, there = _weight(spot, sense, tree)
    if value is None:
        raise EditRefused("a weight cannot be taken away", where=spot.file, remedy="Set it to 0")
    percent = sense.weight(value, spot.file)
    return () if percent == found else (Write(place, percent) if there else Insert(place, percent),)


def _where(spot: Rollout) -> Where:
    return spot.where("Rollout", "argoproj.io")


def _switch(spot: Rollout, sense: Sense, tree: Tree) -> Knob:
    if not sense.as_is:
        refuse_versions(sense, spot.field, spot.file)
    one = read_object(spot.file, _where(spot), tree)
    if one.below(one.root, *_BLUE_GREEN) is None:
        raise EditRefused(
            "the Rollout is not blue/green: it has no `spec.strategy.blueGreen`",
            where=one.at(),
            remedy="Promote a canary by its image, or by its weight",
        )
    return Knob(spot.file, one, _PROMOTES, SWITCH)


def _on(value: Value, where: str) -> bool:
    """All the traffic or none. EditRefused: some of it."""
    if value not in (0, 100):
        raise EditRefused(f"`autoPromotionEnabled` gives all the traffic (100) or none (0), not {value}", where=where)
    return value == 100


# ---------------------------------------------------------------- the weight


def _weight(spot: Rollout, sense: Sense, tree: Tree) -> tuple[Place, int | None, bool]:
    """The single percent's place and value, and whether it is written down.

    Errors: PlaceAbsent, EditRefused (several; weights of another total).
    """
    key, *below = _STEPPED[spot.field]
    refuse_versions(sense, spot.field, spot.file)
    one = read_object(spot.file, _where(spot), tree)
    steps = one.items(one.root, *_STEPS) if one.below(one.root, *_STEPS[:-1]) else []
    found = [(number, part) for number, step in enumerate(steps) if (part := one.below(step, key))]
    if not found:
        raise PlaceAbsent(f"the Rollout's canary has no step with `{key}`", where=one.at())
    if len(found) > 1:
        raise EditRefused(
            f"the canary has {len(found)} steps with `{key}` ({lines([part for _, part in found])}): editing its "
            "steps would make Argo Rollouts begin again at the first one",
            where=one.at(),
            remedy=f"Let the controller go through the steps, or keep one `{key}` and a `pause: {{}}` in git",
        )
    _refuse_other_total(one)
    number, step = found[0]
    place = Place(spot.file, path(*_STEPS, Index(number), key, *below), one.where)
    part = one.below(step, *below)
    if part is None:  # a mirror route without a percentage copies everything
        return place, 100, False
    text = part.real.text
    if text is None:
        raise EditRefused(f"`{(key, *below)[-1]}` is a list or a mapping", where=one.at(part))
    return place, parse_weight(text, one.at(part)) if text else None, True


def _refuse_other_total(one: Object) -> None:
    total = one.text(one.root, *_STEPS[:-1], "trafficRouting", "maxTrafficWeight")
    if total not in (None, "", "100"):
        raise EditRefused(f"its weights are out of {total} (`maxTrafficWeight`), not percents", where=one.at())


# ---------------------------------------------------------------- the image


def _image(spot: Rollout, tree: Tree) -> Place:
    """The image's place, in the Rollout's own template or in what it refers to. Errors: EditError."""
    one = read_object(spot.file, _where(spot), tree)
    template, reference = one.below(one.root, "spec", "template"), one.below(one.root, "spec", "workloadRef")
    if template and reference:
        raise EditRefused("the Rollout has both `template` and `workloadRef`", where=one.at(reference))
    if reference is None:
        return pods.image(spot.file, one, pods.TEMPLATE, spot.container)
    kind, name = one.text(reference, "kind"), one.text(reference, "name")
    if kind not in _PODS or not name:
        raise EditRefused("its `workloadRef` names nothing that has pods", where=one.at(reference))
    return _referred(spot, one, reference, kind, name, tree)


def _referred(spot: Rollout, one: Object, reference: Part, kind: str, name: str, tree: Tree) -> Place:
    home = spot.workload_file or spot.file
    namespace = one.text(one.root, "metadata", "namespace") or spot.namespace
    known = read_objects(home, Where(kind=kind, name=name), tree)
    found = [other for other in known if not namespace or other.where.namespace in (None, "", namespace)]
    if len(found) == 1:
        return pods.image(home, found[0], _PODS[kind], spot.container)
    if found:
        raise EditRefused(f"{len(found)} documents are the {kind} {name}", where=home)
    raise PlaceAbsent(
        f"the Rollout's `workloadRef` is the {kind} {name}, which is not in {home}",
        where=one.at(reference),
        remedy="Name its file with `workloadFile`",
    )
