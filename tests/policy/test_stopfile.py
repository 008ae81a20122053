"""The stop file: a brake that holds when it is not understood."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.model import Stop
from gitops_bot.policy.stopfile import read

YEAR_END = datetime(2026, 12, 24, tzinfo=UTC)


def test_without_a_file_nothing_is_stopped() -> None:
    assert read(None) == ()


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        ("", Stop("no reason given")),
        ("# pulled in a hurry\n", Stop("no reason given")),
        ("reason: incident 42\n", Stop("incident 42")),
        ("{reason: freeze, policies: [cart-*, shop]}", Stop("freeze", policies=("cart-*", "shop"))),
        ("{reason: freeze, rollbacks: true}", Stop("freeze", rollbacks=True)),
        ("{reason: freeze, until: 2026-12-24}", Stop("freeze", YEAR_END)),
        ("{reason: freeze, until: '2026-12-24'}", Stop("freeze", YEAR_END)),
        ("{reason: freeze, until: 2026-12-24T00:00:00}", Stop("freeze", YEAR_END)),
        ("{reason: freeze, until: 2026-12-24T01:00:00+01:00}", Stop("freeze", YEAR_END)),
        ("{reason: freeze, until: '2026-12-24T00:00:00Z'}", Stop("freeze", YEAR_END)),
        ("{reason: freeze, until: null}", Stop("freeze")),
    ],
)
def test_the_file_says_what_is_stopped_and_until_when(text: str, stop: Stop) -> None:
    assert read(text.encode()) == (stop,)


@pytest.mark.parametrize(
    "text",
    [
        "reason: [",
        "[stop]",
        "stop everything",
        "{reason: ''}",
        "{reason: freeze, unitl: 2026-12-24}",
        "{reason: freeze, until: tomorrow}",
        "{reason: freeze, until: 2026-13-45}",
        # numbers would be read as seconds since 1970: a stop that ended long ago
        "{reason: freeze, until: 2026}",
        "{reason: freeze, until: 20261224}",
        "{reason: freeze, until: '1735689600'}",
        "{reason: freeze, until: 1.5}",
        "{reason: freeze, until: true}",
        "{reason: freeze, policies: cart}",
        "{reason: freeze, policies: [1]}",
        "{reason: freeze, rollbacks: perhaps}",
        "reason: !!python/object:os.system x",
        "{[a]: b}",
        "a: &a [*a]",
        "\x00",
        "{a: " * 2000,
        "reason: freeze\nuntil: 2026-12-24\nuntil: 2020-01-01",
        "holders:\n  alice: {reason: one}\n  alice: {reason: two, until: 2020-01-01}",
        "reason: one\n---\nreason: two",
        "{reason: freeze, until: 9999-12-31T23:59:59-14:00}",
        "{reason: freeze, until: 0001-01-01T00:00:00+14:00}",
        "until: !!timestamp soon",
        "until: !!int ''",
        "rollbacks: !!bool perhaps",
    ],
)
def test_what_is_not_understood_stops_everything_rollbacks_included(text: str) -> None:
    (stop,) = read(text.encode())
    assert (stop.until, stop.policies, stop.rollbacks) == (None, (), True)
    assert "cannot be understood" in stop.reason


def test_a_file_that_is_too_long_or_no_text_stops_everything() -> None:
    assert read(b"#" * 70_000) == (Stop("the stop file is too long to be read", rollbacks=True),)
    (stop,) = read(b"\xff\xfe\x00")
    assert stop.rollbacks


def test_several_people_hold_it_each_for_a_reason_of_their_own() -> None:
    text = (
        "holders:\n  alice: {reason: incident 42, policies: [cart]}\n  payments: {until: 2026-12-24, rollbacks: true}\n"
    )
    assert read(text.encode()) == (
        Stop("incident 42", policies=("cart",), holder="alice"),
        Stop("no reason given", YEAR_END, rollbacks=True, holder="payments"),
    )


@pytest.mark.parametrize("text", ["holders: {}", "holders:\n"])
def test_a_file_that_everybody_has_let_go_of_stops_nothing(text: str) -> None:
    assert read(text.encode()) == ()


@pytest.mark.parametrize("text", ["{holders: {alice: null}}", "{holders: [alice]}", "{holders: {}, reason: freeze}"])
def test_holders_that_are_not_understood_stop_everything(text: str) -> None:
    (stop,) = read(text.encode())
    assert stop.rollbacks


KEYS = st.sampled_from(["reason", "until", "policies", "rollbacks", "other"])
VALUES = st.sampled_from(["x", "[x]", "true", "2026-12-24", "0001-01-01T00:00:00+23:59", "{}", "~", "''", "9" * 30])


@given(st.binary(max_size=60) | st.dictionaries(KEYS, VALUES).map(lambda told: str(told).replace("'", "").encode()))
def test_any_file_is_a_stop_and_never_an_exception(data: bytes) -> None:
    assert all(isinstance(stop, Stop) for stop in read(data))
