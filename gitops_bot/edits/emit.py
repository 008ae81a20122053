"""Data as YAML text: what is inserted, and whole blocks for those who write files.

Strings are plain only where every reader takes them for strings; more than one line goes in double quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gitops_bot.edits.scalar import written
from gitops_bot.edits.sense import Data
from gitops_bot.errors import EditRefused


@dataclass(frozen=True, slots=True)
class Style:
    """How a file lays out its blocks, in columns."""

    step: int = 2
    """From a key to the keys below it."""
    offset: int = 0
    """From a key to the dashes below it; 0: flush."""
    gap: int = 1
    """From behind a dash to the item."""


def emit(data: Data, *, indent: int = 0, step: int = 2, flush: bool = True) -> list[str]:
    """The lines of `data` in block style, each `indent` columns in and without its line break.

    `step`: columns from a key to the keys below it. `flush`: lists stand in the column of their key, else `step`
    further in. Errors: EditRefused (what YAML has no plain value for).
    """
    margin = " " * indent
    return [margin + line for line in block(data, Style(step, 0 if flush else step))]


def block(data: Data, style: Style) -> list[str]:
    """The lines of `data`, from column 0."""
    match data:
        case Mapping() if data:
            return [line for key, value in data.items() for line in entry(key, value, style)]
        case list() | tuple() if data:
            return [line for value in data for line in item(value, style)]
    return [inline(data)]


def entry(key: str, value: Data, style: Style) -> list[str]:
    """The lines of one key and its value."""
    head = scalar(key)
    if not is_collection(value) or not value:
        return [f"{head}: {inline(value)}"]
    margin = " " * (style.step if isinstance(value, Mapping) else style.offset)
    return [f"{head}:", *(margin + line for line in block(value, style))]


def item(value: Data, style: Style) -> list[str]:
    """The lines of one item of a list."""
    first, *rest = block(value, style)
    dash = "-" + " " * style.gap
    return [dash + first, *(" " * len(dash) + line for line in rest)]


def inline(data: Data, *, flow: bool = False, json: bool = False, tight: bool = False) -> str:
    """`data` on one line. `flow`: inside brackets; `json`: every string in double quotes; `tight`: without spaces."""
    comma, colon = (",", ":") if tight else (", ", ": ")
    match data:
        case Mapping():
            pairs = (
                f"{scalar(key, flow=True, json=json)}{colon if json else ': '}"
                f"{inline(value, flow=True, json=json, tight=tight)}"
                for key, value in data.items()
            )
            return f"{{{comma.join(pairs)}}}"
        case list() | tuple():
            return f"[{comma.join(inline(value, flow=True, json=json, tight=tight) for value in data)}]"
    return scalar(data, flow=flow, json=json)


def scalar(value: object, *, flow: bool = False, json: bool = False) -> str:
    """One value as a literal. Errors: EditRefused (no value of YAML that all readers share)."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return written(value, style='"' if json else "", flow=flow)
    raise EditRefused(f"{value!r} is no text, whole number, true, false, null, mapping or list")


def deeper_than(data: Data, levels: int) -> bool:
    """Whether data nests deeper than so many mappings and lists."""
    layer: list[Data] = [data]
    while layer and levels >= 0:
        layer = [part for one in layer for part in _parts(one)]
        levels -= 1
    return bool(layer)


def _parts(data: Data) -> Iterable[Data]:
    if isinstance(data, Mapping):
        return data.values()
    return data if isinstance(data, Sequence) and not isinstance(data, str) else ()


def is_collection(data: Data) -> bool:
    """Whether data has parts."""
    return isinstance(data, Mapping | Sequence) and not isinstance(data, str)
