"""Short spellings for edits by hand in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gitops_bot import edits
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.model import SlotName
from gitops_bot.policy.form import Form
from gitops_bot.policy.schema import HandEdit
from tests.edits.trees import Files

DATA = Path(__file__).parent / "data"
D1, D2 = "sha256:" + "1" * 64, "sha256:" + "2" * 64
RAW, VERSION, WEIGHT = Sense(), Sense(SlotName.STABLE), Sense(SlotName.WEIGHT)


def sense(form: str) -> Sense:
    """A version that is spelled by a form."""
    return Sense(SlotName.STABLE, Form.parse(form))


def target(**given: Any) -> HandEdit:
    """A place as it is given by hand."""
    return HandEdit.model_validate(given)


def tree(at: HandEdit, text: str | bytes, **others: str) -> Files:
    """A repository of the one file that is meant, and others by their paths."""
    data = text.encode() if isinstance(text, str) else text
    return Files({edits.candidates([at])[0]: data, **{path: other.encode() for path, other in others.items()}})


def read(at: HandEdit, text: str | bytes, how: Sense = VERSION) -> Value:
    """What the place holds."""
    return edits.get(at, tree(at, text), how)


def written(at: HandEdit, text: str | bytes, value: Value, how: Sense = VERSION, *, again: bool = True) -> str:
    """The whole file after one edit; doing it again changes nothing."""
    before = tree(at, text)
    after = before.changed(edits.put(at, value, before, how))
    if again:
        assert edits.put(at, value, after, how) == ()
    (data,) = after.files.values()
    return data.decode()
