"""Kustomizations in memory, and what is done to them by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gitops_bot import edits
from gitops_bot.edits.sense import Value
from gitops_bot.model import Change
from gitops_bot.policy.schema import HandEdit
from tests.edits.trees import Files

DATA = Path(__file__).parent / "data" / "kustomize"


def shape() -> Files:
    """The layout that lies beside the tests."""
    paths = (path for path in DATA.rglob("*") if path.is_file() and path.name != "README.md")
    return Files({str(path.relative_to(DATA)): path.read_bytes() for path in paths})


def tree(**texts: str) -> Files:
    """`tree(prod="…")` is `prod/kustomization.yaml`, `tree(base__app="…")` is `base/app.yaml`."""
    named = {name.replace("__", "/") if "__" in name else f"{name}/kustomization": text for name, text in texts.items()}
    return Files({f"{name}.yaml": text.encode() for name, text in named.items()})


def hand(kind: str, /, shared_base: str = "refuse", **spot: Any) -> HandEdit:
    """An edit without a slot."""
    return HandEdit.model_validate({kind: spot, "sharedBase": shared_base})


def changed(edit: HandEdit, value: Value, files: Files) -> dict[str, bytes | None]:
    """The files that an edit changes, as they are then; what was written is read back, and written twice is nothing."""
    changes = edits.put(edit, value, files)
    after = files.changed(changes)
    if value is not None:
        assert str(edits.get(edit, after)) == str(value)
        assert edits.put(edit, value, after) == ()
    return {change.path: change.after for change in changes}


def moves(changes: tuple[Change, ...]) -> list[tuple[str, str, str]]:
    """Place, old and new of every move."""
    return [(move.place, move.old, move.new) for change in changes for move in change.moves]
