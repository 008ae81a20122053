"""Documents in strings: what changes in them is all that changes around them."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gitops_bot.edits.inner import inner
from gitops_bot.edits.insert import insert
from gitops_bot.edits.locate import locate
from gitops_bot.edits.path import Path
from gitops_bot.edits.place import Place
from gitops_bot.edits.remove import remove
from gitops_bot.edits.splice import splice
from gitops_bot.errors import EditError, EditRefused
from tests.edits.trees import Files

AT = Place("f.yaml", Path.parse("a.s"))


def at(text: str) -> Files:
    return Files({"f.yaml": text.encode()})


def put(text: str, path: str, value: str | int) -> str:
    found = inner(at(text), AT)
    after = splice(found.source, locate(found.source, Path.parse(path)), value)
    return found.outer(after).encode().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n  s: |\n    x: 1 # c\n    y: 2\nb: 3\n", "a:\n  s: |\n    x: 9 # c\n    y: 2\nb: 3\n"),
        ("a:\n  s: |-  # why\n    y: 2\n    x: 1", "a:\n  s: |-  # why\n    y: 2\n    x: 9"),
        ("a:\n  s: |+\n\n    x: 1\n  \n\nb: 3\n", "a:\n  s: |+\n\n    x: 9\n  \n\nb: 3\n"),
        ("a:\r\n  s: |\r\n    y:\r\n  \r\n    x: 1\r\n", "a:\r\n  s: |\r\n    y:\r\n  \r\n    x: 9\r\n"),
        ("a:\n  s: |2\n      y: 2\n      x: 1\n", "a:\n  s: |2\n      y: 2\n      x: 9\n"),
        ("a:\n  s: &k !!str |\n   x: 1\n", "a:\n  s: &k !!str |\n   x: 9\n"),
        ("a:\n  s: >-\n    x: 1\n", "a:\n  s: >-\n    x: 9\n"),
        ("a: {s: '{x: 1, y: ''q''}'} # c\n", "a: {s: '{x: 9, y: ''q''}'} # c\n"),
        ('a:\n  s: "{\\"x\\": 1}"\n', 'a:\n  s: "{\\"x\\": 9}"\n'),
        ('a:\n  s: "x: 1\\ny: é\\n"\n', 'a:\n  s: "x: 9\\ny: é\\n"\n'),
        ("a:\n  s: |\n    é: 𝄞\n    x: 1\n", "a:\n  s: |\n    é: 𝄞\n    x: 9\n"),
    ],
)  # fmt: skip
def test_only_the_value_changes(before: str, after: str) -> None:
    assert put(before, "x", 9) == after
    assert put(before, "x", 1) == before


def test_lines_are_added_and_taken_away() -> None:
    before = "a:\n  s: |-\n    x:\n    - b\n    y: 1"
    found = inner(at(before), AT)
    more = insert(found.source, Path.parse("z"), {"w": "v"})
    assert found.outer(more).text == before + "\n    z:\n      w: v"
    less = remove(found.source, Path.parse("y"))
    assert yaml.safe_load(found.outer(less).text)["a"]["s"].strip() == "x:\n- b"
    rewrite = found.rewrite(more, Path.parse("z"), new="v")
    assert (rewrite.file, rewrite.place, rewrite.new) == ("f.yaml", "f.yaml: a.s: z", "v")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a:\n  s: >\n    x: 1\n\n    y: 2\n", "`a.s` is folded: its lines are not the document's. Write it"),
        ('a:\n  s: "x: 1\\n\\\n    y: 2"\n', "`a.s` spells its text in a way that would have to change as a whole"),
        ("a:\n  s: &s |\n    x: 1\nb: *s\n", "has the anchor `&s`"),
        ("a:\n  s: {x: 1}\n", "is a mapping, not a single value"),
        ('a:\n  s: "\\ufeffx: 1"\n', "begins with a byte order mark"),
        ('a:\n  s: "x: 1 \\0"\n', "holds the character U+0000"),
        ("a:\n  s: |\n    x: [\n", "f.yaml: a.s:2:1: the file cannot be read as YAML"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(EditRefused) as error:
        put(text, "x", 9)
    assert sentence in str(error.value)


INNER = st.sampled_from(["x: 1\n", "y:\n- a\n\n-  b\nx: 1", "\n# c\nx: 1\n\n", "{x: 1}", "x: 1\nz: |\n  k\n   l\n\n"])
HEADER = st.sampled_from(["|", "|-", "|+", "| # c", "|2", ">", ">-"])


@settings(deadline=None, max_examples=60)
@given(INNER, HEADER, st.integers(1, 6), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "b: 1\n", "# c\n"]))
def test_any_block_keeps_its_other_lines(text: str, header: str, indent: int, end: str, behind: str) -> None:
    body = "".join(" " * (2 + indent) + line if line.strip() else line for line in text.splitlines(keepends=True))
    before = f"a:\n  s: {header}\n{body}\n{behind}".replace("\n", end)
    try:
        after = put(before, "x", 987)
    except EditError:
        assume(False)
    assert after == before.replace("x: 1", "x: 987")
    assert put(after, "x", 1) == before


@settings(deadline=None)
@given(st.text(st.sampled_from("abx:1 -|>\n'\"{}[]#&*!\r\t\\"), max_size=30))
def test_any_text_works_or_is_refused(text: str) -> None:
    for before in (f"a:\n  s: {text}\n", f"a:\n  s: |\n    x: 1\n{text}", f"a:\n  s: '{text}'"):
        try:
            after = put(before, "x", 9)
        except EditError:
            continue
        assert put(after, "x", 9) == after
