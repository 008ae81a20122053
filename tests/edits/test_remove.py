"""Removing: an entry goes with what belongs to it, and nothing else changes."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from gitops_bot.edits.path import Path
from gitops_bot.edits.remove import remove
from gitops_bot.edits.source import Source
from gitops_bot.errors import EditRefused, PlaceAbsent
from gitops_bot.policy.places import Where
from tests.edits import marks

DATA = File(__file__).parent / "data" / "entries"


def cut(text: str, path: str, where: Where | None = None) -> str:
    where_to = Path.parse(path) if path else Path(())
    return remove(Source.decode("f.yaml", text.encode()), where_to, where).encode().decode()


BLOCKS: dict[str, tuple[str, str]] = {
    "a key": ("b", "a: 1\n«b: 2\n→»c: 3\n"),
    "the first key": ("a", "«a: 1\n→»b: 2\n"),
    "the last key": ("b", "a: 1\n«b: 2\n→»"),
    "the last key, without a line break": ("b", "a: 1«\nb: 2→»"),
    "a key with all below it": ("b", "a: 1\n«b:\n  - x: |\n      # no comment\n\n      y\n→»c: 3\n"),
    "a key with a flush list": ("b", "a: 1\n«b:\n- x\n→»# of c\nc: 3\n"),
    "a key with Windows line breaks": ("b", "a: 1\r\n«# of b\r\nb: 2\r\n→»c: 3\r\n"),
    "a key with its comment": ("b", "a: 1\n«b: 2 # two\n→»c: 3\n"),
    "a key with the comments above": ("b", "a: 1\n«# of b\n# and more\nb: 2\n→»c: 3\n"),
    "a nested key with the comments above": ("a.b", "a:\n«  # of b\n  b: 2\n→»  c: 3\n"),
    "a key without a comment in another column": ("c", "a:\n  b: 1\n  # of a\n«c: 2\n→»d: 3\n"),
    "a key without a comment that a blank line parts": ("b", "a: 1\n# of a\n\n«b: 2\n→»c: 3\n"),
    "a key without the entries that are comments above": ("b", "a: 1\n# more of it\n# x:\n#   y: 1\n«b: 2\n→»c: 3\n"),
    "an item without the items that are comments above": ("a[1]", "a:\n- 1\n# - x\n«- 2\n→»"),
    "a key with prose that has a colon above": ("b", "a: 1\n«# NOTE: of b\nb: 2\n→»c: 3\n"),
    "a key with an old value of its own above": ("b", "a: 1\n«# b: 1\nb: 2\n→»c: 3\n"),
    "a key without the comment below": ("b", "a: 1\n«b: 2\n→»# of c\nc: 3\n"),
    "a key with deeper comments below": ("a.b", "a:\n«  b:\n    x: 1\n    # more of b\n→»  # of c\n  c: 3\n"),
    "a key without deeper comments that a blank line parts": ("b", "a: 1\n«b: 2\n→»\n  # what?\nc: 3\n"),
    "the first key of a file without the comment above": ("a", "# of it\n«a: 1\n→»b: 2\n"),
    "the first key of a document without the comment above": ("a", "---\n# of it\n«a: 1\n→»b: 2\n"),
    "a key below text that looks like a comment": ("b", "a: |\n  x\n  # no comment\n«b: 2\n→»c: 3\n"),
    "a key below quoted text that looks like a comment": ("b", 'a: "x\n\n  # no comment"\n«b: 2\n→»c: 3\n'),
    "a key between blank lines, with one gap": ("b", "a: 1\n«\nb: 2\n→»\nc: 3\n"),
    "a key with its comment between blank lines, with one gap": ("b", "a: 1\n«\n# of b\nb: 2\n→»\nc: 3\n"),
    "the last key, with the gap before it": ("b", "a: 1\n«\nb: 2\n→»"),
    "the last key of a mapping, with the gap before it": ("a.c", "a:\n  b: 1\n«\n  c: 2\n→»\nd: 3\n"),
    "the first key, with the gap behind it": ("a", "«a:\n  x: 1\n\n→»b: 2\n"),
    "the first key below a title, without the gap": ("a", "# title\n«a: 1\n→»\nb: 2\n"),
    "the first key of a mapping, with the gap behind it": ("a.b", "a:\n«  b: 1\n\n→»  c: 2\n"),
    "a key below lines that a block scalar keeps": ("b", "a: |+\n  x\n\n«b: 2\n\n→»c: 3\n"),
    "a key below a block scalar that keeps none": ("b", "a: |\n  x\n«b: 2\n→»\nc: 3\n"),
    "the last key below a block scalar, without a line break": ("b", "a: |\n  x\n«b: 2→»"),
    "the first key of an item": ("[0].a", "- «a: 1\n  →»b: 2\n"),
    "the first key of an item without the comment of the next": ("[0].a", "- «a: 1 # one\n  →»# of b\n  b: 2\n"),
    "the first key of an item with all below it": ("[0].a", "- «a:\n    x: 1\n    # more\n  →»b: 2\n"),
    "the last key of an item": ("[0].b", "- a: 1\n«  b: 2\n→»- a: 3\n"),
    "a key with a question mark": ("b", "? a\n: 1\n«? b\n: 2\n→»"),
    "the first key with a question mark": ("a", "«? a\n: 1\n→»b: 2\n"),
    "an item": ("a[1]", "a:\n- 1\n«- 2\n→»- 3\n"),
    "an item with its comments": ("a[1]", "a:\n  - 1\n«  # of two\n  - 2 # two\n    # more\n→»  # of three\n  - 3\n"),
    "the first item, flush": ("a[0]", "a:\n«- b: 1\n  c: 1\n→»- b: 2\nd: 1\n"),
    "the last item, flush": ("a[1]", "a:\n- b: 1\n«- b: 2\n  c: 1\n→»# of d\nd: 1\n"),
    "an item that begins on the next line": ("a[1]", "a:\n- 1\n«-\n  b: 1\n→»- 3\n"),
    "an empty item": ("a[1]", "a:\n- 1\n«-\n→»- 3\n"),
    "the first item of an item": ("[0][0]", "- «- 1\n  →»- 2\n- 3\n"),
    "an item by its name": ("a[id=x]", "a:\n- id: w\n«- id: x\n  b: 1\n→»- id: y\n"),
    "an item at the root": ("[1]", "- 1\n«- 2\n→»"),
    "an alias": ("b", "a: &x 1\n«b: *x\n→»c: *x\n"),
    "what holds an anchor and its alias": ("a", "«a:\n  b: &x 1\n  c: *x\n→»d: 1\n"),
    "an anchor that nobody uses": ("a", "«a: &x 1\n→»d: 1\n"),
    "an anchor whose name others define again": ("a", "«a: &x 1\n→»b: &x 2\nc: *x\n"),
    "a key before the end of the document": ("b", "a: 1\n«b: 2\n→»...\n"),
    "a key with a byte order mark": ("b", "\ufeffa: 1\n«b: 2\n→»"),
    "a key in brackets over several lines": ("b", "a: 1\n«b: {\n  c: 1,\n}\n→»d: 1\n"),
}
ONLY: dict[str, tuple[str, str]] = {
    "a key": ("a.b", "a:«→ {}»\n«  b: 1\n→»c: 2\n"),
    "a key with comments": ("a.b", "a:«→ {}»  # of a\n«  # of b\n  b: 1 # one\n    # more\n→»  # still of a\nc: 2\n"),
    "a key, parted from a comment": ("a.b", "a:«→ {}»\n  # of a\n\n«  b: 1\n→»c: 2\n"),
    "a key of a mapping with an anchor": ("a.b", "a: &x«→ {}»  # of a\n«  b: 1\n→»c: 2\n"),
    "a key of a mapping with a tag": ("a.b", "a: !!map &x«→ {}»\n«  b: 1\n→»c: 2\n"),
    "a key without a line break": ("a.b", "a:«→ {}»«\n  b: 1→»"),
    "a key with Windows line breaks": ("a.b", "a:«→ {}»\r\n«  b:\r\n    c: 1\r\n→»"),
    "a key below a quoted one": ("a.b", '"a" :«→ {}»\n«  b: 1\n→»'),
    "an item": ("a[0]", "a:«→ []»\n«- 1\n→»c: 2\n"),
    "an item of an indented list": ("a[0]", "a:«→ []»\n«  - b: 1\n    c: 2\n→»c: 2\n"),
    "a key of an item": ("a[0].b", "a:\n- «b: 1 # one→{}»\n- c: 2\n"),
    "a key of an item, with a block scalar": ("a[0].b", "a:\n- «b: |\n    x→{}»\n- c: 2\n"),
    "a key of an item that begins on the next line": ("a[0].b", "a:\n-«→ {}»\n«  b: 1\n→»- c: 2\n"),
    "an item of an item": ("[0][0]", "- «- 1→[]»\n- 2\n"),
    "the only key": ("a", "# of it\n\n«a:\n  b: 1→{}»\n"),
    "the only item": ("[0]", "---\n«- 1→[]»\n"),
    "a key in braces": ("a.b", "a: {«b: 1→»}\n"),
    "a key in wide braces": ("a.b", "a: {« b: 1, →»}\n"),
    "an item in brackets": ("a[0]", "a: [«x→»] # of a\n"),
    "an item in brackets of several lines": ("a[0]", "a: [«\n  x,\n→»]\n"),
    "an item in brackets with a comment": ("a[0]", "a: [ # of a\n  «x,→»\n]\n"),
    "a key in braces with an anchor": ("a.b", "a: &x {«b: 1→»}\n"),
}
FLOW: dict[str, tuple[str, str]] = {
    "the first key": ("a.b", "a: {«b: 1, →»c: 2}\n"),
    "a key": ("a.c", "a: {b: 1, «c: 2, →»d: 3}\n"),
    "the last key": ("a.c", "a: { b: 1«, c: 2→» }\n"),
    "the last key before a comma": ("a.c", "a: {b: 1«, c: 2→»,}\n"),
    "an item": ("a[1]", 'a: ["b", «"c", →»"d"]\n'),
    "the last item": ("a[1]", "a: [b«, c→»]\n"),
    "a mapping among mappings": ("a[id=x]", "a: [{id: w}, «{id: x, b: 1}, →»{id: y}]\n"),
    "JSON without spaces": ("a", '{«"a":1,→»"b":2}'),
    "JSON on lines of their own": ("b", '{\n  "a": 1,\n«  "b": 2,\n→»  "c": 3\n}\n'),
    "the last of lines of their own": ("c", '{\n  "a": 1,\n  "b": 2«,→»\n«  "c": 3\n→»}\n'),
    "the last of lines with last commas": ("c", "{\n  a: 1,\n  b: 2,\n«  c: 3,\n→»}\n"),
    "a line with its comments": ("b", "{\n  a: 1, # one\n«  # of b\n  b: 2, # two\n→»  # of c\n  c: 3,\n}\n"),
    "the last of lines, with comments": ("b", "{\n  a: 1«,→» # one\n«  b: 2 # two\n→»  # end\n}\n"),
    "lines of their own in Windows": ("[0]", "[\r\n«  a,\r\n→»  b\r\n]\r\n"),
    "the first of wrapped lines": ("[0]", "[«a,\n →»b]\n"),
    "the last line with the bracket": ("b", "{ a: 1«,\n  b: 2→» }\n"),
    "the last line with the bracket, behind a comment": ("b", "{ a: 1«,→» # one\n  «b: 2→» }\n"),
}


@pytest.mark.parametrize(("path", "marked"), BLOCKS.values(), ids=BLOCKS)
def test_an_entry_goes_with_what_belongs_to_it(path: str, marked: str) -> None:
    assert cut(marks.before(marked), path) == marks.after(marked)


@pytest.mark.parametrize(("path", "marked"), ONLY.values(), ids=ONLY)
def test_what_loses_its_only_entry_becomes_empty_brackets(path: str, marked: str) -> None:
    assert cut(marks.before(marked), path) == marks.after(marked)


@pytest.mark.parametrize(("path", "marked"), FLOW.values(), ids=FLOW)
def test_brackets_lose_an_entry_with_its_comma(path: str, marked: str) -> None:
    assert cut(marks.before(marked), path) == marks.after(marked)


DOCUMENTS = [
    ("A", "«kind: A # one\n→»---\nkind: B\n---\nkind: C\n"),
    ("B", "kind: A\n«---\n# of b\nkind: B\n→»---\nkind: C\n"),
    ("C", "kind: A\n---\nkind: B\n«--- # of c\nkind: C\n# end→»"),
    ("A", "# title\n\n«---\nkind: A\n→»---\nkind: B\n"),
    ("A", "# title\n«kind: A\n→»---\nkind: B\n"),
    ("A", "«---\nkind: A\n...\n→»---\nkind: B\n"),
    ("B", "---\nkind: A\n...\n«---\nkind: B\n→»"),
    ("B", "kind: A\n«--- {kind: B}\n→»---\n# nothing\n"),
    ("B", "kind: A\r\n«---\r\nkind: B\r\n→»---\r\nkind: C\r\n"),
    ("A", "%YAML 1.1\n---\nkind: B\n...\n«%YAML 1.1\n---\nkind: A\n→»"),
    ("A", "\ufeff«kind: A\n→»---\nkind: B\n"),
    ("B", "kind: A\ntext: |+\n  x\n\n«---\nkind: B\n→»"),
]


@pytest.mark.parametrize(("kind", "marked"), DOCUMENTS)
def test_a_document_goes_with_its_separator(kind: str, marked: str) -> None:
    assert cut(marks.before(marked), "", Where(kind=kind)) == marks.after(marked)


@pytest.mark.parametrize(
    "text", ["a: 1\n", "# licence\n\na: 1\n", "---\na: 1\n---\n# nothing\n", "\ufeffa: 1\n...\n", "- 1", "--- x\n"]
)
def test_without_its_only_document_a_file_is_empty(text: str) -> None:
    assert cut(text, "") == ""


@pytest.mark.parametrize(
    ("file", "path", "first", "last", "left"),
    [
        ("kustomization.yaml", "namePrefix", 5, 5, None),
        ("kustomization.yaml", "bases[0]", 3, 4, "bases: []"),
        ("kustomization.yaml", "commonLabels", 1, 2, None),
        ("deployment.yaml", "metadata.annotations", 7, 8, None),
        ("deployment.yaml", "spec.template.spec.containers[name=nginx].ports", 22, 23, None),
        ("requirements.yaml", "dependencies[name=python-test]", 6, 8, None),
        ("requirements.yaml", "dependencies[name=exposecontroller].alias", 2, 3, "- name: exposecontroller"),
        ("values.yaml", "expose", 1, 5, None),
        ("values.yaml", "python-test", 5, 9, None),
        ("values.yaml", "expose.Args[0]", 2, 2, '  Args: ["4"]'),
        ("no-traffic.yaml", "spec.template.spec.containers[0].env", 10, 12, None),
    ],
)
def test_real_shapes_lose_lines_and_get_none(file: str, path: str, first: int, last: int, left: str | None) -> None:
    lines = (DATA / file).read_text().splitlines()
    expected = [*lines[: first - 1], *([left] if left else []), *lines[last:]]
    assert cut("\n".join(lines) + "\n", path) == "\n".join(expected) + "\n"


REFUSED: dict[str, tuple[str, str, str]] = {
    "an anchor that others use": (
        "a: &x 1\nb: *x\nc: *x\n",
        "a",
        "f.yaml:1: `a` holds the anchor `&x`, which lines 2, 3 ",
    ),
    "an anchor below that others use": ("a: {c: &x 1}\nb: *x\n", "a", "holds the anchor `&x`, which line 2 would lose"),
    "an anchor at a key": ("a:\n  &x b: 1\n  c: 2\nd: *x\n", "a.b", "holds the anchor `&x`"),
    "an anchor that hides another": ("a: &x 1\nb: &x 2\nc: *x\n", "b", "holds the anchor `&x`"),
    "a part of what others use": ("a: &x {b: 1, c: 2}\nd: *x\n", "a.b", "line 2 would change too"),
    "a part of an alias": ("a: &x {b: 1, c: 2}\nd: *x\n", "d.b", r"is the alias `\*x`"),
    "a key that only a merge has": ("a: &x {b: 1}\nd: {<<: *x}\n", "d.b", "through `<<`"),
    "a key that a merge would bring back": ("a: &x {b: 1}\nd: {<<: *x, b: 2}\n", "d.b", "`<<` brings from line 1"),
    "a key that stands twice": ("a: 1\na: 2\n", "a", "2 times"),
    "several documents": ("a: 1\n---\na: 1\n", "", "2 documents match"),
    "a pair without braces": ("[a: 1, b]\n", "[0].a", "cannot be taken apart"),
    "a file that is no YAML": ("a: [\n", "a", "cannot be read"),
}


@pytest.mark.parametrize(("text", "path", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_safe_is_refused_with_a_sentence(text: str, path: str, why: str) -> None:
    with pytest.raises(EditRefused, match=why):
        cut(text, path)


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ("image: 1\n", "imag", r"has no key `imag`\. Did you mean `image`"),
        ("a: [1]\n", "a[1]", "has 1 items"),
        ("a:\n- id: x\n", "a[id=y]", "no item of `a` has id=y"),
        ("a: 1\n", "a.b", "a single value"),
        ("a:\n", "a.b", "`a` is empty, so it has no keys"),
        ("a:\n", "b.c", "has no key `b`"),
        ("", "a", "the file is empty"),
        ("# nothing\n", "", "the file is empty"),
    ],
)
def test_what_is_not_there_is_absent(text: str, path: str, why: str) -> None:
    with pytest.raises(PlaceAbsent, match=why):
        cut(text, path)
