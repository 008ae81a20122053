"""The reference page is generated, current, and names every key of the language."""

from __future__ import annotations

from pathlib import Path

from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.jsonschema import schema_of
from gitops_bot.policy.reference import reference
from gitops_bot.policy.schema import PromotionPolicy

PAGE = Path(__file__).parents[2] / "docs" / "policy.md"


def test_the_committed_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run `make schema`"


def test_every_key_is_on_the_page() -> None:
    page = reference()
    for model in (PromotionPolicy, BotConfig):
        definitions = schema_of(model)["$defs"]
        keys = {key for one in definitions.values() for key in one.get("properties", {})}
        assert [key for key in sorted(keys - {"name", "labels", "annotations"}) if f"`{key}`" not in page] == []


def test_what_is_not_served_says_so() -> None:
    assert "Not supported yet: `server`" in reference()
