"""The JSON Schemas: valid, current, and of one mind with the loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.jsonschema import schema_of, schemas
from gitops_bot.policy.loading import InvalidProblems, Source, load_config, load_policies
from gitops_bot.policy.schema import PromotionPolicy
from gitops_bot.policy.wording import PATTERNS
from tests.policy.test_loading import CONFIG, GOOD, no_rules

COMMITTED = Path(__file__).parents[2] / "policies" / "schema"
POLICY, BOT = "promotionpolicy.v1alpha1.json", "botconfig.v1alpha1.json"


def validator(file: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schemas()[file]))


def good() -> dict[str, Any]:
    place = {"path": "prod", "name": "app"}
    return {
        "apiVersion": "gitops-bot.dev/v1alpha1",
        "kind": "PromotionPolicy",
        "metadata": {"name": "checkout"},
        "spec": {
            "repository": "environments",
            "candidate": {"slot": "candidateVersion", "experiment": None},
            "analysis": {"bake": "10m", "metrics": [{"name": "up", "query": "up", "min": 1, "max": "1%"}]},
            "strategy": {"canary": {"weights": [5, 50]}},
            "edits": [{"kustomizeImage": place, "set": "version"}, {"kustomizeImage": place, "set": "weight"}],
            "pullRequest": {"merge": "auto"},
        },
    }


def loads(document: dict[str, Any]) -> bool:
    try:
        load_policies([Source("a.yaml", json.dumps(document).encode())], check=no_rules)
    except InvalidProblems:
        return False
    return True


@pytest.mark.parametrize("file", [POLICY, BOT])
def test_the_committed_schemas_are_current(file: str) -> None:
    assert (COMMITTED / file).read_text(encoding="utf-8") == schemas()[file], "run: make schema"
    assert {path.name for path in COMMITTED.iterdir()} == set(schemas())


@pytest.mark.parametrize("file", [POLICY, BOT])
def test_the_schemas_are_json_schema_and_say_what_they_are(file: str) -> None:
    text = schemas()[file]
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    assert list(schema)[:3] == ["$schema", "$id", "title"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"https://gitops-bot.dev/schema/{file}"
    assert text == json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def test_docstrings_are_descriptions_and_defaults_are_written_as_users_write_them() -> None:
    analysis = schema_of(PromotionPolicy)["$defs"]["Analysis"]
    assert analysis["description"] == "On what evidence."
    assert analysis["properties"]["bake"]["default"] == "10m"
    assert analysis["properties"]["bake"]["description"].startswith("A step is observed at least this long")
    assert "default" not in analysis["properties"]["deadline"]


def test_names_of_later_versions_match_nothing() -> None:
    properties = schema_of(BotConfig)["$defs"]["BotSpec"]["properties"]
    assert properties["server"] == {"not": {}, "description": "not supported yet"}


def test_good_documents_validate() -> None:
    assert loads(good())
    validator(POLICY).validate(good())
    load_config(Source("bot.yaml", CONFIG.encode()))
    spec = {"repositories": {"environments": {"url": "/srv/environments.git", "forge": "local"}}}
    validator(BOT).validate(good() | {"kind": "BotConfig", "spec": spec})
    assert load_policies([Source("a.yaml", GOOD.encode())], check=no_rules)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kind",), "BotConfig"),
        (("metadata", "name"), "Checkout"),
        (("metadata", "labels"), {"a": 1}),
        (("spec", "repository"), 1.1),
        (("spec", "notify"), {}),
        (("spec", "strategy"), {"abTest": {}}),
        (("spec", "gates"), {"sok": "1h"}),
        (("spec", "gates"), {"windows": [{"allow": 1}]}),
        (("spec", "gates"), {"windows": [{"block": {"from": 20261224, "to": "2026-12-25"}}]}),
        (("spec", "gates"), {"windows": [{"timewindow": {"windowtype": "open"}}]}),
        (("spec", "gates"), {"windows": [{"timewindow": {"daysOfWeek": ["Monday"]}}]}),
        (("spec", "suspend"), "yes"),
        (("spec", "unknown"), 1),
        (("spec", "analysis", "bake"), "10 minutes"),
        (("spec", "analysis", "metrics", 0, "max"), "much"),
        (("spec", "analysis", "metrics", 0, "builtin"), {"istio": "latency-p99", "labels": {"a b": "c"}}),
        (("spec", "strategy", "canary", "weights"), ["5"]),
        (("spec", "strategy", "canary", "weights"), [500]),
        (("spec", "edits", 0, "set"), "versions"),
        (("spec", "pullRequest", "merge"), "train"),
    ],
)
def test_the_schema_and_the_loader_refuse_the_same(path: tuple[str | int, ...], value: object) -> None:
    document = good()
    place: Any = document
    for piece in path[:-1]:
        place = place[piece]
    place[path[-1]] = value
    assert not validator(POLICY).is_valid(document)
    assert not loads(document)


def test_every_pattern_has_words() -> None:
    def patterns(schema: Any) -> set[str]:
        if isinstance(schema, list):
            return set().union(*map(patterns, schema))
        if not isinstance(schema, dict):
            return set()
        own = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
        return own.union(schema.get("patternProperties", {}), *map(patterns, schema.values()))

    spoken = {one for text in schemas().values() for one in patterns(json.loads(text))}
    notations = {one for one in spoken if "ms|[smhd]" in one}
    assert spoken - notations <= set(PATTERNS)
