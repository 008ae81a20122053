# ruff: noqa: E501 - a row of a table stays a row
"""Anchors, aliases and merges: read through, written through where that is allowed, else refused."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot.edits.locate import locate
from gitops_bot.edits.merged import MAX_MERGES
from gitops_bot.edits.path import Path
from gitops_bot.edits.source import Source
from gitops_bot.edits.splice import splice
from gitops_bot.errors import EditError, EditRefused, PlaceAbsent
from tests.edits.trees import get, put

FOLLOWED = (
    ("alias", "b", "a: &t «v1»\nb: *t\n"),
    ("the anchor itself", "a", "a: &t «v1»\nb: *t\n"),
    ("below an alias", "b.v[0]", "a: &t {v: [«v1»]}\nb: *t\n"),
    ("below an anchor", "a.v", "a: &t {v: «v1»}\nb: *t\n"),
    ("alias of a list", "b[1]", "a: &t\n- x\n- «v1»\nb: *t\n"),
    ("alias of a block", "b", "a: &t |-\n  «v1»\nb: *t\n"),
    ("the last anchor of a name counts", "d", "a: &t x\nb: *t\nc: &t «v1»\nd: *t\n"),
    ("an older anchor of a name", "b", "a: &t «v1»\nb: *t\nc: &t x\nd: *t\n"),
    ("merge", "b.v", "a: &t {v: «v1»}\nb:\n  <<: *t\n"),
    ("a key of its own", "b.v", "a: &t {v: x}\nb:\n  <<: *t\n  v: «v1»\n"),
    ("a key of its own above the merge", "b.v", "a: &t {v: x}\nb: {v: «v1», <<: *t}\n"),
    ("of several merges the first", "c.v", "a: &a {v: «v1»}\nb: &b {v: x}\nc: {<<: [*a, *b]}\n"),
    ("of several merges the one that has it", "c.v", "a: &a {w: x}\nb: &b {v: «v1»}\nc: {<<: [*a, *b]}\n"),
    ("a merge in a merge before the next one", "c.v", "o: &o {v: «v1»}\na: &a {<<: *o}\nb: &b {v: x}\nc: {<<: [*a, *b]}\n"),
    ("a merge overridden in the merge", "c.v", "o: &o {v: x}\na: &a {<<: *o, v: «v1»}\nc: {<<: *a}\n"),
    ("merge of a list behind an alias", "c.v", "a: &a [{w: x}, {v: «v1»}]\nc: {<<: *a}\n"),
    ("inline merge", "b.v", "b:\n  <<: {v: «v1»}\n"),
    ("two merges with different keys", "c.v", "a: &a {w: x}\nb: &b {v: «v1»}\nc:\n  <<: *a\n  <<: *b\n"),
    ("an item that is an alias", "m[name=x].v", "l: [&i {name: x, v: «v1»}]\nm: [{name: y}, *i]\n"),
    ("an item that is named by a merge", "m[name=x].v", "l: [&i {name: x, v: y}]\nm: [{<<: *i, v: «v1»}]\n"),
    ("a circle of aliases", "a.b.b.b.v", "a: &a {b: *a, v: «v1»}\n"),
    ("a circle of merges", "a.v", "a: &a {<<: *a, v: «v1»}\n"),
    ("a key that is an alias", "tag", "k: &k tag\n*k : «v1»\n"),
)  # fmt: skip

REFUSED = (
    ("alias", "b", "a: &t v1\nb: *t\n", "f.yaml:2: `b` is the alias `*t`: line 1 would change too. Write the value out here"),
    ("anchor", "a", "a: &t v1\nb: *t\nc: *t\n", "f.yaml:1: `a` has the anchor `&t`: lines 2, 3 would change too"),
    ("merge", "b.v", "a: &t {v: 1}\nb: {<<: *t}\n", "f.yaml:2: `b` has `v` only through `<<`, from line 1; writing there would change others too"),
    ("an item that is an alias", "m[name=x].v", "l: [&i {name: x, v: 1}]\nm: [*i]\n", "f.yaml:2: `m[name=x]` is the alias `*i`: line 1 would change too"),
)  # fmt: skip

UNCLEAR = (
    ("two merges with the key", "c.v", "a: &a {v: 1}\nb: &b {v: 2}\nc:\n  <<: *a\n  <<: *b\n", "f.yaml:4: `c` has the key `v` 2 times through `<<` (lines 1, 2), and readers disagree"),
    ("a merged mapping with the key twice", "c.v", "a: &a\n  v: 1\n  v: 2\nc: {<<: *a}\n", "f.yaml:4: `c` has the key `v` 2 times through `<<` (lines 2, 3)"),
    ("an alias beside the item", "l[n=x].v", "a: &a {n: x}\nl: [{n: x, v: 1}, *a]\n", "f.yaml:2: 2 items of `l` have n=x: line 2"),
    ("a key beside the alias of its text", "tag", "k: &k tag\n*k : 1\ntag: 2\n", "f.yaml:1: the document has the key `tag` 2 times"),
)  # fmt: skip

ABSENT = (
    ("a quoted `<<` is a key", "b.v", "b:\n  '<<': {v: 1}\n", "f.yaml:2: `b` has no key `v`"),
    ("a value is nothing to merge", "b.v", "b: {<<: 5}\n", "f.yaml:1: `b` has no key `v`"),
    ("a circle of merges ends", "a.w", "a: &a {<<: [*a, *a], v: 1}\n", "f.yaml:1: `a` has no key `w`"),
    ("a circle of lists ends", "b.v", "a: &a [*a, *a]\nb: {<<: *a}\n", "f.yaml:2: `b` has no key `v`"),
    ("anchors end with their document", "b.v", "a: &t {v: 1}\n---\na: &t {w: 1}\nb: {<<: *t}\nkind: B\n", "f.yaml: 2 documents match"),
)  # fmt: skip


def _put(text: str, path: str, value: str, *, follow: bool) -> str:
    source = Source.decode("f.yaml", text.encode())
    return splice(source, locate(source, Path.parse(path), follow=follow), value).text


@pytest.mark.parametrize(("path", "marked"), [pytest.param(*row[1:], id=row[0]) for row in FOLLOWED])
def test_followed_the_value_is_the_one_at_the_anchor(path: str, marked: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    head, tail = marked.partition("«")[0], marked.partition("»")[2]
    assert locate(Source("f.yaml", text), Path.parse(path), follow=True).text == "v1"
    assert _put(text, path, "v2", follow=True) == f"{head}v2{tail}"


@pytest.mark.parametrize(
    ("path", "marked"),
    # PyYAML refuses circles of merges, and anchors that are used again.
    [
        pytest.param(*row[1:], id=row[0])
        for row in FOLLOWED
        if not row[0].endswith(("of merges", "of a name", "counts"))
    ],
)
def test_followed_the_value_is_what_a_reader_finds(path: str, marked: str) -> None:
    after = _put(marked.replace("«", "").replace("»", ""), path, "v2", follow=True)
    node = yaml.load(after, yaml.CSafeLoader)
    for segment in path.replace("[name=x]", "[-1]").replace("]", "").replace("[", ".").split("."):
        node = node[int(segment)] if isinstance(node, list) else node[segment]
    assert node == "v2"


@pytest.mark.parametrize(("path", "text", "sentence"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED])
def test_not_followed_what_is_shared_is_refused_naming_who_else_would_change(
    path: str, text: str, sentence: str
) -> None:
    with pytest.raises(EditRefused) as error:
        _put(text, path, "v2", follow=False)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(("path", "text", "sentence"), [pytest.param(*row[1:], id=row[0]) for row in UNCLEAR])
@pytest.mark.parametrize("follow", [True, False])
def test_what_readers_disagree_about_is_refused_either_way(path: str, text: str, sentence: str, follow: bool) -> None:
    with pytest.raises(EditRefused) as error:
        _put(text, path, "v2", follow=follow)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize(("path", "text", "sentence"), [pytest.param(*row[1:], id=row[0]) for row in ABSENT])
def test_what_no_merge_brings_is_absent(path: str, text: str, sentence: str) -> None:
    with pytest.raises((PlaceAbsent, EditRefused)) as error:
        _put(text, path, "v2", follow=True)
    assert str(error.value).startswith(sentence)


def test_a_collection_behind_an_alias_is_no_single_value() -> None:
    with pytest.raises(EditRefused, match=r"f\.yaml:1: `b` is a mapping, not a single value"):
        _put("a: &t {v: 1}\nb: *t\n", "b", "v2", follow=True)


def test_an_anchor_that_nobody_follows_shares_nothing() -> None:
    assert put(b"a: &t v1\nb: &t v1\nc: *t\n", "a", "v2") == b"a: &t v2\nb: &t v1\nc: *t\n"
    assert put(b"a: &t {v: &u v1}\n", "a.v", "v2") == b"a: &t {v: &u v2}\n"


def test_the_kind_of_a_document_may_be_shared() -> None:
    assert get(b"a: &k web\nmetadata: &m {name: *k}\nv: 1\n", "v") == "1"


def test_merges_made_to_keep_readers_busy_are_refused() -> None:
    wide = f"x: &x {{<<: [{', '.join(['{a: 1}'] * 2_000)}]}}\n"
    text = f"{wide}l: [{', '.join(['*x'] * (MAX_MERGES // 2_000 + 1))}]\n"
    with pytest.raises(EditRefused, match=f"more than {MAX_MERGES} mappings"):
        get(text.encode(), "l[b=1].v")


TEXTS = st.lists(
    st.sampled_from(
        ["a: ", "b: ", "<<: ", "- ", "  ", "\n", "&a ", "&b ", "*a", "*b", "x", "{a: x, <<: *a}", "[*a, *b]", ", ", "*a : "]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(TEXTS, st.sampled_from(["a", "b", "a.b", "b.a.a", "a[0]", "a[0].b", "b[a=x].b", "<<.a"]))
def test_any_text_with_aliases_is_followed_or_refused(text: str, path: str) -> None:
    source = Source.decode("f.yaml", text.encode())
    try:
        after = splice(source, locate(source, Path.parse(path), follow=True), "new")
    except EditError:
        return
    assert locate(after, Path.parse(path), follow=True).text == "new"
