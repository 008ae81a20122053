"""The pull requests of one GitHub repository, as a `Forge`.

PyGithub's objects are left aside: a missing attribute of theirs sends a request that nobody wrote, and what they send
is not always what GitHub describes. Every request stands here instead, so what a tick costs can be read.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

from gitops_bot.adapters import forges
from gitops_bot.adapters.github import automerge, said
from gitops_bot.adapters.github.comments import Comments, cut
from gitops_bot.adapters.github.committing import Committing
from gitops_bot.adapters.github.connection import Answer, Api, App, Credentials, Installation, Settings, Token
from gitops_bot.adapters.github.merging import Merging, Method
from gitops_bot.adapters.github.opening import TITLE_LIMIT, Opening
from gitops_bot.adapters.pace import Pace
from gitops_bot.adapters.together import Together
from gitops_bot.errors import ForgeDenied, ForgeError, ForgeRefused, ForgeUnreachable, UsageError
from gitops_bot.model import (
    Commit,
    CommitCheck,
    CommitStatus,
    PrState,
    PullRequest,
    Queued,
    Quota,
    Reaction,
    Remark,
    Review,
)
from gitops_bot.ports import CommitDraft, Merged, NewPull, NotReady, Pushed, Required

DESCRIPTION_LIMIT = 140

_ACTIONS_LOGIN = "github-actions[bot]"

Data = Mapping[str, Any]
"""A JSON object as GitHub describes it."""


class GitHubForge:
    """The pull requests whose branches are named as ours are. For one thread; `token` may be asked from others.

    Use it as a context manager, or call `disconnect`.
    """

    moves_branches = True
    """To a commit that it has made, whose tree it has looked at before."""

    def __init__(  # noqa: PLR0913 - the settings of one connection, nearly all with defaults
        self,
        repository: str,
        *,
        auth: Token | App,
        api_url: str = "https://api.github.com",
        ca_file: str | None = None,
        timeout_s: float = 20,
        merge_method: Method = "merge",
        check_runs: bool = False,
        pace: Pace | None = None,
        seconds_between_writes: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """repository: `owner/name`.

        check_runs: instead of commit statuses; only an App may. pace: one that is shared with others. sleep and now
        serve repeated requests, the pace, and the renewal of an App's tokens.
        """
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            raise UsageError(f"{repository!r} is not a GitHub repository", remedy="Write it as owner/name")
        self._pace = pace or Pace(seconds_between_writes, sleep=sleep, now=now)
        settings = Settings(api_url, ca_file, timeout_s, self._pace, sleep)
        self._installation = Installation(auth, repository, settings, now) if isinstance(auth, App) else None
        read = auth.read if isinstance(auth, Token) else self._installation_token
        self._api = Api(Credentials("token", read), settings, renewed=isinstance(auth, App))
        self._repository = repository
        self._own_login = ""
        self._listed: dict[str, Answer] = {}
        self._by_check_runs = check_runs
        self._node_id = ""
        self._opening = Opening(
            self._api, repository, listed=self._open_now, pull=self._pull, node_id=self._node, sleep=sleep
        )
        self._together = Together(
            self._pace, ask=self._opening.several, alone=self._opening.one, standing=self._opening.standing
        )
        self._committing = Committing(self._api, repository, self._login, self._node)
        self._merging = Merging(self._api, repository, method=merge_method, login=self._login, now=now)
        self._comments = Comments(repository, self._ask, self._api.graphql, self._pages, self._is_own)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disconnect()

    def disconnect(self) -> None:
        """Close the connections."""
        self._api.close()
        if self._installation:
            self._installation.close()

    def token(self) -> str:
        """The token of the moment, for git over HTTPS (user `x-access-token`). Errors: as every request's."""
        return self._api.token()

    def commit(self, draft: CommitDraft) -> Pushed:
        """Make a commit that GitHub signs for the App."""
        return self._committing.commit(draft)

    def wrote(self, commit: Commit) -> bool:
        """By the App's account, and GitHub."""
        return self._committing.wrote(commit)

    def quota(self) -> Quota:
        """What is left of what GitHub and good manners allow."""
        return self._pace.quota()

    def pull_requests(self, closed_since: datetime) -> Sequence[PullRequest]:
        """One request for the open and one for the closed ones, while each list fits on a page.

        An unchanged page is not sent again (304) and then costs nothing of the hourly limit.
        """
        # Open ones first: what is closed in between is in both lists, and the later list is right.
        listed = chain(
            self._pages("/pulls", {"state": "open"}, self._listed),
            self._closed(closed_since),
        )
        found = {data["number"]: self._pull(data) for data in listed if self._is_candidate(data)}
        return tuple(pull for pull in found.values() if pull.closed_at is None or pull.closed_at >= closed_since)

    def open(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        """Open, or find the one that is open; patient with a branch that GitHub has not noticed yet."""
        return self._opening.one(NewPull(branch, base, title, body, draft))

    def at_once(self) -> int:
        """As many as GitHub is likely to open before it gives up on the request."""
        return self._together.at_once()

    def open_many(self, wanted: Sequence[NewPull]) -> Sequence[PullRequest | ForgeError]:
        """By one GraphQL document; what it does not open is asked for alone."""
        return self._together.open(wanted)

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Send only what is given; nothing when nothing is."""
        fields = {"title": title and title[:TITLE_LIMIT], "body": None if body is None else cut(body)}
        if changed := {name: value for name, value in fields.items() if value is not None}:
            self._patch(number, changed)

    def close(self, number: int) -> None:
        """Close; GitHub does not mind one that is closed."""
        self._patch(number, {"state": "closed"})

    def merge(self, number: int, *, head: str, title: str) -> Merged | NotReady:
        """Merge by the configured method. NotReady: the head moved (409), or GitHub's rules say no (405)."""
        return self._merging.merge(number, head=head, title=title)

    def required(self, base: str) -> Required:
        """The checks that rule sets and branch protection require, as far as the token sees them."""
        return self._merging.required(base)

    def queue(self, base: str) -> Mapping[int, Queued]:
        """What waits in the branch's merge queue: one GraphQL query for each hundred."""
        return self._merging.queue(base)

    def enqueue(self, number: int, *, head: str, title: str) -> Merged | NotReady | None:
        """Into the merge queue where the branch has one, else auto-merge; where all is green, merged at once."""
        return self._merging.enqueue(number, head=head, title=title)

    def dequeue(self, number: int) -> None:
        """Auto-merge off and out of the merge queue."""
        self._merging.dequeue(number)

    def comment(self, number: int, text: str, *, key: str) -> None:
        """Say it once: the key stands in a hidden marker, looked for in the bot's own comments only."""
        self._comments.say(number, text, key)

    def remarks(self, numbers: Sequence[int], word: str) -> Sequence[Remark]:
        """Of up to a hundred pull requests by one query, the newest fifty comments of each."""
        return self._comments.remarks(numbers, word)

    def react(self, number: int, remark: str, reaction: Reaction) -> None:  # noqa: ARG002 - the port's
        """By an emoji; GitHub does not mind one that is there."""
        self._comments.react(remark, reaction)

    def set_status(self, commit: str, status: CommitStatus, branch: str = "") -> None:  # noqa: ARG002 - of the commit
        """Set it, as a check run where an App may; descriptions of statuses are cut at 140 characters."""
        if self._by_check_runs:
            body = said.check_run(commit, status)
            self._ask("POST", "/check-runs", body=body).granted("checks: write")
            return
        told = status.description
        description = told if len(told) <= DESCRIPTION_LIMIT else told[: DESCRIPTION_LIMIT - 1] + "…"
        body = {"state": status.state.value, "context": status.context, "description": description}
        self._ask("POST", f"/statuses/{commit}", body=body).granted("commit statuses: write")

    def may_write(self, person: str) -> bool:
        """By the permission call: `author_association` hides private members. Who is not found may not."""
        answer = self._ask("GET", f"/collaborators/{quote(person, safe='')}/permission")
        if answer.status == 404:
            return False
        return answer.granted("metadata: read")["permission"] in ("admin", "write")

    def checks(self, commit: str) -> Sequence[CommitCheck]:
        """Statuses and check runs, the newest of each name. Needs commit statuses: read and checks: read."""
        statuses = self._pages(f"/commits/{commit}/status", {}, {}, "statuses", "commit statuses: read")
        runs = self._pages(f"/commits/{commit}/check-runs", {"filter": "latest"}, {}, "check_runs", "checks: read")
        return (*map(said.of_status, statuses), *map(said.of_check_run, runs))

    def reviews(self, number: int) -> Sequence[Review]:
        """The last decisive review of each person; what was dismissed is none."""
        return said.last_reviews(self._pages(f"/pulls/{number}/reviews", {}, {}))

    def members(self, team: str) -> frozenset[str]:
        """Of a team of the repository's organisation. Needs members: read of it."""
        path = f"/orgs/{self._repository.partition('/')[0]}/teams/{quote(team, safe='')}/members"
        found: set[str] = set()
        page, more = 0, True
        while more:
            page += 1
            answer = self._api.ask("GET", path, query={"per_page": 100, "page": page})
            found |= {data["login"].lower() for data in answer.granted("members: read of the organisation")}
            more = 'rel="next"' in answer.headers.get("link", "")
        return frozenset(found)

    def decorate(self, number: int, *, labels: Sequence[str], reviewers: Sequence[str]) -> Sequence[str]:
        """Labels at once, reviewers at once and, where GitHub refuses one of them, one by one.

        `team:slug` and `organisation/slug` name teams, anything else a user. A rate limit is raised all the same.
        """
        refused = self._tried(f"/issues/{number}/labels", {"labels": [*labels]}) if labels else None
        warnings = [f"labels {', '.join(labels)}: {refused}"] if refused else []
        return warnings + self._ask_reviews(number, reviewers)

    def unlabel(self, number: int, labels: Sequence[str]) -> None:
        """One request a label; GitHub answers 404 for one that is not there."""
        for label in labels:
            answer = self._ask("DELETE", f"/issues/{number}/labels/{quote(label, safe='')}")
            if answer.status != 404:
                answer.granted("pull requests: write")

    def _ask(self, verb: str, path: str, **rest: Any) -> Answer:
        return self._api.ask(verb, f"/repos/{self._repository}{path}", **rest)

    def _installation_token(self) -> str:
        assert self._installation is not None
        return self._installation.token()

    def _login(self) -> str:
        """Who the bot is on GitHub, asked once."""
        if not self._own_login:
            self._own_login = self._installation.login() if self._installation else self._token_login()
        return self._own_login

    def _token_login(self) -> str:
        answer = self._api.ask("GET", "/user")
        if answer.ok or answer.status not in (403, 404):
            return str(answer.granted("any permission")["login"])
        # Installation tokens, the Actions run's among them, have no user; GraphQL names them nevertheless.
        viewer = self._api.graphql("{viewer{login}}")
        known = (viewer.data.get("data") or {}).get("viewer") if viewer.ok else None
        return str(known["login"]) if known else _ACTIONS_LOGIN

    def _closed(self, since: datetime) -> Iterator[Data]:
        query = {"state": "closed", "sort": "updated", "direction": "desc"}
        for data in self._pages("/pulls", query, self._listed):
            if _time(data["updated_at"]) < since:
                return
            yield data

    def _pages(
        self, path: str, query: Data, known: dict[str, Answer], inside: str = "", needs: str = "pull requests: read"
    ) -> Iterator[Data]:
        """Every item of a listing, page by page as they are asked for; pages are remembered in `known`."""
        page, more = 0, True
        while more:
            page += 1
            asked = {**query, "per_page": 100, "page": page}
            key = f"{path}?{urlencode(asked)}"
            etag = known[key].headers.get("etag", "") if key in known else ""
            answer = self._ask("GET", path, query=asked, etag=etag)
            if answer.status != 304:
                answer.granted(needs)
                known[key] = answer
            yield from known[key].data[inside] if inside else known[key].data
            more = 'rel="next"' in known[key].headers.get("link", "")

    def _is_candidate(self, data: Data) -> bool:
        """From one of our branches in this very repository: not from a fork, nor from one that is gone."""
        head, base = data["head"], data["base"]
        if base["repo"]["full_name"].lower() != self._repository.lower():
            moved = f"{self._repository} is called {base['repo']['full_name']} now"
            raise ForgeRefused(moved, remedy="Configure its present name")
        return forges.named_as_ours(head["ref"]) and bool(head["repo"]) and head["repo"]["id"] == base["repo"]["id"]

    def _pull(self, data: Data) -> PullRequest:
        merged = data["merged_at"] is not None
        closed_at = data["merged_at"] or data["closed_at"]
        return PullRequest(
            number=data["number"],
            url=data["html_url"],
            state=PrState.MERGED if merged else PrState(data["state"]),
            branch=data["head"]["ref"],
            base=data["base"]["ref"],
            head=data["head"]["sha"],
            title=data["title"],
            body=data["body"] or "",
            ours=self._is_own(data["user"]),
            created_at=_time(data["created_at"]),
            updated_at=_time(data["updated_at"]),
            labels=tuple(label["name"] for label in data["labels"]),
            draft=bool(data.get("draft")),
            closed_at=_time(closed_at) if closed_at else None,
            # While it is open this is GitHub's trial merge.
            merge_commit=(data["merge_commit_sha"] or "") if merged else "",
            queued=automerge.auto_merge(data, self._login().lower()),
        )

    def _open_now(self, query: Data) -> Iterator[PullRequest]:
        """The open ones from our branches that a query finds."""
        listed = self._pages("/pulls", {"state": "open", **query}, {})
        return (self._pull(data) for data in listed if self._is_candidate(data))

    def _node(self) -> str:
        """The repository as GraphQL names it, asked once."""
        if not self._node_id:
            self._node_id = str(self._ask("GET", "").granted("metadata: read")["node_id"])
        return self._node_id

    def _patch(self, number: int, changed: Data) -> None:
        self._ask("PATCH", f"/pulls/{number}", body=changed).granted("pull requests: write")

    def _is_own(self, user: Data | None) -> bool:
        return user is not None and user["login"].lower() == self._login().lower()

    def _ask_reviews(self, number: int, reviewers: Sequence[str]) -> list[str]:
        refused = self._tried(f"/pulls/{number}/requested_reviewers", _review(reviewers)) if reviewers else None
        if isinstance(refused, ForgeRefused) and len(reviewers) > 1:
            return [warning for one in reviewers for warning in self._ask_reviews(number, [one])]
        return [f"reviewers {', '.join(reviewers)}: {refused}"] if refused else []

    def _tried(self, path: str, body: Data) -> ForgeError | None:
        try:
            self._ask("POST", path, body=body).granted("pull requests: write")
        except (ForgeRefused, ForgeDenied, ForgeUnreachable) as error:
            return error
        return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _review(reviewers: Sequence[str]) -> dict[str, list[str]]:
    teams = [name for name in reviewers if "/" in name or name.startswith("team:")]
    users = [name for name in reviewers if name not in teams]
    slugs = [*dict.fromkeys(name.removeprefix("team:").rpartition("/")[2] for name in teams)]
    return {key: names for key, names in {"reviewers": users, "team_reviewers": slugs}.items() if names}
