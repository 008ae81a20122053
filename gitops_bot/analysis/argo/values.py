"""The values of a condition and their types, as Go has them; `result` is one of these."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

Value: TypeAlias = "bool | int | float | str | tuple[Value, ...] | Mapping[str, Value] | None"
"""nil is None; a vector is a tuple."""


class Kind(Enum):
    """What is known of a value before it is there; the value is Go's name."""

    UNKNOWN = "interface {}"
    NIL = "unknown"
    BOOL = "bool"
    INT = "int"
    FLOAT = "float64"
    STRING = "string"
    ARRAY = "[]"
    MAP = "map[string]interface {}"


@dataclass(frozen=True, slots=True)
class Type:
    """A type, as it is checked before anything is evaluated."""

    kind: Kind
    of: Type | None = None
    """An array's elements; None when nothing is known of them."""
    plain: bool = True
    """False: an array that Go holds as `[]interface {}` although its elements are known."""

    @property
    def number(self) -> bool:
        """An integer or a float."""
        return self.kind in (Kind.INT, Kind.FLOAT)

    @property
    def elements(self) -> Type:
        """What an array holds."""
        return self.of or UNKNOWN

    def __str__(self) -> str:
        if self.kind is Kind.ARRAY:
            return f"[]{self.elements if self.plain else UNKNOWN}"
        return str(self.kind.value)


UNKNOWN = Type(Kind.UNKNOWN)
NIL = Type(Kind.NIL)
BOOL = Type(Kind.BOOL)
INT = Type(Kind.INT)
FLOAT = Type(Kind.FLOAT)
STRING = Type(Kind.STRING)
MAP = Type(Kind.MAP)
ARRAY = Type(Kind.ARRAY)
_FLOATS = Type(Kind.ARRAY, FLOAT)


def type_of(value: Value) -> Type:
    """The type of `result`: Prometheus gives floats and vectors of floats; of anything nested nothing is known."""
    if isinstance(value, tuple):
        return _FLOATS if all(isinstance(one, float) for one in value) else ARRAY
    return _SCALARS.get(type(value), MAP)


_SCALARS: Mapping[type, Type] = {type(None): NIL, bool: BOOL, int: INT, float: FLOAT, str: STRING}


def named(value: Value) -> str:
    """Go's name of a value's type."""
    if value is None:
        return "<nil>"
    return "[]interface {}" if value == () else str(type_of(value))


def equal(one: Value, other: Value) -> bool:
    """Equality of unlike values is false, never an error; NaN equals nothing, wherever it is."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(equal(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if is_number(one) and is_number(other):
        return one == other
    return type(one) is type(other) and one == other


def is_number(value: Value) -> bool:
    """An integer or a float; a bool is neither here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(value: Value) -> str:
    """A result as a measurement holds it: `NaN`, `+Inf`, `0.95`, `[11,12]`."""
    if isinstance(value, tuple):
        return f"[{','.join(shown(one) for one in value)}]"
    if isinstance(value, float):
        return _decimal(value)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _decimal(value: float) -> str:
    """Go's FormatFloat(value, 'f', -1, 64): the shortest digits that read back, never an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(value)), "f")
    return re.sub(r"\.0+$", "", text)
