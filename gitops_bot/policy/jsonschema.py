"""The policy language as JSON Schema 2020-12, generated from the models: for editors, CI, and our own messages."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from gitops_bot.policy.config import BotConfig
from gitops_bot.policy.pipelines.schema import PromotionPipeline
from gitops_bot.policy.quantities import format_duration
from gitops_bot.policy.schema import PromotionPolicy

_BASE = "https://gitops-bot.dev/schema/"
_FILES: dict[str, type[BaseModel]] = {
    "promotionpolicy.v1alpha1.json": PromotionPolicy,
    "promotionpipeline.v1alpha1.json": PromotionPipeline,
    "botconfig.v1alpha1.json": BotConfig,
}


class _Generator(GenerateJsonSchema):
    """Defaults as users write them; no titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 pydantic's signature
        """Never."""
        return False

    def encode_default(self, dft: Any) -> Any:
        """A default in the language's own notation."""
        match dft:
            case timedelta():
                return format_duration(dft)
            case BaseModel():
                return dft.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return super().encode_default(dft)


def schemas() -> dict[str, str]:
    """File name → the text of the file. The same input gives the same bytes."""
    return {file: _text(file, model) for file, model in _FILES.items()}


@cache
def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a document, by the names users write. Not to be changed by the caller."""
    plain: dict[str, Any] = _plain(model.model_json_schema(by_alias=True, schema_generator=_Generator))
    return plain


def _text(file: str, model: type[BaseModel]) -> str:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _BASE + file, "title": model.__name__}
    return json.dumps(head | schema_of(model), indent=2, ensure_ascii=False) + "\n"


def _plain(schema: Any) -> Any:
    """Without `default: null`, names that are not served as nothing but that, maps closed to other names, and one list
    of arms for each choice."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("not") == {}:
        return {"not": {}, "description": schema["description"]}
    plain: JsonSchemaValue = {
        key: _plain(value) for key, value in schema.items() if not (key == "default" and value is None)
    }
    if "oneOf" in plain:
        plain["anyOf"] = plain.pop("oneOf")
    if "anyOf" in plain:
        plain["anyOf"] = [inner for arm in plain["anyOf"] for inner in (arm["anyOf"] if [*arm] == ["anyOf"] else [arm])]
    if "patternProperties" in plain:
        plain["additionalProperties"] = False
    return plain
