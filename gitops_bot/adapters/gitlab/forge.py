"""The merge requests of one GitLab project, as a `Forge`. A pull request's number is the merge request's iid.

python-gitlab's objects are left aside: its lists and saves send more than was asked for. Every request stands here
instead, so what a tick costs can be read.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode

from gitops_bot.adapters import forges
from gitops_bot.adapters.gitlab import said
from gitops_bot.adapters.gitlab.committing import Committing
from gitops_bot.adapters.gitlab.connection import Answer, Api, Credentials, Settings, Token
from gitops_bot.adapters.gitlab.merging import Merging, merge_commit, queued
from gitops_bot.adapters.gitlab.notes import MAY_WRITE, Notes
from gitops_bot.adapters.gitlab.opening import Opening
from gitops_bot.adapters.gitlab.statuses import Statuses
from gitops_bot.adapters.gitlab.text import incoming, outgoing, title_of, titled
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

_STATES = {"closed": PrState.CLOSED, "merged": PrState.MERGED}
"""Others, `opened` and `locked` (while it is being merged), are open."""
_DEVELOPER = 30
"""The least of GitLab's access levels that may push."""
_CLOCK_SLACK = timedelta(minutes=1)
"""GitLab writes a closing's time a moment after that of the update."""

Data = Mapping[str, Any]
"""A JSON object as GitLab describes it."""


class GitLabForge:
    """The merge requests whose branches are named as ours are. For one thread; `token` may be asked from others.

    Use it as a context manager, or call `disconnect`.
    """

    moves_branches = False
    """Not without overwriting what came between."""

    def __init__(  # noqa: PLR0913 - the settings of one connection, nearly all with defaults
        self,
        project: str,
        *,
        auth: Token,
        url: str = "https://gitlab.com",
        ca_file: str | None = None,
        timeout_s: float = 20,
        merge_method: Literal["merge", "squash"] = "merge",
        seconds_between_writes: float = 1.0,
        pace: Pace | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """project: `group/name`, groups within groups included. url: of the instance, without /api/v4.

        merge_method: `merge` is as the project's settings say; `squash` squashes.
        """
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+", project) or {".", ".."} & {*project.split("/")}:
            raise UsageError(f"{project!r} is not a GitLab project", remedy="Write it as group/name")
        self._pace = pace or Pace(seconds_between_writes, sleep=sleep, now=now)
        settings = Settings(url, ca_file, timeout_s, self._pace, sleep)
        self._api = Api(Credentials(auth.read), settings)
        self.project = project
        """Its path, with its groups."""
        self._opening = Opening(self._api, project, ask=self._ask, listed=self._open_now, pull=self._pull, sleep=sleep)
        self._together = Together(
            self._pace, ask=self._opening.several, alone=self._opening.one, standing=self._opening.standing
        )
        self._merging = Merging(self._api, project, squash=merge_method == "squash", now=now)
        self._own: Data = {}
        self._listed: dict[str, Answer] = {}
        self._users: dict[str, int] = {}
        self._notes = Notes(self._ask, self._pages, self._is_own)
        self._statuses = Statuses(self._api, project, self._ask, self._pages, self._is_own)
        self._committing = Committing(self._ask, self._user)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.disconnect()

    def disconnect(self) -> None:
        """Close the connections."""
        self._api.close()

    def token(self) -> str:
        """The token of the moment, for git over HTTPS (any user name). Errors: as every request's."""
        return self._api.token()

    def commit(self, draft: CommitDraft) -> Pushed:
        """Make a commit, which GitLab signs where it does so, on a branch that must not exist."""
        return self._committing.commit(draft)

    def wrote(self, commit: Commit) -> bool:
        """By the token's user, committed by the same or by GitLab."""
        return self._committing.wrote(commit)

    def quota(self) -> Quota:
        """What is left of what GitLab and good manners allow."""
        return self._pace.quota()

    def pull_requests(self, closed_since: datetime) -> Sequence[PullRequest]:
        """One request for the open ones and one for what changed lately, while each list fits on a page.

        An unchanged page is not sent again (304). One more for the pipelines that the open ones wait for.
        """
        # Open ones first: what is closed in between is in both lists, and the later list is right.
        listed = chain(self._pages("/merge_requests", {"state": "opened"}, self._listed), self._changed(closed_since))
        found = {data["iid"]: self._pull(data) for data in listed if self._is_candidate(data)}
        wanted = [pull for pull in found.values() if pull.closed_at is None or pull.closed_at >= closed_since]
        return tuple(self._statuses.placed(wanted))

    def open(self, *, branch: str, base: str, title: str, body: str, draft: bool) -> PullRequest:
        """Open, or find the one that is open; patient with a branch that GitLab has not noticed yet."""
        return self._opening.one(NewPull(branch, base, title, body, draft))

    def at_once(self) -> int:
        """As many as GitLab is likely to open while the request is waited for."""
        return self._together.at_once()

    def open_many(self, wanted: Sequence[NewPull]) -> Sequence[PullRequest | ForgeError]:
        """By one GraphQL document; what it does not open is asked for alone."""
        return self._together.open(wanted)

    def update(self, number: int, *, title: str | None = None, body: str | None = None) -> None:
        """Send only what is given; nothing when nothing is. Whether it is a draft stays as it is."""
        changed: dict[str, str] = {}
        if body is not None:
            changed["description"] = outgoing(body)
        if title is not None:
            shown = self._get(number)
            wanted = titled(title, draft=bool(shown["draft"]))
            changed |= {"title": wanted} if wanted != shown["title"] else {}
        if changed:
            self._put(number, changed)

    def close(self, number: int) -> None:
        """Close; GitLab does not mind one that is closed or merged."""
        self._put(number, {"state_event": "close"})

    def merge(self, number: int, *, head: str, title: str) -> Merged | NotReady:
        """Merge as the project does it. NotReady: the head moved, it conflicts, or GitLab's rules say no."""
        return self._merging.merge(number, head=head, title=title)

    def required(self, base: str) -> Required:  # noqa: ARG002 - on GitLab the project says so, for all its branches
        """Everything that reports, where the project's pipelines must succeed."""
        return self._merging.required()

    def queue(self, base: str) -> Mapping[int, Queued]:  # noqa: ARG002 - see below
        """Nothing more: the list of merge requests says which ones wait."""
        return {}

    def enqueue(self, number: int, *, head: str, title: str) -> Merged | NotReady | None:
        """Into the merge train where the project has trains, else auto-merge."""
        return self._merging.enqueue(number, head=head, title=title)

    def dequeue(self, number: int) -> None:
        """Auto-merge off, out of the train."""
        self._merging.dequeue(number)

    def comment(self, number: int, text: str, *, key: str) -> None:
        """Say it once: the key stands in a hidden marker, looked for in the bot's own notes only."""
        self._notes.say(number, text, key)

    def remarks(self, numbers: Sequence[int], word: str) -> Sequence[Remark]:
        """The newest hundred notes of each merge request, and the emoji of those that hold the word."""
        return [one for number in numbers for one in self._notes.remarks(number, word)]

    def react(self, number: int, remark: str, reaction: Reaction) -> None:
        """By an emoji."""
        self._notes.react(number, remark, reaction)

    def set_status(self, commit: str, status: CommitStatus, branch: str = "") -> None:
        """As a job of a pipeline of the commit, on that branch where others have the commit, too."""
        self._statuses.set(commit, status, branch)

    def may_write(self, person: str) -> bool:
        """An active member, by a group too, with the role Developer or above."""
        number = self._number(person)
        answer = self._ask("GET", f"/members/all/{number}") if number is not None else None
        if answer is None or answer.status == 404:
            return False
        shown = answer.granted("a view of the members")
        return shown["state"] == "active" and int(shown["access_level"]) >= _DEVELOPER

    def checks(self, commit: str) -> Sequence[CommitCheck]:
        """The jobs and external statuses of its pipelines."""
        return self._statuses.checks(commit)

    def reviews(self, number: int) -> Sequence[Review]:
        """Who approves now, with the head of that time, and who asks for changes."""
        path = f"/merge_requests/{number}"
        approvals = self._ask("GET", f"{path}/approvals").granted("the role Reporter")
        reviewers = self._ask("GET", f"{path}/reviewers").granted("the role Reporter")
        notes = self._pages(f"{path}/notes", {"order_by": "created_at", "sort": "asc"}, {})
        versions = [*self._pages(f"{path}/versions", {}, {})]
        return said.reviews(approvals, reviewers, notes if said.undated(approvals) else (), versions)

    def members(self, team: str) -> frozenset[str]:
        """Of a group by its full path, those of the groups above included. The token's user must see it."""
        found: set[str] = set()
        page, more = 0, True
        while more:
            page += 1
            query = {"per_page": 100, "page": page}
            answer = self._api.ask("GET", f"/groups/{quote(team, safe='')}/members/all", query=query)
            listed = answer.granted("a view of the group, which a project's token may not have,")
            found |= {str(data["username"]).lower() for data in listed if data["state"] == "active"}
            more = 'rel="next"' in answer.headers.get("link", "")
        return frozenset(found)

    def decorate(self, number: int, *, labels: Sequence[str], reviewers: Sequence[str]) -> Sequence[str]:
        """Labels at once, then reviewers beside those who are there already. Users only: GitLab asks no groups.

        A rate limit is raised all the same.
        """
        warnings: list[str] = []
        if labels and (no := _tried(lambda: self._put(number, {"add_labels": ",".join(labels)}))):
            warnings.append(f"labels {', '.join(labels)}: {no}")
        if reviewers:
            no = _tried(lambda: warnings.extend(self._ask_reviews(number, reviewers)))
            warnings += [f"reviewers {', '.join(reviewers)}: {no}"] if no else []
        return warnings

    def unlabel(self, number: int, labels: Sequence[str]) -> None:
        """All at once; what is not there is passed over."""
        self._put(number, {"remove_labels": ",".join(labels)})

    def _ask(self, verb: str, path: str, **rest: Any) -> Answer:
        return self._api.ask(verb, f"/projects/{quote(self.project, safe='')}{path}", **rest)

    def _get(self, number: int) -> Data:
        data: Data = self._ask("GET", f"/merge_requests/{number}").granted("the role Reporter")
        return data

    def _put(self, number: int, changed: Data) -> Data:
        data: Data = self._ask("PUT", f"/merge_requests/{number}", body=changed).granted(MAY_WRITE)
        return data

    def _user(self) -> Data:
        """Who the bot is on GitLab, asked once."""
        if not self._own:
            self._own = self._api.ask("GET", "/user").granted("any role")
        return self._own

    def _username(self) -> str:
        return str(self._user()["username"])

    def _changed(self, since: datetime) -> Iterator[Data]:
        for data in self._pages(
            "/merge_requests", {"state": "all", "order_by": "updated_at", "sort": "desc"}, self._listed
        ):
            if _time(data["updated_at"]) < since - _CLOCK_SLACK:
                return
            yield data

    def _pages(self, path: str, query: Data, known: dict[str, Answer]) -> Iterator[Data]:
        """Every item of a listing, page by page as they are asked for; pages are remembered in `known`."""
        page, more = 0, True
        while more:
            page += 1
            asked = {**query, "per_page": 100, "page": page}
            key = f"{path}?{urlencode(asked)}"
            etag = known[key].headers.get("etag", "") if key in known else ""
            answer = self._ask("GET", path, query=asked, etag=etag)
            if answer.status != 304:
                answer.granted("the role Reporter")
                known[key] = answer
            yield from known[key].data
            more = 'rel="next"' in known[key].headers.get("link", "")

    def _is_candidate(self, data: Data) -> bool:
        """From one of our branches in this very project: not from a fork, nor from one that is gone."""
        branch: str = data["source_branch"]
        return bool(data["source_project_id"] == data["target_project_id"]) and forges.named_as_ours(branch)

    def _pull(self, data: Data) -> PullRequest:
        state = _STATES.get(data["state"], PrState.OPEN)
        draft = bool(data["draft"])
        closed_at = data["merged_at"] or data["closed_at"] or data["updated_at"]
        return PullRequest(
            number=data["iid"],
            url=data["web_url"],
            state=state,
            branch=data["source_branch"],
            base=data["target_branch"],
            head=data["sha"] or "",
            title=title_of(data["title"], draft=draft),
            body=incoming(data["description"] or ""),
            ours=self._is_own(data["author"]),
            created_at=_time(data["created_at"]),
            updated_at=_time(data["updated_at"]),
            labels=tuple(data["labels"]),
            draft=draft,
            closed_at=None if state is PrState.OPEN else _time(closed_at),
            merge_commit=merge_commit(data) if state is PrState.MERGED else "",
            queued=queued(data, self._username()) if state is PrState.OPEN else None,
        )

    def _open_now(self, query: Data) -> Iterator[PullRequest]:
        """The open ones from our branches that a query finds."""
        listed = self._pages("/merge_requests", {"state": "opened", **query}, {})
        return (self._pull(data) for data in listed if self._is_candidate(data))

    def _is_own(self, author: Data | None) -> bool:
        return author is not None and str(author["username"]).lower() == self._username().lower()

    def _ask_reviews(self, number: int, reviewers: Sequence[str]) -> list[str]:
        known = {name: self._number(name) for name in reviewers}
        warnings = [f"reviewer {name}: GitLab knows no such user" for name, user in known.items() if user is None]
        wanted = {user: name for name, user in known.items() if user is not None}
        standing = [one["id"] for one in self._get(number)["reviewers"]]
        if {*wanted} <= {*standing}:
            return warnings
        asked = [*dict.fromkeys((*standing, *wanted))]
        taken = {one["id"] for one in self._put(number, {"reviewer_ids": asked})["reviewers"]}
        left = [name for user, name in wanted.items() if user not in taken]
        why = "GitLab did not take them: no access to the project, or an edition with one reviewer at a time"
        return [*warnings, f"reviewers {', '.join(left)}: {why}"] if left else warnings

    def _number(self, name: str) -> int | None:
        if name not in self._users:
            # Found without regard to case, and at most one.
            for one in self._api.ask("GET", "/users", query={"username": name}).granted("any role"):
                self._users[name] = one["id"]
        return self._users.get(name)


def _tried(act: Callable[[], object]) -> ForgeError | None:
    try:
        act()
    except (ForgeRefused, ForgeDenied, ForgeUnreachable) as error:
        return error
    return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
