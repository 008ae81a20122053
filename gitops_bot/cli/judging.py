"""What `judge` is told and what it answers: a run of evidence with its judge, one by one or line by line."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gitops_bot.analysis import given
from gitops_bot.analysis.judges import JUDGES
from gitops_bot.analysis.retrace import Case, decided
from gitops_bot.cli.inputs import Order, parsed
from gitops_bot.errors import UsageError
from gitops_bot.model import Outcome
from gitops_bot.policy.base import Spec

_KEYS = ("judge", "params", "intervals", "length", "history")
_MOST_SAID = 3
"""Of what is wrong with one judge's parameters."""
_LONGEST_RUN = 100_000
"""Intervals; what asks for more is a slip."""

# ---------------------------------------------------------------- a run


def case(order: Mapping[str, Any]) -> Case:
    """`{"judge": …, "params": {…}, "intervals": […], "length": 60, "history": […]}` as a case. Errors: UsageError."""
    _misspelled(order)
    name, listed, before = order.get("judge"), order.get("intervals"), order.get("history")
    if not isinstance(name, str) or name not in JUDGES:
        what = "there is no judge" if name is None else f"{_shown(name)} is no judge"
        raise UsageError(what, remedy=f"Known are {', '.join(JUDGES)}")
    if not isinstance(listed, list):
        raise UsageError("intervals must be a list", remedy='Write it like [{"candidate": {"bad": 1, "total": 20}}]')
    if before is not None and not isinstance(before, list):
        raise UsageError("history must be a list of what the baseline did in earlier intervals")
    told = params(name, order.get("params"))
    length = _length(order.get("length"), len(listed))
    return Case(JUDGES[name], told, given.intervals(listed), length, given.before(before or ()))


def _misspelled(order: Mapping[str, Any]) -> None:
    """A key that is nearly one of ours; others (a name, a comment) belong to who wrote them."""
    for key in order.keys() - set(_KEYS):
        if meant := difflib.get_close_matches(key.lower(), _KEYS, n=1, cutoff=0.75):
            raise UsageError(f"{_shown(key)} means nothing here", remedy=f"Did you mean {meant[0]}?")


def _length(told: Any, taken: int) -> int:
    if told is None:
        return taken
    if type(told) is not int or not taken <= told <= max(taken, _LONGEST_RUN):
        what = f"length is {_shown(told)}, and must be a whole number from {taken}, the intervals given"
        raise UsageError(f"{what}, to {max(taken, _LONGEST_RUN)}")
    return told


def _shown(told: Any) -> str:
    return json.dumps(told)[:80]


def params(name: str, told: Any) -> Spec:
    """A judge's parameters as its model; null is all defaults. Errors: UsageError."""
    return _params(name, json.dumps({} if told is None else told, sort_keys=True))


@lru_cache(maxsize=256)
def _params(name: str, text: str) -> Spec:
    model = JUDGES[name].params
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise UsageError(f"params of {name}: {_wrong(model, json.loads(text), error)}") from None


def _wrong(model: type[Spec], told: Any, error: ValidationError) -> str:
    """What is wrong with parameters, in the words of `validate`."""
    from gitops_bot.policy.jsonschema import schema_of
    from gitops_bot.policy.marks import read
    from gitops_bot.policy.problems import path_text
    from gitops_bot.policy.wording import faults

    if not isinstance(told, dict):
        return f"must be a mapping, not {_shown(told)}"
    reading = read(json.dumps(told, ensure_ascii=False).encode(errors="replace"))
    if reading.stopped or [one.value for one in reading.documents] != [told]:
        return "a text in it is none that YAML could hold"
    found = faults(reading.documents[0], error.errors(include_url=False), schema_of(model), most=_MOST_SAID)
    said = (
        (f"{path_text(fault.path)}: " if fault.path else "")
        + fault.message
        + (f" ({fault.suggestion})" if fault.suggestion else "")
        for fault in found[:_MOST_SAID]
    )
    return "; ".join(said)


def given_params(text: str) -> Any:
    """Parameters as JSON or YAML, in a file or as they are. Errors: UsageError."""
    from gitops_bot.policy.marks import read

    written = text.lstrip().startswith("{")
    try:
        data = text.encode(errors="replace") if written else Path(text).read_bytes()
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or "that is no file"
        raise UsageError(f"--params: {what}", where=text[:200], remedy="Give a file, or JSON like '{}'") from None
    reading = read(data)
    if reading.stopped or len(reading.documents) != 1:
        what = reading.stopped.message if reading.stopped else "it is no single document"
        raise UsageError(f"--params: {what}", where="" if written else text[:200])
    return reading.documents[0].value


# ---------------------------------------------------------------- line by line


def answers(lines: Iterable[bytes]) -> Iterator[Order]:
    """The answer to each line that is not blank, in order; what says nothing sensible is UNKNOWN, marked as error."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _answer(line, number)


def _answer(line: bytes, number: int) -> Order:
    try:
        finding = decided(case(_order(line)))
    except UsageError as error:
        why = str(error)
    except Exception as error:  # noqa: BLE001 - a defect that one line meets must not keep the others from their answers
        why = f"a defect of gitops-bot, worth a report: {type(error).__name__}: {error}"
    else:
        return {"verdict": finding.outcome.value, "decidedAt": finding.decided_at, "reason": finding.because}
    return {"verdict": Outcome.UNKNOWN.value, "decidedAt": None, "reason": f"line {number}: {why}", "error": True}


def _order(line: bytes) -> Mapping[str, Any]:
    order = parsed(line)
    if not isinstance(order, dict):
        raise UsageError('a line is an object like {"judge": "sequential", "params": {}, "intervals": […]}')
    return order
