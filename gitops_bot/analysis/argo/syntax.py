"""The tree of a condition: immutable, comparable, without positions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """`1`, `0.5`, `"text"`, `true`, `nil`."""

    value: bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Name:
    """A name; only `result` means something."""

    name: str


@dataclass(frozen=True, slots=True)
class Element:
    """`#`: the element that a predicate is asked of."""


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x`, `-x`, `+x`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """`x + y`, `x && y`, `x in y`; the operator as it is written."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test ? yes : no`."""

    test: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Member:
    """`base[key]`; `base.name` has the name as a literal key."""

    base: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Slice:
    """`base[start:stop]`."""

    base: Node
    start: Node | None
    stop: Node | None


@dataclass(frozen=True, slots=True)
class Method:
    """`base.name(…)`: read, so that it can be refused as expr-lang refuses it."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """`asFloat(x)`."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`all(x, # > 1)`: a function that asks a predicate of each element."""

    name: str
    over: Node
    predicate: Node


@dataclass(frozen=True, slots=True)
class Array:
    """`[1, 2, 3]`."""

    items: tuple[Node, ...]


Node = Literal | Name | Element | Unary | Binary | Conditional | Member | Slice | Method | Call | Aggregate | Array
"""Any part of a condition."""
