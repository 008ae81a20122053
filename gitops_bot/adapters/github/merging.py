"""Merging on GitHub: by the bot at once, or by GitHub itself through auto-merge and merge queues."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from gitops_bot.adapters import forges
from gitops_bot.adapters.github import automerge
from gitops_bot.adapters.github.connection import Answer, Api
from gitops_bot.errors import ForgeRefused
from gitops_bot.model import Queued
from gitops_bot.ports import Merged, NotReady, Required

Method = Literal["merge", "squash", "rebase"]


class Merging:
    """The merges of one repository."""

    def __init__(
        self, api: Api, repository: str, *, method: Method, login: Callable[[], str], now: Callable[[], datetime]
    ) -> None:
        self._api, self._method, self._login = api, method, login
        self._path = f"/repos/{repository}"
        self._owner, _, self._name = repository.partition("/")
        self._refusals = forges.Refusals(now)
        self._rules: dict[tuple[str, int], Answer] = {}

    def merge(self, number: int, *, head: str, title: str) -> Merged | NotReady:
        """As the port has it; a head that was refused is asked about again ever more seldom."""
        return self._refusals.unless(number, head, lambda: self._merge(number, head, title))

    def enqueue(self, number: int, *, head: str, title: str) -> Merged | NotReady | None:
        """As the port has it. Where nothing is left to wait for, the bot merges, pinned to the head."""
        return self._refusals.unless(number, head, lambda: self._enqueue(number, head, title))

    def dequeue(self, number: int) -> None:
        """As the port has it. Auto-merge first: it would put into the queue again what was taken out."""
        found = self._standing(number)
        if found.open and found.auto_merge:
            self._switch_off(automerge.NO_AUTO_MERGE, number, found)
        if found.open and found.in_queue:
            self._switch_off(automerge.DEQUEUE, number, found)

    def queue(self, base: str) -> Mapping[int, Queued]:
        """The entries of the branch's merge queue, as far as it has one."""
        return dict(self._entries(base))

    def required(self, base: str) -> Required:
        """From rule sets and the classic protection, both of which need no more than a look at the branch."""
        rules, page = [], 1
        while listed := self._known(f"/rules/branches/{quote(base)}", page):
            rules += listed
            page += 1
            if len(listed) < 100:
                break
        names = {
            *automerge.required_by_rules(rules),
            *automerge.required_by_protection(self._known(f"/branches/{quote(base)}")),
        }
        return Required(frozenset(names))

    def _merge(self, number: int, head: str, title: str) -> Merged | NotReady:
        wanted = {"sha": head, "merge_method": self._method}
        if self._method != "rebase":
            wanted["commit_title"] = self._titled(title, number)
        answer = self._api.ask("PUT", f"{self._path}/pulls/{number}/merge", body=wanted)
        if answer.status not in (405, 409):
            return Merged(answer.granted("contents: write")["sha"])
        now = self._api.ask("GET", f"{self._path}/pulls/{number}").granted("pull requests: read")
        return Merged(now["merge_commit_sha"]) if now["merged_at"] else NotReady(answer.said)

    def _enqueue(self, number: int, head: str, title: str) -> Merged | NotReady | None:
        found = self._standing(number)
        if found.merge_commit:
            return Merged(found.merge_commit)
        if not found.open or found.head != head:
            return NotReady("it is closed" if not found.open else f"the head moved to {found.head[:12]}")
        if found.has_queue:
            answer = self._api.graphql(automerge.ENQUEUE, id=found.id, head=head)
            if answer.ok:
                return None
        answer = self._auto_merge(found, number, head, title)
        if answer.ok:
            return None
        if not found.has_queue and automerge.NOTHING_TO_WAIT_FOR.search(answer.said):
            return self._merge(number, head, title)
        if automerge.NOT_ALLOWED.search(answer.said):
            raise ForgeRefused(answer.said, where=answer.request, remedy=automerge.ALLOW)
        if answer.status == 403:
            raise answer.refusal("pull requests: write and contents: write")
        return NotReady(answer.said)

    def _auto_merge(self, found: automerge.Standing, number: int, head: str, title: str) -> Answer:
        headline = None if self._method == "rebase" else self._titled(title, number)
        return self._api.graphql(
            automerge.AUTO_MERGE, id=found.id, head=head, method=self._method.upper(), title=headline
        )

    def _switch_off(self, mutation: str, number: int, found: automerge.Standing) -> None:
        """What was off by the time that GitHub heard of it is off."""
        answer = self._api.graphql(mutation, id=found.id)
        if not answer.ok and (now := self._standing(number)).open and (now.auto_merge or now.in_queue):
            raise answer.refusal("pull requests: write")

    def _titled(self, title: str, number: int) -> str:
        return f"{title[:255]} (#{number})"

    def _standing(self, number: int) -> automerge.Standing:
        answer = self._api.graphql(automerge.STANDING, owner=self._owner, name=self._name, number=number)
        return automerge.standing(answer.granted("pull requests: read")["data"]["repository"]["pullRequest"])

    def _entries(self, base: str) -> Iterator[tuple[int, Queued]]:
        after: str | None = None
        while True:
            answer = self._api.graphql(automerge.QUEUE, owner=self._owner, name=self._name, branch=base, after=after)
            found = answer.granted("contents: read")["data"]["repository"]["mergeQueue"]
            if found is None:
                return
            entries = found["entries"]
            yield from automerge.entries(entries["nodes"], self._login().lower())
            if not entries["pageInfo"]["hasNextPage"]:
                return
            after = entries["pageInfo"]["endCursor"]

    def _known(self, path: str, page: int = 0) -> Any:
        """A look at what seldom changes: an unchanged answer is not sent again."""
        query = {"per_page": 100, "page": page} if page else {}
        etag = self._rules[path, page].headers.get("etag", "") if (path, page) in self._rules else ""
        answer = self._api.ask("GET", f"{self._path}{path}", query=query, etag=etag)
        if answer.status != 304:
            answer.granted("metadata: read")
            self._rules[path, page] = answer
        return self._rules[path, page].data
