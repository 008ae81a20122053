"""The stories in tests/stories: one for each way in which people release, played by real ticks and read as pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stories import told

STORIES = Path(__file__).parent / "stories"
NAMES = sorted(one.parent.name for one in STORIES.glob("*/story.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_story_is_told_as_it_was_reviewed(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    pages = STORIES / name / "pages"
    texts = told(STORIES / name, tmp_path).texts()
    if request.config.getoption("--update-golden"):
        pages.mkdir(exist_ok=True)
        for stale in {one.name for one in pages.iterdir()} - texts.keys():
            (pages / stale).unlink()
        for page, text in texts.items():
            (pages / page).write_text(text, encoding="utf-8")
    assert {one.name: one.read_text(encoding="utf-8") for one in pages.iterdir()} == texts
