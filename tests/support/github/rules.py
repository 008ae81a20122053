"""What GitHub allows and what follows from it, without HTTP: pull requests over a real repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.support.github.git import BareRepo


class Refusal(Exception):
    """GitHub's no."""

    def __init__(self, status: int, message: str, *errors: dict[str, str]) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors


def invalid(message: str, *, resource: str = "PullRequest", **detail: str) -> Refusal:
    """A 422 in GitHub's words."""
    error = {"resource": resource, "code": "custom", **detail, **({"message": message} if message else {})}
    return Refusal(422, "Validation Failed", error)


@dataclass
class Remark:
    """A comment."""

    number: int
    author: str
    body: str
    at: datetime
    edited_at: datetime | None = None
    reactions: list[tuple[str, str]] = field(default_factory=list)
    """Who, and which."""


@dataclass
class Opinion:
    """A review."""

    number: int
    author: str
    state: str
    commit: str
    at: datetime


@dataclass
class Run:
    """A check run; without a conclusion it has not ended."""

    number: int
    name: str
    conclusion: str | None
    title: str = ""


@dataclass
class Status:
    """A commit status."""

    number: int
    state: str
    context: str
    description: str
    creator: str
    at: datetime


@dataclass
class Pull:
    """A pull request."""

    number: int
    author: str
    branch: str
    base: str
    head: str
    base_sha: str
    title: str
    body: str
    draft: bool
    created_at: datetime
    updated_at: datetime
    fork: str | None = ""
    """The owner of the fork; empty: the repository itself; None: the head's repository is gone."""
    state: str = "open"
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    merged_by: str = ""
    merge_commit: str = ""
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    forced_at: list[datetime] = field(default_factory=list)
    """When its head was replaced by one that does not contain it."""
    comments: list[Remark] = field(default_factory=list)
    opinions: list[Opinion] = field(default_factory=list)
    auto_merge: str = ""
    """Who switched it on; empty: it is off."""


@dataclass
class Entry:
    """A place in the merge queue."""

    number: int
    head: str
    by: str
    base: str
    """What base was when the commit was made."""
    commit: str
    """Base with the pull request merged in, on a branch of the queue's."""


REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


class World:
    """One repository with its pull requests. Its clock moves a second with every change."""

    def __init__(self, repo: BareRepo, owner: str, name: str) -> None:
        self.repo, self.owner, self.name = repo, owner, name
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.pulls: dict[int, Pull] = {}
        self.statuses: dict[str, list[Status]] = {}
        self.runs: dict[str, list[Run]] = {}
        """By commit."""
        self.blocked: dict[int, str] = {}
        """Number → why it may not be merged: a required check, a missing approval."""
        self.required: set[str] = set()
        """The checks that base asks for."""
        self.by_rule_set = True
        """They are asked for by a rule set, else by the classic protection."""
        self.auto_merge_allowed = True
        self.has_queue = False
        """Base has a merge queue."""
        self.entries: list[Entry] = []
        self.takes: int | None = None
        """So many more pull requests before it finds that they come too quickly."""
        self.people = {"alice", "bob"}
        self.permissions = {"alice": "admin", "bob": "write", "carol": "read"}
        """Others may read what is public."""
        self.teams = {"platform"}
        self.members = {"leads": ["bob", "Carol"]}
        self._ids = 1000

    def sync(self) -> None:
        """Notice what was pushed: heads move; a head without commits of its own closes, one that base got is merged."""
        heads = self.repo.heads()
        for pull in [one for one in self.pulls.values() if one.state == "open" and one.fork == ""]:
            head, base = heads.get(pull.branch), heads[pull.base]
            if head is None:
                self._shut(pull)
            elif (head, base) != (pull.head, pull.base_sha) and self.repo.holds(base, head):
                if head == pull.head:
                    pull.merged_at, pull.merge_commit = self.later(), head
                self._shut(pull)
            elif head != pull.head:
                forced = not self.repo.holds(head, pull.head)
                pull.head, pull.updated_at = head, self.later()
                pull.forced_at += [self.now] * forced
            pull.base_sha = base
        self._settle()

    def listed(self, state: str, head: str, base: str, sort: str, direction: str) -> list[Pull]:
        """As the listing filters and sorts; a head without its owner filters nothing."""
        owner, colon, branch = head.partition(":")
        chosen = [pull for pull in self.pulls.values() if state in ("all", pull.state) and base in ("", pull.base)]
        if colon:
            chosen = [pull for pull in chosen if (pull.fork or self.owner, pull.branch) == (owner, branch)]
        moment = {"updated": lambda pull: (pull.updated_at, pull.number)}.get(
            sort, lambda pull: (pull.created_at, pull.number)
        )
        return sorted(chosen, key=moment, reverse=direction != "asc")

    def create(
        self,
        author: str,
        *,
        branch: str,
        base: str,
        title: str,
        body: str = "",
        draft: bool = False,
        fork: str | None = "",
    ) -> Pull:
        """A new pull request. Refuses: no such branch, nothing between, one is open already."""
        heads = self.repo.heads()
        for name, wanted in (("head", branch), ("base", base)):
            if wanted not in heads:
                raise invalid("", field=name, code="invalid")
        if any(
            (one.branch, one.base, one.state, one.fork) == (branch, base, "open", fork) for one in self.pulls.values()
        ):
            raise invalid(f"A pull request already exists for {self.owner}:{branch}.")
        if self.repo.holds(heads[base], heads[branch]):
            raise invalid(f"No commits between {base} and {branch}")
        _limit("body", body)
        if self.takes == 0:
            raise invalid("was submitted too quickly")
        self.takes = None if self.takes is None else self.takes - 1
        now, number = self.later(), max(self.pulls, default=0) + 1
        pull = Pull(number, author, branch, base, heads[branch], heads[base], title, body, draft, now, now, fork)
        self.pulls[number] = pull
        return pull

    def edit(self, number: int, *, title: str | None = None, body: str | None = None, state: str | None = None) -> Pull:
        """Rewrite, close or reopen."""
        pull = self.pull(number)
        _limit("body", body or "")
        if state == "open" and pull.state == "closed":
            self._reopen(pull)
        if state == "closed" and pull.state == "open":
            self._shut(pull)
        pull.title = pull.title if title is None else title
        pull.body = pull.body if body is None else body
        pull.updated_at = self.later()
        return pull

    def merge(self, number: int, actor: str, *, sha: str = "", method: str = "merge", title: str = "") -> str:
        """The new commit on base."""
        pull = self.pull(number)
        if pull.state == "closed" or pull.draft:
            raise Refusal(405, "Pull Request is not mergeable")
        if sha and sha != pull.head:
            raise Refusal(409, "Head branch was modified. Review and try the merge again.")
        if why := self.waits_for(pull):
            raise Refusal(405, why)
        message = title or f"Merge pull request #{number} from {self.owner}/{pull.branch}"
        commit = self.repo.merge(pull.base, pull.head, method=method, message=message)
        if commit is None:
            raise Refusal(405, "Pull Request is not mergeable")
        pull.merged_at, pull.merged_by, pull.merge_commit = self.later(), actor, commit
        self._shut(pull)
        return commit

    def remark(self, number: int, author: str, body: str) -> Remark:
        """A comment."""
        _limit("body", body)
        pull = self.pull(number)
        remark = Remark(self.new_id(), author, body, self.later())
        pull.comments.append(remark)
        pull.updated_at = remark.at
        return remark

    def said(self, comment: int) -> Remark:
        """Refuses with 404."""
        found = (one for pull in self.pulls.values() for one in pull.comments if one.number == comment)
        if (one := next(found, None)) is None:
            raise Refusal(404, "Not Found")
        return one

    def react(self, comment: int, login: str, content: str) -> bool:
        """Whether it is new."""
        if content not in REACTIONS:
            raise invalid("", resource="Reaction", field="content", code="invalid")
        reactions = self.said(comment).reactions
        if (login, content) in reactions:
            return False
        reactions.append((login, content))
        return True

    def unsay(self, comment: int) -> None:
        """A comment is taken back. Refuses with 404."""
        pull = next((one for one in self.pulls.values() if any(each.number == comment for each in one.comments)), None)
        if pull is None:
            raise Refusal(404, "Not Found")
        pull.comments = [one for one in pull.comments if one.number != comment]
        pull.updated_at = self.later()

    def label(self, number: int, labels: Sequence[str]) -> Pull:
        """Labels that do not exist are made."""
        pull = self.pull(number)
        pull.labels += [label for label in labels if label not in pull.labels]
        pull.updated_at = self.later()
        return pull

    def ask_review(self, number: int, users: Sequence[str], teams: Sequence[str]) -> Pull:
        """All or none."""
        pull = self.pull(number)
        if pull.author in users:
            raise Refusal(422, "Review cannot be requested from pull request author.")
        if not {*users} <= self.people or not {*teams} <= self.teams:
            told = "Reviews may only be requested from collaborators. One or more of the users or teams you specified"
            raise Refusal(422, f"{told} is not a collaborator of the {self.owner}/{self.name} repository.")
        pull.reviewers += [user for user in users if user not in pull.reviewers]
        pull.teams += [team for team in teams if team not in pull.teams]
        pull.updated_at = self.later()
        return pull

    def give_opinion(self, number: int, author: str, state: str) -> None:
        """A review of the present head."""
        pull = self.pull(number)
        pull.opinions.append(Opinion(self.new_id(), author, state, pull.head, self.later()))

    def report(self, sha: str, name: str, conclusion: str | None, title: str = "") -> Run:
        """A check run; the newest of a name counts."""
        others = [run for run in self.runs.get(sha, []) if run.name != name]
        self.runs[sha] = [*others, Run(self.new_id(), name, conclusion, title)]
        return self.runs[sha][-1]

    def set_status(self, sha: str, creator: str, *, state: str, context: str, description: str) -> Status:
        """One more status of a commit; the newest of a context counts."""
        if len(description) > 140:
            raise invalid("description is too long (maximum is 140 characters)", resource="Status")
        if self.repo.missing(sha):
            raise invalid(f"No commit found for SHA: {sha}", resource="Status")
        status = Status(self.new_id(), state, context, description, creator, self.later())
        self.statuses.setdefault(sha, []).append(status)
        return status

    def pull(self, number: int) -> Pull:
        """Refuses with 404."""
        if number not in self.pulls:
            raise Refusal(404, "Not Found")
        return self.pulls[number]

    def waits_for(self, pull: Pull) -> str:
        """Why it may not be merged now; empty where it may."""
        return self.blocked.get(pull.number, "") or self.unmet(pull.head)

    def unmet(self, sha: str) -> str:
        """Which required check is not green on a commit."""
        states = {one.context: one.state for one in self.statuses.get(sha, ())}
        states |= {one.name: one.conclusion or "pending" for one in self.runs.get(sha, ())}
        unmet = [name for name in sorted(self.required) if states.get(name) not in ("success", "neutral", "skipped")]
        return f'Required status check "{unmet[0]}" is expected.' if unmet else ""

    def enter(self, pull: Pull, by: str) -> Entry:
        """Into the merge queue."""
        entry = Entry(pull.number, pull.head, by, "", "")
        self.entries.append(entry)
        pull.auto_merge, pull.updated_at = "", self.later()
        self._settle()
        return entry

    def leave(self, number: int) -> None:
        """Out of the merge queue."""
        self.entries = [one for one in self.entries if one.number != number]
        self.repo.delete(f"gh-readonly-queue/main/pr-{number}")

    def _settle(self) -> None:
        """Merge what auto-merge and the queue may merge by now."""
        for pull in [one for one in self.pulls.values() if one.state == "open" and one.auto_merge]:
            if not self.waits_for(pull) and not pull.draft:
                if self.has_queue:
                    self.enter(pull, pull.auto_merge)
                else:
                    self.merge(pull.number, pull.auto_merge)
        for entry in list(self.entries):
            self._forward(entry)

    def _forward(self, entry: Entry) -> None:
        pull = self.pulls[entry.number]
        if pull.state != "open" or pull.head != entry.head:  # a push takes it out
            return self.leave(entry.number)
        base = self.repo.heads()[pull.base]
        if entry.base != base:
            queue = f"gh-readonly-queue/main/pr-{pull.number}"
            self.repo.point(queue, base)
            commit = self.repo.merge(queue, pull.head, method="merge", message=f"Merge pull request #{pull.number}")
            if commit is None:
                return self.leave(entry.number)
            entry.base, entry.commit = base, commit
        if not self.unmet(entry.commit):
            self.repo.point(pull.base, entry.commit)
            pull.merged_at, pull.merged_by, pull.merge_commit = self.later(), entry.by, entry.commit
            self._shut(pull)
            self.leave(entry.number)
        return None

    def new_id(self) -> int:
        """A number that nothing else has."""
        self._ids += 1
        return self._ids

    def _reopen(self, pull: Pull) -> None:
        twin = any(one.state == "open" and one.branch == pull.branch and one is not pull for one in self.pulls.values())
        if pull.merged_at or twin or self.repo.heads().get(pull.branch) != pull.head:
            told = "state cannot be changed. The branch was force-pushed or recreated, or another one is open."
            raise invalid(told, field="state")
        pull.state, pull.closed_at = "open", None

    def _shut(self, pull: Pull) -> None:
        pull.state = "closed"
        pull.closed_at = pull.updated_at = pull.merged_at or self.later()

    def later(self) -> datetime:
        """A second later."""
        self.now += timedelta(seconds=1)
        return self.now


def _limit(name: str, text: str) -> None:
    if len(text) > 65_536:
        raise invalid(f"{name} is too long (maximum is 65536 characters)", field=name)
