"""Files that come and go, and the kustomization that names them below `resources`: it builds no others.

What is added is one entry in the list's own style, what is removed its own line: comments around it stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from gitops_bot.edits.composed import says
from gitops_bot.edits.emit import inline
from gitops_bot.edits.layout import before_break, behind_line, line_start, next_line, previous_line
from gitops_bot.edits.locate import document
from gitops_bot.edits.locators import kustomization
from gitops_bot.edits.locators.kustomization import Kustomization, folder_of, in_folder, normal
from gitops_bot.edits.locators.kustomization_users import users
from gitops_bot.edits.operations import Insert, Operation, Rewrite
from gitops_bot.edits.outline import Entry, Outline, outline
from gitops_bot.edits.path import Index, Key, Path
from gitops_bot.edits.place import Place, load
from gitops_bot.edits.proof import Expected, prove
from gitops_bot.edits.reach import raise_absent, reach
from gitops_bot.edits.remove import remove
from gitops_bot.edits.sketch import sketch
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditRefused
from gitops_bot.model import Tree

NONE = "none"
_LIST = "resources"


@dataclass(frozen=True, slots=True)
class _Spot:
    path: str


def added(file: str, given: str | None, tree: Tree) -> tuple[Operation, ...]:
    """What makes a kustomization build a file that comes: nothing where it names the file already.

    `given`: the kustomization or its folder; default: the one beside the file, where there is one. Errors: EditError.
    """
    path = _chosen(file, given, tree)
    if path is None:
        return ()
    one = kustomization.read(path, tree)
    if file in one.references():
        return ()
    folder, prefix = PurePosixPath(one.folder), "./" if _dotted(one) else ""
    if not PurePosixPath(file).is_relative_to(folder):
        what = "kustomize takes files only from the folder of the kustomization and from below it"
        raise EditRefused(f"{what}: it cannot name {file}", where=path)
    reference = prefix + str(PurePosixPath(file).relative_to(folder))
    count = len(kustomization.items(one.content.get(_LIST)))
    place = Place(path, Path((Key(_LIST), Index(count))))
    if one.content.get(_LIST) == [] and (after := _in_brackets(load(tree, path), reference)):
        return (Rewrite(path, after.encode(), str(place), "", reference),)
    return (Insert(place, reference),)


def removed(file: str, given: str | None, tree: Tree) -> tuple[Operation, ...]:
    """What takes a file that goes out of every kustomization that names it below `resources`.

    Errors: EditError (a kustomization uses it otherwise, and could not be built without it).
    """
    if given == NONE:
        return ()
    named = _chosen(file, given, tree)
    listed = dict.fromkeys([*([named] if named else []), *users(file, tree)])
    return tuple(operation for path in listed for operation in _without(path, file, tree))


def _chosen(file: str, given: str | None, tree: Tree) -> str | None:
    """The kustomization that is given, else the one beside the file. Errors: FileAbsent, EditRefused (several)."""
    if given == NONE:
        return None
    if given is None and not in_folder(folder_of(file), tree):
        return None
    return kustomization.file(_Spot(given or folder_of(file) or "."), tree)


def _dotted(one: Kustomization) -> bool:
    """Whether the files that it names begin with `./`."""
    local = [text for text in one.texts(_LIST) if one.path(text) is not None and not text.startswith("../")]
    return bool(local) and all(text.startswith("./") for text in local)


def _without(path: str, file: str, tree: Tree) -> tuple[Operation, ...]:
    one = kustomization.read(path, tree)
    if file not in one.references():
        return ()
    after, place = load(tree, path), ""
    entries = kustomization.items(one.content.get(_LIST))
    for index, reference in reversed(list(enumerate(entries))):
        if isinstance(reference, str) and normal(one.folder, reference) == file:
            after, place = _cut(after, index), str(Place(path, Path((Key(_LIST), Index(index)))))
    if not place or file in kustomization.parse(after).references():
        raise EditRefused(
            f"the kustomization uses {file}, which goes, otherwise than by `{_LIST}`",
            where=path,
            remedy=f"Name it below `{_LIST}`, or take it out by hand",
        )
    return (Rewrite(path, after.encode(), place, file, ""),)


# ---------------------------------------------------------------- one entry


def _in_brackets(source: Source, reference: str) -> Source | None:
    """The kustomization with an entry where `[]` was, which `[]` will be again; None where more stands there."""
    (chosen,) = (one for one in sketch(source) if not one.empty)
    ordinal = chosen.stream.keys(chosen.ordinal)[_LIST][0]
    start, end = chosen.stream.starts[ordinal], chosen.stream.ends[ordinal + 1]
    if source.text[start:end] != "[]":
        return None
    after = source.having(start, end, f"[{inline(reference, flow=True)}]")
    expected = Expected(ordinal + 1, 0, lambda came: says(came, [reference]))
    prove(source, after, expected, said=f"`{_LIST}` cannot be filled", line=chosen.stream.line(ordinal))
    return after


def _cut(source: Source, index: int) -> Source:
    """The kustomization without one entry of its resources; without the list where the entry had brought it."""
    path = Path((Key(_LIST), Index(index)))
    found = reach(source, path, document(source, sketch(source), None))
    if found.missing:
        raise_absent(source, found, path)
    text, listed = source.text, outline(found.stream, found.nodes[-2].ordinal)
    head, entry = listed.head(index), listed.entries[index]
    if listed.flow or text[line_start(text, head) : head].strip() or text[entry.start] in "&!":
        return remove(source, path)
    begin, end, gone = line_start(text, head), behind_line(text, entry.end), entry
    if len(listed.entries) == 1:
        whole = outline(found.stream, found.nodes[-3].ordinal)
        brought = _brought(text, whole, listed.ordinal, begin)
        if brought is None:
            return remove(source, path)
        begin, gone = _without_gap(text, line_start(text, brought.start), end), brought
    if end == len(text) and text[-1] not in "\r\n":
        begin = before_break(text, begin)
    after = source.having(begin, end, "")
    expected = Expected(gone.ordinal, gone.behind - gone.ordinal, lambda came: not came)
    prove(source, after, expected, said=f"`{path}` cannot be removed", line=found.nodes[-1].line)
    return after


def _brought(text: str, whole: Outline, ordinal: int, begin: int) -> Entry | None:
    """The entry of the list itself where it came with its one item: behind others, and nothing else in it."""
    own = next(one for one in whole.entries if one.value == ordinal)
    bare = next_line(text, own.start) == begin and text[own.start : before_break(text, begin)] == f"{_LIST}:"
    return own if bare and len(whole.entries) > 1 and own == whole.entries[-1] and not whole.flow else None


def _without_gap(text: str, begin: int, end: int) -> int:
    """Where the blank line begins that parts the last lines of a text from those above."""
    above = previous_line(text, begin)
    return above if above and end == len(text) and not text[above:begin].strip() else begin
