"""Real-world-shaped files: the value changes, every other byte stays."""

from __future__ import annotations

import pytest

from tests.edits.snippets import SNIPPETS, Snippet
from tests.edits.trees import get, put

EACH = pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.name)


def test_there_are_many() -> None:
    assert len(SNIPPETS) >= 60
    assert len({snippet.name for snippet in SNIPPETS}) == len(SNIPPETS)


@EACH
def test_only_the_value_changes(snippet: Snippet) -> None:
    assert put(snippet.before, snippet.path, snippet.new, snippet.where).decode() == snippet.after.decode()


@EACH
def test_the_value_reads_back_and_a_second_write_changes_nothing(snippet: Snippet) -> None:
    assert get(snippet.after, snippet.path, snippet.where) == str(snippet.new)
    assert put(snippet.after, snippet.path, snippet.new, snippet.where) == snippet.after


@EACH
def test_an_integer_is_a_number_only_where_no_string_stood(snippet: Snippet) -> None:
    if isinstance(snippet.new, int):
        old = snippet.marked.partition("«")[2][:1]
        new = snippet.after.decode()[snippet.marked.index("«") :].strip()[:1]
        assert (new in "'\"") == (old in "'\"")
