# ruff: noqa: E501 - a row of a table stays a row
"""The streams of events behind every proof: what they say, and that a part read again gives what the whole would."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml.events import Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from gitops_bot.edits.proof import Expected, prove, proven
from gitops_bot.edits.reread import reread
from gitops_bot.edits.source import Source, parse
from gitops_bot.edits.stream import Stream, events_of, read, stream_of
from gitops_bot.errors import EditRefused
from tests.edits.snippets import SNIPPETS, Snippet

TEXTS = [snippet.before.decode().removeprefix("\ufeff") for snippet in SNIPPETS if len(snippet.before) < 2_000]


# ---------------------------------------------------------------- what a stream says


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.name)
def test_a_stream_says_what_the_parser_says(snippet: Snippet) -> None:
    text = snippet.before.decode().removeprefix("\ufeff")
    stream, events = read(text), list(parse(text))
    marks = [(event.start_mark, event.end_mark) for event in events if event.start_mark and event.end_mark]
    assert [(start.index, end.index) for start, end in marks] == list(zip(stream.starts, stream.ends, strict=True))
    # At the end of a file without a line break the parser is on the next line.
    within = [(number, start.line + 1) for number, (start, _) in enumerate(marks) if start.index < len(text)]
    assert [(number, stream.line(number)) for number, _ in within] == within
    again = events_of(stream.says)
    assert [_without_marks(event) for event in again] == [_without_marks(event) for event in events]


def _without_marks(event: Event) -> dict[str, object]:
    values = {key: value for key, value in vars(event).items() if not key.endswith("_mark") and key != "encoding"}
    return {"kind": type(event), **values}


def test_nodes_know_their_parents_and_what_comes_behind_them() -> None:
    stream = read("a: [x, {b: y}]\nc: z\n---\nd\n")
    assert stream.roots == (2, 16)
    assert stream.keys(2) == {"a": [4], "c": [12]}
    assert stream.items(4) == [5, 6]
    assert [stream.parent(number) for number in (2, 4, 6, 8, 12)] == [None, 2, 4, 6, 2]
    assert [stream.past(number) for number in (2, 3, 4, 6)] == [14, 4, 11, 10]


def test_line_breaks_of_every_kind_are_counted() -> None:
    stream = read("a: 1\r\nb: 2\rc: 3\nd: 4\n")
    assert [stream.line(numbers[0]) for numbers in stream.keys(2).values()] == [1, 2, 3, 4]
    assert [stream.line(stream.keys(2)[key][0]) for key in "dab"] == [4, 1, 2]


def test_what_was_read_last_is_not_read_again() -> None:
    text = "a: 1\n"
    assert stream_of(text) is stream_of(str(text))
    large = [f"a: {letter * 50_000}\n" for letter in "xyz"]
    first, second = map(stream_of, large[:2])
    assert stream_of(large[0]) is first
    assert stream_of(large[2]) is stream_of(large[2])
    assert stream_of(large[0]) is first
    assert stream_of(large[1]) is not second


@pytest.mark.parametrize("text", ["[" * 201, "- " * 201 + "x", "a: [" * 201 + "x"])
def test_the_first_error_counts(text: str) -> None:
    with pytest.raises(yaml.YAMLError) as error:
        stream_of(text)
    assert "nests deeper than 200" in str(error.value)
    with pytest.raises(yaml.YAMLError, match="found character that cannot start any token"):
        stream_of("a: @\n" + text)


# ---------------------------------------------------------------- a part read again

HOSTILE = (
    "new", '"new"', "'it''s'", "", '"open', "'open", "x: y", "- a", "x # c", "# c", "|\n    z\n", ">-\n  z", "\n", "\nfoo",
    "\n    foo", "\n\tfoo", "---", "\n---\n", "\n...\n", "[", "{", "[a, b]", "{a: b}", "a]", "}", ",", "&n x", "*y", "!!int 5",
    "!e!x y", "%TAG", "? a", "\n- a", "\n  - a", "a:", "a:\n  b", "a:\nb: 1", "\t", "x\t", "x\n\t", "x\r", "x\r\n", "~", "&a",
    "|+\n      x\n\n\n", "x\n  y\n\n", '"k": v', "x\n# c", '"x" y', "{{ x }}", "@",
)  # fmt: skip
AROUND = (
    "k: 1\nm:\n  a: «x»\n  b: y\nz: 1\n",
    "k: 1\nm:\n  a: «x»   # c\n\n# d\nz: 1\n",
    "k: 1\nm:\n- b: 1\n  a: «x»\n- c\nz: 1\n",
    "k: 1\nm:\n  - - b: 1\n      a: «x»\n  # c\n  - e\nz: 1\n",
    "k: 1\nm:\n  a:«»\n  b: y\nz: 1\n",
    "k: 1\nm:\n  a: [x, {b: «x»}]\nz: 1\n",
    "k: 1\nm:\n  a: |\n    «x»\n\n  # c\nz: 1\n",
    "k: 1\nm: &m\n  a: &a «x»\n  b: *a\nz: *m\n",
    "k: 1\nm:\n  a: «x»",
    "k: 1\nl: 2\nm:\n  a:\n  - y\n  - «x»\n---\nz: 1\n",
    "k: 1\nl: 2\nm:\n  a: «x»\n...\n---\nz: 1\n",
    "k: 1\r\nl: 2\r\nm:\r\n  a: «x»\r\n\r\nz: 1\r\n",
    "- k: 1\n  l: 2\n  a: «x»\n- - - z\n",
)
WHOLE = (
    "%TAG !e! tag:e,1:\n---\nk: 1\nl: 2\na: «x»\nz: 1\n",
    "k: 1\nl: 2\n? a\n: «x»\nz: 1\n",
    "{k: 1, l: 2, a: «x»}\n",
    "- a: «x»\n- b\n",
    "k: 1\nl: 2\na: «x»\n? z\n: 1\n",
    "k: 1\nm:\n  a:\n  - «x»\n  - y\n  - z\n",
)  # fmt: skip


def _compared(old: Stream, text: str, ordinal: int, start: int, end: int) -> bool:
    """Whether the part was read alone; then it must agree with the whole in everything."""
    again = reread(old, text, ordinal, start, end)
    if again is None:
        return False
    found = again.stream()
    whole = read(text)
    assert found.says == whole.says
    assert (found.depths, found.starts, found.ends) == (whole.depths, whole.starts, whole.ends)
    return True


def _values(stream: Stream) -> list[int]:
    found, left = list[int](), list(stream.roots)
    while left:
        number = left.pop()
        kind = stream.kind(number)
        if kind is MappingStartEvent:
            left += [value for values in stream.keys(number).values() for value in values]
        elif kind is SequenceStartEvent:
            left += stream.items(number)
        elif kind is ScalarEvent:
            found.append(number)
    return found


@pytest.mark.parametrize("marked", [*AROUND, *WHOLE])
def test_whatever_takes_the_place_of_a_value_reads_alone_as_it_reads_in_place(marked: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    start, end = marked.index("«"), marked.index("»") - 1
    old = read(text)
    ordinal = next(n for n in _values(old) if old.starts[n] <= start <= old.ends[n] and old.ends[n] >= end)
    alone = [_compared(old, text[:start] + new + text[end:], ordinal, start, end) for new in HOSTILE]
    assert any(alone) == (marked in AROUND)
    assert not all(alone)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(TEXTS), st.sampled_from(TEXTS), st.sampled_from(HOSTILE), st.randoms(use_true_random=False))
def test_a_part_read_alone_agrees_with_the_whole(first: str, second: str, new: str, random: object) -> None:
    text = first if "---" in first + second else f"{first.rstrip()}\n---\n{second}"
    try:
        old = read(text)
    except yaml.YAMLError:
        return
    ordinal = random.choice(_values(old))  # type: ignore[attr-defined]
    start, end = old.starts[ordinal], old.ends[ordinal]
    _compared(old, text[:start] + new + text[end:], ordinal, start, end)


# ---------------------------------------------------------------- proofs


def _is(*values: str) -> Expected:
    def came(events: Sequence[Event]) -> bool:
        return [getattr(event, "value", None) for event in events] == list(values)

    return Expected(5, 0, came)


BEFORE = Source("f.yaml", "a: 1\nc: 3\n")


@pytest.mark.parametrize(
    ("after", "expected", "good"),
    [
        ("a: 1\nb: 2\nc: 3\n", _is("b", "2"), True),
        ("a: 1\nb: 2\nc: 3\n", _is("b", "3"), False),
        ("a: 1\nb: 2\nc: 4\n", _is("b", "2"), False),
        ("a: 0\nb: 2\nc: 3\n", _is("b", "2"), False),
        ("a: 1\nb: [\nc: 3\n", _is("b", "2"), False),
        ("a: 1\nb: 2\n'c': 3\n", _is("b", "2"), False),
        ("a: 1\nb: 2\n&c c: 3\n", _is("b", "2"), False),
        ("a: 1\nb: 2\nc: !!int 3\n", _is("b", "2"), False),
        ("a: 1\nb: 2\nc: 3\n...\n", _is("b", "2"), False),
        ("{a: 1, b: 2, c: 3}\n", _is("b", "2"), False),
        ("c: 3\n", Expected(3, 2, lambda came: not came), True),
        ("a: 1\n", Expected(3, 2, lambda came: not came), False),
        ("a: 1\n", Expected(5, 2, lambda came: not came), True),
        ("a: 1\n", Expected(5, 20, lambda came: not came), False),
        ("a: 2\nc: 3\n", Expected(4, 1, lambda came: len(came) == 1), True),
        ("a: 2\nc: 3\n", Expected(6, 1, lambda came: len(came) == 1), False),
        ("a: 1\n---\nc: 3\n", Expected(5, 0, lambda came: len(came) == 4), True),
    ],
)
def test_only_the_expected_change_is_proven(after: str, expected: Expected, good: bool) -> None:
    assert proven(BEFORE, Source("f.yaml", after), expected) is good


def test_what_is_not_proven_is_refused_with_its_line() -> None:
    with pytest.raises(EditRefused, match=r"^f\.yaml:2: `b` cannot be inserted here without changing how the rest"):
        prove(BEFORE, Source("f.yaml", "a: 1\n"), _is("b"), said="`b` cannot be inserted here", line=2)
