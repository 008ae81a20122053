"""One file, one place, one value: short spellings for what the command line does, with what must always hold."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from gitops_bot import edits
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.errors import EditError
from gitops_bot.model import SlotName, Slots, SlotValue
from gitops_bot.policy.places import Target
from gitops_bot.policy.schema import Edit
from tests.edits.trees import Files

DATA = Path(__file__).with_name("data") / "workloads"


def sample(name: str) -> str:
    """A file below `data/workloads`."""
    return (DATA / name).read_bytes().decode()


def swapped(text: str, *swaps: tuple[str, str]) -> str:
    """The text with every `old` replaced by its `new`; each `old` is there exactly once."""
    for old, new in swaps:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def target(kind: str, /, **given: Any) -> Target:
    return Target.model_validate({kind: given})


def slot(kind: str, name: str, /, **given: Any) -> Edit:
    """An edit of a policy; `value` is its form."""
    form = {"value": given.pop("form")} if "form" in given else {}
    return Edit.model_validate({kind: given, "set": name, **form})


def tree(files: dict[str, str] | str, name: str) -> Files:
    given = {name: files} if isinstance(files, str) else files
    return Files({path: text.encode() for path, text in given.items()})


def put(files: dict[str, str] | str, one: Target, value: Value) -> str:
    """The edited file after one raw value; a second time changes nothing, and no other file changes."""
    file = edits.candidates([one])[0]
    before = tree(files, file)
    after = before.changed(changes := edits.put(one, value, before))
    assert len(changes) <= 1
    assert edits.put(one, value, after) == ()
    return (after.read(changes[0].path if changes else file) or b"").decode()


def get(files: dict[str, str] | str, one: Target) -> Value:
    return edits.get(one, tree(files, edits.candidates([one])[0]))


def moved(files: dict[str, str] | str, one: Edit, value: SlotValue) -> str:
    """The edited file after one slot moved; it reads back, and a second time changes nothing."""
    before = tree(files, edits.candidates([one])[0])
    old = edits.read([one], before)
    new = Slots().having(one.set, value)
    changes = edits.render([one], before, old, new, back=True)
    after = before.changed(changes)
    assert edits.read([one], after) == new
    assert edits.render([one], after, old, new, back=True) == ()
    return (after.read(changes[0].path) or b"").decode()


def held(files: dict[str, str] | str, one: Edit) -> SlotValue:
    """What a slot reads."""
    return edits.read([one], tree(files, edits.candidates([one])[0])).get(one.set)


def refusal(files: dict[str, str] | str, one: Target, value: Value, how: Sense | None = None) -> str:
    """The sentence that a write is refused with."""
    try:
        edits.put(one, value, tree(files, edits.candidates([one])[0]), how or Sense())
    except EditError as error:
        return str(error)
    raise AssertionError("it was written")


def refused_slot(files: dict[str, str] | str, one: Edit, value: SlotValue) -> str:
    """The sentence that a slot's move is refused with."""
    return refusal(files, one, value, edits.sense(one))


def survives(data: bytes, one: Target, value: Value, more: dict[str, bytes] | None = None) -> None:
    """Whatever the file is, the value is written and read back, or refused."""
    before = Files({edits.candidates([one])[0]: data, **(more or {})})
    for name in (None, *SlotName):
        with suppress(EditError):
            edits.get(one, before, Sense(name))
    try:
        after = before.changed(edits.put(one, value, before))
    except EditError:
        return
    assert edits.put(one, value, after) == ()
