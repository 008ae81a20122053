"""What a body remembers, and bodies that people or attackers wrote."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_bot.delivery import marker
from gitops_bot.delivery.marker import Marker

MARK = Marker("shop", "key", "digest", "text", "2026-01-05T09")
TEXT = st.text(max_size=40)


def packed(said: object) -> str:
    return f"<!-- gitops-bot:v1:{base64.b64encode(json.dumps(said).encode()).decode()} -->\ntext"


FIELDS = {"policy": "p", "key": "k", "digest": "d", "text": "t", "hour": "h", "closed": "c"}


@given(st.builds(Marker, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT), st.text())
def test_a_marker_comes_back_as_it_was_written(mark: Marker, text: str) -> None:
    body = marker.write(mark, text)
    assert marker.read(body) == mark
    assert marker.text(body) == text


@given(st.builds(Marker, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT))
def test_a_marker_is_one_hidden_line_that_nothing_leaves(mark: Marker) -> None:
    line = marker.write(mark, "")
    assert line.count("-->") == 1
    assert line.endswith(" -->\n")
    assert "\n" not in line[:-1]


def test_a_marker_survives_a_web_editors_line_ends() -> None:
    body = marker.write(MARK, "a\nb\n").replace("\n", "\r\n")
    assert marker.read(body) == MARK


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text",
        "<!-- gitops-bot:v1: -->",
        "<!-- gitops-bot:v1:%%% -->",
        "<!-- gitops-bot:v1:abc -->",
        "<!-- gitops-bot:v1://// -->",
        "<!-- gitops-bot:v2:e30= -->",
        " " + marker.write(MARK, "moved"),
        "> " + marker.write(MARK, "quoted"),
        "first\n" + marker.write(MARK, "below"),
        packed({}),
        packed([]),
        packed(None),
        packed("text"),
        packed(7),
        packed({**FIELDS, "key": 7}),
        packed({**FIELDS, "closed": None}),
        packed({name: value for name, value in FIELDS.items() if name != "hour"}),
        f"<!-- gitops-bot:v1:{base64.b64encode(b'[' * 40_000).decode()} -->",
        f"<!-- gitops-bot:v1:{base64.b64encode(b'9' * 6_000).decode()} -->",
    ],
    ids=range(20),
)
def test_what_is_no_marker_is_none(body: str) -> None:
    assert marker.read(body) is None


def test_what_a_newer_version_adds_is_left_aside() -> None:
    assert marker.read(packed({**FIELDS, "surplus": 1})) == Marker(**FIELDS)


@given(st.text())
def test_reading_any_body_is_safe(body: str) -> None:
    marker.read(body)
    marker.read(f"<!-- gitops-bot:v1:{base64.b64encode(body.encode()).decode()} -->\n{body}")


def test_remembering_keeps_the_rest_and_the_text() -> None:
    body = marker.write(MARK, "text\n")
    closed = marker.remembering(body, closed="superseded")
    assert marker.read(closed) == Marker("shop", "key", "digest", "text", "2026-01-05T09", "superseded")
    again = marker.read(marker.remembering(closed, digest="other"))
    assert again == Marker("shop", "key", "other", "text", "2026-01-05T09")
    assert marker.text(closed) == "text\n"


def test_remembering_gives_a_marker_to_a_body_that_lost_it() -> None:
    closed = marker.remembering("By a person", closed="why")
    assert marker.read(closed) == Marker("", "", "", "", "", "why")
    assert marker.text(closed) == "By a person"
