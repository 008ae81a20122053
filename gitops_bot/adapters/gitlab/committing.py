"""Commits that GitLab makes itself, by its commits API: signed where the instance signs what it makes ("Verified").

The API makes a new branch only if there is none, and overwrites one that is there whatever it has become: so a commit
is made on a branch for the time being, and git moves the real one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from gitops_bot.adapters.gitlab.connection import Answer
from gitops_bot.errors import ForgeRefused
from gitops_bot.model import Commit
from gitops_bot.ports import CommitDraft, DraftedFile, Pushed

_MAY_PUSH = "the role Developer, and the right to make branches below the prefix,"
_BY_GITLAB = "verified_system"
"""GitLab's word for a signature by the instance's own key."""

Data = Mapping[str, Any]


class Committing:
    """The commits of one project, as the token's user's. ask: below the project; user: who that is."""

    def __init__(self, ask: Callable[..., Answer], user: Callable[[], Data]) -> None:
        self._ask, self._user = ask, user
        self._instance = ""
        """The committer that GitLab writes where it signs, once it has vouched for one."""

    def commit(self, draft: CommitDraft) -> Pushed:
        """As the port has it, of a branch that must not exist."""
        if draft.expected is not None:
            raise ForgeRefused("GitLab cannot move a branch only if nobody else did", where=draft.branch)
        wanted = {
            "branch": draft.branch,
            "start_sha": draft.parent,
            "commit_message": draft.message,
            "actions": [_action(one) for one in draft.files],
            "stats": False,
        }
        # Without an author of our own: where GitLab signs, it takes none but the token's user.
        answer = self._ask("POST", "/repository/commits", body=wanted)
        oid = str(answer.granted(_MAY_PUSH)["id"])
        if not re.fullmatch(r"[0-9a-f]{40}", oid):
            raise ForgeRefused("GitLab does not say which commit it made", where=answer.request)
        return Pushed(draft.branch, oid)

    def wrote(self, commit: Commit) -> bool:
        """As the port has it: by the token's user, committed by the same or by GitLab, which says so."""
        user = self._user()
        account = f"{user['name']} <{user.get('commit_email') or user['email']}>"
        if commit.author != account:
            return False
        return commit.committer in (account, self._instance) or self._vouched(commit)

    def _vouched(self, commit: Commit) -> bool:
        answer = self._ask("GET", f"/repository/commits/{commit.oid}/signature")
        if answer.status == 404:  # it has none
            return False
        vouched: bool = answer.granted("the role Reporter")["verification_status"] == _BY_GITLAB
        if vouched:
            self._instance = commit.committer
        return vouched


def _action(one: DraftedFile) -> Data:
    """A mode that a file has stays; a new one is not executable."""
    if one.content is None:
        return {"action": "delete", "file_path": one.path}
    content = base64.b64encode(one.content).decode("ascii")
    action = "create" if one.is_new else "update"
    return {"action": action, "file_path": one.path, "content": content, "encoding": "base64"}
