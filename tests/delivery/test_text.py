"""Hostile text from clusters, metrics and versions stays text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.delivery.text import block, code, cut, markdown, one_line

Z = "\u200b"

HOSTILE = st.text(
    st.one_of(
        st.sampled_from(list("@#!-|`\\<>[]()*_~/:.\n\r\t\v\f\0\x1b\x85")),
        st.sampled_from(["\u202e", "\u2066", "\u2028", "\ufeff", Z, "\ud800", "\u00a0"]),
        st.characters(),
        st.sampled_from(list("0123456789aAwWgGhH")),
    ),
    max_size=60,
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("ping @alice", f"ping @{Z}alice"),
        ("@acme/platform", f"@{Z}acme/platform"),
        ("@-x @_x", f"@{Z}-x @{Z}_x"),
        ("@\u200ealice", f"@{Z}alice"),
        ("fixes #12", f"fixes #{Z}12"),
        ("acme/shop#12", f"acme/shop#{Z}12"),
        ("acme#12", f"acme#{Z}12"),
        ("(#12)", f"(#{Z}12)"),
        ("#\u202e12", f"#{Z}12"),
        ("!34 acme/shop!34", f"!{Z}34 acme/shop!{Z}34"),
        ("GH-12 gh-12", f"GH-{Z}12 gh-{Z}12"),
        ("https://evil.example", f"https:{Z}//evil.example"),
        ("~bug 5 % %next", f"~{Z}bug 5 % %{Z}next"),
        ("$1 &2 ^3 GL-4", f"${Z}1 &{Z}2 ^{Z}3 GL-{Z}4"),
        ("[a:1] [[_TOC_]] [TOC] [x]", f"[{Z}a:1] [{Z}[_TOC_]] [{Z}TOC] [x]"),
        (":tada: a:b 10:30", f":{Z}tada: a:b 10:30"),
        ("a\u200bb\u00adc\U000e0041d", "abcd"),
        ("www.evil.example WWW.evil.example", f"www{Z}.evil.example WWW{Z}.evil.example"),
        ("a\nb\r\nc\td", "a b c d"),
        ("a\u2028b\u2029c\x85d", "abcd"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\u202eevil\u202c \ufeff", "evil"),
        ("  many   blanks  ", "many blanks"),
        ("", ""),
    ],
)
def test_one_line_neutralises(text: str, shown: str) -> None:
    assert one_line(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("done --> <!-- gitops-bot", "done --&gt; &lt;!-- gitops-bot"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("a | b", "a &#124; b"),
        ("a \\| b", r"a \\&#124; b"),
        ("`rm -rf`", r"\`rm -rf\`"),
        ("[click](javascript:x)", r"\[click\](javascript:x)"),
        ("![x](y)", r"!\[x\](y)"),
        ("**bold** _it_ ~~no~~", rf"\*\*bold\*\* \_it\_ \~\~{Z}no\~\~"),
        ("{{ x }}", r"\{\{ x \}\}"),
        ("$x$", "<span>$</span>x<span>$</span>"),
        ("at 1a2b3c4d5e", "at <code>1a2b3c4d5e</code>"),
        ("# h", r"\# h"),
        ("1. x", r"1\. x"),
        ("12.5 s", "12.5 s"),
        ("- x", r"\- x"),
        ("/close", r"\/close"),
    ],
)
def test_markdown_shows_it_as_it_is(text: str, shown: str) -> None:
    assert markdown(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.4.2", "`1.4.2`"),
        ("", ""),
        ("\x00", ""),
        ("a`b", "`` a`b ``"),
        ("a``b`c", "``` a``b`c ```"),
        ("`", "`` ` ``"),
        ("a|b", "`a|b`"),
        ("a\nb", "`a b`"),
        ("<!-- x -->", "`<!-- x -->`"),
        ("x\u202e", "`x`"),
    ],
)
def test_a_code_span_holds_anything(text: str, shown: str) -> None:
    assert code(text) == shown


@pytest.mark.parametrize("ticks", [0, 1, 3, 4, 10])
def test_a_block_cannot_be_left(ticks: int) -> None:
    text = f"x\n{'`' * ticks}\n<script>"
    fence, *inner, end = block(text, "promql").split("\n")
    assert (fence.rstrip("promql"), "\n".join(inner)) == (end, text)
    assert len(end) > max(2, ticks)


@pytest.mark.parametrize(("limit", "shown"), [(10, "0123456789"), (9, "01234567…"), (1, "…")])
def test_a_cut_is_visible(limit: int, shown: str) -> None:
    assert cut("0123456789", limit) == shown


def test_very_long_text_is_neutralised_in_linear_time() -> None:
    text = "@a#1`|<\n" * 200_000
    assert "\n" not in markdown(text)


@given(HOSTILE)
def test_nothing_that_a_forge_or_terminal_acts_on_survives(text: str) -> None:
    shown = one_line(text)
    assert not CONTROL.search(shown)
    assert not re.search(r"@[\w-]|[#!]\d|gh-\d|://|www\.", shown, re.IGNORECASE)
    shown.encode()


def test_half_a_surrogate_pair_is_left_out_everywhere() -> None:
    text = "lone\ud800"
    assert (one_line(text), markdown(text), code(text), block(text)) == ("lone", "lone", "`lone`", "```\nlone\n```")


@given(HOSTILE)
def test_neutralising_twice_changes_nothing(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)


@given(HOSTILE)
def test_markdown_leaves_no_markup_unescaped(text: str) -> None:
    shown = markdown(text)
    assert not CONTROL.search(shown)
    written = re.sub(r"</?(span|code)>", "", shown)
    assert not re.search(r"[<>]", written)
    assert not re.search(r"[\\|`*_~\[\]{}]", re.sub(r"\\.", "", written))


@given(HOSTILE)
def test_a_code_span_ends_where_it_should(text: str) -> None:
    shown = code(text)
    assert not CONTROL.search(shown)
    if shown:
        runs = re.findall(r"`+", shown)
        assert runs[0] == runs[-1]
        assert runs[0] not in runs[1:-1]


@given(HOSTILE)
def test_a_block_ends_where_it_should(text: str) -> None:
    fence, *inner, end = block(text).split("\n")
    assert end == fence
    assert not any(re.match(rf" {{0,3}}{fence}", line) for line in inner)
    "\n".join(inner).encode()


@given(HOSTILE, st.integers(1, 80))
def test_a_cut_never_exceeds_its_limit(text: str, limit: int) -> None:
    assert len(cut(text, limit)) <= limit
