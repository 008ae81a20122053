"""Any text in any field of a body stays text: no link, mention, reference, image, heading or command comes of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitops_bot.delivery.body import Page, body
from gitops_bot.delivery.text import block, code, markdown
from gitops_bot.model import (
    Change,
    CheckResult,
    Figure,
    Gate,
    Manner,
    MergeMode,
    Outcome,
    SlotMove,
    SlotName,
    Slots,
    Step,
    StepKind,
    Verdict,
    Version,
)
from tests.delivery.given import policy, query
from tests.delivery.rendering import Page as Rendered
from tests.delivery.rendering import acted_on, rendered

FRAGMENTS = (
    "@alice", "@acme/team", "#1", "acme/shop#1", "GH-1", "GL-1", "!1", "$1", "$x$", "%1", '%"next"', "~bug",
    '~"a b"', "&1", "^1", "0a1b2c3d4e", "acme/shop@0a1b2c3d", "https://evil.example", "ftp://evil",
    "www.evil.example", "mailto:a@b.co", "a@b.co", "[c](javascript:x)", "![i](//e)", "[ref]: //e", "[^1]",
    "[[_TOC_]]", "[TOC]", "[vulnerability:1]", "*iteration:1", ":tada:", "<img src=x>", "<script>",
    "</details>", "<!--", "-->", "<https://e>", "&lt;b&gt;", "&#64;alice", "`", "```", "~~~", "|", "||", "\\",
    "\n", "\n\n", "\r", "\t", "\x0b", "# h", "## h", "- x", "+ x", "* x", "1. x", "1) x", "> q", "---", "===",
    "- [ ] t", "/close", "/merge now", "\n/close\n", "**", "__", "~~", "_", "*", "\u202e", "\u2066", "\u200b",
    "\u2028", "\ufeff", "\ud800", "\xa0", " ", "\U000e0041", "\x00", "\x1b[31m", "{{", "%%",
    "| a | b |\n| --- | --- |", "plain", "1.4.2", "é",
)  # fmt: skip
TEXT = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.characters().map(str)), max_size=8).map("".join)


CONSOLE = "https://metrics.example/graph?g0.expr={{ query }}"


def everywhere(text: str) -> Page:
    """A page that has the text in every field that comes from elsewhere."""
    check = CheckResult(
        text,
        Outcome.PASS,
        text,
        (Figure(text, text), Figure("candidate", text), Figure("worst", text)),
        (query(text),),
        charts=(Figure(text, text),),
        judge=text,
    )
    return Page(
        policy=policy(pullRequest={"body": "Version {{ to.version }} is for {{ policy }}."}),
        manner=Manner(links={"Look": "https://look.example/{{ version }}?q={{ version }}"}, consoles={"prod": CONSOLE}),
        before=Slots(Version("1.4.1"), Version("1.4.2"), 5),
        step=Step(StepKind.ADVANCE, Slots(Version("1.4.1"), Version(f"x{text}"), 25), text, cautions=(text,)),
        verdict=Verdict((check,)),
        gates=(Gate(text, False, text), Gate(text, True, text)),
        changes=(Change("a", b"1", b"2", (SlotMove(SlotName.WEIGHT, text, text, text),)),),
        mode=MergeMode.NEVER,
        note=text,
    )


def anonymous(page: Rendered) -> list[str]:
    """The elements without where links lead."""
    return [name for name, _ in page.elements]


def links(page: Rendered) -> list[str]:
    return [value or "" for _, attributes in page.elements for name, value in attributes if name == "href"]


PLAIN = anonymous(rendered(body(everywhere("plain"))))


@given(TEXT)
@example("".join(FRAGMENTS))
@example("x```\n/close\n```")
@example("a_www.evil.example")
def test_no_text_changes_what_a_page_is_made_of(text: str) -> None:
    text = f"x{text}" if not markdown(text) or not code(text) else text
    shown = body(everywhere(text))
    assert anonymous(rendered(shown)) == PLAIN
    assert all(re.match(r"https://(look|metrics)\.example/", link) for link in links(rendered(shown)))
    assert acted_on(shown) == []


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_no_fragment_acts_at_the_beginning_of_a_line(fragment: str) -> None:
    shown = markdown(fragment)
    page = rendered(shown)
    assert [name for name, _ in page.elements] == ["p"] * bool(shown)
    assert acted_on(shown) == []


@given(TEXT)
def test_text_reads_as_it_was(text: str) -> None:
    page = rendered(markdown(f"x{text}"))
    seen = re.sub(r"\s+", " ", "".join(page.prose))
    if "<code>" not in markdown(f"x{text}"):
        visible = re.sub(r"[^\x21-\x7e]", "", f"x{text}")
        assert re.sub(r"[^\x21-\x7e]", "", seen) == visible


@given(TEXT)
def test_a_query_stays_in_its_block(text: str) -> None:
    page = rendered(block(f"x{text}", "promql"))
    assert [name for name, _ in page.elements] == ["pre"]
    assert acted_on(block(text)) == []
