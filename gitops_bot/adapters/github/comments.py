"""The comments of pull requests: what the bot says once, what people say to it, and the reactions that answer them.

Those of many pull requests come by one GraphQL query, with what the bot itself has answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gitops_bot.adapters.github.connection import Answer
from gitops_bot.errors import ForgeRefused, ForgeUnreachable, RateLimited
from gitops_bot.model import Reaction, Remark

BODY_LIMIT = 65_536
CUT = "\n\n*… cut here: it is longer than GitHub takes.*"
AT_ONCE = 100
"""Pull requests in one query."""
_REACTIONS = {Reaction.DONE: "+1", Reaction.REFUSED: "confused", Reaction.DENIED: "-1"}

_WANTED = """\
number createdAt
timelineItems(itemTypes: [HEAD_REF_FORCE_PUSHED_EVENT], last: 1) {
nodes { ... on HeadRefForcePushedEvent { createdAt } } }
commits(last: 1) { nodes { commit { committedDate } } }
comments(last: 50) { nodes { databaseId body createdAt lastEditedAt viewerDidAuthor author { login }
reactionGroups { viewerHasReacted } } }"""

Data = Mapping[str, Any]


class Comments:
    """Of one repository. ask and pages: below it; is_own: whether an author is the bot."""

    def __init__(
        self,
        repository: str,
        ask: Callable[..., Answer],
        graphql: Callable[[str], Answer],
        pages: Callable[[str, Data, dict[str, Answer]], Iterator[Data]],
        is_own: Callable[[Data | None], bool],
    ) -> None:
        """repository: owner/name, checked."""
        self._repository = repository
        self._ask = ask
        self._graphql = graphql
        self._pages = pages
        self._is_own = is_own

    def say(self, number: int, text: str, key: str) -> None:
        """Say it once: the key stands in a hidden marker, looked for in the bot's own comments only."""
        marker = f"<!-- gitops-bot:{key} -->"
        if self._said(number, marker):
            return
        body = f"{cut(text, BODY_LIMIT - len(marker) - 2)}\n\n{marker}"
        try:
            self._ask("POST", f"/issues/{number}/comments", body={"body": body}).granted("pull requests: write")
        except ForgeUnreachable:
            if not self._said(number, marker):
                raise
        # Another bot may have said it between the look and the word: the oldest stays, whoever sees to it.
        for twice in self._said(number, marker)[1:]:
            self._ask("DELETE", f"/issues/comments/{twice}")

    def remarks(self, numbers: Sequence[int], word: str) -> Sequence[Remark]:
        """Of up to a hundred pull requests by one query, the newest fifty comments of each."""
        found: list[Remark] = []
        for start in range(0, len(numbers), AT_ONCE):
            answer = self._graphql(_query(self._repository, numbers[start : start + AT_ONCE]))
            found += _waiting(_graph(answer), word)
        return found

    def react(self, remark: str, reaction: Reaction) -> None:
        """By an emoji; GitHub does not mind one that is there."""
        body = {"content": _REACTIONS[reaction]}
        self._ask("POST", f"/issues/comments/{remark}/reactions", body=body).granted("pull requests: write")

    def _said(self, number: int, marker: str) -> list[int]:
        """The bot's own comments that bear a marker, oldest first."""
        comments = self._pages(f"/issues/{number}/comments", {}, {})
        return sorted(data["id"] for data in comments if marker in (data["body"] or "") and self._is_own(data["user"]))


def _query(repository: str, numbers: Sequence[int]) -> str:
    """One query for the newest comments of each. repository: owner/name, as the adapter has checked it."""
    owner, _, name = repository.partition("/")
    asked = "\n".join(f"p{number}: pullRequest(number: {number}) {{ {_WANTED} }}" for number in numbers)
    return f'{{ repository(owner: "{owner}", name: "{name}") {{\n{asked}\n}} }}'


def _waiting(data: Mapping[str, Any], word: str) -> Iterator[Remark]:
    """Others' comments that hold the word, were not edited, and have no reaction of the viewer's."""
    for pull in data["repository"].values():
        if pull is None:
            continue
        pushes = [one["createdAt"] for one in pull["timelineItems"]["nodes"]]
        commits = [one["commit"]["committedDate"] for one in pull["commits"]["nodes"]]
        pushed_at = max(map(datetime.fromisoformat, [pull["createdAt"], *pushes, *commits]))
        for one in pull["comments"]["nodes"]:
            answered = any(group["viewerHasReacted"] for group in one["reactionGroups"] or ())
            if one["viewerDidAuthor"] or one["lastEditedAt"] or answered or not one["author"]:
                continue
            if word in one["body"]:
                at = datetime.fromisoformat(one["createdAt"])
                author = one["author"]["login"]
                yield Remark(str(one["databaseId"]), pull["number"], author, one["body"], at, pushed_at)


def _graph(answer: Answer) -> Data:
    """The data of a GraphQL answer, whole. Errors: ForgeRefused, RateLimited."""
    told = answer.granted("pull requests: read")
    errors = told.get("errors") or ()
    # A pull request that is gone is null, and an error of its own.
    kinds = {str(one.get("type", "")) for one in errors} - {"NOT_FOUND"}
    if "RATE_LIMITED" in kinds:
        raise RateLimited("the GraphQL limit is reached", where=answer.request, remedy="Wait 60 s")
    if kinds or not (told.get("data") or {}).get("repository"):
        what = "; ".join(str(one.get("message", "")) for one in errors) or "no data"
        raise ForgeRefused(what, where=answer.request)
    data: Data = told["data"]
    return data


def cut(text: str, limit: int = BODY_LIMIT) -> str:
    """At most that many characters, with a word where it was cut. What must survive stands at the top."""
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT
