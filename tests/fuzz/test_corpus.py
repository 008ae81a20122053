"""The fuzzer's inputs without the fuzzer: each works or is refused, as its name says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edits.snippets import SNIPPETS
from tests.fuzz.fuzz_edits import CORPUS, LONGEST
from tests.fuzz.target import one_input


@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_an_input_is_edited_or_refused_as_its_name_says(path: Path) -> None:
    assert one_input(path.read_bytes()) is not path.name.startswith("refused")


def test_the_snippets_go_through() -> None:
    short = [one for one in SNIPPETS if one.where is None and len(one.before) < LONGEST]
    went = [one_input(f"yaml {one.path}\n{one.new}\n".encode() + one.before) for one in short]
    assert sum(went) > 0.9 * len(short)
