"""What is asked of a server that speaks no PromQL, and readings from what it gives. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from gitops_bot.adapters.metrics_http.trouble import NoAnswer, missing, reading
from gitops_bot.model import Missing, Query, Reading, Sample

MAX_POINTS = 11_000
NO_DATA = "the query found no data"
ELSEWHERE = "the server answered for other instants than those asked for"

Values = Mapping[int, float | None]
"""By second since 1970, the end of a window; None is a hole. Empty: nothing was found."""


@dataclass(frozen=True, slots=True)
class Span:
    """One query over windows that follow each other: `count` of `step_s` seconds, the first ends at `first_s`."""

    expression: str
    first_s: int
    step_s: int
    count: int

    @property
    def begin_s(self) -> int:
        """Where the first window begins."""
        return self.first_s - self.step_s

    @property
    def last_s(self) -> int:
        """Where the last window ends."""
        return self.first_s + (self.count - 1) * self.step_s

    @property
    def ends_s(self) -> range:
        """Where each window ends."""
        return range(self.first_s, self.last_s + 1, self.step_s)

    def aligned(self, values: Values) -> Values:
        """From windows that a server cuts at multiples of the step: for each of ours the last that is over by its end.

        So a window may begin and end up to one interval early, never late, and none counts twice.
        """
        whole = {end: end - end % self.step_s for end in self.ends_s}
        return {end: values[aligned] for end, aligned in whole.items() if aligned in values}


def span_of(query: Query) -> Span:
    """Errors: NoAnswer."""
    count = len(query.instants())
    step_s, rest = divmod(query.step, timedelta(seconds=1))
    if rest or query.start.microsecond:
        raise NoAnswer("this metrics server counts in whole seconds, and the interval or its begin is none")
    if count > MAX_POINTS:
        raise NoAnswer(f"{count} points are asked for, and one answer holds at most {MAX_POINTS}")
    return Span(query.plain, int(query.start.timestamp()), step_s, count)


def spaced(seconds: list[int], step_s: int) -> None:
    """Refuse an answer whose points lie further apart than was asked for. Errors: NoAnswer."""
    apart = [later - one for one, later in pairwise(seconds)]
    if apart and min(apart) > step_s:
        raise NoAnswer(f"the server counts in steps of {min(apart)} s where {step_s} s are meant", heard=True)


def number(value: Any) -> float | None:
    """A value of an answer; texts and truth values are no numbers. Errors: TypeError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    return float(value)


def readings(values: Values, span: Span, query: Query) -> tuple[Reading, ...]:
    """One reading per instant; for a numerator, nothing found is zero."""
    instants = query.instants()
    if not values and not query.counts_absence:
        return missing(NO_DATA, instants, answered=True)
    if values and values.keys().isdisjoint(span.ends_s):
        return missing(ELSEWHERE, instants, answered=True)
    found: list[Reading] = []
    for end, at in zip(span.ends_s, instants, strict=True):
        value = values.get(end)
        if value is not None:
            found.append(reading(value, at))
        else:
            found.append(Sample(0.0, at) if query.counts_absence else Missing("no data at this instant", at))
    return tuple(found)
