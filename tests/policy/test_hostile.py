"""Hostile input: bombs are refused quickly, and any bytes are policies or a policy error."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitops_bot.errors import PolicyInvalid, PolicySyntax
from gitops_bot.policy.loading import Source, load_policies
from tests.policy.test_loading import GOOD, refusal

LEVELS = "".join(
    f"{key}: &{key} [{','.join([f'*{below}'] * 9)}]\n" for below, key in zip("abcdefgh", "bcdefghi", strict=True)
)
MIB = 1 << 20


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"a: &a [{','.join('x' * 9)}]\n{LEVELS}", "the file holds too much: more than 50000 keys and values"),
        ("- a\n" * (MIB // 4), "the file holds too much: more than 50000 keys and values"),
        ("---\n" * (MIB // 4), "the file holds too much: more than 50000 keys and values"),
        ("[" * 5000, "the file holds too much: nested more than 64 levels deep"),
        ("- " * 5000, "the file holds too much: nested more than 64 levels deep"),
        ("{a: " * 5000, "the file holds too much: nested more than 64 levels deep"),
        ("&a [*a]", "the file holds too much: nested more than 64 levels deep"),
        ("&a {b: *a}", "the file holds too much: nested more than 64 levels deep"),
        ("x" * (2 * MIB), "the file is larger than 1 MiB"),
    ],
    ids=["aliases", "items", "documents", "brackets", "dashes", "braces", "loop", "loop of keys", "size"],
)
def test_bombs_are_refused_quickly(text: str, message: str) -> None:
    start = time.process_time()
    assert [problem.message for problem in refusal(text).problems] == [message]
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    "more",
    [
        "".join(f"  bakee{number}: 1\n" for number in range(20_000)),
        f"  ? {'k' * 900_000}\n  : 1\n",
        "  x: 1\n" * 20_000,
    ],
)
def test_many_problems_are_found_quickly(more: str) -> None:
    start = time.process_time()
    assert len(str(refusal(GOOD + more))) < 50_000
    assert time.process_time() - start < 20


def accepted_or_refused(data: bytes) -> None:
    with suppress(PolicySyntax, PolicyInvalid):
        load_policies([Source("a.yaml", data)])


@given(st.binary(max_size=200))
@example(b'"\\UFFFFFFFF"')
@example(b'"\\ud800": 1')
@example(b"!!set {a, b}")
@example(b"%TAG ! tag:x,2000:\n---\n!a b\n")
def test_any_bytes_are_policies_or_a_policy_error(data: bytes) -> None:
    accepted_or_refused(data)


TOKENS = (
    "a",
    "b:",
    "- ",
    "\n",
    "  ",
    ": ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a ",
    "!t ",
    "!!int ",
    "|",
    ">",
    "'",
)
MARKS = (
    '"',
    "#",
    "%YAML 1.2\n",
    "---\n",
    "\t",
    "\r",
    "\u2028",
    "\x85",
    "\ufeff",
    "<<",
    "5",
    ".inf",
    "~",
    "\\",
    "\\U0",
)


@given(st.lists(st.sampled_from(TOKENS + MARKS), max_size=25))
def test_any_pieces_of_yaml_are_policies_or_a_policy_error(pieces: list[str]) -> None:
    accepted_or_refused("".join(pieces).encode())


@given(st.data())
def test_any_slip_in_a_policy_is_a_policy_or_a_policy_error(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 20)))
    piece = data.draw(st.sampled_from(TOKENS + MARKS) | st.text(max_size=4))
    accepted_or_refused((GOOD[:start] + piece + GOOD[end:]).encode("utf-8", "replace"))
