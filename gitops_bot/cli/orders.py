"""Edits by hand: orders, each with its answer, carried out in a working folder or refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gitops_bot import edits
from gitops_bot.adapters.folder import Folder
from gitops_bot.edits.place import Overlay
from gitops_bot.edits.sense import Data, Value
from gitops_bot.errors import EditError, FileAbsent, UsageError
from gitops_bot.model import Change, Version
from gitops_bot.policy.jsonschema import schema_of
from gitops_bot.policy.marks import read
from gitops_bot.policy.problems import path_text
from gitops_bot.policy.schema import HandEdit
from gitops_bot.policy.wording import faults

_KEYS = ("edit", "value", "remove")
_MOST_SAID = 3
"""Of what is wrong with one edit."""


@dataclass(frozen=True, slots=True)
class Order:
    """One edit, and the value that it is to write; None removes what is there."""

    edit: HandEdit
    value: Value


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an order. `old` and `new` are what the place held and holds; None where that is nothing."""

    changed: bool = False
    old: Value = None
    new: Value = None
    error: str | None = None

    def __str__(self) -> str:
        old, new = (str(value) if isinstance(value, Version) else value for value in (self.old, self.new))
        return json.dumps({"changed": self.changed, "old": old, "new": new, "error": self.error})


class Desk:
    """Where orders are carried out: a folder or, with `dry`, what the folder would be."""

    def __init__(self, folder: Folder, *, dry: bool = False) -> None:
        self.folder = folder
        self.dry = dry
        self.tree = Overlay(folder)

    def get(self, edit: HandEdit) -> Value:
        """What the place holds. Errors: EditError."""
        try:
            return edits.get(edit, self.tree, edits.sense(edit))
        except FileAbsent as error:
            raise self._explained(error) from error

    def put(self, order: Order) -> tuple[Change, ...]:
        """Carry out an order, wholly or not at all. Errors: EditError."""
        try:
            changes = edits.put(order.edit, order.value, self.tree, edits.sense(order.edit))
        except FileAbsent as error:
            raise self._explained(error) from error
        if not self.dry:
            self.folder.write(changes)
            return changes
        for change in changes:
            self.tree = self.tree.having(change.path, change.after)
        return changes

    def answer(self, order: Order) -> Answer:
        """Carry out an order and say what became of it; a refusal is an answer."""
        old: Value = None
        try:
            old = self._held(order.edit)
            changed = bool(self.put(order))
        except EditError as error:
            return Answer(old=old, new=old, error=str(error))
        return Answer(changed, old, self._written(order) if changed else old)

    def _written(self, order: Order) -> Value:
        """What the place holds now; where the value is what the place was chosen by, what was written."""
        single = order.value if isinstance(order.value, str | int | Version) else None
        held = self._held(order.edit)
        return single if held is None else held

    def _held(self, edit: HandEdit) -> Value:
        """What the place holds; None where it is not there, or holds no single value."""
        try:
            return edits.get(edit, self.tree, edits.sense(edit))
        except EditError:
            return None

    def _explained(self, error: FileAbsent) -> FileAbsent:
        """The error, with what stands where the file should be."""
        said = self.folder.what(error.where)
        what = f"{error.what}: {said}, and only regular files are edited" if said else error.what
        return FileAbsent(what, where=error.where, remedy="" if said else error.remedy)


# ---------------------------------------------------------------- JSON lines


def answers(lines: Iterable[bytes], desk: Desk) -> Iterator[Answer]:
    """The answer to each line that is not blank, in order."""
    for line in lines:
        if line.strip():
            yield _answer(line, desk)


def _answer(line: bytes, desk: Desk) -> Answer:
    try:
        return desk.answer(order(line))
    except UsageError as error:
        return Answer(error=str(error))
    except RecursionError:
        return Answer(error="it nests too deep")
    except Exception as error:  # noqa: BLE001 - a defect that one order meets must not keep the others from their answers
        return Answer(error=f"a defect of gitops-bot, worth a report: {type(error).__name__}: {error}")


def order(line: bytes) -> Order:
    """Read `{"edit": {…}, "value": …}` or `{"edit": {…}, "remove": true}`. Errors: UsageError."""
    given = _json(line)
    if not isinstance(given, dict) or "edit" not in given:
        raise UsageError('an order is an object like {"edit": {"yaml": {"file": …, "path": …}}, "value": …}')
    if unknown := [key for key in given if key not in _KEYS]:
        raise UsageError(f"an order has edit, value and remove, not {', '.join(map(repr, unknown))}")
    remove = given.get("remove", False)
    if not isinstance(remove, bool) or ("value" in given) is remove:
        raise UsageError("an order has either a value or remove: true")
    edit = edit_of(given["edit"])
    return Order(edit, _value(given["value"], edit) if "value" in given else None)


def _json(line: bytes) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key is there twice")
        return dict(pairs)

    try:
        return json.loads(line.decode(), object_pairs_hook=once)
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are among them
        raise UsageError(f"the line is no JSON: {error}") from None


def _value(given: Any, edit: HandEdit) -> Value:
    """What JSON holds, as what may be written. Errors: UsageError."""
    if isinstance(given, list | dict):
        if not any(getattr(spot, "create", False) for spot in _spots(edit)):
            raise UsageError("a list or a mapping is only written where nothing is", remedy="Say `create: true`")
        return _data(given)
    if given is None:
        raise UsageError("null is no value that is written", remedy='Say "remove": true to remove what is there')
    return _data(given)


def _data(given: Any) -> Data:
    match given:
        case float():
            raise UsageError(f"{given} is no whole number", remedy="Write it as text")
        case list():
            return [_data(item) for item in given]
        case dict():
            return {key: _data(item) for key, item in given.items()}
    assert given is None or isinstance(given, str | int), "JSON has nothing else"
    return given


def _spots(edit: HandEdit) -> list[Any]:
    return [getattr(edit, name) for name in edit.given]


# ---------------------------------------------------------------- an edit


def edit_of(given: Any) -> HandEdit:
    """An edit as a policy would hold it, the slot left out or not. Errors: UsageError."""
    try:
        edit = HandEdit.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        raise UsageError(_wrong(given, error)) from None
    if len(edit.given) != 1:
        raise UsageError(f"an edit has exactly one place, this one has {len(edit.given)}")
    return edit


def _wrong(given: Any, error: ValidationError) -> str:
    """What is wrong with an edit, in the words of `validate`."""
    reading = read(json.dumps(given, ensure_ascii=False).encode(errors="replace"))
    if not isinstance(given, dict) or reading.stopped or [one.value for one in reading.documents] != [given]:
        return "an edit is a mapping like {yaml: {file: …, path: …}}, and its texts are such as YAML can hold"
    found = faults(reading.documents[0], error.errors(include_url=False), schema_of(HandEdit), most=_MOST_SAID)
    said = (
        f"{path_text(fault.path)}: {fault.message}" + (f" ({fault.suggestion})" if fault.suggestion else "")
        for fault in found[:_MOST_SAID]
    )
    return f"the edit is not right: {'; '.join(said)}"
