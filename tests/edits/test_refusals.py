# ruff: noqa: E501 - a row of a table stays a row
"""What is refused, and the sentence that says why."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from gitops_bot.edits.path import Path
from gitops_bot.edits.sketch import Scalar
from gitops_bot.edits.source import Source, parse
from gitops_bot.edits.splice import splice
from gitops_bot.edits.utf8 import MAX_BYTES
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from gitops_bot.policy.places import Where
from tests.edits.snippets import SNIPPETS, Snippet
from tests.edits.trees import get, put

ABSENT = (
    ("image:\n  tag: v1\n  name: x\n", "image.tga", "f.yaml:2: `image` has no key `tga`. Did you mean `tag`?"),
    ("image: {}\n", "image.tag", "f.yaml:1: `image` has no key `tag`"),
    ("a: 1\nb: 2\n", "image.tag", "f.yaml:1: the document has no key `image`. There are: a, b"),
    ("\n".join(f"k{n}q: 1" for n in range(20)), "zz",
     "f.yaml:1: the document has no key `zz`. There are: " + ", ".join(f"k{n}q" for n in range(12)) + ", …"),
    ("a: {b: x}\n", "a.b.c", "f.yaml:1: `a.b` is a single value, so it has no keys: `c` is not there"),
    ("a: {b: }\n", "a.b.c", "f.yaml:1: `a.b` is empty, so it has no keys: `c` is not there"),
    ("x: 1\na: v\n", "a[0]", "f.yaml:2: `a` is a single value, so it has no items: `[0]` is not there"),
    ("a: [x]\n", "a.b",
     "f.yaml:1: `a` is a list, so it has no keys: `b` is not there. Choose an item with [0] or [name=…]"),
    ("a: {b: 1}\n", "a[name=x].b", "f.yaml:1: `a` is a mapping, so it has no items: `[name=x]` is not there"),
    ("- 1\n", "a", "f.yaml:1: the document is a list, so it has no keys: `a` is not there. "
     "Choose an item with [0] or [name=…]"),
    ("a:\n- x\n- y\n", "a[2]", "f.yaml:2: `a` has 2 items, so there is no `[2]`"),
    ("images:\n- name: acme/web\n- name: acme/api\n", "images[name=acme/wed].newTag",
     "f.yaml:2: no item of `images` has name=acme/wed. Did you mean `acme/web` or `acme/api`?"),
    ("l: [{n: a}, {x: {y: 1}}]\n", "l[x.y.z=1].v", "f.yaml:1: no item of `l` has x.y.z=1"),
    ("? [a]\n: 1\nx: &x y\n*x : 1\n", '"\0"', "f.yaml:1: the document has no key"),
    ("", "a", "f.yaml: the file is empty"),
    ("# only\n---\n# comments\n", "a", "f.yaml: the file is empty"),
    ("b: &b {x: 1}\nc:\n  <<: *b\n  y: 2\n", "c.z", "f.yaml:3: `c` has no key `z`. There are: <<, y"),
    ("a: {{ .Values.a }}\n", "a.b", "f.yaml:1: `a` is a template ({{ … }}), so it has no keys"),
)  # fmt: skip

REFUSED = (
    ("a: {b: 1}\n", "a", "f.yaml:1: `a` is a mapping, not a single value"),
    ("x: 1\na:\n- 1\n", "a", "f.yaml:3: `a` is a list, not a single value"),
    ("replicas: 1\ntag: {{ .Values.tag }}\n", "tag", "f.yaml:2: `tag` is a template ({{ … }}), not a single value"),
    ("tag: 1\nx: 2\ntag: 3\n", "tag", "f.yaml:1: the document has the key `tag` 2 times (lines 1, 3), and readers "
     "disagree which one counts. Delete all but one"),
    ("a:\n  b: {t: 1}\n  'b': {t: 2}\n", "a.b.t", "f.yaml:2: `a` has the key `b` 2 times (lines 2, 3)"),
    ("l:\n- {n: a, v: 1}\n- {n: b, v: 1}\n- {n: a, v: 2}\n", "l[n=a].v", "f.yaml:2: 2 items of `l` have n=a: lines 2, 4. "
     "Choose one by its number, or by another key"),
    ("a: &t v1\nb: *t\nc: [*t, 1]\n", "a", "f.yaml:1: `a` has the anchor `&t`: lines 2, 3 would change too. "
     "Write the value out where it is used"),
    ("a: &t v1\nb: *t\nc: [*t, 1]\n", "b", "f.yaml:2: `b` is the alias `*t`: lines 1, 3 would change too. "
     "Write the value out here"),
    ("a: &t {v: 1}\nb: *t\n", "b.v", "f.yaml:2: `b` is the alias `*t`: line 1 would change too"),
    ("a: &t {v: {w: 1}}\nb: *t\n", "a.v.w", "f.yaml:1: `a` has the anchor `&t`: line 2 would change too"),
    ("a: &t {v: 1}\nb:\n  <<: *t\n", "b.v", "f.yaml:3: `b` has `v` only through `<<`, from line 1; writing there would "
     "change others too. Give it a `v` of its own"),
    ("x: &x\n  v: 1\ny: &y\n  <<: *x\nb:\n  <<: [{a: 1}, *y, *x]\n", "b.v", "f.yaml:6: `b` has `v` only through `<<`, from line 2"),
    ("b:\n  <<:\n    v: 1\n", "b.v", "f.yaml:2: `b` has `v` only through `<<`, from line 3"),
    ("---\na: &t {w: 1}\n---\na: &t {v: 1}\n? [*t]\n: {}\nb:\n  <<: *t\n", "b.v", "f.yaml: 2 documents match"),
    ("x: &x {<<: *x}\n", "x.<<.a", "f.yaml:1: `x` has the anchor `&x`: line 1 would change too"),
    ("a: &a 1\nc: *nope\n", "a", "f.yaml:2: the file cannot be read as YAML: no anchor for the alias `*nope`"),
    ("a: !vault x\n", "a", "f.yaml:1: the value has the tag `!vault`, whose meaning 'new' may not have"),
    ("a: !!int 5\n", "a", "f.yaml:1: the value has the tag `tag:yaml.org,2002:int`, whose meaning 'new' may not have"),
    ("{a}", "a", "f.yaml:1: 'new' cannot be written here without changing how the rest of the file reads"),
    ("? a\n? b\n", "a", "f.yaml:2: 'new' cannot be written here without changing how the rest of the file reads"),
    ("a: b: c\n", "a", "f.yaml:1:5: the file cannot be read as YAML: mapping values are not allowed in this context"),
    ("a:\n\t- b\n", "a", "f.yaml:2:1: the file cannot be read as YAML: found character that cannot start any token"),
    ("a: 'x\n", "a", "f.yaml:2:1: the file cannot be read as YAML: found unexpected end of stream"),
    ("!%C0%80 a: 1", "a", "f.yaml: the file cannot be read as YAML: a tag is not UTF-8"),
    ("# a\n{{- if .Values.on }}\nkind: A\n{{- end }}\n", "kind",
     "f.yaml:2: the file is a template ({{ … }}), not YAML, so there is no place in it to edit"),
    ('kind: "{{ x }}"\n# {{ y }}\na: 1\n  {{- include "x" . | nindent 2 }}\n', "a",
     "f.yaml:3: `a` is a template ({{ … }}), not a single value"),
    ('kind: "{{ x }}"\n# {{ y }}\na:\n- 1\n{{- include "x" . | nindent 2 }}\n', "a", "f.yaml:5: the file is a template"),
    ("a: [\n{{ x }}: {{ y\n", "a", "f.yaml:2: the file is a template"),
    ('a: "{{ x }}" # {{\nb: [\n', "a", "f.yaml:3:1: the file cannot be read as YAML: did not find expected node content"),
    ("a: [" * 201, "a", "f.yaml:1:401: the file cannot be read as YAML: it nests deeper than 200 levels"),
    ("a: 1\nb: x\0y\n", "a", "f.yaml:2: the file holds the character U+0000, which YAML's readers do not agree about"),
    ("a: 1\n\n# \x85\n", "a", "f.yaml:3: the file holds the character U+0085"),
    ("a: '\u2028'\n", "a", "f.yaml:1: the file holds the character U+2028"),
    ("a: '\u2029'\n", "a", "f.yaml:1: the file holds the character U+2029"),
    ("\ufeff\ufeffa: 1\n", "a", "f.yaml:1: the file holds the character U+FEFF"),
    ("a: &x 1\nb: [" + "*x," * 10_001 + "]\n", "a", "f.yaml:2: the file has more than 10000 aliases"),
    ("kind: A\nmetadata: {name: x, namespace: n}\n---\nkind: B\n---\na: 1\n", "a",
     "f.yaml: 3 documents match: A n/x (line 1), B (line 4), a document without kind (line 6). "
     "Choose one with `where` (kind, name, namespace)"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "path", "sentence"), ABSENT)
def test_an_absent_place_is_named_with_the_path_as_far_as_it_exists(text: str, path: str, sentence: str) -> None:
    with pytest.raises(PlaceAbsent) as error:
        put(text.encode(), path, "new")
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(("text", "path", "sentence"), REFUSED)
def test_an_unsafe_place_is_refused_with_a_sentence(text: str, path: str, sentence: str) -> None:
    with pytest.raises(EditRefused) as error:
        put(text.encode(), path, "new")
    assert str(error.value).startswith(sentence)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(EditRefused, match=r"f\.yaml:2: the file is not UTF-8 text"):
        get(b"a: 1\nb: \xff\n", "a")
    with pytest.raises(EditRefused, match=rf"more than {MAX_BYTES}"):
        get(b"#" * (MAX_BYTES + 1), "a")


def test_documents_that_no_selector_tells_apart_are_listed() -> None:
    text = b"kind: A\nmetadata: {name: x}\n---\nkind: A\nmetadata: {name: y}\n---\nkind: B\n"
    with pytest.raises(EditRefused, match=r"2 documents match: A x \(line 1\), A y \(line 4\)\. Choose one"):
        get(text, "a", Where(kind="A"))
    with pytest.raises(PlaceAbsent, match=r"no document is the one.*A x \(line 1\), A y \(line 4\), B \(line 7\)"):
        get(text, "a", Where(kind="C"))
    with pytest.raises(PlaceAbsent, match="no document is the one"):
        get(b"kind: A\na: 1\n", "a", Where(name="x"))


def test_a_merge_is_followed_in_its_own_document() -> None:
    text = b"kind: A\na: &t {w: 1}\n---\nkind: B\na: &t {v: 1}\ns: &u x\n? [*t]\n: {}\nb:\n  <<: *t\nc: {<<: *u}\n"
    with pytest.raises(EditRefused, match="only through `<<`, from line 5"):
        get(text, "b.v", Where(kind="B"))
    with pytest.raises(PlaceAbsent, match="has no key `w`"):
        get(text, "b.w", Where(kind="B"))
    with pytest.raises(PlaceAbsent, match="has no key `w`"):
        get(text, "c.w", Where(kind="B"))


def test_merges_in_a_circle_end() -> None:
    with pytest.raises(PlaceAbsent, match="has no key `z`"):
        get(b"x: &x\n  <<: *x\n  a: 1\nb:\n  <<: *x\n", "b.z")


def test_a_span_that_is_not_the_value_is_never_written() -> None:
    """The proof does not trust what was located."""
    source = Source("f.yaml", "a: 1\nb: 2\nc: 'x'\n")
    for start, end, ordinal in ((3, 9, 4), (8, 9, 4), (3, 4, 6), (0, 1, 4), (3, 17, 4)):
        target = Scalar(ordinal, start, end, 1, None, "", "", None, False, False)
        with pytest.raises(EditRefused, match="cannot be written here"):
            splice(source, target, "new: 1" if start == 0 else "new")


@pytest.mark.parametrize(
    "snippet",
    [s for s in SNIPPETS if "\t" not in s.marked and "b: «→" not in s.marked],
    ids=lambda snippet: snippet.name,
)
def test_the_slow_parser_marks_the_same_places(snippet: Snippet) -> None:
    text = snippet.before.decode().removeprefix("\ufeff")
    loaders: tuple[Any, ...] = (yaml.CSafeLoader, yaml.SafeLoader)
    fast, slow = (
        [(type(e), e.start_mark.index, e.end_mark.index, getattr(e, "style", None) or "") for e in parse(text, loader)
         if isinstance(e, yaml.ScalarEvent) and e.start_mark and e.end_mark]
        for loader in loaders
    )  # fmt: skip
    assert fast == slow


def test_every_error_is_an_edit_error() -> None:
    assert issubclass(EditRefused, EditError)
    assert issubclass(PlaceAbsent, EditError)
    assert Path.parse("a").segments
