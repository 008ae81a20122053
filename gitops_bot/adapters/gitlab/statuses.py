"""The statuses of commits: external jobs of GitLab's pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gitops_bot.adapters.gitlab import said
from gitops_bot.adapters.gitlab.connection import Answer
from gitops_bot.adapters.gitlab.notes import MAY_WRITE
from gitops_bot.adapters.gitlab.text import DESCRIPTION_LIMIT
from gitops_bot.model import CommitCheck, CommitStatus, StatusState

_STATES = {StatusState.SUCCESS: "success", StatusState.PENDING: "pending", StatusState.FAILURE: "failed"}

Data = Mapping[str, Any]


class Statuses:
    """Of one project. ask and pages: below it; is_own: whether an author is the bot."""

    def __init__(
        self,
        ask: Callable[..., Answer],
        pages: Callable[[str, Data, dict[str, Answer]], Iterator[Data]],
        is_own: Callable[[Data | None], bool],
    ) -> None:
        self._ask, self._pages, self._is_own = ask, pages, is_own

    def set(self, commit: str, status: CommitStatus) -> None:
        """Set it; descriptions are cut at 140 characters.

        GitLab knows no way from pending to pending: the same is left alone, another description takes a detour.
        """
        told = status.description
        description = told if len(told) <= DESCRIPTION_LIMIT else told[: DESCRIPTION_LIMIT - 1] + "…"
        wanted = {"state": _STATES[status.state], "name": status.context, "description": description}
        answer = self._set(commit, wanted)
        if answer.status == 400 and status.state is StatusState.PENDING:
            if (shown := self._pending(commit, status.context)) is None:
                raise answer.refusal(MAY_WRITE)
            if shown["description"] == description:
                return
            self._set(commit, {**wanted, "state": "canceled"}).granted(MAY_WRITE)
            answer = self._set(commit, wanted)
        answer.granted(MAY_WRITE)

    def checks(self, commit: str) -> Sequence[CommitCheck]:
        """The jobs and external statuses of a commit's pipelines, the newest of each name and pipeline."""
        return tuple(said.of_status(data) for data in self._pages(_listed(commit), {}, {}))

    def _set(self, commit: str, wanted: Data) -> Answer:
        return self._ask("POST", f"/statuses/{commit}", body=wanted)

    def _pending(self, commit: str, context: str) -> Data | None:
        """Our status of that name while it is pending."""
        listed = self._pages(_listed(commit), {"name": context}, {})
        return next((data for data in listed if data["status"] == "pending" and self._is_own(data["author"])), None)


def _listed(commit: str) -> str:
    return f"/repository/commits/{commit}/statuses"
