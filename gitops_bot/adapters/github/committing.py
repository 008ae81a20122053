"""Commits that GitHub makes itself and signs for an App ("Verified"): the git data API, and refs compared and swapped.

`createCommitOnBranch` cannot build on another parent than the branch's own head, nor keep a file's mode.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from gitops_bot.adapters.github.connection import Answer, Api
from gitops_bot.errors import ForgeRefused
from gitops_bot.model import Commit
from gitops_bot.ports import CommitDraft, Pushed

_NEEDS = "contents: write"
_NOWHERE = "0" * 40
_COMMITTER = "GitHub <noreply@github.com>"
MOVE = """mutation($repository: ID!, $ref: GitRefname!, $before: GitObjectID!, $after: GitObjectID!) {
  updateRefs(input: {repositoryId: $repository, refUpdates: [
    {name: $ref, beforeOid: $before, afterOid: $after, force: true}
  ]}) { clientMutationId }
}"""


class Committing:
    """The commits of one repository, as an App's."""

    def __init__(self, api: Api, repository: str, login: Callable[[], str], node_id: Callable[[], str]) -> None:
        self._api, self._login, self._node_id = api, login, node_id
        self._path = f"/repos/{repository}"
        self._author = ""

    def commit(self, draft: CommitDraft) -> Pushed:
        """As the port has it: nothing points to the commit before its tree is what was wanted."""
        tree = self._made("/git/trees", {"base_tree": draft.base_tree, "tree": [*self._entries(draft)]})
        if tree["sha"] != draft.tree:
            raise ForgeRefused(f"GitHub made another tree of {draft.branch} than the bot", where=tree["url"])
        # Without author and committer, and only so, GitHub signs it.
        wanted = {"message": draft.message, "tree": tree["sha"], "parents": [draft.parent]}
        commit = str(self._made("/git/commits", wanted)["sha"])
        moved = self._move(draft.branch, draft.expected or _NOWHERE, commit)
        return Pushed(draft.branch, commit) if moved.ok else Pushed(draft.branch, "", moved.said)

    def wrote(self, commit: Commit) -> bool:
        """As the port has it: the App's account, and GitHub."""
        return (commit.author, commit.committer) == (self._account(), _COMMITTER)

    def _account(self) -> str:
        if not self._author:
            login = self._login()
            account = self._api.ask("GET", f"/users/{quote(login)}").granted("metadata: read")
            self._author = f"{login} <{account['id']}+{login}@users.noreply.github.com>"
        return self._author

    def _entries(self, draft: CommitDraft) -> Iterator[dict[str, Any]]:
        for one in draft.files:
            entry: dict[str, Any] = {"path": one.path, "mode": one.mode, "type": "blob"}
            try:
                yield entry | ({"sha": None} if one.content is None else {"content": one.content.decode("utf-8")})
            except UnicodeDecodeError:
                blob = {"content": base64.b64encode(one.content or b"").decode("ascii"), "encoding": "base64"}
                yield entry | {"sha": self._made("/git/blobs", blob)["sha"]}

    def _made(self, path: str, body: Any) -> Any:
        return self._api.ask("POST", f"{self._path}{path}", body=body).granted(_NEEDS)

    def _move(self, branch: str, before: str, after: str) -> Answer:
        names = {"repository": self._node_id(), "ref": f"refs/heads/{branch}", "before": before, "after": after}
        answer = self._api.graphql(MOVE, **names)
        if answer.status == 403:
            raise answer.refusal(_NEEDS)
        return answer
