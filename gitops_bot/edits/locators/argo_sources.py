"""Which source of which Application or ApplicationSet is meant, and which element of a list generator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_bot.edits.locators.objects import Object, Part, lines, path, read_object, read_objects, segment
from gitops_bot.edits.path import Filter, Index, Key, Path, Segment
from gitops_bot.edits.place import Place
from gitops_bot.edits.scalar import text_of
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.model import Tree
from gitops_bot.policy.places.helm import ArgoCDApplication

_API, _ONE, _SET = "argoproj.io", "Application", "ApplicationSet"
_BASES: dict[str, tuple[str, ...]] = {_ONE: ("spec",), _SET: ("spec", "template", "spec")}
_TELLING = ("name", "chart", "ref", "path", "repoURL")
_NESTING = ("matrix", "merge")


@dataclass(frozen=True, slots=True)
class Source:
    """Where charts, manifests and values come from: a node of the object, and the way to it."""

    file: str
    object: Object
    part: Part
    segments: tuple[Segment, ...]

    def place(self, *rest: str | Segment) -> Place:
        """A place below the source."""
        return Place(self.file, path(*self.segments, *rest), self.object.where)


def expected(spot: ArgoCDApplication) -> tuple[Segment, ...]:
    """The way to the source as the spot alone tells it."""
    if spot.source is None:
        return path("spec", "source").segments
    if isinstance(spot.source, int):
        return path("spec", "sources", Index(spot.source)).segments
    key, _, value = spot.source.partition("=")
    return path("spec", "sources", Filter((Key(key),), value)).segments


def source(spot: ArgoCDApplication, tree: Tree) -> Source:
    """The source that is meant. Errors: FileAbsent, PlaceAbsent, EditRefused (several, which are listed)."""
    found = _object(spot, tree, (_ONE, _SET))
    base = _BASES[found.where.kind or _ONE]
    several = found.items(found.root, *base, "sources")
    single = found.below(found.root, *base, "source")
    parts = several or ([single] if single else [])
    number = _choice(spot, found, parts)
    at: tuple[str | Segment, ...] = ("source",)
    if several:
        at = (
            "sources",
            segment(parts, number, *((key,) for key in _TELLING)) if spot.source is not None else Index(number),
        )
    return Source(spot.file, found, parts[number], path(*base, *at).segments)


def _object(spot: ArgoCDApplication, tree: Tree, kinds: tuple[str, ...]) -> Object:
    """The object of the first kind that the file has. Errors: FileAbsent, PlaceAbsent, EditRefused (several)."""
    present = [kind for kind in kinds if read_objects(spot.file, spot.where(kind, _API), tree)]
    return read_object(spot.file, spot.where((present or list(kinds))[0], _API), tree)


def _choice(spot: ArgoCDApplication, found: Object, parts: list[Part]) -> int:
    if not parts:
        raise PlaceAbsent(f"the {found.where.kind} has no source", where=found.at())
    meant = [number for number, part in enumerate(parts) if _meant(spot, found, number, part)]
    if len(meant) == 1:
        return meant[0]
    listed = "; ".join(_told(found, number, part) for number, part in enumerate(parts))
    if not meant:
        raise PlaceAbsent(f"no source is {spot.source}; there are: {listed}", where=found.at())
    raise EditRefused(
        f"{len(meant)} sources are there: {listed}" if spot.source is None else f"several are {spot.source}: {listed}",
        where=found.at(),
        remedy="Choose one by `source`: its number, or a field that it alone has, like `chart=cart`",
    )


def _meant(spot: ArgoCDApplication, found: Object, number: int, part: Part) -> bool:
    if spot.source is None or isinstance(spot.source, int):
        return spot.source in (None, number)
    key, _, value = spot.source.partition("=")
    return found.text(part, key) == value


def _told(found: Object, number: int, part: Part) -> str:
    fields = [f"{key}={text}" for key in _TELLING if (text := found.text(part, key))]
    return " ".join((f"[{number}]", *fields))


# ---------------------------------------------------------------- list generators


def element(spot: ArgoCDApplication, key: Path, tree: Tree) -> Place:
    """A key of the one element that has the given values. Errors: FileAbsent, PlaceAbsent, EditRefused (several)."""
    found = _object(spot, tree, (_SET,))
    wanted = {name: text_of(value) for name, value in (spot.element or {}).items()}
    meant: list[tuple[Part, tuple[Segment, ...]]] = []
    listed = 0
    spec = found.below(found.root, "spec") or found.root
    for items, at in _lists(found, spec, ("spec",)):
        listed += len(items)
        for number, item in enumerate(items):
            if all(found.text(item, name) == text for name, text in wanted.items()):
                named = segment(items, number, *((name,) for name in wanted))
                meant.append((item, path(*at, named).segments))
    said = ", ".join(f"{name}={text}" for name, text in wanted.items())
    if not meant:
        raise PlaceAbsent(f"no element of the {listed} in list generators has {said}", where=found.at())
    if len(meant) > 1:
        raise EditRefused(
            f"{len(meant)} elements have {said} ({lines([item for item, _ in meant])})",
            where=found.at(),
            remedy="Give more of its values",
        )
    return Place(spot.file, Path((*meant[0][1], *key.segments)), found.where)


def _lists(
    found: Object, part: Part, at: tuple[str | Segment, ...], depth: int = 0
) -> Iterator[tuple[list[Part], tuple[str | Segment, ...]]]:
    """The lists of elements below `generators`, also of generators that combine others."""
    for number, generator in enumerate(found.items(part, "generators") if depth < len(_NESTING) + 1 else ()):
        here = (*at, "generators", Index(number))
        if found.below(generator, "list", "elements"):
            yield found.items(generator, "list", "elements"), (*here, "list", "elements")
        for name in _NESTING:
            if nested := found.below(generator, name):
                yield from _lists(found, nested, (*here, name), depth + 1)
