"""Which request does what, and what it may hold: one function a route, over the rules and the shapes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from tests.support.gitlab import commits
from tests.support.gitlab.opening import created
from tests.support.gitlab.rules import MergeRequest, Refusal, World
from tests.support.gitlab.shapes import Shapes


@dataclass(frozen=True)
class Call:
    """One request, authenticated."""

    world: World
    shapes: Shapes
    user: str
    args: tuple[str, ...]
    query: Mapping[str, str]
    body: Any

    @property
    def iid(self) -> int:
        """The merge request's."""
        return int(self.args[0])


Reply = tuple[int, Any]
HEAD_PIPELINES = (
    "query($project: ID!, $numbers: [String!]!) { project(fullPath: $project) { mergeRequests(iids: $numbers) { "
    "nodes { iid headPipeline { id sha source } } } } }"
)


def user(call: Call) -> Reply:
    """Who the token belongs to."""
    address = commits.email(call.world, call.user)
    return 200, {**call.shapes.user(call.user), "name": call.user, "email": address, "commit_email": address}


def users(call: Call) -> Reply:
    """At most one by that name."""
    asked = call.query["username"].lower()
    return 200, [call.shapes.user(name) for name in call.world.people if name.lower() == asked]


def requests(call: Call) -> Reply:
    """A listing; the server pages it."""
    get = call.query.get
    order = get("order_by", "created_at"), get("sort", "desc")
    found = call.world.listed(get("state", "all"), get("source_branch", ""), get("target_branch", ""), *order)
    return 200, [call.shapes.listed(one) for one in found]


def create(call: Call) -> Reply:
    """Open one."""
    sent = call.body
    made = call.world.create(
        call.user,
        branch=sent["source_branch"],
        base=sent["target_branch"],
        title=sent["title"],
        body=sent.get("description", ""),
    )
    return 201, call.shapes.request(made)


def graphql(call: Call) -> Reply:
    """Open several, or say which pipelines are waited for."""
    if call.body["query"].startswith("mutation"):
        return 200, created(call.world, call.shapes, call.user, call.body)
    return _head_pipelines(call)


def request(call: Call) -> Reply:
    """One by its iid."""
    return 200, call.shapes.request(call.world.request(call.iid))


def edit(call: Call) -> Reply:
    """Title, description, state, labels, reviewers."""
    return 200, call.shapes.request(call.world.edit(call.iid, **call.body))


def merge(call: Call) -> Reply:
    """Merge it."""
    return 200, call.shapes.request(call.world.merge(call.iid, call.user, **call.body))


def cancel(call: Call) -> Reply:
    """Auto-merge off."""
    return 201, call.shapes.request(call.world.cancel(call.iid))


def board(call: Call) -> Reply:
    """Into the merge train."""
    status, one = call.world.board(call.iid, call.user, **call.body)
    return status, [call.shapes.train(one)]


def project(call: Call) -> Reply:
    """The project's settings."""
    return 200, call.shapes.project()


def notes(call: Call) -> Reply:
    """What was said on it, newest first unless asked otherwise."""
    said = [call.shapes.note(call.iid, note) for note in call.world.request(call.iid).notes]
    return 200, said if call.query.get("sort", "desc") == "asc" else said[::-1]


def create_note(call: Call) -> Reply:
    """Say something."""
    return 201, call.shapes.note(call.iid, call.world.note(call.iid, call.user, call.body["body"]))


def delete_note(call: Call) -> Reply:
    """Take it back."""
    call.world.unsay(call.iid, int(call.args[1]))
    return 204, None


def awards(call: Call) -> Reply:
    """The emoji on a note."""
    given = call.world.said(call.iid, int(call.args[1])).awards
    return 200, [call.shapes.award(user, name) for user, name in given]


def award(call: Call) -> Reply:
    """Give an emoji."""
    call.world.award(call.iid, int(call.args[1]), call.user, call.body["name"])
    return 201, call.shapes.award(call.user, call.body["name"])


def member(call: Call) -> Reply:
    """Somebody's role, by the groups above too."""
    names = [name for name, number in call.world.people.items() if number == int(call.args[0])]
    if not names or names[0] not in call.world.levels:
        raise Refusal(404, "404 Not found")
    state = "blocked" if names[0] in call.world.blocked_people else "active"
    return 200, {**call.shapes.user(names[0]), "state": state, "access_level": call.world.levels[names[0]]}


def compare(call: Call) -> Reply:
    """The commits of a branch that another lacks."""
    heads, repo = call.world.repo.heads(), call.world.repo
    old, new = heads.get(call.query["from"]), heads.get(call.query["to"])
    if old is None or new is None:
        raise Refusal(404, "404 Ref Not Found")
    commits = [] if repo.holds(old, new) else [{"id": new, "short_id": new[:8], "title": "Change"}]
    return 200, {"commits": commits, "diffs": [], "compare_timeout": False, "compare_same_ref": False}


def commit(call: Call) -> Reply:
    """Make a commit."""
    made = commits.create(call.world, call.user, **call.body)
    return 201, {"id": made, "short_id": made[:8], "parent_ids": call.world.repo.parents(made)}


def signature(call: Call) -> Reply:
    """Whose signature it bears."""
    status = commits.signature(call.world, call.args[0])
    return 200, {"signature_type": "SSH", "verification_status": status, "key": None, "commit_source": "gitaly"}


def set_status(call: Call) -> Reply:
    """Set a commit status."""
    status = call.world.set_status(call.args[0], call.user, **call.body)
    return 201, call.shapes.status(call.args[0], call.body.get("ref", "main"), status)


def statuses(call: Call) -> Reply:
    """The newest of each name, pipeline by pipeline."""
    sha, wanted = call.args[0], call.query.get("pipeline_id")
    if call.world.repo.missing(sha):
        raise Refusal(404, "404 Commit Not Found")
    filtered = wanted is not None and call.world.knows_pipeline_filter
    found = [one for one in call.world.pipelines.of(sha) if not filtered or str(one.number) == wanted]
    shown = [call.shapes.status(sha, one.ref, status) for one in found for status in one.statuses]
    asked = {name: value for name, value in call.query.items() if name in ("name", "ref")}
    return 200, [one for one in shown if asked.items() <= one.items()]


def _head_pipelines(call: Call) -> Reply:
    asked = " ".join(call.body["query"].split())
    assert asked == HEAD_PIPELINES, asked
    if not call.world.says_sources:
        told = "Field 'source' doesn't exist on type 'Pipeline'"
        return 200, {"errors": [{"message": told, "extensions": {"code": "undefinedField"}}]}
    numbers = call.body["variables"]["numbers"]
    assert len(numbers) <= 100, "GitLab shows a hundred at once"
    ours = call.body["variables"]["project"] == call.world.path
    found = [call.world.request(int(number)) for number in numbers if int(number) in call.world.requests]
    shown = [{"iid": str(one.iid), "headPipeline": _waited_for(call.world, one)} for one in found]
    return 200, {"data": {"project": {"mergeRequests": {"nodes": shown}} if ours else None}}


def _waited_for(world: World, one: MergeRequest) -> dict[str, str] | None:
    pipeline = world.pipelines.waited_for(one)
    if pipeline is None:
        return None
    return {"id": f"gid://gitlab/Ci::Pipeline/{pipeline.number}", "sha": pipeline.sha, "source": pipeline.source}


def approvals(call: Call) -> Reply:
    """Who approves it now."""
    return 200, call.shapes.approvals(call.world.request(call.iid))


def reviewers(call: Call) -> Reply:
    """Who was asked or has spoken, and what they think."""
    return 200, call.shapes.reviewers(call.world.request(call.iid))


def versions(call: Call) -> Reply:
    """Its heads, newest first."""
    return 200, call.shapes.versions(call.world.request(call.iid))


def members(call: Call) -> Reply:
    """Of a group that the token may see."""
    group = unquote(call.args[0])
    if group not in call.world.groups:
        raise Refusal(404, "404 Group Not Found")
    gone = {**call.shapes.user("dave"), "state": "blocked"}
    return 200, [*map(call.shapes.user, call.world.groups[group]), gone]


@dataclass(frozen=True)
class Route:
    """A route, the parameters that it takes in its query (by pattern) and in its body (by type)."""

    method: str
    path: str
    answer: Callable[[Call], Reply]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, type] = field(default_factory=dict)
    needed: tuple[str, ...] = ()

    def faults(self, query: Mapping[str, str], body: Any) -> Iterator[str]:
        """What GitLab's documentation does not know of a request; GitLab itself would pass over some of it."""
        where = f"{self.method} {self.path}"
        for name, value in query.items():
            if name not in self.query:
                yield f"{where}: no query parameter {name!r}"
            elif not re.fullmatch(self.query[name], value):
                yield f"{where}: {name}={value!r}"
        if body is not None and not isinstance(body, dict):
            yield f"{where}: the body is no object"
            return
        for name, value in (body or {}).items():
            if name not in self.body:
                yield f"{where}: no field {name!r}"
            elif not isinstance(value, self.body[name]):
                yield f"{where}: {name} is {type(value).__name__}"
        yield from (f"{where}: {name} is missing" for name in self.needed if name not in {**query, **(body or {})})


_NUMBER = r"[1-9]\d*"
_PAGES = {"page": _NUMBER, "per_page": "100|[1-9]?[0-9]"}
_MR = r"PROJECT/merge_requests/(\d+)"
_LIST = {
    "state": "opened|closed|locked|merged|all",
    "order_by": "created_at|updated_at|title|merged_at",
    "sort": "asc|desc",
    "source_branch": ".+",
    "target_branch": ".+",
}
_TEXTS = {"title": str, "description": str}
_EDIT = {**_TEXTS, "state_event": str, "add_labels": str, "remove_labels": str, "reviewer_ids": list}
_MERGE = {
    "sha": str,
    "squash": bool,
    "merge_commit_message": str,
    "squash_commit_message": str,
    "auto_merge": bool,
    "should_remove_source_branch": bool,
}
_TRAIN = {"sha": str, "auto_merge": bool, "squash": bool}
_COMMIT = {
    "branch": str,
    "start_sha": str,
    "commit_message": str,
    "actions": list,
    "force": bool,
    "stats": bool,
}
_STATUS = {"state": str, "name": str, "description": str, "ref": str, "pipeline_id": int}

ROUTES: tuple[Route, ...] = (
    Route("GET", "/user", user),
    Route("GET", "/users", users, {"username": ".+"}, needed=("username",)),
    Route("GET", "PROJECT/merge_requests", requests, {**_PAGES, **_LIST}),
    Route(
        "POST",
        "PROJECT/merge_requests",
        create,
        body={**_TEXTS, "source_branch": str, "target_branch": str},
        needed=("title", "source_branch", "target_branch"),
    ),
    Route("POST", "/graphql", graphql, body={"query": str, "variables": dict}, needed=("query",)),
    Route("GET", _MR, request),
    Route("PUT", _MR, edit, body=_EDIT),
    Route("PUT", f"{_MR}/merge", merge, body=_MERGE),
    Route("POST", f"{_MR}/cancel_merge_when_pipeline_succeeds", cancel),
    Route("POST", r"PROJECT/merge_trains/merge_requests/(\d+)", board, body=_TRAIN),
    Route("GET", "PROJECT", project),
    Route("GET", f"{_MR}/notes", notes, {**_PAGES, "order_by": "created_at|updated_at", "sort": "asc|desc"}),
    Route("POST", f"{_MR}/notes", create_note, body={"body": str}, needed=("body",)),
    Route("GET", f"{_MR}/notes/(\\d+)/award_emoji", awards, _PAGES),
    Route("POST", f"{_MR}/notes/(\\d+)/award_emoji", award, body={"name": str}, needed=("name",)),
    Route("GET", "PROJECT/members/all/(\\d+)", member),
    Route("DELETE", f"{_MR}/notes/(\\d+)", delete_note),
    Route("GET", f"{_MR}/approvals", approvals),
    Route("GET", f"{_MR}/reviewers", reviewers),
    Route("GET", f"{_MR}/versions", versions, _PAGES),
    Route("GET", "/groups/([^/]+)/members/all", members, _PAGES),
    Route("GET", "PROJECT/repository/compare", compare, {"from": ".+", "to": ".+"}, needed=("from", "to")),
    Route("POST", "PROJECT/repository/commits", commit, body=_COMMIT, needed=("branch", "commit_message", "actions")),
    Route("GET", "PROJECT/repository/commits/([0-9a-f]{40})/signature", signature),
    Route("POST", "PROJECT/statuses/([0-9a-f]{40})", set_status, body=_STATUS, needed=("state",)),
    Route(
        "GET",
        "PROJECT/repository/commits/([0-9a-f]{40})/statuses",
        statuses,
        {**_PAGES, "name": ".+", "pipeline_id": _NUMBER, "ref": ".+"},
    ),
)


def route(world: World, method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """What answers a request, and the path's arguments; None when nothing does."""
    project = re.escape(f"/projects/{quote(world.path, safe='')}")
    for one in ROUTES:
        found = re.fullmatch(one.path.replace("PROJECT", project), path)
        if one.method == method and found:
            return one, found.groups()
    return None
