"""What others must say first: commit statuses, check runs, reviews."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue

from gitops_bot.policy.base import Name, Spec, Text, Who
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


class KeelApproval(Spec):
    """A workload whose update people approve in Keel, at spec.clusters.NAME.keel of the bot configuration."""

    kind: Literal["Deployment", "StatefulSet", "DaemonSet", "CronJob"] = "Deployment"
    namespace: Name
    name: Name
    cluster: Name | None = None
    """Default: every cluster of the policy."""


class Approvals(Spec):
    """Reviews of the pull request's head as it is now: those of older heads do not count. Or approvals in Keel."""

    required: Annotated[int, Field(ge=1, le=100)] = 1
    """So many of the named people must approve. One of them who asks for changes holds it. Keel asks for as many as the
    workload says, or for more that are written here."""
    from_: Annotated[tuple[Who, ...], Field(alias="from")] = ()
    """People by their names on the forge, and teams: `alice`, `team:payments-leads`."""
    keel: KeelApproval | None = None
    """Instead of from: the approval of the very version that is proposed, until its own deadline."""
    deadline: Duration | None = None
    """So long after the pull request was opened nobody approves it any more."""
