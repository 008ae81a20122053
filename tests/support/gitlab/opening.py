"""What GitLab's GraphQL does with a document of several `mergeRequestCreate`: one after another, each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support import mutations
from tests.support.gitlab.rules import Refusal, World
from tests.support.gitlab.shapes import Shapes

Data = dict[str, Any]

_MADE = "errors mergeRequest { iid webUrl title description diffHeadSha createdAt updatedAt }"
_MOST, EACH = 250, 11
"""What a document may ask for, and what is asked for here with each: a field is 1, and one that asks git 2."""
_LONGEST = 10_000


def created(world: World, shapes: Shapes, user: str, body: Mapping[str, Any]) -> Data:
    """Data beside errors."""
    inputs = mutations.inputs(body, "mergeRequestCreate", _MADE)
    if len(body["query"]) > _LONGEST:
        return {"errors": [{"message": "Query too large"}]}
    if (asked := EACH * len(inputs)) > _MOST:
        return {"errors": [{"message": f"Query has complexity of {asked}, which exceeds max complexity of {_MOST}"}]}
    data: Data = {}
    errors: list[Data] = []
    for name, given in inputs.items():
        try:
            data[name] = {"errors": [], "mergeRequest": _created(world, shapes, user, **given)}
        except Refusal as no:
            data[name] = {"errors": _words(no.message), "mergeRequest": None}
        except LookupError as no:
            data[name] = None
            errors.append({"message": str(no), "path": [name]})
    return {"data": data, **({"errors": errors} if errors else {})}


def _created(
    world: World,
    shapes: Shapes,
    user: str,
    *,
    projectPath: str,  # noqa: N803 - GitLab's names
    sourceBranch: str,  # noqa: N803
    targetBranch: str,  # noqa: N803
    title: str,
    description: str,
) -> Data:
    if projectPath != world.path:
        told = "The resource that you are attempting to access does not exist or you don't have permission"
        raise LookupError(f"{told} to perform this action")
    made = world.create(user, branch=sourceBranch, base=targetBranch, title=title, body=description)
    shown = shapes.request(made)
    return {
        "iid": str(made.iid),
        "webUrl": shown["web_url"],
        "title": made.title,
        "description": shown["description"],
        "diffHeadSha": made.head,
        "createdAt": shown["created_at"],
        "updatedAt": shown["updated_at"],
    }


def _words(message: Any) -> list[str]:
    if isinstance(message, dict):
        return [f"{field.replace('_', ' ').capitalize()} {told}" for field, all_ in message.items() for told in all_]
    return [f"Validate branches {told}" for told in message] if isinstance(message, list) else [str(message)]
