"""How long a version must have stood somewhere without a break."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue

from gitops_bot.policy.base import Dns1123, Spec
from gitops_bot.policy.quantities import Duration


class Soak(Spec):
    """The candidate must have stood for so long, without a break, where it was before."""

    for_: Annotated[Duration, Field(alias="for")]
    """How long: `24h`. The same as writing the length alone."""
    environments: tuple[Dns1123, ...] = ()
    """Where, by the names of their policies in the same repository: the stable version there, in each of them. Default:
    here, as candidateVersion, before it is promoted."""


def _length(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(value.get("environments"), list):
        return {**value, "environments": tuple(value["environments"])}  # what comes from here is no JSON any more
    return {"for": value} if isinstance(value, str) else value


class _OrLength:
    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "examples": ["24h"]}, *handler(core)["anyOf"]]}


OneSoak = Annotated[Soak | None, BeforeValidator(_length), _OrLength()]
