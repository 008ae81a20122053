"""The functions of a condition: those that Argo Rollouts adds, and the plain ones of expr-lang that templates use."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gitops_bot.analysis.argo.problem import Stop
from gitops_bot.analysis.argo.values import BOOL, FLOAT, INT, UNKNOWN, Kind, Type, Value, named

_INTEGERS = range(-(2**63), 2**63)
_WHOLE = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?(?:inf|infinity)|nan", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Function:
    """One function: which types fit it, and what it gives."""

    fit: Callable[[str, tuple[Type, ...]], Type]
    """The outcome's type. Errors: Stop, in Go's words."""
    give: Callable[..., Value]
    """The outcome. Errors: Stop."""


# ---------------------------------------------------------------- which types fit


def _takes(*wanted: Type, gives: Type) -> Callable[[str, tuple[Type, ...]], Type]:
    """A function with a signature; an integer goes where a float is wanted."""

    def fit(name: str, given: tuple[Type, ...]) -> Type:
        if len(given) != len(wanted):
            raise Stop(f"{'too many' if len(given) > len(wanted) else 'not enough'} arguments to call {name}")
        for one, type_ in zip(given, wanted, strict=True):
            if type_ == UNKNOWN or one in (UNKNOWN, type_) or (type_ == FLOAT and one == INT):
                continue
            shown = "nil" if one.kind is Kind.NIL else one
            raise Stop(f"cannot use {shown} as argument (type {type_}) to call {name}")
        return gives

    return fit


def _one_of(*kinds: Kind, gives: Callable[[Type], Type]) -> Callable[[str, tuple[Type, ...]], Type]:
    """A function of one argument that is of one of these kinds, or unknown."""

    def fit(name: str, given: tuple[Type, ...]) -> Type:
        if len(given) != 1:
            raise Stop(f"invalid number of arguments (expected 1, got {len(given)})")
        (one,) = given
        if one.kind not in (*kinds, Kind.UNKNOWN):
            raise Stop(f"invalid argument for {name} (type {one})")
        return gives(one)

    return fit


def _extreme(name: str, given: tuple[Type, ...]) -> Type:
    """Numbers, or arrays of them, as many as one likes."""
    if not given:
        raise Stop(f"not enough arguments to call {name}")
    for one in given:
        if one.kind in (Kind.ARRAY, Kind.UNKNOWN):
            return UNKNOWN
        if not one.number:
            raise Stop(f"invalid argument for {name} (type {one})")
    return given[0]


_NUMBER = (Kind.INT, Kind.FLOAT)


def _same(one: Type) -> Type:
    return one


def _float(_: Type) -> Type:
    return FLOAT


def _int(_: Type) -> Type:
    return INT


def _element(one: Type) -> Type:
    return one.elements


def _unknown(_: Type) -> Type:
    return UNKNOWN


# ---------------------------------------------------------------- what they give


def as_int(value: Value) -> int:
    """Argo's asInt: a number without its fraction, or a text that is a whole number."""
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value):
            raise Stop(f'strconv.ParseInt: parsing "{value}": invalid syntax')
        if int(value) not in _INTEGERS:
            raise Stop(f'strconv.ParseInt: parsing "{value}": value out of range')
        return int(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Stop(f"asInt() not supported on {named(value)} {value}")
    if not math.isfinite(value) or int(value) not in _INTEGERS:
        raise Stop(f"asInt() of {value}: Go leaves it to the machine what this is")
    return int(value)


def as_float(value: Value) -> float:
    """Argo's asFloat: a number, or a text that is one."""
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise Stop(f'strconv.ParseFloat: parsing "{value}": invalid syntax')
        if math.isinf(float(value)) and "inf" not in value.lower():
            raise Stop(f'strconv.ParseFloat: parsing "{value}": value out of range')
        return float(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Stop(f"asFloat() not supported on {named(value)} {value}")
    return float(value)


def _of_float(give: Callable[[float], bool]) -> Callable[[Value], bool]:
    """A Go function of a float64: it takes nothing else, not even a whole number that is computed."""

    def give_or_stop(value: Value) -> bool:
        if not isinstance(value, float):
            raise Stop(f"interface conversion: interface {{}} is {named(value)}, not float64")
        return give(value)

    return give_or_stop


def _number(name: str, value: Value) -> int | float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Stop(f"invalid argument for {name} (type {named(value)})")
    return value


def _len(value: Value) -> int:
    if isinstance(value, str):
        return len(value.encode(errors="surrogatepass"))  # Go counts bytes
    if isinstance(value, tuple | Mapping):
        return len(value)
    raise Stop(f"invalid argument for len (type {named(value)})")


def _abs(value: Value) -> int | float:
    return wrapped(abs(_number("abs", value)))


def _rounded(name: str, how: Callable[[float], float]) -> Callable[[Value], float]:
    def give(value: Value) -> float:
        number = float(_number(name, value))
        return float(how(number)) if math.isfinite(number) else number

    return give


def _half_away(number: float) -> float:
    """Go's math.Round: halves away from zero."""
    whole = math.trunc(number)
    return whole + math.copysign(1, number) if abs(number - whole) >= 0.5 else whole


def _flat(name: str, values: tuple[Value, ...]) -> list[int | float]:
    found: list[int | float] = []
    for value in values:
        found += _flat(name, value) if isinstance(value, tuple) else [_number(name, value)]
    return found


def _chosen(name: str, better: Callable[[float, float], bool]) -> Callable[..., Value]:
    def give(*values: Value) -> Value:
        if len(values) == 1 and not isinstance(values[0], tuple):
            return values[0]
        best: int | float | None = None
        for value in _flat(name, values):
            best = value if best is None or better(value, best) else best
        return best

    return give


def add(left: int | float, right: int | float) -> int | float:
    """A sum as Go has it: integers wrap around."""
    return wrapped(left + right)


def wrapped(number: int | float) -> int | float:
    """An integer within 64 bits, as Go's arithmetic leaves it."""
    return number if isinstance(number, float) or number in _INTEGERS else (number + 2**63) % 2**64 - 2**63


def _sum(values: Value) -> int | float:
    if not isinstance(values, tuple):
        raise Stop(f"cannot sum {named(values)}")
    total: int | float = 0
    for value in values:
        total = add(total, _number("sum", value))
    return total


def _count(values: Value) -> int:
    if not isinstance(values, tuple) or not all(isinstance(value, bool) for value in values):
        raise Stop("count without a predicate counts what is true, and there is something that is neither")
    return sum(value is True for value in values)


def _mean(values: Value) -> float:
    if not isinstance(values, tuple):
        raise Stop(f"invalid argument for mean (type {named(values)})")
    found = [float(_number("mean", value)) for value in values]
    total = 0.0
    for value in found:
        total += value
    return total / len(found) if found else 0.0


def _end(at: int) -> Callable[[Value], Value]:
    def give(values: Value) -> Value:
        if not isinstance(values, tuple):
            raise Stop(f"cannot get an element from {named(values)}")
        return values[at] if values else None

    return give


FUNCTIONS: Mapping[str, Function] = {
    "asInt": Function(_takes(UNKNOWN, gives=INT), as_int),
    "asFloat": Function(_takes(UNKNOWN, gives=FLOAT), as_float),
    "isNaN": Function(_takes(FLOAT, gives=BOOL), _of_float(math.isnan)),
    "isInf": Function(_takes(FLOAT, gives=BOOL), _of_float(math.isinf)),
    # What these two give depends on `result` alone, whatever they are asked of: see evaluator.py.
    "isNil": Function(_takes(UNKNOWN, gives=BOOL), lambda result: result is None),
    "default": Function(
        _takes(UNKNOWN, UNKNOWN, gives=UNKNOWN), lambda result, other: other if result is None else result
    ),
    "len": Function(_one_of(Kind.STRING, Kind.ARRAY, Kind.MAP, gives=_int), _len),
    "abs": Function(_one_of(*_NUMBER, gives=_same), _abs),
    "ceil": Function(_one_of(*_NUMBER, gives=_float), _rounded("ceil", math.ceil)),
    "floor": Function(_one_of(*_NUMBER, gives=_float), _rounded("floor", math.floor)),
    "round": Function(_one_of(*_NUMBER, gives=_float), _rounded("round", _half_away)),
    "int": Function(_one_of(*_NUMBER, Kind.STRING, gives=_int), as_int),
    "float": Function(_one_of(*_NUMBER, Kind.STRING, gives=_float), as_float),
    "min": Function(_extreme, _chosen("min", lambda one, best: one < best)),
    "max": Function(_extreme, _chosen("max", lambda one, best: one > best)),
    "count": Function(_one_of(Kind.ARRAY, gives=_int), _count),
    "sum": Function(_one_of(Kind.ARRAY, gives=_element), _sum),
    "mean": Function(_one_of(Kind.ARRAY, gives=_unknown), _mean),
    "first": Function(_one_of(Kind.ARRAY, gives=_unknown), _end(0)),
    "last": Function(_one_of(Kind.ARRAY, gives=_unknown), _end(-1)),
}
