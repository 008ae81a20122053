"""How GitLab makes commits: what `POST /repository/commits` takes, refuses and writes.

After GitLab's own `lib/api/commits.rb` and `app/services/commits/create_service.rb`, and Gitaly's UserCommitFiles: a
branch that is there is refused, unless `force` overwrites it, whatever it has become by then.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from typing import Any

from tests.support.gitlab.rules import Refusal, World

_FIELDS = {
    "create": {"action", "file_path", "content", "encoding", "execute_filemode"},
    "update": {"action", "file_path", "content", "encoding", "last_commit_id"},
    "delete": {"action", "file_path", "last_commit_id"},
}

Entries = dict[str, tuple[str, str | None]]
"""Mode and blob by path; None removes."""


def create(
    world: World,
    user: str,
    *,
    branch: str,
    commit_message: str,
    actions: Sequence[Mapping[str, Any]],
    start_sha: str,
    force: bool = False,
    **_rest: object,
) -> str:
    """A commit on a branch that begins at one: its object name. Refuses."""
    if any(fnmatch(branch, one) for one in world.protected):
        raise Refusal(403, "403 Forbidden - You are not allowed to push into this branch")
    if not re.fullmatch(r"[0-9a-f]{40}", start_sha):
        raise Refusal(400, f"Invalid start_sha '{start_sha}'")
    if world.repo.missing(start_sha):
        raise Refusal(400, f"Cannot find start_sha '{start_sha}'")
    if branch in world.repo.heads() and not force:
        raise Refusal(400, f"A branch called '{branch}' already exists. Switch to that branch in order to make changes")
    standing = world.repo.files(start_sha)
    entries: Entries = {}
    for one in actions:
        entries |= _entry(world, one, {**standing, **entries})
    account = f"{user} <{email(world, user)}>"
    tree = world.repo.write_tree(start_sha, entries)
    commit = world.repo.write_commit(tree, [start_sha], commit_message, account, world.signs or account, at=world.now)
    if world.signs:
        world.vouched.add(commit)
    world.repo.point(branch, commit)
    return commit


def email(world: World, user: str) -> str:
    """The address that GitLab writes into what it commits for somebody."""
    return f"{world.people.get(user, 1)}-{user}@users.noreply.gitlab.example"


def signature(world: World, commit: str) -> str:
    """What GitLab says of a commit's signature. Refuses with 404."""
    if commit not in world.vouched:
        raise Refusal(404, "404 Signature Not Found")
    return "verified_system" if world.vouches else "unknown_key"


def _entry(world: World, one: Mapping[str, Any], standing: Mapping[str, tuple[str, str | None]]) -> Entries:
    kind, path = one["action"], one["file_path"]
    if unknown := {*one} - _FIELDS[kind]:
        raise Refusal(400, f"{kind} does not take {unknown}")
    mode, blob = standing.get(path, ("", None))
    if kind == "create" and blob:
        raise Refusal(400, "A file with this name already exists")
    if kind == "create" and any(name.startswith(f"{path}/") for name in standing):
        raise Refusal(400, "A directory with this name already exists")
    if kind != "create" and not blob:
        raise Refusal(400, "A file with this name doesn't exist")
    if kind == "delete":
        return {path: ("0", None)}
    kept = mode or ("100755" if one.get("execute_filemode") else "100644")
    return {path: (kept, world.repo.write_blob(_content(one)))}


def _content(one: Mapping[str, Any]) -> bytes:
    if one.get("encoding", "text") == "text":
        return str(one["content"]).encode()
    try:
        return base64.b64decode(one["content"], validate=True)
    except binascii.Error:
        raise Refusal(400, "invalid base64") from None
