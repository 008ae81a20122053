"""How pull requests are opened on GitHub: one by REST, several by one GraphQL document of as many mutations.

GitHub carries the mutations out one after another, each by itself. Labels and reviewers are no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gitops_bot.adapters.github.comments import cut
from gitops_bot.adapters.github.connection import LIMIT, PAUSES_S, Answer, Api
from gitops_bot.adapters.together import Opened, mutations, readable, told
from gitops_bot.errors import ForgeDenied, ForgeUnreachable
from gitops_bot.model import PrState, PullRequest
from gitops_bot.ports import NewPull

TITLE_LIMIT = 255

_MAY_CREATE = "Switch on Settings > Actions > General > Allow GitHub Actions to create and approve pull requests"
# GitHub has one code, `custom`, for most of what it refuses: its sentences are all there is to tell these apart.
_IS_OPEN = re.compile(r"A pull request already exists", re.IGNORECASE)
_NOT_PERMITTED = re.compile(r"not permitted to create or approve pull requests", re.IGNORECASE)
_TOO_SOON = re.compile(r"No commits between|Could not resolve to a node|head: invalid", re.IGNORECASE)
"""What it says of a branch that was pushed a moment ago."""
_MADE = """fragment made on CreatePullRequestPayload {
  pullRequest { number url title body isDraft headRefOid createdAt updatedAt }
}"""

Data = Mapping[str, Any]


class Opening:
    """The opening of pull requests in one repository."""

    def __init__(
        self,
        api: Api,
        repository: str,
        *,
        listed: Callable[[Data], Iterator[PullRequest]],
        pull: Callable[[Data], PullRequest],
        node_id: Callable[[], str],
        sleep: Callable[[float], None],
    ) -> None:
        """listed: the open ones from our branches that a query finds; pull: one as REST shows it."""
        self._api, self._repository = api, repository
        self._listed, self._pull, self._node_id, self._sleep = listed, pull, node_id, sleep

    def one(self, new: NewPull) -> PullRequest:
        """Open, or find the one that is open; patient with a branch that GitHub has not noticed yet."""
        answer = self._post(new)
        for pause in PAUSES_S:
            if isinstance(answer, PullRequest) or not _TOO_SOON.search(answer.said):
                break
            self._sleep(pause)
            answer = self._post(new)
        if isinstance(answer, PullRequest):
            return answer
        if _NOT_PERMITTED.search(answer.said):
            raise ForgeDenied(answer.said, where=answer.request, remedy=_MAY_CREATE)
        raise answer.refusal("pull requests: write")

    def several(self, wanted: Sequence[NewPull]) -> Sequence[Opened | None]:
        """By one request; None for each that GitHub refused, or does not say to have opened."""
        inputs = {f"p{number}": self._input(new) for number, new in enumerate(wanted)}
        answer = self._api.mutate(document(inputs), inputs)
        data = answer.data if answer.ok else None
        said = told(data, inputs, "pullRequest")
        made = {name: _made(said[name], new) for name, new in zip(inputs, wanted, strict=True) if name in said}
        rest = self._api.limit(answer) if any(map(_is_limit, _errors(data))) else None
        return [made.get(name, rest) for name in inputs]

    def standing(self) -> Iterator[PullRequest]:
        """The open ones."""
        return self._listed({})

    def _input(self, new: NewPull) -> Data:
        names = {"repositoryId": self._node_id(), "headRefName": new.branch, "baseRefName": new.base}
        return {**names, "title": new.title[:TITLE_LIMIT], "body": cut(new.body), "draft": new.draft}

    def _post(self, new: NewPull) -> PullRequest | Answer:
        """The new pull request, or the one that was there, or GitHub's no."""
        texts = {"title": new.title[:TITLE_LIMIT], "body": cut(new.body)}
        wanted = {**texts, "head": new.branch, "base": new.base, "draft": new.draft}
        try:
            answer = self._api.ask("POST", f"/repos/{self._repository}/pulls", body=wanted)
        except ForgeUnreachable:
            if found := self._open_from(new):
                return found
            raise
        if answer.ok:
            return self._pull(answer.data)
        if answer.status == 422 and _IS_OPEN.search(answer.said):
            return self._open_from(new) or answer
        return answer

    def _open_from(self, new: NewPull) -> PullRequest | None:
        # Without the owner, GitHub ignores the filter and lists them all.
        head = f"{self._repository.partition('/')[0]}:{new.branch}"
        return next(self._listed({"head": head, "base": new.base}), None)


def document(names: Collection[str]) -> str:
    """A mutation for each name."""
    return mutations("createPullRequest", "CreatePullRequestInput", names, _MADE)


def _errors(answer: object) -> Sequence[Data]:
    listed = answer.get("errors") if isinstance(answer, Mapping) else None
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _is_limit(error: Data) -> bool:
    """Some limits have a type, others words alone."""
    return error.get("type") == "RATE_LIMITED" or LIMIT.search(str(error.get("message", ""))) is not None


def _made(data: Data, new: NewPull) -> PullRequest | None:
    return readable(
        lambda: PullRequest(
            number=int(data["number"]),
            url=data["url"],
            state=PrState.OPEN,
            branch=new.branch,
            base=new.base,
            head=data["headRefOid"],
            title=data["title"],
            body=data["body"],
            ours=True,
            created_at=datetime.fromisoformat(data["createdAt"]),
            updated_at=datetime.fromisoformat(data["updatedAt"]),
            draft=data["isDraft"],
        )
    )
