"""What others must say first: commit statuses, check runs, reviews."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue

from gitops_bot.policy.base import Name, Spec, Text
from gitops_bot.policy.quantities import Duration


class StatusCheck(Spec):
    """A commit status or check run that must have succeeded."""

    name: Text
    """The status's context, or the check run's name: `ci/e2e`. The same as writing the name alone."""
    on: Literal["head", "base"] = "head"
    """The pull request's head, or base as it is now."""


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class _OrName:
    def __get_pydantic_json_schema__(self, core: Any, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "examples": ["ci/e2e"]}, handler(core)]}


OneStatus = Annotated[StatusCheck, BeforeValidator(_named), _OrName()]


class Approvals(Spec):
    """Reviews of the pull request's head as it is now: those of older heads do not count."""

    required: Annotated[int, Field(ge=1, le=100)] = 1
    """So many of the named people must approve. One of them who asks for changes holds it."""
    from_: Annotated[tuple[Name, ...], Field(alias="from", min_length=1)]
    """People by their names on the forge, and teams: `alice`, `team:payments-leads`."""
    deadline: Duration | None = None
    """So long after the pull request was opened nobody approves it any more."""
