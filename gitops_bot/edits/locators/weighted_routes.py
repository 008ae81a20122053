"""A list of routes, each with weighted targets: what VirtualServices, HTTPRoutes and GRPCRoutes have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Generic, TypeVar

from gitops_bot.edits.locators.mirrors import Chosen, Mirror, Mirrors
from gitops_bot.edits.locators.objects import Object, Part, lines, path, read_object, segment
from gitops_bot.edits.locators.split import Share, Split, asked_percent, colored, refuse_version, share
from gitops_bot.edits.operations import Operation
from gitops_bot.edits.path import Filter, Key, Segment
from gitops_bot.edits.place import Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places import Where

Spot = TypeVar("Spot")

Match = Callable[[Object, Sequence[Part], str], list[int]]
"""The numbers of the targets that a name means."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Where one kind of object has its routes, and which targets are asked for."""

    file: str
    where: Where
    routes: str
    """The key below `spec`."""
    targets: str
    """The key of a route that holds its targets."""
    stable: str
    canary: str
    route: str | None
    """The route's name, if one is asked for."""
    route_field: str
    """What the policy calls that name."""
    keys: tuple[tuple[str, ...], ...]
    """What tells targets apart, the finest first."""
    match: Match
    default: int
    """What a target without weight counts."""
    limit: int
    mirror: tuple[str | Segment, ...] = ()
    """Where the mirror's percent is in a route, as far as the policy can name it; empty: the weights are meant."""
    mirrors: Mirrors | None = None
    """How mirrors are written there; none where the protocol has no such thing."""

    @property
    def shown(self) -> str:
        """The list of routes, for messages."""
        return f"`spec.{self.routes}`"


@dataclass(frozen=True, slots=True)
class WeightedRoutes(Generic[Spot]):
    """A locator made of an outline; its slot is the canary's percent of the two targets' share, or the mirrored one."""

    outline: Callable[[Spot], Outline]

    def candidates(self, spot: Spot) -> tuple[str, ...]:
        """The file."""
        return (self.outline(spot).file,)

    def places(self, spot: Spot) -> tuple[Place, ...]:
        """The weights of both, or the mirror's percent, as far as the policy alone can name them."""
        outline = self.outline(spot)
        named: tuple[Segment, ...] = (Filter((Key("name"),), outline.route),) if outline.route else ()
        if outline.mirror:
            return (Place(outline.file, path("spec", outline.routes, *named, *outline.mirror), outline.where),)
        keys = tuple(map(Key, outline.keys[0]))
        return tuple(
            Place(
                outline.file,
                path("spec", outline.routes, *named, outline.targets, Filter(keys, target), "weight"),
                outline.where,
            )
            for target in (outline.canary, outline.stable)
        )

    def file(self, spot: Spot, tree: Tree) -> str:  # noqa: ARG002 - the file is named, whether it is there or not
        """The file."""
        return self.outline(spot).file

    def read(self, spot: Spot, sense: Sense, tree: Tree) -> Value:
        """The canary's percent, or which of the two has everything."""
        outline = self.outline(spot)
        if not sense.of_color:
            refuse_version(sense, outline.file)
        if outline.mirror:
            return _mirror(outline, tree).percent
        split = _split(outline, tree)
        if sense.of_several and not sense.of_color:
            return split.share
        return colored(sense, split.percent, outline.stable, outline.canary, split.where)

    def operations(self, spot: Spot, sense: Sense, value: Value, tree: Tree) -> tuple[Operation, ...]:
        """Both weights, or the mirror."""
        outline = self.outline(spot)
        percent = asked_percent(sense, value, outline.stable, outline.canary, outline.file)
        if not outline.mirror:
            split = _split(outline, tree)
            return split.without(percent) if sense.of_several and not sense.of_color else split.operations(percent)
        mirror = _mirror(outline, tree)
        return () if mirror.percent == percent else mirror.operations(percent)


@dataclass(frozen=True, slots=True)
class _Route:
    """One route with the numbers of the targets that the two names mean."""

    part: Part
    name: str | None
    number: int
    stable: list[int]
    canary: list[int]

    @property
    def has_both(self) -> bool:
        """Each of the two names means a target of it."""
        return bool(self.stable and self.canary)

    def __str__(self) -> str:
        return f"`{self.name}`" if self.name else f"number {self.number}"


def _found(outline: Outline, tree: Tree) -> tuple[Object, _Route, tuple[str | Segment, ...]]:
    """The object, the route that is meant, and where that is."""
    one = read_object(outline.file, outline.where, tree)
    spec = one.below(one.root, "spec")
    routes = one.items(spec, outline.routes) if spec else []
    route = _chosen(outline, one, [_route(outline, one, part, number) for number, part in enumerate(routes)])
    return one, route, ("spec", outline.routes, segment(routes, route.number, ("name",)))


def _mirror(outline: Outline, tree: Tree) -> Mirror:
    if outline.mirrors is None:
        raise EditRefused(f"{outline.shown} has no mirrors", where=outline.file, remedy="Only http routes have")
    one, route, at = _found(outline, tree)
    canary = one.items(route.part, outline.targets)[route.canary[0]]
    return outline.mirrors(Chosen(one, route.part, at, outline.file, canary))


def _split(outline: Outline, tree: Tree) -> Split:
    one, route, at = _found(outline, tree)
    targets = one.items(route.part, outline.targets)
    base = (*at, outline.targets)

    def counted(number: int, name: str) -> Share:
        place = Place(outline.file, path(*base, segment(targets, number, *outline.keys), "weight"), outline.where)
        return share(name, one, targets[number], place, default=outline.default, limit=outline.limit)

    stable, canary = route.stable[0], route.canary[0]
    others = [counted(n, f"target {n}").counted for n in range(len(targets)) if n not in (stable, canary)]
    return Split(one.at(route.part), counted(stable, outline.stable), counted(canary, outline.canary), sum(others))


def _route(outline: Outline, one: Object, part: Part, number: int) -> _Route:
    targets = one.items(part, outline.targets)
    stable, canary = (outline.match(one, targets, name) for name in (outline.stable, outline.canary))
    return _Route(part, one.text(part, "name") or None, number, stable, canary)


def _chosen(outline: Outline, one: Object, routes: list[_Route]) -> _Route:
    """The route that is meant, with exactly one target for each name."""
    meant = _named(outline, one, routes) if outline.route else [route for route in routes if route.has_both]
    if len(meant) > 1:
        what = "are named so" if outline.route else f"have both `{outline.stable}` and `{outline.canary}`"
        raise EditRefused(
            f"{len(meant)} routes of {outline.shown} {what}: "
            + ", ".join(f"{route} (line {route.part.line})" for route in meant),
            where=one.at(),
            remedy=f"Choose one by its name, with `{outline.route_field}`",
        )
    if not meant or not meant[0].has_both:
        raise PlaceAbsent(
            f"no route of {outline.shown} has both `{outline.stable}` and `{outline.canary}`; there are: "
            + (", ".join(_listed(outline, one, route) for route in meant or routes) or "none"),
            where=one.at(meant[0].part if meant else None),
        )
    for name, numbers in ((outline.stable, meant[0].stable), (outline.canary, meant[0].canary)):
        _refuse_several(outline, one, meant[0], name, numbers)
    if meant[0].stable == meant[0].canary:
        raise EditRefused(f"`{outline.stable}` and `{outline.canary}` are the same target", where=one.at(meant[0].part))
    return meant[0]


def _named(outline: Outline, one: Object, routes: list[_Route]) -> list[_Route]:
    found = [route for route in routes if route.name == outline.route]
    names = [route.name for route in routes if route.name]
    if not found:
        close = get_close_matches(outline.route or "", names, n=1)
        raise PlaceAbsent(
            f"no route of {outline.shown} is named `{outline.route}`",
            where=one.at(),
            remedy=f"Did you mean `{close[0]}`?" if close else f"There are: {', '.join(names) or 'none with a name'}",
        )
    return found


def _refuse_several(outline: Outline, one: Object, route: _Route, name: str, numbers: list[int]) -> None:
    if len(numbers) > 1:
        targets = one.items(route.part, outline.targets)
        raise EditRefused(
            f"{len(numbers)} targets of the route {route} are `{name}`: {lines([targets[n] for n in numbers])}",
            where=one.at(route.part),
        )


def _listed(outline: Outline, one: Object, route: _Route) -> str:
    """A route with its targets, for people."""
    targets = [
        next((text for keys in outline.keys if (text := one.text(target, *keys))), "?")
        for target in one.items(route.part, outline.targets)
    ]
    return f"{route} ({', '.join(targets) or 'no targets'})"
