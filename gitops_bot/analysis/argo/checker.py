"""The types of a condition, checked beforehand: what cannot be right is an error even where it is not reached.

Follows the checker of expr-lang 1.17, to which the type of `result` is known when it compiles a condition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import assert_never

from gitops_bot.analysis.argo.functions import FUNCTIONS
from gitops_bot.analysis.argo.parser import parse
from gitops_bot.analysis.argo.problem import Problem, Stop
from gitops_bot.analysis.argo.syntax import (
    Aggregate,
    Array,
    Binary,
    Call,
    Conditional,
    Element,
    Literal,
    Member,
    Method,
    Name,
    Node,
    Slice,
    Unary,
)
from gitops_bot.analysis.argo.values import ARRAY, BOOL, FLOAT, INT, NIL, STRING, UNKNOWN, Kind, Type, type_of

MOST_CHECKED = 5000
"""Parts that are looked at. What is written once may be asked twice (`1 < x < 3`), and twice again inside that."""


@lru_cache(maxsize=4096)
def checked(condition: str, result: Type) -> Node | Problem:
    """The tree of a condition whose types fit a result of that type."""
    node = parse(condition)
    if isinstance(node, Problem):
        return node
    try:
        _Checker(result).visit(node)
    except Stop as stop:
        return Problem(str(stop))
    return node


class _Checker:
    """The types that names have while one condition is walked."""

    def __init__(self, result: Type) -> None:
        self._result = result
        self._elements: list[Type] = []
        self._checked = 0

    def visit(self, node: Node) -> Type:
        """The type of a part. Errors: Stop."""
        self._checked += 1
        if self._checked > MOST_CHECKED:
            raise Stop("the condition is too complicated; write chained comparisons and `?:` out")
        return self._type(node)

    def _type(self, node: Node) -> Type:
        match node:
            case Literal(value):
                return type_of(value)
            case Name(name):
                return self._name(name)
            case Element():
                return self._elements[-1]
            case Unary(operator, operand):
                return _unary(operator, self.visit(operand))
            case Binary(operator, left, right):
                return _binary(operator, self.visit(left), self.visit(right))
            case Conditional():
                return self._conditional(node)
            case Member(base, key):
                return _member(self.visit(base), self.visit(key), key)
            case Slice():
                return self._slice(node)
            case Method(base, name):
                return _method(self.visit(base), name)
            case Call(name, arguments):
                return self._call(name, tuple(self.visit(one) for one in arguments))
            case Aggregate():
                return self._aggregate(node)
            case Array(items):
                return _array([self.visit(item) for item in items])
        assert_never(node)

    def _name(self, name: str) -> Type:
        if name != "result":
            raise Stop(f"unknown name {name}")
        return self._result

    def _conditional(self, node: Conditional) -> Type:
        test = self.visit(node.test)
        if test not in (BOOL, UNKNOWN):
            raise Stop(f"non-bool expression (type {test}) used as condition")
        yes, no = self.visit(node.yes), self.visit(node.no)
        if yes is NIL or no is NIL:
            return no if yes is NIL else yes
        return yes if yes == no else UNKNOWN

    def _slice(self, node: Slice) -> Type:
        base = self.visit(node.base)
        if base == UNKNOWN:
            return UNKNOWN
        if base.kind not in (Kind.STRING, Kind.ARRAY):
            raise Stop(f"cannot slice {base}")
        for end in (node.start, node.stop):
            if end is not None and (given := self.visit(end)) not in (INT, UNKNOWN):
                raise Stop(f"non-integer slice index {given}")
        return base

    def _call(self, name: str, given: tuple[Type, ...]) -> Type:
        if name not in FUNCTIONS:
            raise Stop(f"unknown name {name}")
        return FUNCTIONS[name].fit(name, given)

    def _aggregate(self, node: Aggregate) -> Type:
        over = self.visit(node.over)
        if over.kind is not Kind.ARRAY and over != UNKNOWN:
            raise Stop(f"builtin {node.name} takes only array (got {over})")
        self._elements.append(over.elements)
        predicate = self.visit(node.predicate)
        self._elements.pop()
        if predicate is NIL:
            raise Stop("predicate should has one input and one output param")
        if node.name in ("map", "sum"):
            return _several(predicate) if node.name == "map" else predicate
        if predicate not in (BOOL, UNKNOWN):
            raise Stop(f"predicate should return boolean (got {predicate})")
        if node.name == "filter":
            return _several(over.elements)
        return INT if node.name == "count" else BOOL


def _several(elements: Type) -> Type:
    return Type(Kind.ARRAY, elements, plain=False)


def _array(items: list[Type]) -> Type:
    kinds = {item.kind for item in items}
    return _several(items[-1]) if len(kinds) == 1 else ARRAY


def _unary(operator: str, operand: Type) -> Type:
    if operator in ("!", "not") and operand in (BOOL, UNKNOWN):
        return BOOL
    if operator in ("+", "-") and (operand.number or operand == UNKNOWN):
        return operand
    raise Stop(f"invalid operation: {operator} (mismatched type {operand})")


# ---------------------------------------------------------------- binary operators


def _known(*kinds: Kind) -> Callable[[Type, Type], bool]:
    """Both of one of these groups, or one of them with something unknown."""

    def fit(left: Type, right: Type) -> bool:
        sides = (left, right)
        if any(side != UNKNOWN and side.kind not in kinds for side in sides):
            return False
        return UNKNOWN in sides or left.kind is right.kind or (left.number and right.number)

    return fit


_ORDERED = _known(Kind.INT, Kind.FLOAT, Kind.STRING)
_NUMBERS = _known(Kind.INT, Kind.FLOAT)
_INTEGERS = _known(Kind.INT)
_TEXTS = _known(Kind.STRING)
_BOOLS = _known(Kind.BOOL)


def _comparable(left: Type, right: Type) -> bool:
    if {left.kind, right.kind} & {Kind.UNKNOWN, Kind.NIL}:
        return True
    return left.kind is right.kind or (left.number and right.number)


def _result(left: Type, right: Type) -> Type:
    if UNKNOWN in (left, right):
        return UNKNOWN
    if left.kind is Kind.STRING:
        return STRING
    return FLOAT if FLOAT in (left, right) else INT


_OPERATORS: Mapping[str, tuple[Callable[[Type, Type], bool], Type | None]] = {
    **dict.fromkeys(("==", "!="), (_comparable, BOOL)),
    **dict.fromkeys(("&&", "||", "and", "or"), (_BOOLS, BOOL)),
    **dict.fromkeys(("<", ">", "<=", ">="), (_ORDERED, BOOL)),
    **dict.fromkeys(("-", "*"), (_NUMBERS, None)),
    **dict.fromkeys(("/", "**", "^"), (_NUMBERS, FLOAT)),
    **dict.fromkeys(("contains", "startsWith", "endsWith"), (_TEXTS, BOOL)),
    "%": (_INTEGERS, INT),
    "+": (_ORDERED, None),
    "..": (_INTEGERS, _several(INT)),
}
"""Whether two types fit an operator, and what comes out; None: what went in."""


def _binary(operator: str, left: Type, right: Type) -> Type:
    if operator == "in":
        return _in(left, right)
    if operator == "??":
        if left is NIL or right is NIL:
            return right if left is NIL else left
        return left if left == right else UNKNOWN
    fits, outcome = _OPERATORS[operator]
    if not fits(left, right):
        raise Stop(f"invalid operation: {operator} (mismatched types {left} and {right})")
    return _result(left, right) if outcome is None else outcome


def _in(left: Type, right: Type) -> Type:
    if right.kind is Kind.MAP and left not in (STRING, UNKNOWN):
        raise Stop(f"cannot use {left} as type string in map key")
    if right.kind is Kind.ARRAY and not _comparable(left, right.elements):
        raise Stop(f"cannot use {left} as type {right.elements} in array")
    if right.kind in (Kind.MAP, Kind.ARRAY, Kind.UNKNOWN) or (left == UNKNOWN and right == STRING):
        return BOOL
    raise Stop(f"invalid operation: in (mismatched types {left} and {right})")


# ---------------------------------------------------------------- parts of values


def _member(base: Type, key: Type, node: Node) -> Type:
    if base == UNKNOWN:
        return UNKNOWN
    if base.kind is Kind.MAP:
        if key not in (STRING, UNKNOWN):
            raise Stop(f"cannot use {key} to get an element from {base}")
        return UNKNOWN
    if base.kind is Kind.ARRAY:
        if key not in (INT, UNKNOWN):
            raise Stop(f"array elements can only be selected using an integer (got {key})")
        return base.elements
    if isinstance(node, Literal) and isinstance(node.value, str):
        raise Stop(f"type {'nil' if base is NIL else base} has no field {node.value}")
    raise Stop(f"type {base}[{key}] is undefined")


def _method(base: Type, name: str) -> Type:
    if base.kind in (Kind.UNKNOWN, Kind.MAP):
        return UNKNOWN
    raise Stop(f"type {'nil' if base is NIL else base} has no method {name}")
