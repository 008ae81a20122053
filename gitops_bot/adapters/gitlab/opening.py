"""How merge requests are opened on GitLab: one by REST, several by one GraphQL document of as many mutations.

GitLab carries the mutations out one after another, each by itself. It counts what a document asks for, one for each
field and two where git is asked: 250 are the most, eleven are asked for here for each merge request.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gitops_bot.adapters.gitlab.connection import PAUSES_S, Answer, Api
from gitops_bot.adapters.gitlab.notes import MAY_WRITE
from gitops_bot.adapters.gitlab.text import incoming, outgoing, title_of, titled
from gitops_bot.adapters.together import Opened, mutations, readable, told
from gitops_bot.errors import ForgeRefused, ForgeUnreachable
from gitops_bot.model import PrState, PullRequest
from gitops_bot.ports import NewPull

_MADE = """fragment made on MergeRequestCreatePayload {
  errors mergeRequest { iid webUrl title description diffHeadSha createdAt updatedAt }
}"""

Data = Mapping[str, Any]


class Opening:
    """The opening of merge requests in one project."""

    def __init__(
        self,
        api: Api,
        project: str,
        *,
        ask: Callable[..., Answer],
        listed: Callable[[Data], Iterator[PullRequest]],
        pull: Callable[[Data], PullRequest],
        sleep: Callable[[float], None],
    ) -> None:
        """ask: below the project; listed: the open ones of ours that a query finds; pull: one as REST shows it."""
        self._api, self._project, self._ask = api, project, ask
        self._listed, self._pull, self._sleep = listed, pull, sleep

    def one(self, new: NewPull) -> PullRequest:
        """Open, or find the one that is open; patient with a branch that GitLab has not noticed yet."""
        self._await_commits(new)
        names = {"source_branch": new.branch, "target_branch": new.base}
        try:
            answer = self._ask("POST", "/merge_requests", body={**names, **_texts(new)})
        except ForgeUnreachable:
            if found := self._open_from(new):
                return found
            raise
        if answer.ok:
            return self._pull(answer.data)
        if answer.status in (409, 422) and (found := self._open_from(new)):
            return found
        raise answer.refusal(MAY_WRITE)

    def several(self, wanted: Sequence[NewPull]) -> Sequence[Opened | None]:
        """By one request; None for each that GitLab refused, or does not say to have opened."""
        empty = {new.branch: error for new in wanted if (error := self._without_commits(new))}
        going = {f"p{number}": new for number, new in enumerate(wanted) if new.branch not in empty}
        if not going:
            return [*empty.values()]
        answer = self._api.mutate(document(going), {name: self._input(new) for name, new in going.items()})
        said = told(answer.data if answer.ok else None, going, "mergeRequest")
        made = {going[name].branch: _made(data, going[name]) for name, data in said.items()}
        return [made.get(new.branch) or empty.get(new.branch) for new in wanted]

    def standing(self) -> Iterator[PullRequest]:
        """The open ones."""
        return self._listed({})

    def _input(self, new: NewPull) -> Data:
        names = {"projectPath": self._project, "sourceBranch": new.branch, "targetBranch": new.base}
        return {**names, **_texts(new)}

    def _without_commits(self, new: NewPull) -> ForgeRefused | None:
        try:
            self._await_commits(new)
        except ForgeRefused as error:
            return error
        return None

    def _await_commits(self, new: NewPull) -> None:
        """GitLab opens merge requests without a change, too. Errors: ForgeRefused."""
        for pause in (*PAUSES_S, 0):
            answer = self._ask("GET", "/repository/compare", query={"from": new.base, "to": new.branch})
            if answer.status != 404 and answer.granted("the role Reporter")["commits"]:
                return
            if pause:
                self._sleep(pause)
        unknown = f": {answer.said}" if answer.status == 404 else ""
        raise ForgeRefused(f"no commits between {new.base} and {new.branch}{unknown}", where=answer.request)

    def _open_from(self, new: NewPull) -> PullRequest | None:
        return next(self._listed({"source_branch": new.branch, "target_branch": new.base}), None)


def document(names: Collection[str]) -> str:
    """A mutation for each name."""
    return mutations("mergeRequestCreate", "MergeRequestCreateInput", names, _MADE)


def _texts(new: NewPull) -> Data:
    return {"title": titled(new.title, draft=new.draft), "description": outgoing(new.body)}


def _made(data: Data, new: NewPull) -> PullRequest | None:
    return readable(
        lambda: PullRequest(
            number=int(data["iid"]),
            url=data["webUrl"],
            state=PrState.OPEN,
            branch=new.branch,
            base=new.base,
            head=data["diffHeadSha"] or "",
            title=title_of(data["title"], draft=new.draft),
            body=incoming(data["description"] or ""),
            ours=True,
            created_at=datetime.fromisoformat(data["createdAt"]),
            updated_at=datetime.fromisoformat(data["updatedAt"]),
            draft=new.draft,
        )
    )
