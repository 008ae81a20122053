"""What users may tell the judge that decides as Keptn does; words as in its slo.yaml and AnalysisDefinition."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from gitops_bot.policy.base import Spec

_MANTISSA = r"(?:\d+\.?\d*|\.\d+)"
_EXPONENT = r"[eE][-+]?\d+"
_CRITERION = re.compile(rf"(<=|<|=|>=|>)([-+]?)({_MANTISSA}(?:{_EXPONENT})?)(%?)", re.ASCII)
_QUANTITY = re.compile(rf"([-+]?{_MANTISSA})({_EXPONENT}|[numkMGTPE]|[KMGTPE]i)?", re.ASCII)
_LONGEST = 64

_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = "KMGTPE"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a Keptn SLO: `<600`, `<=+10%`, `>-5`."""

    operator: str
    """<, <=, =, >= or >."""
    value: float
    """Never negative: a sign makes it a comparison."""
    percentage: bool = False
    comparison: bool = False
    """With earlier results; without one it is a fixed bound."""
    increase: bool = False
    """Of a comparison: above the earlier results; else below them."""
    text: str = ""

    def __str__(self) -> str:
        """As it was written."""
        return self.text


def parse_criterion(given: Any) -> Criterion:
    """`<=+10%` and the like as lighthouse-service reads them; a percentage always compares. Errors: ValueError."""
    if isinstance(given, Criterion):
        return given
    match = _CRITERION.fullmatch(given.replace(" ", "")) if isinstance(given, str) and len(given) <= _LONGEST else None
    value = float(match[3]) if match else math.inf
    if match is None or not math.isfinite(value):
        raise ValueError(f"{str(given)[:_LONGEST]!r} is no criterion; write it like <600, <=+10%, >=-5% or =0")
    comparison = bool(match[2] or match[4])
    return Criterion(match[1], value, bool(match[4]), comparison, comparison and match[2] != "-", given)


def parse_quantity(given: Any) -> float:
    """A Kubernetes quantity: 15, `0.5`, `500m` (a half), `2k`, `1Mi`. Errors: ValueError."""
    text = str(given) if isinstance(given, int | float | str) and not isinstance(given, bool) else ""
    match = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST else None
    value = _quantity(match[1], match[2] or "") if match else math.inf
    if not math.isfinite(value):
        raise ValueError(f"{str(given)[:_LONGEST]!r} is no quantity; write a number, or one like 500m or 2k")
    return value


def _quantity(number: str, suffix: str) -> float:
    if suffix.endswith("i"):
        return float(number) * 1024.0 ** (_BINARY.index(suffix[0]) + 1)
    return float(f"{number}e{_DECIMAL[suffix]}" if suffix in _DECIMAL else number + suffix)


OneCriterion = Annotated[
    Criterion,
    BeforeValidator(parse_criterion),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "pattern": r"^ *[<>=]", "examples": ["<600", "<=+10%"]}),
]
Quantity = Annotated[
    float,
    BeforeValidator(parse_quantity),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "examples": ["500m"]}]}),
]


class Criteria(Spec):
    """Criteria that must hold together."""

    criteria: Annotated[tuple[OneCriterion, ...], Field(min_length=1, max_length=100)]
    """`<600` is fixed, in the metric's own unit; `<=+10%` and `>=-5` compare with earlier results. `%` is never a unit:
    `<10%` means less than ten percent more than before."""


CriteriaSets = Annotated[tuple[Criteria, ...], Field(max_length=100)]


class Comparison(Spec):
    """With what `<=+10%` compares."""

    compare_with: Literal["baseline", "single_result", "several_results"] = "baseline"
    """baseline: the other version in the same intervals. As in Keptn, single_result and several_results: earlier
    evaluations, here the stable version's, each as long as the run, before it."""
    number_of_comparison_results: Annotated[int, Field(ge=1, le=100)] = 3
    """So many of the latest, for several_results."""
    include_result_with_score: Literal["all", "pass", "pass_or_warn"] = "all"
    """Only earlier evaluations with this result; the baseline always counts."""
    aggregate_function: Literal["avg", "p50", "p90", "p95"] = "avg"
    """How several become one number."""


class Range(Spec):
    """From one bound to the other, both included."""

    low_bound: Quantity
    high_bound: Quantity

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_bound > self.high_bound:
            raise ValueError(f"lowBound ({self.low_bound:g}) is greater than highBound ({self.high_bound:g})")
        return self


Bounds = Mapping[str, tuple[float, ...]]
"""Keptn's name of an operator with its one number or two."""


class Operator(Spec):
    """Exactly one test of the value."""

    equal_to: Quantity | None = None
    less_than_or_equal: Quantity | None = None
    less_than: Quantity | None = None
    greater_than_or_equal: Quantity | None = None
    greater_than: Quantity | None = None
    in_range: Range | None = None
    not_in_range: Range | None = None

    @property
    def bounds(self) -> Bounds:
        """The test by its name."""
        given = self.model_dump(by_alias=True, exclude_none=True)
        return {name: tuple(one.values()) if isinstance(one, dict) else (one,) for name, one in given.items()}

    @model_validator(mode="after")
    def _single(self) -> Self:
        if len(self.bounds) != 1:
            names = ", ".join(field.alias or name for name, field in type(self).model_fields.items())
            raise ValueError(f"needs exactly one of {names}")
        return self


class Target(Spec):
    """What an AnalysisDefinition says of an objective: what is neither a failure nor a warning passes."""

    failure: Operator | None = None
    warning: Operator | None = None


class Keptn(Spec):
    """The value of the whole run, judged as by a Keptn SLO (`pass`, `warning`) or an AnalysisDefinition (`target`)."""

    pass_: Annotated[CriteriaSets, Field(alias="pass")] = ()
    """It passes when one of these sets holds."""
    warning: CriteriaSets = ()
    """Else one of these makes it a warning, which decides nothing; without one it fails."""
    comparison: Comparison = Comparison()
    target: Target | None = None
    """Instead of `pass` and `warning`."""
    weight: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    """In a score of several metrics."""
    key_sli: bool = False
    """In a score of several metrics, this one failing fails all."""
    least_intervals: Annotated[int, Field(ge=3, le=100_000)] = 3
    """No verdict on fewer intervals with a number than this, of either version where they are compared."""

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.target is None and not self.pass_:
            raise ValueError("needs pass or target: without criteria, Keptn only reports the value")
        if self.target is not None and (self.pass_ or self.warning):
            raise ValueError("target stands instead of pass and warning; write one of the two forms")
        if self.target is not None and self.target.failure is None:
            raise ValueError("target needs failure, else nothing could ever fail")
        return self
