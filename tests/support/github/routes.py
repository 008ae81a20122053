"""Which request does what: one function a route, over the rules and the shapes."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from tests.support.github.opening import created
from tests.support.github.queueing import answered
from tests.support.github.rules import Refusal, World
from tests.support.github.shapes import Shapes


@dataclass(frozen=True)
class Call:
    """One request, authenticated."""

    world: World
    shapes: Shapes
    identity: Identity
    args: tuple[str, ...]
    query: Mapping[str, str]
    body: Any

    @property
    def number(self) -> int:
        """The pull request's."""
        return int(self.args[0])


@dataclass(frozen=True)
class Identity:
    """Who a token belongs to."""

    login: str
    kind: str = "user"
    """`user`, `installation` (it has no /user) or `app` (a signed proof)."""
    slug: str = "gitops-bot"
    mint: Callable[[], str] = str
    """For an App: a new installation token."""


Reply = tuple[int, Any]


def user(call: Call) -> Reply:
    """Installations have no user."""
    if call.identity.kind != "user":
        raise Refusal(403, "Resource not accessible by integration")
    return 200, call.shapes.own_account(call.identity.login)


def graphql(call: Call) -> Reply:
    """The queries and mutations that the adapter has."""
    if call.body["query"].startswith("{ repository("):
        return 200, spoken(call)
    if "createPullRequest(" in call.body["query"]:
        return 200, created(call.world, call.shapes, call.identity.login, call.body)
    return 200, answered(call.world, call.identity.login, call.body)


def branch(call: Call) -> Reply:
    """A branch with its protection, as everybody sees it who may read."""
    return 200, call.shapes.branch(call.args[0])


def branch_rules(call: Call) -> Reply:
    """What rule sets ask of a branch; the server pages it."""
    return 200, call.shapes.branch_rules()


_PULL = (
    "number createdAt timelineItems(itemTypes: [HEAD_REF_FORCE_PUSHED_EVENT], last: 1) "
    "{ nodes { ... on HeadRefForcePushedEvent { createdAt } } } "
    "commits(last: 1) { nodes { commit { committedDate } } } "
    "comments(last: 50) { nodes { databaseId body createdAt lastEditedAt viewerDidAuthor author { login } "
    "reactionGroups { viewerHasReacted } } }"
)


def spoken(call: Call) -> Any:
    """The newest comments of some pull requests; one that is not there is null, and an error."""
    world, asked = call.world, " ".join(call.body["query"].split())
    head = f'{{ repository(owner: "{world.owner}", name: "{world.name}") {{ '
    assert asked.startswith(head), asked
    assert asked.endswith(" } }"), asked
    fields = re.findall(r"p(\d+): pullRequest\(number: (\d+)\) \{ (.*?) \}(?= p\d+:| \} \}$)", asked)
    assert fields, asked
    assert all((alias, wanted) == (number, _PULL) for alias, number, wanted in fields), asked
    assert len(fields) <= 100
    numbers = [int(number) for _, number, _ in fields]
    errors = [
        {"type": "NOT_FOUND", "path": ["repository", f"p{one}"], "message": f"Could not resolve to a PullRequest {one}"}
        for one in numbers
        if one not in world.pulls
    ]
    found = {
        f"p{one}": call.shapes.spoken(world.pulls[one], call.identity.login) for one in numbers if one in world.pulls
    }
    data = {"data": {"repository": {**found, **{f"p{one}": None for one in numbers if one not in world.pulls}}}}
    return {**data, "errors": errors} if errors else data


def permission(call: Call) -> Reply:
    """What somebody may do; everyone may read what is public."""
    login = call.args[0]
    if login == "ghost":
        raise Refusal(404, "Not Found")
    role = call.world.permissions.get(login, "read")
    return 200, {"permission": role, "role_name": role, "user": None}


def react(call: Call) -> Reply:
    """React to a comment, once."""
    new = call.world.react(call.number, call.identity.login, call.body["content"])
    return 201 if new else 200, call.shapes.reaction(call.identity.login, call.body["content"])


def app(call: Call) -> Reply:
    """The App about itself."""
    _only_app(call)
    return 200, call.shapes.app(call.identity.slug)


def installations(call: Call) -> Reply:
    """Where the App is installed."""
    _only_app(call)
    return 200, [call.shapes.installation(42, call.identity.slug)]


def installation(call: Call) -> Reply:
    """The installation that serves the repository."""
    _only_app(call)
    return 200, call.shapes.installation(42, call.identity.slug)


def access_token(call: Call) -> Reply:
    """A token for an hour."""
    _only_app(call)
    if call.args[0] != "42":
        raise Refusal(404, "Not Found")
    if call.body.get("repositories") not in (None, [call.world.name]):
        raise Refusal(422, "There is at least one repository that does not exist or is not accessible")
    ends = (call.world.now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return 201, {"token": call.identity.mint(), "expires_at": ends}


def repository(call: Call) -> Reply:
    """The repository."""
    return 200, call.shapes.repository()


def pulls(call: Call) -> Reply:
    """A listing; the server pages it."""
    get = call.query.get
    sort = get("sort", "created")
    direction = get("direction", "desc" if sort == "created" else "asc")
    found = call.world.listed(get("state", "open"), get("head", ""), get("base", ""), sort, direction)
    return 200, [call.shapes.listed_pull(pull) for pull in found]


def create_pull(call: Call) -> Reply:
    """Open one."""
    sent = call.body
    made = call.world.create(
        call.identity.login,
        branch=sent["head"].rpartition(":")[2],
        base=sent["base"],
        title=sent["title"],
        body=sent.get("body", ""),
        draft=sent.get("draft", False),
    )
    return 201, call.shapes.pull(made)


def pull(call: Call) -> Reply:
    """One by its number."""
    return 200, call.shapes.pull(call.world.pull(call.number))


def edit_pull(call: Call) -> Reply:
    """Title, body, state."""
    return 200, call.shapes.pull(call.world.edit(call.number, **call.body))


def merge_pull(call: Call) -> Reply:
    """Merge it."""
    names = {"sha": "sha", "merge_method": "method", "commit_title": "title"}
    sent = {names[key]: value for key, value in call.body.items()}
    commit = call.world.merge(call.number, call.identity.login, **sent)
    return 200, {"sha": commit, "merged": True, "message": "Pull Request successfully merged"}


def review(call: Call) -> Reply:
    """Ask for reviews."""
    asked = call.world.ask_review(call.number, call.body.get("reviewers", ()), call.body.get("team_reviewers", ()))
    return 201, call.shapes.listed_pull(asked)


def comments(call: Call) -> Reply:
    """What was said on it, oldest first."""
    said = call.world.pull(call.number).comments
    return 200, [call.shapes.comment(call.number, remark) for remark in said]


def create_comment(call: Call) -> Reply:
    """Say something."""
    remark = call.world.remark(call.number, call.identity.login, call.body["body"])
    return 201, call.shapes.comment(call.number, remark)


def delete_comment(call: Call) -> Reply:
    """Take it back."""
    call.world.unsay(call.number)
    return 204, None


def label(call: Call) -> Reply:
    """Add labels."""
    labelled = call.world.label(call.number, call.body["labels"])
    return 200, [call.shapes.label(name) for name in labelled.labels]


def unlabel(call: Call) -> Reply:
    """Take one label off."""
    pull, name = call.world.pull(call.number), unquote(call.args[1])
    if name not in pull.labels:
        return 404, {"message": "Label does not exist", "status": "404"}
    pull.labels.remove(name)
    return 200, [call.shapes.label(one) for one in pull.labels]


def set_status(call: Call) -> Reply:
    """Set a commit status."""
    status = call.world.set_status(call.args[0], call.identity.login, **call.body)
    return 201, call.shapes.status(call.args[0], status)


def combined_status(call: Call) -> Reply:
    """The statuses of a commit or a branch."""
    ref = call.args[0]
    return 200, call.shapes.combined_status(call.world.repo.heads().get(ref.removeprefix("heads/"), ref))


def reviews(call: Call) -> Reply:
    """What people said of it, oldest first."""
    return 200, [call.shapes.opinion(call.number, one) for one in call.world.pull(call.number).opinions]


def check_runs(call: Call) -> Reply:
    """The newest check run of each name."""
    found = call.world.runs.get(call.args[0], [])
    return 200, {"total_count": len(found), "check_runs": [call.shapes.run(call.args[0], one) for one in found]}


def create_check_run(call: Call) -> Reply:
    """Report as an App."""
    if call.identity.kind != "installation":
        raise Refusal(403, "You must authenticate via a GitHub App.")
    sent = call.body
    if call.world.repo.missing(sent["head_sha"]):
        raise Refusal(422, f"No commit found for SHA: {sent['head_sha']}")
    run = call.world.report(sent["head_sha"], sent["name"], sent.get("conclusion"), sent["output"]["title"])
    return 201, call.shapes.run(sent["head_sha"], run)


def create_blob(call: Call) -> Reply:
    """A blob."""
    sha = call.world.repo.write_blob(base64.b64decode(call.body["content"]))
    return 201, call.shapes.object("blobs", sha)


def create_tree(call: Call) -> Reply:
    """A tree upon another one."""
    entries = {
        one["path"]: (
            one["mode"],
            call.world.repo.write_blob(one["content"].encode()) if "content" in one else one["sha"],
        )
        for one in call.body["tree"]
    }
    sha = call.world.repo.write_tree(call.body["base_tree"], entries)
    return 201, {**call.shapes.object("trees", sha), "truncated": False, "tree": []}


def create_commit(call: Call) -> Reply:
    """A commit: signed for an App, and by its account, where the request names nobody."""
    account = call.shapes.user(call.identity.login)
    author = f"{account['login']} <{account['id']}+{account['login']}@users.noreply.github.com>"
    sent = call.body
    by_app = call.identity.kind == "installation" and not {"author", "committer"} & {*sent}
    committer = "GitHub <noreply@github.com>" if by_app else author
    sha = call.world.repo.write_commit(sent["tree"], sent["parents"], sent["message"], author, committer)
    return 201, call.shapes.git_commit(sha, sent, author, committer, verified=by_app)


def account(call: Call) -> Reply:
    """Anybody's account."""
    return 200, call.shapes.own_account(unquote(call.args[0]))


def team_members(call: Call) -> Reply:
    """Those whom the token may see."""
    if call.args[0] not in call.world.members:
        raise Refusal(404, "Not Found")
    return 200, [call.shapes.user(login) for login in call.world.members[call.args[0]]]


def _only_app(call: Call) -> None:
    if call.identity.kind != "app":
        raise Refusal(401, "A JSON web token could not be decoded")


_ROUTES: tuple[tuple[str, str, Callable[[Call], Reply]], ...] = (
    ("GET", "/user", user),
    ("POST", "/graphql", graphql),
    ("GET", "/app", app),
    ("GET", "/app/installations", installations),
    ("POST", r"/app/installations/(\d+)/access_tokens", access_token),
    ("GET", "REPO", repository),
    ("GET", "REPO/installation", installation),
    ("GET", "REPO/branches/(.+)", branch),
    ("GET", "REPO/rules/branches/(.+)", branch_rules),
    ("GET", "REPO/pulls", pulls),
    ("POST", "REPO/pulls", create_pull),
    ("GET", r"REPO/pulls/(\d+)", pull),
    ("PATCH", r"REPO/pulls/(\d+)", edit_pull),
    ("PUT", r"REPO/pulls/(\d+)/merge", merge_pull),
    ("POST", r"REPO/pulls/(\d+)/requested_reviewers", review),
    ("GET", r"REPO/issues/(\d+)/comments", comments),
    ("POST", r"REPO/issues/(\d+)/comments", create_comment),
    ("DELETE", r"REPO/issues/comments/(\d+)", delete_comment),
    ("POST", r"REPO/issues/comments/(\d+)/reactions", react),
    ("GET", r"REPO/collaborators/([^/]+)/permission", permission),
    ("POST", r"REPO/issues/(\d+)/labels", label),
    ("DELETE", r"REPO/issues/(\d+)/labels/(.+)", unlabel),
    ("POST", r"REPO/statuses/([0-9a-f]{40})", set_status),
    ("GET", r"REPO/commits/(.+)/status", combined_status),
    ("GET", r"REPO/commits/(.+)/check-runs", check_runs),
    ("POST", "REPO/check-runs", create_check_run),
    ("POST", "REPO/git/blobs", create_blob),
    ("POST", "REPO/git/trees", create_tree),
    ("POST", "REPO/git/commits", create_commit),
    ("GET", "/users/([^/]+)", account),
    ("GET", r"REPO/pulls/(\d+)/reviews", reviews),
    ("GET", r"/orgs/[^/]+/teams/([^/]+)/members", team_members),
)


def route(world: World, method: str, path: str) -> tuple[Callable[[Call], Reply], tuple[str, ...]]:
    """What answers a request, and the path's arguments. Refuses with 404."""
    repo = re.escape(f"/repos/{world.owner}/{world.name}")
    for verb, pattern, function in _ROUTES:
        found = re.fullmatch(pattern.replace("REPO", repo), path, re.IGNORECASE)
        if verb == method and found:
            return function, found.groups()
    raise Refusal(404, "Not Found")
