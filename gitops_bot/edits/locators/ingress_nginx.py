"""`ingressNginx`: the weight of a canary Ingress, an annotation and so always text.

The weight is out of `canary-weight-total`, 100 where that is absent. A header or a cookie goes before it, and stays.
"""

from __future__ import annotations

import re

from gitops_bot.edits.locators.objects import Object, path, read_object, read_objects
from gitops_bot.edits.locators.split import asked_weight, refuse_version
from gitops_bot.edits.operations import Insert, Operation, Write
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where
from gitops_bot.policy.places.routes import IngressNginx

_CANARY = "nginx.ingress.kubernetes.io/canary"
_WEIGHT, _TOTAL = f"{_CANARY}-weight", f"{_CANARY}-weight-total"
_TRUE = frozenset({"1", "t", "T", "true", "True", "TRUE"})
"""What ingress-nginx takes for true (Go's `strconv.ParseBool`)."""
_MOST = 2**31 - 1
_MAKE_ONE = f'Set `{_CANARY}: "true"`, or choose the canary Ingress'


def candidates(spot: IngressNginx) -> tuple[str, ...]:
    """The file."""
    return (spot.file,)


def places(spot: IngressNginx) -> tuple[Place, ...]:
    """The annotation."""
    return (_place(spot, _where(spot)),)


def file(spot: IngressNginx, tree: Tree) -> str:  # noqa: ARG001 - the file is named, whether it is there or not
    """The file."""
    return spot.file


def read(spot: IngressNginx, sense: Sense, tree: Tree) -> Value:
    """The canary's percent; None where there is no weight."""
    refuse_version(sense, spot.file)
    one = _ingress(spot, tree)
    weight, total = _number(one, _WEIGHT, 0), _number(one, _TOTAL, 1)
    if weight is None:
        return None
    percent, rest = divmod(100 * weight, total or 100)
    if rest or percent > 100:
        raise EditRefused(f"the weight {weight} of {total or 100} is no whole percent up to 100", where=one.at())
    return percent


def operations(spot: IngressNginx, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
    """The annotation, added where it is absent. EditRefused: the total cannot express the percent."""
    percent = asked_weight(sense, value, spot.file)
    one = _ingress(spot, tree)
    total = _number(one, _TOTAL, 1) or 100
    weight, rest = divmod(percent * total, 100)
    if rest:
        raise EditRefused(
            f"{percent} % of {total} is no whole weight",
            where=one.at(),
            remedy=f"Set `{_TOTAL}` to 100, or leave it out",
        )
    place = _place(spot, one.where)
    there = one.below(one.root, "metadata", "annotations", _WEIGHT) is not None
    return (Write(place, str(weight)) if there else Insert(place, str(weight)),)


def _where(spot: IngressNginx) -> Where:
    return spot.where("Ingress", "networking.k8s.io")


def _place(spot: IngressNginx, where: Where) -> Place:
    return Place(spot.file, path("metadata", "annotations", _WEIGHT), where)


def _ingress(spot: IngressNginx, tree: Tree) -> Object:
    """The canary Ingress: the one that is named, else the only one of the file."""
    found = read_objects(spot.file, _where(spot), tree)
    canaries = [one for one in found if _is_canary(one)]
    if len(canaries) == 1:
        return canaries[0]
    if canaries or len(found) > 1:
        shown = [f"{one.where.name or 'one without a name'} (line {one.root.line})" for one in canaries or found]
        raise EditRefused(
            f"{len(canaries) or 'none'} of the Ingresses are canaries: {', '.join(shown)}",
            where=spot.file,
            remedy="Choose one with `name` and `namespace`" if canaries else _MAKE_ONE,
        )
    one = read_object(spot.file, _where(spot), tree)
    value = one.text(one.root, "metadata", "annotations", _CANARY)
    said = "absent" if value is None else repr(value)
    raise EditRefused(f"the Ingress is no canary: `{_CANARY}` is {said}", where=one.at(), remedy=_MAKE_ONE)


def _is_canary(one: Object) -> bool:
    return one.text(one.root, "metadata", "annotations", _CANARY) in _TRUE


def _number(one: Object, key: str, least: int) -> int | None:
    """An annotation's number; None where it is absent or empty. EditRefused: no such number."""
    found = one.below(one.root, "metadata", "annotations", key)
    if found is None or found.real.text == "":
        return None
    text = found.real.text or ""
    if not re.fullmatch(r"0|[1-9][0-9]{0,9}", text) or not least <= int(text) <= _MOST:
        raise EditRefused(f"`{key}` is {text!r}, no whole number from {least}", where=one.at(found))
    return int(text)
