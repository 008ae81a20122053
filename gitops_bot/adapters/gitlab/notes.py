"""The notes of merge requests: what the bot says once, what people say to it, and the emoji that answer them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from gitops_bot.adapters.gitlab import said
from gitops_bot.adapters.gitlab.connection import Answer
from gitops_bot.adapters.gitlab.text import BODY_LIMIT, outgoing
from gitops_bot.errors import ForgeUnreachable
from gitops_bot.model import Reaction, Remark

MAY_WRITE = "the role Developer"

_EMOJI = {Reaction.DONE: "thumbsup", Reaction.REFUSED: "confused", Reaction.DENIED: "thumbsdown"}

Data = Mapping[str, Any]


class Notes:
    """Of one project. ask and pages: below it; is_own: whether an author is the bot."""

    def __init__(
        self,
        ask: Callable[..., Answer],
        pages: Callable[[str, Data, dict[str, Answer]], Iterator[Data]],
        is_own: Callable[[Data | None], bool],
    ) -> None:
        self._ask = ask
        self._pages = pages
        self._is_own = is_own

    def say(self, number: int, text: str, key: str) -> None:
        """Say it once: the key stands in a hidden marker, looked for in the bot's own notes only."""
        marker = f"<!-- gitops-bot:{key} -->"
        if self._said(number, marker):
            return
        body = f"{outgoing(text, BODY_LIMIT - len(marker) - 2)}\n\n{marker}"
        try:
            self._ask("POST", f"/merge_requests/{number}/notes", body={"body": body}).granted(MAY_WRITE)
        except ForgeUnreachable:
            if not self._said(number, marker):
                raise
        # Another bot may have said it between the look and the word: the oldest stays, whoever sees to it.
        for twice in self._said(number, marker)[1:]:
            self._ask("DELETE", f"/merge_requests/{number}/notes/{twice}")

    def remarks(self, number: int, word: str) -> Iterator[Remark]:
        """Oldest first: as they were written, by others, with no emoji of the bot's."""
        path = f"/merge_requests/{number}"
        query = {"order_by": "created_at", "sort": "desc", "per_page": 100}
        notes = self._ask("GET", f"{path}/notes", query=query).granted("the role Reporter")
        mine = [
            one for one in notes if said.as_written(one) and word in one["body"] and not self._is_own(one["author"])
        ]
        waiting = [one for one in mine if not self._answered(number, str(one["id"]))]
        versions = self._ask("GET", f"{path}/versions").granted("the role Reporter") if waiting else ()
        pushed_at = max(
            (datetime.fromisoformat(one["created_at"]) for one in versions), default=datetime.min.replace(tzinfo=UTC)
        )
        for one in reversed(waiting):
            author = str(one["author"]["username"])
            yield Remark(
                str(one["id"]), number, author, one["body"], datetime.fromisoformat(one["created_at"]), pushed_at
            )

    def react(self, number: int, remark: str, reaction: Reaction) -> None:
        """By an emoji; GitLab says 404 to one that is there."""
        path = f"/merge_requests/{number}/notes/{remark}/award_emoji"
        answer = self._ask("POST", path, body={"name": _EMOJI[reaction]})
        if answer.status != 404 or not self._answered(number, remark):
            answer.granted(MAY_WRITE)

    def _said(self, number: int, marker: str) -> list[int]:
        """The bot's own notes that bear a marker, oldest first."""
        notes = self._pages(f"/merge_requests/{number}/notes", {"order_by": "created_at", "sort": "asc"}, {})
        return sorted(data["id"] for data in notes if marker in (data["body"] or "") and self._is_own(data["author"]))

    def _answered(self, number: int, note: str) -> bool:
        awarded = self._pages(f"/merge_requests/{number}/notes/{note}/award_emoji", {}, {})
        return any(self._is_own(one["user"]) for one in awarded)
