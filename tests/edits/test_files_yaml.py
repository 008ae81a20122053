"""`yaml`: any scalar is written, what is absent is added on demand, and what a Secret holds is left alone."""

from __future__ import annotations

import pytest

from gitops_bot import edits
from gitops_bot.edits.sense import Value
from gitops_bot.model import Version
from gitops_bot.policy.places import Target
from tests.edits.by_hand import get, held, moved, put, refusal, slot, survives, target, tree

FILE = "f.yaml"


def at(path: str, *, create: bool = False, **where: object) -> Target:
    return target("yaml", file=FILE, path=path, create=create, **({"where": where} if where else {}))


TWO = "# two\nkind: A\nv: 1 # c\n---\nkind: B\nv: 1\n"

WRITTEN: tuple[tuple[str, Target, Value, str], ...] = (
    ("a: {b: [{c: x}]}\n", at("a.b[0].c"), "z", "a: {b: [{c: z}]}\n"),
    ("n: 5\n", at("n"), "5", 'n: "5"\n'),
    ('n: "5"\n', at("n"), 5, "n: 5\n"),
    ("on: 'off'\n", at("on"), True, "on: true\n"),
    (TWO, at("v", kind="B"), 2, "# two\nkind: A\nv: 1 # c\n---\nkind: B\nv: 2\n"),
    (TWO, at("v", document=0), 2, "# two\nkind: A\nv: 2 # c\n---\nkind: B\nv: 1\n"),
    ("a:\r\n  b: 1 # c\r\n", at("a.b"), 2, "a:\r\n  b: 2 # c\r\n"),
    ("kind: Secret\nmetadata:\n  labels: {v: '1'}\n", at("metadata.labels.v"), "2",
     "kind: Secret\nmetadata:\n  labels: {v: '2'}\n"),
    ("kind: ConfigMap\ndata:\n  v: a Secret\n", at("data.v"), "b", "kind: ConfigMap\ndata:\n  v: b\n"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "one", "value", "expected"), WRITTEN)
def test_only_the_value_changes(text: str, one: Target, value: Value, expected: str) -> None:
    assert put(text, one, value) == expected
    assert get(expected, one) == value


CHOSEN_BY: tuple[tuple[str, Target, Value, str], ...] = (
    (TWO, at("kind", kind="B"), "C", "# two\nkind: A\nv: 1 # c\n---\nkind: C\nv: 1\n"),
    ("kind: A\nmetadata: {name: x} # c\n", at("metadata.name", name="x"), "w", "kind: A\nmetadata: {name: w} # c\n"),
    ("l:\n- name: x # c\n- name: z\n", at("l[name=x].name"), "w", "l:\n- name: w # c\n- name: z\n"),
    ("l:\n- n: 1\n", at("l[n=1].n"), 2, "l:\n- n: 2\n"),
)


@pytest.mark.parametrize(("text", "one", "value", "expected"), CHOSEN_BY)
def test_a_value_is_written_although_the_place_is_chosen_by_it(
    text: str, one: Target, value: Value, expected: str
) -> None:
    before = tree(text, FILE)
    assert before.changed(edits.put(one, value, before)).files == tree(expected, FILE).files


@pytest.mark.parametrize("value", ["v1", "1.10", "{{ y }}", 5, True])
def test_an_expression_of_a_workflow_is_a_value_like_any_other(value: Value) -> None:
    text = "jobs:\n  tag: ${{ a.b }} # c\n  go: v${{ x }}-${{ y }}\n"
    assert get(text, at("jobs.tag")) == "${{ a.b }}"
    assert get(put(text, at("jobs.tag"), value), at("jobs.tag")) == value
    assert get(put(text, at("jobs.go"), value), at("jobs.go")) == value
    assert "is a template" in refusal("tag: ${{ a }}\n  {{ b }}\n", at("tag"), value)


CREATED: tuple[tuple[str, str, Value, str], ...] = (
    ("a:\n  b: 1\n", "a.c", "x", "a:\n  b: 1\n  c: x\n"),
    ("a: {b: 1}\n", "a.c", 2, "a: {b: 1, c: 2}\n"),
    ("a:\n", "a.b.c", "1.10", 'a:\n  b:\n    c: "1.10"\n'),
    ("images:\n- name: a\n  newTag: v1\n", "images[name=b].newTag", "v2",
     "images:\n- name: a\n  newTag: v1\n- name: b\n  newTag: v2\n"),
    ("resources: [a]\n", "images[name=b].newTag", "v2", "resources: [a]\nimages:\n- name: b\n  newTag: v2\n"),
    ("l:\n  - a\n", "l[1]", "b", "l:\n  - a\n  - b\n"),
    ("a: 1\n", "b", {"c": [1, "x"], "d": True}, "a: 1\nb:\n  c:\n  - 1\n  - x\n  d: true\n"),
    ("", "a", "x", "a: x\n"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "path", "value", "expected"), CREATED)
def test_what_is_absent_is_added_on_demand(text: str, path: str, value: Value, expected: str) -> None:
    assert get(text, at(path, create=True)) is None
    assert put(text, at(path, create=True), value) == expected
    assert refusal(text, at(path), value).endswith("`create: true` adds it")


def test_what_was_added_can_be_taken_away_again() -> None:
    one = at("a.c", create=True)
    text = "a:\n  b: 1 # one\n  c: 2 # two\nd: 1\n"
    assert put(text, one, None) == "a:\n  b: 1 # one\nd: 1\n"
    assert put("a:\n  b: 1\n", one, None) == "a:\n  b: 1\n"


def test_a_whole_document_is_removed_and_never_written() -> None:
    assert put(TWO, at(".", create=True, kind="A"), None) == "# two\n---\nkind: B\nv: 1\n"
    assert put(TWO, at(".", create=True, kind="B"), None) == "# two\nkind: A\nv: 1 # c\n"
    assert refusal(TWO, at(".", kind="A"), "x").startswith("f.yaml (kind A): ")
    assert "a whole document can only be removed" in refusal(TWO, at(".", kind="A"), "x")
    assert "2 documents match" in refusal(TWO, at("."), None)


def test_the_last_document_takes_the_file_with_it() -> None:
    [change] = edits.put(at("."), None, tree("kind: A\n", FILE))
    assert change.after is None


REFUSED: tuple[tuple[str, Target, Value, str], ...] = (
    ("a: {b: 1}\n", at("a.c"), 2, "f.yaml:1: `a` has no key `c`. There are: b. `create: true` adds it"),
    ("a: {tag: 1}\n", at("a.tga"), 2, "f.yaml:1: `a` has no key `tga`. Did you mean `tag`? `create: true` adds it"),
    ("a: [1]\n", at("a.b", create=True), 2, "f.yaml:1: `a` is a list"),
    ("kind: A\n", at("x", create=True, kind="C"), 2, "f.yaml: no document is the one that `where` asks for"),
    ("a: {b: 1}\n", at("a"), 2, "f.yaml:1: `a` is a mapping, not a single value"),
    ("a: {b: 1}\n", at("a", create=True), {"b": 2}, "f.yaml: a: something else than {b: 2} is there already"),
    ("a: &x 1\nb: *x\n", at("a"), 2, "f.yaml:1: `a` has the anchor `&x`: line 2 would change too"),
)  # fmt: skip


@pytest.mark.parametrize("path", ["s.x", "m[0]", "l.v", "l[2]", "x.y[1]"])
def test_no_advice_to_add_what_could_not_be_added(path: str) -> None:
    text = "s: text\nm: {a: 1}\nl: [1]\n"
    assert "`create: true`" not in refusal(text, at(path), "new")
    assert "`create: true`" not in refusal(text, at(path, kind="C"), "new")
    refusal(text, at(path, create=True), "new")


@pytest.mark.parametrize(("text", "one", "value", "sentence"), REFUSED)
def test_what_cannot_be_done_safely_is_refused_with_a_sentence(
    text: str, one: Target, value: Value, sentence: str
) -> None:
    assert refusal(text, one, value).startswith(sentence)


SECRET = "kind: Secret\nmetadata: {name: s}\nstringData:\n  password: hush\ndata: {token: aHVzaA==}\n"

SECRETS: tuple[tuple[str, Target, Value], ...] = (
    (SECRET, at("stringData.password"), "x"),
    (SECRET, at("data.token"), "x"),
    (SECRET, at("data.new", create=True), "x"),
    (SECRET, at("data"), None),
    (SECRET, at("stringData.password"), None),
    (SECRET, at("."), None),
    (f"kind: A\n---\n{SECRET}", at("data.token", kind="Secret"), "x"),
    ("kind: List\nitems:\n- kind: Secret\n  data: {token: aHVzaA==}\n", at("items[0].data.token"), "x"),
    ("kind: List\nitems:\n- kind: Secret\n  data: {token: aHVzaA==}\n", at("items[0]"), None),
    ("k: &k Secret\nkind: *k\ndata: {token: hush}\n", at("data.token"), "x"),
    ("b: &b {kind: Secret}\n<<: *b\ndata: {token: hush}\n", at("data.token"), "x"),
)


@pytest.mark.parametrize(("text", "one", "value"), SECRETS)
def test_what_a_secret_holds_is_neither_edited_nor_shown(text: str, one: Target, value: Value) -> None:
    said = refusal(text, one, value)
    assert "what a Secret holds is neither edited nor shown" in said
    assert "hush" not in said
    assert "aHVzaA" not in said


def test_a_secret_is_not_read() -> None:
    with pytest.raises(Exception, match="neither edited nor shown"):
        get(SECRET, at("data.token"))


def test_what_makes_a_secret_is_not_edited() -> None:
    files = {"kustomization.yaml": "secretGenerator:\n- name: s\n  literals: [p=hush]\n  files: [f.yaml]\n"}
    one = target("yaml", file="kustomization.yaml", path="secretGenerator[0].literals[0]")
    assert refusal(files, one, "p=x").startswith("kustomization.yaml: what makes a Secret is never edited")
    assert refusal({**files, FILE: "a: 1\n"}, at("a"), 2).startswith("f.yaml: a secretGenerator of kustomization.yaml")


def test_slots_may_begin_empty() -> None:
    one = slot("yaml", "stableVersion", file=FILE, path="image.tag", create=True)
    assert held("image: {name: x}\n", one) is None
    assert moved("image: {name: x}\n", one, Version("1.10")) == 'image: {name: x, tag: "1.10"}\n'
    assert moved("image:\n  tag:\n", one, Version("v2")) == "image:\n  tag: v2\n"


def test_garbage_is_refused() -> None:
    for data in (
        b"\xff",
        b"a: [",
        b"a: b: c",
        b"{{ x }}: {{ y",
        b"&a",
        b"*a",
        b"- 1",
        b"a: &a [*a]",
        b"kind: [Secret]",
    ):
        for path in (".", "a", "data.x", "a[b=c].d"):
            survives(data, at(path, create=True), "x")
            survives(data, at(path, create=True), {"x": [1]})
