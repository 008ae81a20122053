"""How much of a route's traffic is copied to its canary: `mirror` of an Istio route, `RequestMirror` of a Gateway rule.

A mirror that is there stays when its percent falls to 0; one that is absent is added when it rises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gitops_bot.edits.locators.objects import Object, Part, path
from gitops_bot.edits.operations import Insert, Operation, Write
from gitops_bot.edits.path import Index, Segment
from gitops_bot.edits.place import Place
from gitops_bot.errors import EditRefused

_WHOLE = re.compile(r"(0|[1-9][0-9]?|100)(?:\.0+)?")
_ALL = 100
"""What a mirror without a percentage copies."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A route that has both targets."""

    one: Object
    part: Part
    at: tuple[str | Segment, ...]
    """Where it is in the object."""
    file: str
    canary: Part
    """The canary's entry among the targets."""

    def place(self, *below: str | Segment) -> Place:
        """A place in the route."""
        return Place(self.file, path(*self.at, *below), self.one.where)


@dataclass(frozen=True, slots=True)
class Mirror:
    """What is copied now, and how that is written."""

    percent: int
    operations: Callable[[int], tuple[Operation, ...]]
    """For a percent that differs."""


Mirrors = Callable[[Chosen], Mirror]


# ---------------------------------------------------------------- Istio


def istio(route: Chosen) -> Mirror:
    """`mirror` with `mirrorPercentage` or `mirrorPercent`, or an entry of `mirrors`. EditRefused: another's mirror."""
    one, listed = route.one, route.one.items(route.part, "mirrors")
    for number, entry in enumerate(listed):
        destination = one.below(entry, "destination")
        if destination and _is_canary(route, destination):
            return _percentage(route, entry, ("mirrors", Index(number)), "percentage")
    mirror = one.below(route.part, "mirror")
    if mirror is None:
        return Mirror(0, lambda percent: _added_in_istio(route, len(listed), percent))
    if not _is_canary(route, mirror):
        host = one.text(mirror, "host") or "nothing"
        raise EditRefused(f"the route mirrors to `{host}`, not to the canary", where=one.at(mirror))
    for key in ("mirrorPercent", "mirror_percent"):
        if one.below(route.part, key) and one.below(route.part, "mirrorPercentage") is None:
            found = _whole(one, route.part, key)
            return Mirror(found, _writing(route.place(key)))
    return _percentage(route, route.part, (), "mirrorPercentage")


def _percentage(route: Chosen, at: Part, head: tuple[str | Segment, ...], key: str) -> Mirror:
    """A percent as Istio has it, `{value: 20}`; without one everything is copied, without a value nothing."""
    found = route.one.below(at, key)
    if found is None:
        return Mirror(_ALL, lambda percent: (Insert(route.place(*head, key), {"value": percent}),))
    if route.one.below(found, "value") is None:
        return Mirror(0, lambda percent: (Insert(route.place(*head, key, "value"), percent),))
    return Mirror(_whole(route.one, found, "value"), _writing(route.place(*head, key, "value")))


def _added_in_istio(route: Chosen, listed: int, percent: int) -> tuple[Operation, ...]:
    destination = route.one.below(route.canary, "destination")
    to: dict[str, Any] = {}
    for key in ("host", "subset"):
        if destination and (text := route.one.text(destination, key)):
            to[key] = text
    if destination and (port := route.one.text(destination, "port", "number")):
        to["port"] = {"number": int(port)} if port.isdecimal() else {}
    if listed:
        entry = {"destination": to, "percentage": {"value": percent}}
        return (Insert(route.place("mirrors", Index(listed)), entry),)
    return (Insert(route.place("mirror"), to), Insert(route.place("mirrorPercentage"), {"value": percent}))


def _is_canary(route: Chosen, destination: Part) -> bool:
    """The same host and subset as the canary's own destination."""
    own = route.one.below(route.canary, "destination")
    keys = ("host", "subset")
    return own is not None and all(route.one.text(destination, key) == route.one.text(own, key) for key in keys)


# ---------------------------------------------------------------- Gateway API


def gateway(route: Chosen) -> Mirror:
    """The rule's filter `RequestMirror` to the canary. EditRefused: it has a fraction, or there are several."""
    one, filters = route.one, route.one.items(route.part, "filters")
    name = one.text(route.canary, "name")
    found = [
        number
        for number, part in enumerate(filters)
        if one.text(part, "type") == "RequestMirror" and one.text(part, "requestMirror", "backendRef", "name") == name
    ]
    if not found:
        there = one.below(route.part, "filters") is not None
        return Mirror(0, lambda percent: _added_in_gateway(route, len(filters), percent, there=there))
    if len(found) > 1:
        raise EditRefused(f"{len(found)} filters mirror to `{name}`", where=one.at(route.part))
    mirror = one.below(filters[found[0]], "requestMirror")
    assert mirror is not None  # its backend was just read
    if one.below(mirror, "fraction"):
        raise EditRefused("the mirror has a `fraction`", where=one.at(mirror), remedy="Write it as a `percent`")
    place = route.place("filters", Index(found[0]), "requestMirror", "percent")
    if one.below(mirror, "percent") is None:
        return Mirror(_ALL, lambda percent: (Insert(place, percent),))
    return Mirror(_whole(one, mirror, "percent"), _writing(place))


def _added_in_gateway(route: Chosen, count: int, percent: int, *, there: bool) -> tuple[Operation, ...]:
    backend: dict[str, Any] = {}
    for key in ("name", "namespace", "port"):
        if text := route.one.text(route.canary, key):
            backend[key] = int(text) if key == "port" and text.isdecimal() else text
    entry: dict[str, Any] = {"type": "RequestMirror", "requestMirror": {"backendRef": backend, "percent": percent}}
    if there:
        return (Insert(route.place("filters", Index(count)), entry),)
    return (Insert(route.place("filters"), [entry]),)


# ---------------------------------------------------------------- both


def _writing(place: Place) -> Callable[[int], tuple[Operation, ...]]:
    return lambda percent: (Write(place, percent),)


def _whole(one: Object, part: Part, key: str) -> int:
    """A whole percent; nothing there is 0. EditRefused: it is none."""
    found = one.below(part, key)
    text = found.real.text if found else None
    if text == "":
        return 0
    match = _WHOLE.fullmatch(text) if text is not None else None
    if match is None:
        shown = "a list or a mapping" if text is None else repr(text)
        raise EditRefused(f"`{key}` is {shown}, no whole percent from 0 to 100", where=one.at(found))
    return int(match[1])
