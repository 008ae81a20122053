"""Values in a document that is a string of another file, read and written as if they were a file of their own."""

from __future__ import annotations

from gitops_bot.edits.inner import Inner, inner
from gitops_bot.edits.locators import values
from gitops_bot.edits.operations import Move, Operation, carry_out
from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Overlay, Place
from gitops_bot.edits.sense import Sense, Value
from gitops_bot.edits.source import Source
from gitops_bot.model import Tree


def read(outer: Place, path: Path, sense: Sense, tree: Tree, *, create: bool = False) -> Value:
    """The value at `path` in the string at `outer`. Errors: EditError."""
    found = inner(tree, outer)
    return values.read(Place(str(outer), path), sense, _inside(found, tree), create=create)


def operations(
    outer: Place, path: Path, sense: Sense, value: Value, tree: Tree, *, create: bool = False
) -> tuple[Operation, ...]:
    """The file with another value at `path` in the string at `outer`. Errors: EditError."""
    found = inner(tree, outer)
    inside, moves = _inside(found, tree), list[Move]()
    for operation in values.operations(Place(str(outer), path), sense, value, inside, create=create):
        inside, made = carry_out(inside, operation)
        moves += made
    if not moves:
        return ()
    after = Source.decode(str(outer), inside.read(str(outer)) or b"")
    old, new = (" ".join(filter(None, texts)) for texts in ((m.old for m in moves), (m.new for m in moves)))
    return (found.rewrite(after, path, old=old, new=new),)


def _inside(found: Inner, tree: Tree) -> Overlay:
    """The tree with the string as a file of its own, named by its place."""
    return Overlay(tree).having(str(found.place), found.source.encode())
