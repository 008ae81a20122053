"""The reference of the language as Markdown, from the models: every key with its type, default and meaning."""

from __future__ import annotations

import re
from typing import Any

from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.jsonschema import schema_of
from gitops_bot.policy.pipelines.schema import PromotionPipeline
from gitops_bot.policy.schema import PromotionPolicy

_INTRO = """\
# The policy language

Generated from the models by `make schema`; do not edit. Durations are written like `30s`, `10m`, `1h30m`; limits like
`0.5`, `1%`, `500ms`. Unknown and duplicate keys are errors. Queries may use `{{ version }}`, `{{ baseline }}`,
`{{ interval }}`, `{{ namespace }}`, `{{ workload }}`, `{{ policy }}`; titles, bodies and commit messages
`{{ policy }}`, `{{ step }}`, `{{ weight }}`, `{{ from.version }}`, `{{ to.version }}`, `{{ from.weight }}`,
`{{ to.weight }}`.
"""


def reference() -> str:
    """The whole page."""
    pages = [_document(model, "spec") for model in (PromotionPolicy, PromotionPipeline, BotConfig)]
    return "\n".join([_INTRO, *pages])


def _document(model: Any, root: str) -> str:
    schema = schema_of(model)
    definitions = schema.get("$defs", {})
    seen: list[str] = []
    sections = [f"## {model.__name__}\n\n{schema.get('description', '')}\n"]
    queue = [(root, schema["properties"][root])]
    while queue:
        path, shape = queue.pop(0)
        name, definition = _definition(shape, definitions)
        if name in seen or not definition.get("properties"):
            continue
        seen.append(name)
        sections.append(_section(path, definition, definitions))
        queue += [(f"{path}.{key}", _inner(one)) for key, one in definition["properties"].items()]
    return "\n".join(sections)


def _inner(shape: dict[str, Any]) -> dict[str, Any]:
    """What a list or a map holds, else the shape itself."""
    if any("$ref" in arm for arm in shape.get("anyOf", ())):
        return shape
    for arm in (shape, *shape.get("anyOf", ())):
        if found := _held(arm):
            return found
    return shape


def _held(shape: dict[str, Any]) -> dict[str, Any]:
    """The shape of a list's items or a map's values; empty when there are none."""
    named = next(iter(shape.get("patternProperties", {}).values()), None)
    found = shape.get("items") or shape.get("additionalProperties") or named
    return found if isinstance(found, dict) else {}


def _definition(shape: dict[str, Any], definitions: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    for arm in (shape, *shape.get("allOf", ()), *shape.get("anyOf", ())):
        if reference := arm.get("$ref"):
            name = reference.rpartition("/")[2]
            return name, definitions[name]
    return "", {}


def _section(path: str, definition: dict[str, Any], definitions: dict[str, Any]) -> str:
    rows, later = [], []
    needed = definition.get("required", [])
    for key, shape in definition["properties"].items():
        if shape.get("not") == {}:
            later.append(f"`{key}`")
            continue
        default = "**needed**" if key in needed else _default(shape)
        rows.append(f"| `{key}` | {_type(shape, definitions)} | {default} | {_said(shape)} |")
    table = "\n".join(["| key | type | default | meaning |", "| --- | --- | --- | --- |", *rows])
    notes = f"\n\nNot supported yet: {', '.join(later)}." if later else ""
    return f"### `{path}`\n\n{_said(definition)}\n\n{table}{notes}\n"


def _said(shape: dict[str, Any]) -> str:
    return " ".join(str(shape.get("description", "")).split()).replace("|", "\\|")


def _default(shape: dict[str, Any]) -> str:
    value = shape.get("default")
    if value is None or isinstance(value, dict | list):
        return ""
    return f"`{value}`" if not isinstance(value, bool) else f"`{str(value).lower()}`"


def _type(shape: dict[str, Any], definitions: dict[str, Any]) -> str:
    arms = [arm for arm in shape.get("anyOf", [shape]) if arm.get("type") != "null"]
    return " or ".join(dict.fromkeys(_arm(arm, definitions) for arm in arms))


def _words(name: str) -> str:
    """`FlaggerCanary` as `flagger canary`; classes of one name in two modules have a definition named after both."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.rpartition("__")[2]).lower()


def _arm(arm: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "enum" in arm or "const" in arm:
        return ", ".join(f"`{one}`" for one in arm.get("enum", [arm.get("const")]))
    if "$ref" in arm or "allOf" in arm:
        name, definition = _definition(arm, definitions)
        return _arm(definition, definitions) if "enum" in definition else _words(name)
    if arm.get("type") == "array":
        return f"list of {_arm(arm.get('items', {}), definitions)}"
    if arm.get("type") == "object":
        inner = _held(arm)
        return f"map of {_arm(inner, definitions)}" if inner else "map"
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(arm.get("type", ""), "number")
