"""What GitHub's GraphQL does with a document of several `createPullRequest`: one after another, each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support import mutations
from tests.support.github.rules import Refusal, World
from tests.support.github.shapes import Shapes

Data = dict[str, Any]

_MADE = "pullRequest { number url title body isDraft headRefOid createdAt updatedAt }"


def created(world: World, shapes: Shapes, login: str, body: Mapping[str, Any]) -> Data:
    """Data beside errors."""
    data: Data = {}
    errors: list[Data] = []
    for name, given in mutations.inputs(body, "createPullRequest", _MADE).items():
        data[name] = None
        try:
            data[name] = {"pullRequest": _created(world, shapes, login, **given)}
        except Refusal as no:
            # GraphQL has the words alone; REST has codes for some.
            said = "; ".join(one.get("message") or "Head ref must be a branch" for one in no.errors) or no.message
            kind = "NOT_FOUND" if no.status == 404 else "UNPROCESSABLE"
            errors.append({"type": kind, "path": [name], "message": said})
    return {"data": data, **({"errors": errors} if errors else {})}


def _created(
    world: World,
    shapes: Shapes,
    login: str,
    *,
    repositoryId: str,  # noqa: N803 - GitHub's names
    headRefName: str,  # noqa: N803
    baseRefName: str,  # noqa: N803
    title: str,
    body: str,
    draft: bool,
) -> Data:
    if repositoryId != shapes.repository()["node_id"]:
        raise Refusal(404, f"Could not resolve to a node with the global id of '{repositoryId}'")
    made = world.create(login, branch=headRefName, base=baseRefName, title=title, body=body, draft=draft)
    shown = shapes.pull(made)
    return {
        **{name: shown[name] for name in ("number", "title")},
        "body": made.body,
        "url": shown["html_url"],
        "isDraft": shown["draft"],
        "headRefOid": shown["head"]["sha"],
        "createdAt": shown["created_at"],
        "updatedAt": shown["updated_at"],
    }
