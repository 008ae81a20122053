"""How long a version must have stood somewhere without a break."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue

from gitops_bot.model import Stays, Version
from gitops_bot.policy.base import Dns1123, Spec
from gitops_bot.policy.quantities import Duration, format_duration


class Soak(Spec):
    """The candidate must have stood for so long, without a break, where it was before."""

    for_: Annotated[Duration, Field(alias="for")]
    """How long: `24h`. The same as writing the length alone."""
    environments: tuple[Dns1123, ...] = ()
    """Where, by the names of their policies in the same repository: the stable version there, in each of them. Default:
    those of `candidate.environments`, else here, as candidateVersion, before it is promoted."""


def _length(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(value.get("environments"), list):
        return {**value, "environments": tuple(value["environments"])}  # what comes from here is no JSON any more
    return {"for": value} if isinstance(value, str) else value


class _OrLength:
    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "examples": ["24h"]}, *handler(core)["anyOf"]]}


OneSoak = Annotated[Soak | None, BeforeValidator(_length), _OrLength()]


def lacking(found: Stays, version: Version, soak: timedelta, now: datetime) -> str:
    """What an environment's stays lack, as a sentence; empty where it held the version long enough."""
    where, length = found.environment, format_duration(soak)
    if found.trouble:
        return f"{where}: {found.trouble}"
    if any((stay.until or now) - stay.since >= soak for stay in found.stays):
        return ""
    newest = found.stays[0] if found.stays else None
    if newest is None:
        return f"{where} has not held {version}"
    if newest.until:
        left = f"{newest.until:%Y-%m-%d %H:%M} UTC"
        return f"{where} left {version} at {left}, before it had held it for {length}"
    begun = f"since {newest.since:%Y-%m-%d %H:%M} UTC"
    if not newest.whole:
        return f"{where} has held {version} {begun} as far as history is read, not {length}"
    return f"{where} has held {version} {begun}, {length} are asked for"
