# ruff: noqa: E501
"""What is written is read as that very string by YAML 1.1 (PyYAML), YAML 1.2 (ruamel.yaml) and Go's rules."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gitops_bot.edits.scalar import is_plain, written
from tests.edits.trees import get, put


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TYPED = _words("""
1 0 -1 +1 007 012 08 0o17 0o8 0x1F 0X1f 0xdeadbeef 0b101 0b2 1_000 1__0 _1 1_ +1_0 1.0 1.10 1. .5 -.5 +.5 1.5e3 1e3 1E3 1e+3 1e-3
12e4567 12e03 1e 1.e5 .e5 ._ . - 0. 00 00.1 .inf -.inf +.INF .nan .NaN inf nan Infinity -inf NaN
12:30 12:30:45 190:20:30 1:60 1:2:3.5 2024-01-01 2024-1-1 2001-12-14t21:59:43.10-05:00 2024-01-01T00:00:00Z
y Y n N yes Yes YES no NO No on On ON off OFF Off true True TRUE false False FALSE null Null NULL nil none ~ = <<
1234567 0000000 1234567890123456789012345678901234567890 12345e7 123e4567890 1e1000 0x 0x_1 0x1p-2 0x1.8p1 -- --- ... -1abc
""")
ODD = (
    "", "+", "0.0.e1", " ", " a", "a ", "\ta", "a\tb", "a: b", "a:", ":a", ": a", "a #b", "# a", "#", "a#b", "-a", "- a", "?", "? a", "?a",
    "*a", "&a", "!a", "!!str a", "|", ">", "|-", "%a", "@a", "`a", "'a'", '"a"', "it's", 'a"b', "a\\b", "{a}", "[a]", "{{ a }}",
    "a{{b}}", "a,b", "a]b", "a}b", "[", "{", "a[0]", "a\nb", "a\r\nb", "a\0b", "\x1b[0m", "\x7f", "é", "日本", "𝄞", "\xa0", "a\xa0b",
    "\u2028", "a\u2029b", "\x85", "\ufeff", "a\ufeffb", "\u200b", "--- a", "... a", "---a", "...a", "a ---", ",", ",a", "a,",
    "a:b", "a:b:c", 'a:"b', "http://x/y", "2024-01-01 10:00", "2024-01-01 x",
)  # fmt: skip
BARE = _words("""
1.2.3 v1.2 v1 1.2.3-rc.1 1.2.3+build.5 v1.2.3-20240101 abc1234 deadbee 1234abc e1 x0 a.b 1.2.3.4 latest main yesno onx
nginx:1.25 ghcr.io/a/b:1.2@sha256:aa sha256:abc a-b a_b 20240101-abc 2024.01.02 release-2024-01-01 nullable 1-2 a/b~c
""")

CONTEXTS = ("a: {} # c\n", "- {}\n", "a: [x, {}, y]\n", "a: {{b: {}, c: 1}}\n", '{{"a": {}}}')


def _values(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return [leaf for key, value in node.items() for leaf in (key, *_values(value))]
    if isinstance(node, list):
        return [leaf for value in node for leaf in _values(value)]
    return [node]


def _readers(text: str) -> list[list[Any]]:
    return [
        _values(yaml.load(text, yaml.CSafeLoader)),
        _values(yaml.safe_load(text)),
        _values(YAML(typ="safe", pure=True).load(text)),
    ]


def test_the_table_is_long() -> None:
    assert len({*TYPED, *ODD, *BARE}) >= 200


@pytest.mark.parametrize("style", ["", "'", '"'])
@pytest.mark.parametrize("value", [*TYPED, *ODD, *BARE])
def test_every_reader_reads_the_string(value: str, style: str) -> None:
    for context in CONTEXTS:
        flow, json = "[" in context or "{{" in context, context.startswith("{{")
        text = context.format(written(value, style=style, flow=flow, json=json))
        for values in _readers(text):
            assert value in [leaf for leaf in values if isinstance(leaf, str)], text


@pytest.mark.parametrize("value", TYPED)
def test_what_any_reader_types_is_quoted(value: str) -> None:
    assert written(value, style="") == f'"{value}"'


@pytest.mark.parametrize("value", BARE)
def test_plain_strings_stay_plain(value: str) -> None:
    assert written(value, style="") == value
    assert written(value, style="", flow=True) == value


@pytest.mark.parametrize("value", ["https://a.b/c?d=e", "a?b", "a?"])
def test_a_question_mark_is_quoted_between_brackets_where_readers_stumble_over_it(value: str) -> None:
    assert written(value, style="") == value
    assert written(value, style="", flow=True) == f'"{value}"'
    assert yaml.load(f"[{written(value, style='', flow=True)}]", yaml.SafeLoader) == [value]


def _go_types(text: str) -> bool:
    """The rules of yaml.v2 and yaml.v3 (`resolve.go`), which Helm and kubectl read with."""
    digits = text.replace("_", "")
    return bool(
        text.lower() in {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ""}
        or re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", digits)
        or re.fullmatch(r"[-+]?0(x[0-9a-fA-F]+|o[0-7]+|b[01]+|[0-7]+)", digits)
        or re.fullmatch(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text)
        or re.match(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ]|$)", text)
    )


@settings(deadline=None)
@given(st.text(st.sampled_from("0123456789abefxoXEyntYNT._-+:~=< #,[]{}'\"\\"), max_size=8))
def test_plain_means_the_same_to_everyone(value: str) -> None:
    if not is_plain(value):
        return
    assert not _go_types(value)
    for values in _readers(f"k: {value}\n"):
        assert values == ["k", value]
    if is_plain(value, flow=True):
        for values in _readers("{k: " + value + ", l: [" + value + "]}"):
            assert values == ["k", value, "l", value]


@settings(deadline=None)
@given(st.text(), st.sampled_from(["", "'", '"']), st.booleans())
def test_any_text_is_read_back(value: str, style: str, flow: bool) -> None:
    literal = written(value, style=style, flow=flow)
    text = f"[{literal}, 1]" if flow else f"- {literal}\n- 1\n"
    assert yaml.load(text, yaml.CSafeLoader) == [value, 1]
    assert literal.isprintable()


@pytest.mark.parametrize(
    ("style", "literal"), [("", "20"), ("'", "'20'"), ('"', '"20"')], ids=["plain", "single", "double"]
)
def test_an_integer_keeps_what_stood_there(style: str, literal: str) -> None:
    assert written(20, style=style) == literal
    assert written(20, style=style, flow=True, json=True) == literal


def test_non_printables_are_escaped() -> None:
    assert written("\x1b\u2028\U000e0001\n\t\r", style="'") == '"\\x1B\\u2028\\U000E0001\\n\\t\\r"'


@pytest.mark.parametrize("value", [v for v in (*TYPED, *BARE, *ODD) if v])
def test_the_engine_writes_and_reads_them(value: str) -> None:
    for text in ("a: old # c\n", "{a: old, b: 1}", 'a: "old"\n', "a: 'old'\n"):
        assert get(put(text.encode(), "a", value), "a") == value
