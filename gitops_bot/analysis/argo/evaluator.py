"""A checked condition, evaluated: a walk over its tree, within a number of steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import assert_never

from gitops_bot.analysis.argo.functions import FUNCTIONS, add, wrapped
from gitops_bot.analysis.argo.problem import Stop
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
from gitops_bot.analysis.argo.values import Value, equal, named

MOST_STEPS = 20_000
"""Parts of a condition that are evaluated, an element of an array counted each time that it is looked at."""

LONGEST_RANGE = 10_000
"""Numbers of `1..n`."""


def evaluated(node: Node, result: Value) -> Value:
    """What a condition gives for a result. Errors: Stop."""
    return _Walk(result).visit(node)


class _Walk:
    """One evaluation: the result, the elements that predicates stand at, and how much has been done."""

    def __init__(self, result: Value) -> None:
        self._result = result
        self._elements: list[Value] = []
        self._steps = 0

    def visit(self, node: Node) -> Value:
        """The value of a part. Errors: Stop."""
        self._spend(1)
        match node:
            case Literal() | Name() | Element():
                return self._leaf(node)
            case Unary(operator, operand):
                return _unary(operator, self.visit(operand))
            case Binary(operator, left, right):
                return self._binary(operator, left, right)
            case Conditional(test, yes, no):
                return self.visit(yes if _truth(self.visit(test)) else no)
            case Member(base, key):
                return _member(self.visit(base), self.visit(key))
            case Slice(base, start, stop):
                return _slice(self.visit(base), self._end(start), self._end(stop))
            case Method(base, name):
                self.visit(base)
                raise Stop(f"{name} is nil; cannot call nil as function")
            case Call(name, arguments):
                return self._call(name, arguments)
            case Aggregate():
                return self._aggregate(node)
            case Array(items):
                return tuple(self.visit(item) for item in items)
        assert_never(node)

    def _spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise Stop("the condition takes too long to evaluate")

    def _leaf(self, node: Literal | Name | Element) -> Value:
        if isinstance(node, Literal):
            return node.value
        return self._elements[-1] if isinstance(node, Element) else self._result  # the checker lets one name through

    def _binary(self, operator: str, left: Node, right: Node) -> Value:
        one = self.visit(left)
        match operator:
            case "&&" | "and":
                return self.visit(right) if _truth(one) else False
            case "||" | "or":
                return True if _truth(one) else self.visit(right)
            case "??":
                return self.visit(right) if one is None else one
        other = self.visit(right)
        found = _OPERATORS[operator](one, other)
        self._spend(_size(one) + _size(other) + _size(found))
        return found

    def _end(self, node: Node | None) -> int | None:
        return None if node is None else _index(self.visit(node))

    def _call(self, name: str, arguments: tuple[Node, ...]) -> Value:
        given = [self.visit(one) for one in arguments]
        self._spend(sum(map(_size, given)))
        if name in ("isNil", "default"):
            given[0] = self._result  # Argo binds both to the result (utils/evaluate/evaluate.go, defaultFunc)
        elif name in ("isNaN", "isInf") and _written_out(arguments[0]):
            given = [float(one) if isinstance(one, int) else one for one in given]
        return FUNCTIONS[name].give(*given)

    # ------------------------------------------------------------ predicates

    def _aggregate(self, node: Aggregate) -> Value:
        over = self.visit(node.over)
        if not isinstance(over, tuple):
            raise Stop(f"builtin {node.name} takes only array (got {named(over)})")
        if node.name in ("map", "sum"):
            mapped = tuple(answer for _, answer in self._asked(node, over))
            return mapped if node.name == "map" else FUNCTIONS["sum"].give(mapped)
        truths = ((element, _truth(answer)) for element, answer in self._asked(node, over))
        match node.name:
            case "all":
                return all(truth for _, truth in truths)
            case "any":
                return any(truth for _, truth in truths)
            case "none":
                return not any(truth for _, truth in truths)
            case "filter":
                return tuple(element for element, truth in truths if truth)
        count = sum(truth for _, truth in truths)
        return count if node.name == "count" else count == 1

    def _asked(self, node: Aggregate, over: tuple[Value, ...]) -> Iterator[tuple[Value, Value]]:
        for element in over:
            self._elements.append(element)
            answer = self.visit(node.predicate)
            self._elements.pop()
            yield element, answer


def _size(value: Value) -> int:
    """The elements that an operator or a function may have to look at."""
    return len(value) if isinstance(value, tuple) else 0


def _written_out(node: Node) -> bool:
    """Whole numbers as they are written: Go reads them as floats where a function wants one."""
    match node:
        case Literal(value):
            return isinstance(value, int)
        case Unary(_, operand):
            return _written_out(operand)
        case Binary("+" | "-" | "*", left, right):
            return _written_out(left) or _written_out(right)
    return False


# ---------------------------------------------------------------- operators


def _truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise Stop(f"interface conversion: interface {{}} is {named(value)}, not bool")
    return value


def _number(value: Value) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _unary(operator: str, value: Value) -> Value:
    if operator in ("!", "not"):
        return not _truth(value)
    if operator == "+":
        return value
    number = _number(value)
    if number is None:
        raise Stop(f"invalid operation: - {named(value)}")
    return wrapped(-number)


def _mismatch(operator: str, left: Value, right: Value) -> Stop:
    return Stop(f"invalid operation: {named(left)} {operator} {named(right)}")


def _ordered(
    operator: str, of_numbers: Callable[[float, float], bool], of_texts: Callable[[str, str], bool]
) -> Callable[[Value, Value], Value]:
    def compare(left: Value, right: Value) -> Value:
        one, other = _number(left), _number(right)
        if one is not None and other is not None:
            return of_numbers(one, other)
        if isinstance(left, str) and isinstance(right, str):
            return of_texts(left, right)
        raise _mismatch(operator, left, right)

    return compare


def _arithmetic(
    operator: str, compute: Callable[[int | float, int | float], int | float]
) -> Callable[[Value, Value], Value]:
    def give(left: Value, right: Value) -> Value:
        one, other = _number(left), _number(right)
        if one is None or other is None:
            raise _mismatch(operator, left, right)
        return compute(one, other)

    return give


def _plus(left: Value, right: Value) -> Value:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    return _arithmetic("+", add)(left, right)


def _divided(left: float, right: float) -> float:
    """IEEE division, which Python lacks for zero."""
    if right:
        return float(left) / float(right)
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def _power(left: float, right: float) -> float:
    """IEEE power: no error, but NaN or infinity."""
    base, exponent = float(left), float(right)
    odd = exponent.is_integer() and exponent % 2 == 1
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and odd else math.inf
    except ValueError:
        return math.nan if base else math.copysign(math.inf, base if odd else 1)


def _modulo(left: Value, right: Value) -> Value:
    if isinstance(left, float) or isinstance(right, float):
        raise _mismatch("%", left, right)
    one, other = _number(left), _number(right)
    if one is None or other is None:
        raise _mismatch("%", left, right)
    if not other:
        raise Stop("integer divide by zero")
    rest = abs(int(one)) % abs(int(other))
    return -rest if one < 0 else rest


def _range(left: Value, right: Value) -> Value:
    first, last = _index(left), _index(right)
    if last - first >= LONGEST_RANGE:
        raise Stop(f"a range has at most {LONGEST_RANGE} numbers")
    return tuple(range(first, last + 1))


def _bytes(text: str) -> bytes:
    """A text as Go compares and cuts it."""
    return text.encode(errors="surrogatepass")


def _in(needle: Value, haystack: Value) -> Value:
    if haystack is None:
        return False
    if isinstance(haystack, tuple):
        return any(equal(one, needle) for one in haystack)
    if isinstance(haystack, Mapping):
        if not isinstance(needle, str):
            raise Stop(f"cannot use {named(needle)} as index to {named(haystack)}")
        return needle in haystack
    raise Stop(f'operator "in" not defined on {named(haystack)}')


def _textual(operator: str, compare: Callable[[str, str], bool]) -> Callable[[Value, Value], Value]:
    def give(left: Value, right: Value) -> Value:
        if left is None or right is None:
            return False
        if not isinstance(left, str) or not isinstance(right, str):
            raise _mismatch(operator, left, right)
        return compare(left, right)

    return give


_OPERATORS: Mapping[str, Callable[[Value, Value], Value]] = {
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _ordered("<", lambda a, b: a < b, lambda a, b: _bytes(a) < _bytes(b)),
    ">": _ordered(">", lambda a, b: a > b, lambda a, b: _bytes(a) > _bytes(b)),
    "<=": _ordered("<=", lambda a, b: a <= b, lambda a, b: _bytes(a) <= _bytes(b)),
    ">=": _ordered(">=", lambda a, b: a >= b, lambda a, b: _bytes(a) >= _bytes(b)),
    "+": _plus,
    "-": _arithmetic("-", lambda a, b: wrapped(a - b)),
    "*": _arithmetic("*", lambda a, b: wrapped(a * b)),
    "/": _arithmetic("/", _divided),
    "**": _arithmetic("**", _power),
    "^": _arithmetic("^", _power),
    "%": _modulo,
    "..": _range,
    "in": _in,
    "contains": _textual("contains", lambda a, b: b in a),
    "startsWith": _textual("startsWith", lambda a, b: a.startswith(b)),
    "endsWith": _textual("endsWith", lambda a, b: a.endswith(b)),
}


# ---------------------------------------------------------------- parts of values


def _index(value: Value) -> int:
    number = _number(value)
    if number is None or not math.isfinite(number):
        raise Stop(f"invalid operation: int({named(value)})")
    return int(number)


def _member(base: Value, key: Value) -> Value:
    if isinstance(base, Mapping):
        return base.get(key) if isinstance(key, str) else None
    if not isinstance(base, tuple):
        raise Stop(f"cannot fetch {key} from {named(base)}")
    index = _index(key)
    at = index + len(base) if index < 0 else index
    if not 0 <= at < len(base):
        raise Stop(f"index out of range: {at} (array length is {len(base)})")
    return base[at]


def _slice(base: Value, start: int | None, stop: int | None) -> Value:
    if isinstance(base, str):
        return _bytes(base)[start:stop].decode(errors="replace")
    if isinstance(base, tuple):
        return base[start:stop]
    raise Stop(f"cannot slice {named(base)}")
