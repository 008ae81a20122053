# ruff: noqa: E501 - a row of a table stays a row
"""What is written where: the type of the value, empty places, tags, and the corners of YAML."""

from __future__ import annotations

import pytest
import yaml

from gitops_bot.edits.sense import Plain
from gitops_bot.errors import EditRefused
from gitops_bot.policy.places import Where
from tests.edits.trees import get, put

WRITTEN: tuple[tuple[str, str, Plain, str], ...] = (
    ("a: 5\n", "a", -6, "a: -6\n"),
    ("a: x\n", "a", 6, "a: 6\n"),
    ("a: '5'\n", "a", -6, "a: '-6'\n"),
    ('a: "5"\n', "a", 6, 'a: "6"\n'),
    ("a: 5\n", "a", "6", 'a: "6"\n'),
    ("a: 5\n", "a", "-6", 'a: "-6"\n'),
    ("a: yes\n", "a", True, "a: true\n"),
    ("a: 1\n", "a", False, "a: false\n"),
    ('a: "yes"\n', "a", True, 'a: "true"\n'),
    ("a: 'no'\n", "a", False, "a: 'false'\n"),
    ("a: true\n", "a", "false", 'a: "false"\n'),
    ("a: 1\n", "a", "", 'a: ""\n'),
    ("a: 'x'\n", "a", "", "a: ''\n"),
    ('{"a":1}', "a", True, '{"a":true}'),
    ('{"a":1}', "a", -2, '{"a":-2}'),
    ('{"a":1}', "a", "true", '{"a":"true"}'),
    ('{"a":"x"}', "a", "é\u2028\x01\n", '{"a":"é\\u2028\\u0001\\n"}'),
    # empty places
    ("a:\n", "a", "v", "a: v\n"),
    ("a:\n", "a", True, "a: true\n"),
    ("a:   # why\nb: 1\n", "a", "v", "a: v   # why\nb: 1\n"),
    ("a:\n  # why\nb: 1\n", "a", "v", "a: v\n  # why\nb: 1\n"),
    ("a: ~ # c\n", "a", -3, "a: -3 # c\n"),
    ("a: null\n", "a", "", 'a: ""\n'),
    ("a: &x\nb: 1\n", "a", "v", "a: &x v\nb: 1\n"),
    ("a: !!str # c\nb: 1\n", "a", "v", "a: !!str v # c\nb: 1\n"),
    ("a: {b: , c: 1}\n", "a.b", "v", "a: {b: v, c: 1}\n"),
    ('{"a":}', "a", "v", '{"a": "v"}'),
    ("a: [b: , c]\n", "a[0].b", "v", "a: [b: v, c]\n"),
    ("- \n- x\n", "[0]", "v", "- v \n- x\n"),
    ("-", "[0]", "v", "- v"),
    ("- # c\n- x\n", "[0]", True, "- true # c\n- x\n"),
    ("? a\n:\nb: 1\n", "a", "v", "? a\n: v\nb: 1\n"),
    ("- a: 1\n  b:\n", "[0].b", "v", "- a: 1\n  b: v\n"),
    # tags
    ("a: !!str 5\n", "a", 6, "a: !!str 6\n"),
    ("a: !!str true\n", "a", False, "a: !!str false\n"),
    ("a: !!int 5\n", "a", -6, "a: !!int -6\n"),
    ('a: !!int "5"\n', "a", 6, 'a: !!int "6"\n'),
    ("a: !!bool yes\n", "a", False, "a: !!bool false\n"),
    ("a: ! x # c\n", "a", "v", "a: ! v # c\n"),
    ("a: &q ! '5'\n", "a", "6", "a: &q ! '6'\n"),
    # lines, comments, quotes, brackets
    ("a: one\n  two # c\nb: 1\n", "a", "v", "a: v # c\nb: 1\n"),
    ('a: "x\\\n  z" # c\n', "a", "v", 'a: "v" # c\n'),
    ("a: 'x\n\n  z'\n", "a", "it's", "a: 'it''s'\n"),
    ("a:\tx\t# c\n", "a", "v", "a:\tv\t# c\n"),
    ("a: x\t\n", "a", "v", "a: v\t\n"),
    ('a: "x"# c\n', "a", "v", 'a: "v"# c\n'),
    ("a:\n  # why\n  x\n", "a", "v", "a:\n  # why\n  v\n"),
    ('"a" : x\n', "a", "v", '"a" : v\n'),
    ("- - - x\n", "[0][0][0]", "v", "- - - v\n"),
    ("--- {a: x}\n", "a", "v", "--- {a: v}\n"),
    ("--- # c\na: x\n... # d\n", "a", "v", "--- # c\na: v\n... # d\n"),
    ("%YAML 1.2\n---\na: x\n", "a", "v", "%YAML 1.2\n---\na: v\n"),
    ("a: x\rb: z\r", "b", "v", "a: x\rb: v\r"),
    ("a: x\r\nb: z\nc: 1\r\n", "b", "v", "a: x\r\nb: v\nc: 1\r\n"),
    ("a: [x,\n  w # c\n  , z]\n", "a[1]", "v", "a: [x,\n  v # c\n  , z]\n"),
    ("a: [x,w]\n", "a[1]", "v: 1", 'a: [x,"v: 1"]\n'),
    ("{a: x, ? b : c}", "b", "v", "{a: x, ? b : v}"),
    ("a: {b: x}# c\n", "a.b", "v", "a: {b: v}# c\n"),
    ("a: x\n", "a", "v" * 5_000, f"a: {'v' * 5_000}\n"),
    ("a: x # {{ c }}\nb: '{{ b }}'\n", "a", "v", "a: v # {{ c }}\nb: '{{ b }}'\n"),
    ('a: "{{ x }}"\n', "a", "v", 'a: "v"\n'),
    ("a: x\nb: 1\nb: 2\n", "a", "v", "a: v\nb: 1\nb: 2\n"),
    ("ü: x\na: 𝄞\n", "a", "𝕏", "ü: x\na: 𝕏\n"),
)  # fmt: skip

REFUSED: tuple[tuple[str, str, Plain, str], ...] = (
    ("a: !!bool yes\n", "a", "v", "f.yaml:1: the value has the tag `tag:yaml.org,2002:bool`, whose meaning 'v' may not have"),
    ("a: !!bool yes\n", "a", 1, "f.yaml:1: the value has the tag `tag:yaml.org,2002:bool`"),
    ("a: !!int 5\n", "a", True, "f.yaml:1: the value has the tag `tag:yaml.org,2002:int`"),
    ("a: !!float 1.5\n", "a", 2, "f.yaml:1: the value has the tag `tag:yaml.org,2002:float`"),
    ("a: !!null\n", "a", "v", "f.yaml:1: the value has the tag `tag:yaml.org,2002:null`"),
    ("a: !reference x\n", "a", "v", "f.yaml:1: the value has the tag `!reference`"),
    ("? a\nb: 1\n", "a", "v", "f.yaml:2: 'v' cannot be written here without changing how the rest of the file reads"),
    ("a: {b, c: 1}\n", "a.b", "v", "f.yaml:1: 'v' cannot be written here"),
    ("a: x\n", "a", "\ud800", "f.yaml:1: '\\ud800' cannot be written here"),
    ("a: x{{ y }}\n", "a", "v", "f.yaml:1: `a` is a template ({{ … }}), not a single value"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "path", "value", "after"), WRITTEN)
def test_a_value_is_written_as_what_it_is_and_nothing_else_changes(
    text: str, path: str, value: Plain, after: str
) -> None:
    assert put(text.encode(), path, value).decode() == after
    assert put(after.encode(), path, value).decode() == after


@pytest.mark.parametrize(("text", "path", "value", "sentence"), REFUSED)
def test_what_would_not_be_the_value_is_refused(text: str, path: str, value: Plain, sentence: str) -> None:
    with pytest.raises(EditRefused) as error:
        put(text.encode(), path, value)
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize("value", ["v", "1.10", "on", "", 5, -5, True, False])
@pytest.mark.parametrize("text", ["a: x\n", "a:\n", "a: ~\n", "a: {b: 1}\n", "{a: 5}", "- a: true # c\n"])
def test_the_type_is_the_values_own_over_a_plain_one(text: str, value: Plain) -> None:
    path = {"a: {b: 1}\n": "a.b", "- a: true # c\n": "[0].a"}.get(text, "a")
    node = yaml.load(put(text.encode(), path, value), yaml.CSafeLoader)
    for key in path.replace("[0]", "0").split("."):
        node = node[int(key)] if isinstance(node, list) else node[key]
    assert (type(node), node) == (type(value), value)


def test_documents_with_equal_names_are_told_apart_by_their_number() -> None:
    text = b"kind: A\nmetadata: {name: x}\nv: 1\n---\nkind: A\nmetadata: {name: x}\nv: 1\n"
    with pytest.raises(EditRefused, match=r"2 documents match: A x \(line 1\), A x \(line 5\)"):
        put(text, "v", 2, Where(kind="A", name="x"))
    assert put(text, "v", 2, Where(kind="A", document=1)) == text[:-2] + b"2\n"


def test_of_many_that_match_a_dozen_are_named() -> None:
    with pytest.raises(EditRefused, match=r"3000 documents match: (a document without kind \(line \d+\)[,.] ){12}Ch"):
        get(b"---\na: 1\n" * 3_000, "a")
    with pytest.raises(EditRefused, match=r"3000 items of `l` have name=x: lines 2, 3, .*, 13, …\. Choose one"):
        get(b"l:\n" + b"- {name: x}\n" * 3_000, "l[name=x].v")


def test_several_edits_of_one_text_come_from_the_last_one() -> None:
    data = "".join(f"k{n}:\n  tag: v{n} # c\n" for n in range(50)).encode()
    for n in (3, 40, 3, 0, 49):
        data = put(data, f"k{n}.tag", f"w{n * n}x")
    expected = {f"k{n}": {"tag": f"w{n * n}x" if n in (0, 3, 40, 49) else f"v{n}"} for n in range(50)}
    assert yaml.load(data, yaml.CSafeLoader) == expected
    assert data.count(b" # c\n") == 50
