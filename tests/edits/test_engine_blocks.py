"""Block scalars keep their header, their indentation and their line ends, and hold exactly what was asked."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitops_bot.errors import EditRefused
from tests.edits.trees import get, put

REWRITTEN = (
    ("literal", "a: |\n  x\nb: 1\n", "new\n", "a: |\n  new\nb: 1\n"),
    ("several lines", "a: |\n  x\n  y\nb: 1\n", "n\n  m\n\no\n", "a: |\n  n\n    m\n\n  o\nb: 1\n"),
    ("header with a comment", "a: |- # why\n   x\n", "new", "a: |- # why\n   new\n"),
    ("stripped", "a: |-\n  x\n\n# c\nb: 1\n", "n\nm", "a: |-\n  n\n  m\n\n# c\nb: 1\n"),
    ("kept", "a: |+\n  x\n\n\nb: 1\n", "n\n\n", "a: |+\n  n\n\nb: 1\n"),
    ("kept, down to one line break", "a: |+\n  x\n\n\nb: 1\n", "n\n", "a: |+\n  n\nb: 1\n"),
    ("clipped, without a line break", "a: |  # c\n  x\nb: 1\n", "n", "a: |-  # c\n  n\nb: 1\n"),
    ("stripped, with a line break", "a: |-\n  x\nb: 1\n", "n\n", "a: |\n  n\nb: 1\n"),
    ("clipped, with two", "a: |\n  x\n\n\n\nb: 1\n", "n\n\n", "a: |+\n  n\n\nb: 1\n"),
    ("kept, without any", "a: |+\n  x\n\nb: 1\n", "n", "a: |-\n  n\n\nb: 1\n"),
    ("blank lines behind stay", "a: |\n  x\n\n\n\nb: 1\n", "n\n", "a: |\n  n\n\n\n\nb: 1\n"),
    ("no line break at the end of the file", "a: |\n  x", "n", "a: |\n  n"),
    ("a line break there after all", "a: |\n  x", "n\n", "a: |\n  n\n"),
    ("CRLF", "a: |\r\n  x\r\n\r\nb: 1\r\n", "n\nm\n", "a: |\r\n  n\r\n  m\r\n\r\nb: 1\r\n"),
    ("deeply indented", "m:\n  a: |\n        x\n  b: 1\n", "n\n", "m:\n  a: |\n        n\n  b: 1\n"),
    ("on a line of its own", "a:\n  |\n  x\nb: 1\n", "n\n", "a:\n  |\n  n\nb: 1\n"),
    ("in a list", "a:\n- |\n  x\n- y\n", "n\n", "a:\n- |\n  n\n- y\n"),
    ("anchor and tag", "a: &t !!str |-\n  x\n", "n", "a: &t !!str |-\n  n\n"),
    ("indentation given", "a: |2-\n   x\n  y\n", " n", "a: |2-\n   n\n"),
    ("indentation given, all lines deeper", "a: |2\n    x\n", "n\n", "a: |2\n  n\n"),
    ("begins with empty lines", "a: |\n  x\n", "\n\nn\n", "a: |\n\n\n  n\n"),
    ("looks like YAML", "a: |\n  x\n", "---\n# c\nk: v\n- i\n", "a: |\n  ---\n  # c\n  k: v\n  - i\n"),
    ("tabs inside", "a: |\n  x\n", "n\tm\n", "a: |\n  n\tm\n"),
    ("non-ASCII", "a: |\n  x\n", "日本 𝄞\n", "a: |\n  日本 𝄞\n"),
    ("folded", "a: >\n  x\n  y\nb: 1\n", "n m\n", "a: >\n  n m\nb: 1\n"),
    ("folded, line breaks", "a: >-\n  x\n", "n\nm\n\n\no", "a: >-\n  n\n\n  m\n\n\n\n  o\n"),
    ("folded, begins with empty lines", "a: >\n  x\n", "\nn\n", "a: >\n\n  n\n"),
    ("folded, kept", "a: >+\n  x\n\nb: 1\n", "n\n\n\n", "a: >+\n  n\n\n\nb: 1\n"),
)  # fmt: skip

QUOTED = (
    ("begins with a space", "a: | # why\n  x\n\nb: 1\n", " n", 'a: " n" # why\n\nb: 1\n'),
    ("begins with a tab", "a: |-\n  x\n", "\tn", 'a: "\\tn"\n'),
    ("folded, a deeper line", "a: >\n  x\n", "n\n  m\n", 'a: "n\\n  m\\n"\n'),
    ("nothing but line breaks", "a: |\n  x\nb: 1\n", "\n", 'a: "\\n"\nb: 1\n'),
    ("empty", "a: |-\n  x\nb: 1\n", "", 'a: ""\nb: 1\n'),
    ("a carriage return", "a: |\n  x\nb: 1\n", "n\rm", 'a: "n\\rm"\nb: 1\n'),
    ("what YAML forbids", "a: |\n  x\n", "n\u2028\x00", 'a: "n\\u2028\\x00"\n'),
    ("no lines", "a: |\nb: 1\n", "n", 'a: "n"\nb: 1\n'),
    ("no lines but a blank one", "a: |\n\nb: 1\n", "n", 'a: "n"\n\nb: 1\n'),
    ("no lines at the end of the file", "a: |", "n", 'a: "n"'),
    ("no line break at the end of the file", "a: |\n  x", "", 'a: ""'),
)  # fmt: skip


@pytest.mark.parametrize(("text", "value", "after"), [pytest.param(*row[1:], id=row[0]) for row in REWRITTEN])
def test_a_block_is_rewritten_in_its_own_style(text: str, value: str, after: str) -> None:
    path = "m.a" if text.startswith("m:") else "a[0]" if "- |\n" in text else "a"
    assert put(text.encode(), path, value).decode() == after
    assert get(after.encode(), path) == value
    assert put(after.encode(), path, value).decode() == after


@pytest.mark.parametrize(("text", "value", "after"), [pytest.param(*row[1:], id=row[0]) for row in QUOTED])
def test_what_no_block_of_the_kind_can_hold_goes_in_double_quotes(text: str, value: str, after: str) -> None:
    assert put(text.encode(), "a", value).decode() == after
    assert get(after.encode(), "a") == value


def test_a_number_over_a_block_stays_a_string() -> None:
    assert put(b"a: |-\n  5\nb: 1\n", "a", 6) == b"a: |-\n  6\nb: 1\n"
    assert put(b"a: |-\n  no\nb: 1\n", "a", True) == b"a: |-\n  true\nb: 1\n"


def test_lines_over_a_plain_value_go_in_double_quotes() -> None:
    assert put(b"a: x # c\n", "a", "n\nm\n") == b'a: "n\\nm\\n" # c\n'
    assert put(b"a: 'x'\n", "a", "n\nm\n") == b'a: "n\\nm\\n"\n'


def test_a_block_with_another_tag_is_refused() -> None:
    with pytest.raises(EditRefused, match=r"has the tag `tag:yaml\.org,2002:binary`"):
        put(b"a: !!binary |\n  eA==\n", "a", "n")


LINES = st.lists(st.text(st.sampled_from("ab #:-\t\"'é|>"), max_size=6), max_size=5).map("\n".join)
BODIES = st.tuples(LINES, st.sampled_from(["", "\n", "\n\n"])).map("".join)
HEADERS = st.sampled_from(["|", "|-", "|+", ">", ">-", ">+", "|2", ">2-", "| # c", "|- # c"])
BREAKS = st.sampled_from(["\n", "\r\n"])


@settings(deadline=None, max_examples=100)
@given(HEADERS, BREAKS, BODIES, st.sampled_from(["", "\n", "\n\n", "# c\n", "  \n"]))
def test_any_text_over_a_block_reads_back_and_nothing_else_changes(
    header: str, line_break: str, new: str, behind: str
) -> None:
    text = f"k:\n  a: {header}\n    x\n    y\n{behind}  b: 1\n".replace("\n", line_break)
    after = put(text.encode(), "k.a", new).decode()
    assert after.endswith(f"  b: 1{line_break}")
    assert ("# c" in after) == ("# c" in text) or "# c" in new
    assert (line_break == "\r\n") == ("\r\n" in after)
    for value in (yaml.load(after, yaml.CSafeLoader), YAML(typ="safe", pure=True).load(after)):
        assert value == {"k": {"a": new, "b": 1}}
