# ruff: noqa: E501 - a row of a table stays a row
"""`json`: one value changes, and no other byte, in any spelling of JSON; the rest is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_bot.edits.sense import Value
from gitops_bot.model import Version
from tests.edits.by_hand import get, held, moved, put, refusal, refused_slot, slot, survives, target

FILE = "f.json"


def at(path: str, *, create: bool = False):  # type: ignore[no-untyped-def]
    return target("json", file=FILE, path=path, create=create)


WRITTEN: tuple[tuple[str, str, Value, str], ...] = (
    ('{"a":{"b":[{"c":"x"}]}}', "a.b[0].c", "y", '{"a":{"b":[{"c":"y"}]}}'),
    ('{ "image" : { "tag" :\t"v1" } }\n', "image.tag", "v2", '{ "image" : { "tag" :\t"v2" } }\n'),
    ('{\n\t"tag": "v1",\n\t"n": 1\n}\n', "tag", "v2", '{\n\t"tag": "v2",\n\t"n": 1\n}\n'),
    ('\ufeff{"a": "1"}', "a", "2", '\ufeff{"a": "2"}'),
    ('{\r\n  "a": "1"\r\n}\r\n', "a", "2", '{\r\n  "a": "2"\r\n}\r\n'),
    ('{"e": "\\ud83d\\ude00", "a": "1"}', "a", "2", '{"e": "\\ud83d\\ude00", "a": "2"}'),
    ('{"e": "\\ud83d\\ude00"}', "e", "\U0001f600!", '{"e": "\\ud83d\\ude00!"}'),
    ('{"e": "\U0001f600", "a": "1"}', "a", "\U0001f680", '{"e": "\U0001f600", "a": "\U0001f680"}'),
    ('{"a": "x"}', "a", "é", '{"a": "\\u00e9"}'),
    ('{"a": "x"}', "a", 'say "hi" \\ \t\x01', '{"a": "say \\"hi\\" \\\\ \\t\\u0001"}'),
    ('{"a": "x\\/y", "b": 1}', "b", 2, '{"a": "x\\/y", "b": 2}'),
    ('{"a": 1.0, "b": 1e5, "c": -0, "d": 1}', "d", 2, '{"a": 1.0, "b": 1e5, "c": -0, "d": 2}'),
    ('{"a": 12345678901234567890123, "b": "1"}', "b", "2", '{"a": 12345678901234567890123, "b": "2"}'),
    ('{"w": 5}', "w", 10, '{"w": 10}'),
    ('{"w": "5"}', "w", 5, '{"w": 5}'),
    ('{"w": 5}', "w", "5", '{"w": "5"}'),
    ('{"on": false}', "on", True, '{"on": true}'),
    ('{"on": true}', "on", 1, '{"on": 1}'),
    ('{"a": null}', "a", "x", '{"a": "x"}'),
    ('{"a": 1.5}', "a", "1.5", '{"a": "1.5"}'),
    ('{"u": 1, "u": 2, "a": "1"}', "a", "2", '{"u": 1, "u": 2, "a": "2"}'),
    ('[1, [2, "x"]]', "[1][1]", "y", '[1, [2, "y"]]'),
    ('{"l": [{"name": "a", "v": 1}, {"name": "b", "v": 1}]}', "l[name=b].v", 2, '{"l": [{"name": "a", "v": 1}, {"name": "b", "v": 2}]}'),
    ('{"l": [{"m": {"n": 3}, "v": 1}, 7]}', "l[m.n=3].v", 2, '{"l": [{"m": {"n": 3}, "v": 2}, 7]}'),
    ('{"l": [{"on": true, "v": 1}, {"on": "no"}]}', "l[on=true].v", 2, '{"l": [{"on": true, "v": 2}, {"on": "no"}]}'),
    ('{"": {"odd.key": "1"}}', '""."odd.key"', "2", '{"": {"odd.key": "2"}}'),
    ('{"k\\u0065y": "1"}', "key", "2", '{"k\\u0065y": "2"}'),
    ('{"a": "b" , "c":"d"}', "a", None, '{"c":"d"}'),
    ('{"a": "b" , "c":"d" }', "c", None, '{"a": "b" }'),
    ('{ "a": 1 }', "a", None, "{}"),
    ('{"l": [1, {"n": 2} , 3]}', "l[n=2]", None, '{"l": [1, 3]}'),
    ('{\n  "a": 1,\n  "b": {\n    "c": 2\n  }\n}\n', "b", None, '{\n  "a": 1\n}\n'),
)  # fmt: skip


@pytest.mark.parametrize(("text", "path", "value", "expected"), WRITTEN)
def test_only_the_value_changes(text: str, path: str, value: Value, expected: str) -> None:
    if value is None:
        assert put(text, at(path, create=True), None) == expected
    else:
        assert put(text, at(path), value) == expected
        assert get(expected, at(path)) == value


CREATED: tuple[tuple[str, str, Value, str], ...] = (
    ('{"a": 1}', "b", "x", '{"a": 1, "b": "x"}'),
    ('{"a":1}', "b", "x", '{"a":1,"b":"x"}'),
    ('{"a": 1, "b":2}', "c", 3, '{"a": 1, "b":2, "c":3}'),
    ("{}", "a.b", True, '{"a": {"b": true}}'),
    ("{ }\n", "a", 1, '{"a": 1}\n'),
    ('{\n  "a": 1\n}\n', "b", "x", '{\n  "a": 1,\n  "b": "x"\n}\n'),
    ('{\r\n\t"a": 1\r\n}\r\n', "b.c", "x", '{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"c": "x"\r\n\t}\r\n}\r\n'),
    ('{"a": null}', "a.b", "x", '{"a": {"b": "x"}}'),
    ("null", "a", "x", '{"a": "x"}'),
    ('{"images": [{"name": "a", "newTag": "1"}]}', "images[name=b].newTag", "2",
     '{"images": [{"name": "a", "newTag": "1"}, {"name": "b", "newTag": "2"}]}'),
    ("{}", "images[name=b].newTag", "2", '{"images": [{"name": "b", "newTag": "2"}]}'),
    ("[1, 2]", "[2]", 3, "[1, 2, 3]"),
    ("[]", "[0]", [1, {"a": None}], '[[1, {"a": null}]]'),
    ("{}", "l[0].x", "y", '{"l": [{"x": "y"}]}'),
)  # fmt: skip


@pytest.mark.parametrize(("text", "path", "value", "expected"), CREATED)
def test_what_is_absent_is_added_in_the_layout_of_its_neighbours(
    text: str, path: str, value: Value, expected: str
) -> None:
    assert get(text, at(path, create=True)) is None
    assert put(text, at(path, create=True), value) == expected


REFUSED: tuple[tuple[str, str, Value, str], ...] = (
    ('{"a": 1}', "b", 2, "f.json:1: the document has no `b`. There are: a"),
    ('{\n"image": {"tag": 1}}', "image.tga", 2, "f.json:2: `image` has no `tga`. Did you mean `tag`?"),
    ('{"a": [1]}', "a.b", 2, "f.json:1: `a` has no `b`"),
    ('{"a": {"b": 1}}', "a[0]", 2, "f.json:1: `a` has no `[0]`"),
    ('{"a": 1}', "a.b", 2, "f.json:1: `a` has no `b`"),
    ('{"l": [{"n": "abc"}]}', "l[n=abd].v", 2, "f.json:1: `l` has no `[n=abd]`. Did you mean `abc`?"),
    ('{"a": {"b": 1}}', "a", 2, "f.json:1: `a` is a mapping, not a single value"),
    ('{"a": [1]}', "a", 2, "f.json:1: `a` is a list, not a single value"),
    ('{"a": 1}', "a", {"b": 2}, "f.json:1: `a` is there and holds something else. Remove it first"),
    ('{"a": 1,\n"a": 2}', "a", 3, "f.json:1: the document has the key `a` 2 times (lines 1, 2). Delete all but one"),
    ('{"l": [{"n": 1},\n{"n": 1}]}', "l[n=1].v", 3, "f.json:1: `l` has an item with `[n=1]` 2 times (lines 1, 2). Choose one by its number"),
    ('{"a": 1} {"a": 2}', "a", 3, "f.json:1:10: the file cannot be read as JSON: Extra data"),
    ('{"a": 1,}', "a", 3, "f.json:1:9: the file cannot be read as JSON"),
    ("{'a': 1}", "a", 3, "f.json:1:2: the file cannot be read as JSON"),
    ('{"a": NaN}', "a", 3, "f.json: the file cannot be read as JSON: NaN is no JSON"),
    ("", "a", 3, "f.json:1:1: the file cannot be read as JSON"),
    ("[" * 100_000, "a", 3, "f.json: the file cannot be read as JSON: it nests too deep"),
    ('{\n  // why\n  "a": 1}', "a", 3, "f.json:2: the file has comments, which JSON does not know"),
    ('{"u": "//x", "a": 1} /* y */', "a", 3, "f.json:1: the file has comments"),
    ('{"a": "//x", "b": }', "a", 3, "f.json:1:19: the file cannot be read as JSON"),
    ('{"a": "\\ud800"}', "a", "x", "f.json:1: `a` is no text: it holds half a character"),
    ('{"a": "x"}', "a", "\ud800", "f.json: the value cannot be written as JSON"),
    ('{"kind": "Secret", "data": {"p": "aHVzaA=="}}', "data.p", "x", "f.json:1: what a Secret holds is neither edited nor shown"),
    ('{"kind": "List", "items": [{"kind": "Secret", "stringData": {"p": "hush"}}]}', "items[0].stringData.p", "x",
     "f.json:1: what a Secret holds is neither edited nor shown"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "path", "value", "sentence"), REFUSED)
def test_what_cannot_be_done_safely_is_refused_with_a_sentence(
    text: str, path: str, value: Value, sentence: str
) -> None:
    said = refusal(text, at(path), value)
    assert said.startswith(sentence)
    assert "hush" not in said


def test_what_a_secret_generator_takes_in_is_not_edited() -> None:
    files = {FILE: '{"a": 1}', "kustomization.yaml": "secretGenerator:\n- name: s\n  files: [f.json]\n"}
    assert refusal(files, at("a"), 2).startswith("f.json: a secretGenerator of kustomization.yaml takes in this file")


def test_no_text_and_no_file_are_refused() -> None:
    assert refusal({"other": ""}, at("a"), 1).startswith("f.json: the file is not in the repository")
    survives(b'{"a": "\xff"}', at("a"), 1)


def test_slots_keep_the_type_that_stands_there() -> None:
    version = slot("json", "stableVersion", file=FILE, path="a")
    weight = slot("json", "weight", file=FILE, path="a")
    assert moved('{"a": "ghcr.io/x/y:1.9"}', version, Version("1.10")) == '{"a": "ghcr.io/x/y:1.10"}'
    assert moved('{"a": 1.9}', version, Version("1.10")) == '{"a": "1.10"}'
    assert moved('{"a": "v1"}', slot("json", "stableVersion", file=FILE, path="a", form="v{{ tag }}"), Version("2")) == '{"a": "v2"}'  # fmt: skip
    assert moved('{"a": 10}', weight, 20) == '{"a": 20}'
    assert moved('{"a": "10"}', weight, 20) == '{"a": "20"}'
    assert held('{"a": null}', version) is None
    assert refused_slot('{"a": "high"}', weight, 20).startswith("f.json:1: 'high' stands there, which is no weight")
    assert refused_slot('{"a": true}', weight, 20).startswith("f.json:1: 'true' stands there, which is no weight")


TREES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(
    TREES,
    st.sampled_from(["a", "b", "a.b", "[0]", "a[0]", "c[a=1].b"]),
    st.one_of(st.text(max_size=6), st.integers(), st.booleans()),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
)
def test_any_document_changes_in_one_place_or_not_at_all(
    content: object, path: str, value: str | int | bool, indent: int | str | None, create: bool
) -> None:
    text = json.dumps(content, indent=indent, ensure_ascii=create)
    survives(text.encode(), at(path, create=create), value)


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.binary(max_size=30), st.text('{}[]",:ab1\\u/ \n', max_size=30).map(str.encode)))
def test_any_bytes_work_or_are_refused(data: bytes) -> None:
    survives(data, at("a", create=True), "x")
